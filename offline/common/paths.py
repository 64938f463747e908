"""Names of files: in a file, leading nowhere but into its own folder; beside a recording; and of a file to write."""

import os
import stat
import unicodedata
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath, PureWindowsPath

from samplechop.realtime.core.errors import UserError

_LONGEST = 4096
"""Characters of a path that a system takes; to follow the links of a longer one takes seconds."""


def inside(folder: Path, name: object) -> Path:
    """Give the path of a file that an index in `folder` names.

    Raises ValueError unless the name is relative, without "..", and stays in the folder when links are followed.
    """
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or "\0" in name:
        raise ValueError(f"{name!r:.60} is no name of a file")
    for kind in (PurePosixPath, PureWindowsPath):  # made on one system, it may be read on the other
        if kind(name).anchor or ".." in kind(name).parts:
            raise ValueError(f"{name!r:.60} leads out of the folder")
    path = folder / name
    if not _stays(folder, path):
        raise ValueError(f"{name!r:.60} leads out of the folder")
    return path


def check_folder(folder: Path) -> None:
    """Raise ValueError if below a folder there is a link that leads out of it, a pipe, a device or a socket."""
    for place, folders, files in os.walk(folder):
        for path in (Path(place, name) for name in (*folders, *files)):
            try:
                mode = path.lstat().st_mode
            except OSError:  # gone meanwhile
                continue
            if stat.S_ISLNK(mode):
                if not _stays(folder, path):
                    raise ValueError(f"{path.name!r} is a link that leads out of it")
            elif not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
                raise ValueError(f"{path.name!r} is no regular file")


def _stays(folder: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # links in a circle
        return False


def ends_in(path: Path, endings: Collection[str]) -> bool:
    """Say whether a file is named with one of the endings, in lower case and with their dots, and is not hidden.

    "._x" is what macOS writes beside "x" on disks of other systems: named like it, and nothing of the kind.
    """
    return path.suffix.lower() in endings and not path.name.startswith(".")


def beside(audio: Path, endings: Iterable[str]) -> Path | None:
    """Find the first file beside a recording that is called as it is but for the ending; None if there is none.

    Names that differ only in their Unicode normal form are one: macOS takes accents apart, other systems do not.
    """
    listed: dict[str, Path] = {}
    if not audio.stem.isascii():
        with suppress(OSError):  # a folder that may be entered but not listed
            listed = {unicodedata.normalize("NFC", path.name): path for path in sorted(audio.parent.iterdir())}
    for ending in endings:
        path = audio.with_name(audio.stem + ending)
        for one in (path, listed.get(unicodedata.normalize("NFC", path.name))):
            with suppress(OSError):  # a name that is too long
                if one is not None and one.is_file():
                    return one
    return None


def check_ending(option: str, path: Path, ending: str) -> None:
    """Refuse a file to write whose name ends otherwise, as a recording's does, which would be lost. Raises UserError.

    option: that names it. ending: with its dot.
    """
    if path.suffix.lower() != ending:
        raise UserError(f"{option} {str(path)!r}: the name must end in {ending}")
