"""What was opened: files, sessions and folders of them, known to the page by ids and never by paths."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from samplechop.offline.kits.core.record import AUDIO, audio_files, inputs, title
from samplechop.offline.project.places import find
from samplechop.realtime.audio.audio_file import is_folder, open_audio
from samplechop.realtime.core.errors import UserError
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


def is_growing(path: Path) -> bool:
    """Say whether a path is a session that a program records now."""
    try:
        return path.is_dir() and session_audio(path) is not None and is_locked(path / LOG)
    except (OSError, ValueError):
        return False


class Library:
    """The records of what was opened."""

    def __init__(self, opened: Sequence[Path]) -> None:
        """Open files, sessions and folders. Raises UserError for what is not there or holds no audio."""
        self.opened = tuple(opened)
        self._items: dict[str, Item] = {}
        self.look()
        for path in opened:
            if path.suffix[1:].lower() not in AUDIO and not is_folder(path):
                open_audio(path).close()  # what is named like audio is left to its page

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
