"""Kits and atlases that lie in what was opened: known to the page by ids as records are, and never by paths.

Links to folders are not followed, and of a kit only the files that its manifest lists are given.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits.core.model import MANIFEST, SLICES
from samplechop.offline.kits.core.record import audio_files, is_kit
from samplechop.offline.kits.core.record_cache import known_digest
from samplechop.offline.studio import kit_facts
from samplechop.offline.studio.atlases import INDEX, AtlasFacts, is_atlas
from samplechop.offline.studio.atlases import read as atlas_facts
from samplechop.offline.studio.kit_facts import KitFacts
from samplechop.offline.studio.library import Item, mark_of
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.recording.session_folder import LOG

MOST = 1000
"""Of each that are listed."""
_MOST_FOLDERS = 20_000
"""That are looked into, before a disk that was opened whole keeps the rest waiting."""


Facts = TypeVar("Facts", covariant=True)


@dataclass(frozen=True, slots=True)
class Found(Generic[Facts]):
    """A kit or an atlas. id: of its place, the same at every start. folder: the one it lies in, for people."""

    id: str
    path: Path
    folder: str
    facts: Facts


class Shelf:
    """What lies beside the records."""

    def __init__(self, opened: Sequence[Path], kits: Path) -> None:
        """Look in what was opened, and in the folder that kits go to, which need not be there."""
        self._roots = [path.absolute() for path in (*opened, kits)]
        self._kits: dict[str, Found[KitFacts]] = {}
        self._atlases: dict[str, Found[AtlasFacts]] = {}

    def look(self) -> tuple[list[Found[KitFacts]], list[Found[AtlasFacts]]]:
        """Look anew what kits and atlases there are, in order of their places. [any thread, one at a time]"""
        before, kits, atlases = self._kits, dict[str, Found[KitFacts]](), dict[str, Found[AtlasFacts]]()
        for root in self._roots:
            for path in _lying_in(root):
                mark = mark_of(path)
                inside = (path.parent.relative_to(root.parent) if path != root else Path(path.parent.name)).as_posix()
                if is_kit(path) and len(kits) < MOST:
                    facts = kit_facts.read(path, before[mark].facts if mark in before else None)
                    kits.setdefault(mark, Found(mark, path, inside, facts))
                elif is_atlas(path) and len(atlases) < MOST:
                    atlases.setdefault(mark, Found(mark, path, inside, atlas_facts(path)))
        self._kits, self._atlases = kits, atlases
        return list(kits.values()), list(atlases.values())

    def atlas(self, name: str) -> Path:
        """Give the page of an atlas by its id, as it was looked last. Raises UserError for what is none any more."""
        found = self._atlases.get(name)
        if found is None or found.path.is_symlink() or not is_atlas(found.path):
            raise UserError("there is no such atlas in what was opened")
        return found.path / INDEX

    def kit(self, name: str) -> Found[KitFacts]:
        """Find a kit by its id, as it was looked last. Raises UserError for what is no kit any more."""
        found = self._kits.get(name)
        if found is None or found.path.is_symlink() or not is_kit(found.path):
            raise UserError("there is no such kit in what was opened")
        return found

    def picture(self, name: str) -> Path:
        """Give the picture of a kit, as PNG. Raises UserError."""
        path = kit_facts.picture(self.kit(name).path)
        if path is None:
            raise UserError("this kit has no picture")
        return path


def _lying_in(root: Path) -> Iterator[Path]:
    """Give what may be kits and atlases in a folder, sorted; hidden folders, sessions and links are passed over."""
    walk = os.walk(root)
    for _, (place, folders, files) in zip(range(_MOST_FOLDERS), walk, strict=False):
        if (MANIFEST in files and SLICES in folders) or (INDEX in files and is_atlas(Path(place))):
            yield Path(place)
            folders.clear()
        elif LOG in files:
            folders.clear()
        else:
            folders[:] = sorted(name for name in folders if not name.startswith("."))


def sources(kits: Sequence[Found[KitFacts]], items: Sequence[Item], cache: ArrayCache) -> dict[str, str]:
    """Give the ids of the records that kits were made of, by the kits' ids.

    A file is the one whose content the manifest names; where that was never read, the one of its name and size.
    """
    sizes: dict[int, list[tuple[Item, Path]]] = {}
    for item in items:
        try:
            (file,) = audio_files(item.path)
            sizes.setdefault(file.stat().st_size, []).append((item, file))
        except (OSError, UserError):
            continue
    found = {}
    for kit in kits:
        facts = kit.facts
        for item, file in sizes.get(facts.source_bytes, ()):
            digest = known_digest(cache, file)
            if digest == facts.source_sha256 or (digest is None and item.path.name == facts.source):
                found[kit.id] = item.id
                break
    return found
