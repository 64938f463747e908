"""The one exception that means "the user can put this right", and how any text is shown in a terminal."""


class UserError(Exception):
    """Wrong input or surroundings: one sentence that names the thing, the value and the way out.

    The command line prints it and exits with code 2. A bug must never raise it.
    """


def printable(text: str) -> str:
    """Replace what would move the cursor or end the line: names of files and devices may hold anything."""
    return "".join(char if char.isprintable() else "?" for char in text)
