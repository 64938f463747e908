"""What this machine's own programs are asked to show: folders, by its file manager, and pages, by its browser."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

from samplechop.realtime.core.errors import UserError

SOON_SECONDS = 2.0
"""Within which what is asked says that it cannot."""


def show(path: Path, by: str) -> None:
    """Have a folder or file shown by what this machine opens it with. by: what that is, for people.

    Raises UserError where there is none, or it says soon that it cannot.
    """
    opener = {"darwin": "open", "win32": "explorer"}.get(sys.platform, "xdg-open")
    if shutil.which(opener) is None:
        raise UserError(f"there is no {by} to be asked here: see {str(path)!r}")
    nothing = subprocess.DEVNULL
    try:
        asked = subprocess.Popen(
            [opener, str(path)], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )
    except OSError as error:
        raise UserError(f"the {by} does not start ({error.strerror}): see {str(path)!r}") from None
    try:
        failed = asked.wait(SOON_SECONDS) != 0 and sys.platform != "win32"  # Windows' own says so in any case
    except subprocess.TimeoutExpired:  # it shows it, and stays
        threading.Thread(target=asked.wait, daemon=True).start()  # or it would be a zombie when it ends
        return
    if failed:
        raise UserError(f"no {by} opens here: see {str(path)!r}")
