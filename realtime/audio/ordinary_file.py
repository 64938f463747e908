"""What can be said of a file before it is opened: that it is there, is no folder, no pipe or device, and not empty."""

import errno
import os
import stat
from pathlib import Path

from samplechop.realtime.core.errors import UserError, reason_of

LONGEST_WINDOWS_PATH = 259
"""Characters, without the zero at the end, unless LongPathsEnabled is set in the registry."""


def is_folder(path: Path, windows: bool = os.name == "nt") -> bool:
    """Say whether a path is that of a folder.

    Raises UserError for names that are no text, which neither libsndfile nor the formats of kits could be given, and
    for those that are too long.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UserError(f"the name {str(path)!r} is not UTF-8: rename it") from None
    status = _status(path)
    if windows and status is None and len(str(path.absolute())) > LONGEST_WINDOWS_PATH:
        raise UserError(
            f"{str(path)!r} is longer than the {LONGEST_WINDOWS_PATH} characters that Windows opens by default: give a "
            "shorter path, or have long paths enabled"
        )
    return status is not None and stat.S_ISDIR(status.st_mode)


def _status(path: Path) -> os.stat_result | None:
    """Give what the system says of a file, None where there is none. Raises UserError for names that are too long."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # a name that is too long, or has a zero byte in it
        if getattr(error, "errno", None) in (errno.ENOTDIR, errno.ELOOP):
            return None
        raise UserError(f"{str(path)!r} cannot be opened: {reason_of(error)}") from None


def check_regular(path: Path) -> None:
    """Refuse what is no file with bytes in it, without opening it. Raises UserError."""
    if is_folder(path):
        raise UserError(f"{str(path)!r} is a folder: give an audio file")
    status = _status(path)
    if status is None:
        raise UserError(f"there is no file {str(path)!r}")
    if not stat.S_ISREG(status.st_mode):
        # Opening a pipe or a device could wait for ever.
        raise UserError(f"{str(path)!r} is no ordinary file: give an audio file")
    if status.st_size == 0:
        raise UserError(f"{str(path)!r} is empty (0 bytes): give an audio file")
