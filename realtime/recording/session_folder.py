"""A session's folder: a new one, named by date, time and input, and what lies in it.

Its log is locked while a program writes: a session being written is not taken for one that was broken off.
"""

import os
import re
import tempfile
from datetime import datetime
from pathlib import Path

from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.recording.audio_files import FORMATS

LOG = "events.jsonl"
AUDIO = tuple(dict.fromkeys(name for name, _ in FORMATS.values()))
"""Names that a session's audio can have."""
_MOST_NAME = 40
_MOST_TRIES = 1000


def session_audio(folder: Path) -> Path | None:
    """Give the audio that was recorded into a folder, None where there is none or it is a link. Raises OSError."""
    paths = (folder / name for name in AUDIO)
    return next((path for path in paths if path.is_file() and not path.is_symlink()), None)


def is_session(folder: Path) -> bool:
    """Say whether a folder is a session that can be played: audio with its log. One that may not be entered is none."""
    try:
        return (folder / LOG).is_file() and session_audio(folder) is not None
    except OSError:
        return False


def session_of(path: Path) -> Path | None:
    """Give the folder of the session that is meant by its folder or by the audio in it; else None."""
    folder = path if path.is_dir() else path.parent
    return folder if is_session(folder) and path in (folder, session_audio(folder)) else None


def check_folder(folder: Path, option: str) -> None:
    """Make sure that folders can be made in `folder`, which need not be there yet, and make none. Raises UserError."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise UserError(f"{option} {str(folder)!r} is no folder: {str(there)!r} is a file; give another name")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"{option} {str(folder)!r}: no permission to write to {str(there)!r}; choose another place")
    try:  # where rights say nothing: /proc, a medium that cannot be written
        tempfile.TemporaryDirectory(prefix=".samplechop-", dir=there).cleanup()
    except OSError as error:
        why = reason_of(error)
        raise UserError(
            f"{option} {str(folder)!r}: nothing can be written to {str(there)!r} ({why}); choose another place"
        ) from None


def session_name(began: datetime, source: str, passage: str = "") -> str:
    """Name a session's folder so that names sort by time, such as "2026-11-21_10-30-43_Scarlett-2i2_last-60s".

    source: name of the device or file; only what every file system and shell takes is left of it. passage: what part of
    the session it is, "" for the whole.
    """
    safe = re.sub(r"[^\w-]+", "-", source).strip("-_")[:_MOST_NAME].strip("-_")
    return "_".join(part for part in (f"{began:%Y-%m-%d_%H-%M-%S}", safe, passage) if part)


def new_folder(parent: Path, name: str) -> Path:
    """Make the folder `name` in parent, with a number where that is there already. Raises UserError."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, _MOST_TRIES):
            folder = parent / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise UserError(f"no session can be kept in {str(parent)!r}: {reason_of(error)}") from None
    raise UserError(f"there are too many sessions {name!r} in {str(parent)!r}: choose another folder")
