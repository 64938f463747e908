"""What this machine's own programs are asked to show: folders, by its file manager, and pages, by its browser."""

import shutil
import subprocess
import sys
from pathlib import Path

from samplechop.realtime.core.errors import UserError


def show(path: Path, by: str) -> None:
    """Have a folder or file shown by what this machine opens it with. by: what that is, for people.

    Raises UserError where there is none.
    """
    opener = {"darwin": "open", "win32": "explorer"}.get(sys.platform, "xdg-open")
    if shutil.which(opener) is None:
        raise UserError(f"there is no {by} to be asked here: see {str(path)!r}")
    nothing = subprocess.DEVNULL
    try:
        subprocess.Popen([opener, str(path)], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
    except OSError as error:
        raise UserError(f"the {by} does not start ({error.strerror}): see {str(path)!r}") from None
