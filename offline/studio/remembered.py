"""What a page showed of a record last, kept from one start to the next: it is shown while what detects is imported.

It is that of the same program, file, project and usual options, and what is really there follows within a second.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits.core.record import audio_files
from samplechop.offline.kits.core.record_cache import place_of, program_key
from samplechop.offline.project.places import find, journal_of
from samplechop.offline.studio.answers import as_text
from samplechop.offline.studio.peaks import key_of
from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from samplechop.offline.studio.desk import Desk


@dataclass(frozen=True, slots=True)
class Shown:
    """sections: as the page has them. length: of the record. peaks: the key of its peaks in the cache."""

    sections: dict[str, Any]
    peaks: str

    @property
    def length(self) -> int:
        """Samples of the record."""
        return int(self.sections["record"]["length"])


def recall(path: Path, cache: ArrayCache, usual: Mapping[str, Any]) -> Shown | None:
    """Give what was shown of the record in a file or session; None where it is another by now, or never was shown."""
    try:
        key = _key(path, usual)
    except (UserError, OSError):  # what opens it says so
        return None
    arrays = cache.kept(key)
    if arrays is None:
        return None
    sections, peaks = json.loads(_text(arrays["sections"])), _text(arrays["peaks"])
    return Shown(sections, peaks)


def remember(desk: "Desk", cache: ArrayCache, usual: Mapping[str, Any]) -> None:
    """Keep what is shown of a record, unless its project is being edited."""
    if desk.record.cache is None or desk.is_edited:
        return
    with suppress(UserError, OSError):  # it is for the eye alone
        sections = desk.state()
        if sections["pads"]:
            arrays = {"sections": _array(as_text(sections)), "peaks": _array(key_of(desk.record.cache))}
            cache.arrays(_key(desk.path, usual), lambda: arrays)


def _key(path: Path, usual: Mapping[str, Any]) -> str:
    (audio,) = audio_files(path)
    there = find(path)
    project = [_digest(file) for file in (there, journal_of(there))] if there else None
    model = Path(str(usual.get("model", "")))
    taught = place_of(model) if model.is_file() else None
    return program_key("shown", str(path), place_of(audio), project, repr(sorted(usual.items())), taught)


def _digest(file: Path) -> str | None:
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def _array(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def _text(array: NDArray[np.uint8]) -> str:
    return array.tobytes().decode()
