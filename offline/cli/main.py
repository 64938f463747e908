"""The command `samplechop`: begins here, so that Ctrl-C ends it without a word while the commands are still loaded."""

import sys

from samplechop.realtime.core.process import ended_at_once


def main() -> None:
    """Run the command line; exit code 2 means something the user can mend, 130 that Ctrl-C ended it."""
    with ended_at_once():
        from samplechop.offline.cli.commands import app
        from samplechop.realtime.cli import guarded
    sys.exit(guarded(app))
