"""The command `samplechop`: begins here, so that Ctrl-C ends it without a word while the commands are still loaded."""

import sys

from realtime.interrupts import ended_at_once


def main() -> None:
    """Run the command line; exit code 2 means something the user can mend, 130 that Ctrl-C ended it."""
    with ended_at_once():
        from offline.commands import app
        from run_live import guarded
    sys.exit(guarded(app))


if __name__ == "__main__":
    main()
