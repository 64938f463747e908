"""The one exception that means "the user can put this right"."""


class UserError(Exception):
    """Wrong input or surroundings: one sentence that names the thing, the value and the way out.

    The command line prints it and exits with code 2. A bug must never raise it.
    """
