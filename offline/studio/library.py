"""What was opened: files, sessions and folders of them, known to the page by ids and never by paths."""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from samplechop.offline.kits.core.record import FOREIGN, audio_files, inputs, title
from samplechop.offline.project.places import find
from samplechop.realtime.audio.audio_file import open_audio, open_complete
from samplechop.realtime.audio.ffmpeg import is_installed
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.locks import is_locked
from samplechop.realtime.recording.session_folder import LOG, session_audio


@dataclass(frozen=True, slots=True)
class Item:
    """A record of the library. id: of its place, the same at every start. folder: the one it lies in, for people."""

    id: str
    path: Path
    title: str
    folder: str

    def facts(self) -> dict[str, object]:
        """Give what the page is told of it; no path leaves this program."""
        project, size = False, None
        try:
            project = find(self.path) is not None
            size = sum(file.stat().st_size for file in audio_files(self.path))
        except (OSError, UserError):
            pass
        return {
            "id": self.id,
            "title": self.title,
            "folder": self.folder,
            "session": self.path.is_dir(),
            "live": is_growing(self.path),
            "project": project,
            "bytes": size,
        }


def fault_of(path: Path) -> str | None:
    """Say in a sentence why a record cannot be read at all; None where it can be, or only decoding it would tell.

    What libsndfile cannot open may be what ffmpeg decodes, or a recording that was broken off.
    """
    if is_growing(path):
        return None
    try:
        (file,) = audio_files(path)
        with suppress(UserError):
            open_audio(file).close()
            return None
        if file.suffix[1:].lower() in FOREIGN and is_installed():
            return None
        with TemporaryDirectory() as scratch:
            open_complete(file, lambda: Path(scratch) / "copy.wav", []).file.close()
    except UserError as error:
        return str(error)
    except OSError as error:
        return f"{str(path)!r} cannot be read: {reason_of(error)}"
    return None


def is_growing(path: Path) -> bool:
    """Say whether a path is a session that a program records now."""
    try:
        return path.is_dir() and session_audio(path) is not None and is_locked(path / LOG)
    except (OSError, ValueError):
        return False


class Library:
    """The records of what was opened."""

    def __init__(self, opened: Sequence[Path]) -> None:
        """Open files, sessions and folders. Raises UserError for what is not there, and where nothing can be read.

        Where something can, the page says of the rest what is wrong with it.
        """
        self.opened = tuple(opened)
        self._items: dict[str, Item] = {}
        faults = list[str]()
        for item in self.look():
            if (fault := fault_of(item.path)) is None:
                return
            faults.append(fault)
        if len(faults) == 1:
            raise UserError(faults[0])
        raise UserError(f"none of {len(faults)} files can be read as audio, the first because {faults[0]}")

    def look(self) -> list[Item]:
        """Look anew what there is, in order; meanwhile others find what there was. Raises UserError where nothing is.

        [any thread]
        """
        here = [path.absolute() for path in self.opened]
        items = [_item(path, here) for path in inputs(self.opened)]
        self._items = {item.id: item for item in items}
        return self.items()

    def told(self) -> list[dict[str, object]]:
        """Look anew, and give what pages are told."""
        return [item.facts() for item in self.look()]

    def items(self) -> list[Item]:
        """Give what there was when it was looked last, in order."""
        return list(self._items.values())

    def item(self, name: str) -> Item:
        """Find a record by its id. Raises UserError."""
        item = self._items.get(name)
        if item is None:
            raise UserError("there is no such record in what was opened")
        return item


def _item(path: Path, opened: Sequence[Path]) -> Item:
    place = path.absolute()
    above = next((root for root in opened if root in place.parents), place.parent)
    inside = place.parent.relative_to(above.parent)
    return Item(mark_of(path), path, title(path), inside.as_posix())


def mark_of(path: Path) -> str:
    """Give the id of a place, the same at every start."""
    return hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:12]
