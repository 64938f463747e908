"""What a list says of a kit, by the manifest in its folder, whoever has written that."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samplechop.offline.kits.core.model import MANIFEST
from samplechop.offline.kits.kit_folder import files_of
from samplechop.realtime.core import documents

_MOST_WORD = 200
_PICTURE = ".png"


@dataclass(frozen=True, slots=True)
class KitFacts:
    """stamp: of its manifest. slices: how many. source: its record's file by name, size and SHA-256.

    tempo, key: as the manifest has them, "" where they were not clear. What a manifest does not say is 0 or "".
    """

    stamp: tuple[int, int] | None = None
    slices: int = 0
    tempo: str = ""
    key: str = ""
    source: str = ""
    source_bytes: int = -1
    source_sha256: str = ""
    has_picture: bool = False


def read(folder: Path, before: KitFacts | None = None) -> KitFacts:
    """Read what a kit's manifest says. before: what was read when it was looked last, which may do yet."""
    try:
        facts = (folder / MANIFEST).lstat()
        stamp = facts.st_size, facts.st_mtime_ns
        if before is not None and before.stamp == stamp:
            return before
        told = documents.read_json(folder / MANIFEST, follow_links=False)
    except (OSError, ValueError):
        return KitFacts()
    if not isinstance(told, dict):
        return KitFacts(stamp)
    source = told.get("source")
    source = source if isinstance(source, dict) else {}
    slices, size = told.get("slices"), source.get("bytes")
    return KitFacts(
        stamp,
        len(slices) if isinstance(slices, list) else 0,
        _value(told.get("tempo")),
        _value(told.get("key")),
        _word(source.get("name")),
        size if isinstance(size, int) else -1,
        _word(source.get("sha256")),
        any(_is_picture(name) for name in _files(told)),
    )


def picture(folder: Path) -> Path | None:
    """Give the picture in a kit, as PNG, where its manifest lists one that lies there; else None."""
    return next((path for path in files_of(folder) if _is_picture(path.relative_to(folder).as_posix())), None)


def _is_picture(file: str) -> bool:
    return file.lower().endswith(_PICTURE) and "/" not in file


def _files(told: dict[str, Any]) -> list[str]:
    listed = told.get("files")
    entries = listed if isinstance(listed, list) else []
    return [_word(entry.get("file")) for entry in entries if isinstance(entry, dict)]


def _value(guess: object) -> str:
    return _word(guess.get("value")) if isinstance(guess, dict) else ""


def _word(value: object) -> str:
    return value[:_MOST_WORD] if isinstance(value, str) else ""
