"""An atlas is a folder of plain files. One row is one sound: row i is the same sound in every file.

    atlas.json        sample rate, longest sound, and for each step made: its settings and how many rows it covers
    samples.npy       float32 (n, width): mono, peak 1, silence trimmed, zero behind the end of each sound
    samples.tsv       one line a sound, see `Sound`
    filenames.txt     one name a line
    …                 what the steps add: fingerprints.npy, maps/*.tsv, grid.tsv, sprites/, tags.tsv, page/ …

Rows are only ever added, at the end, so whoever has made something for n rows has only the new ones to do.
samples.npy is as wide as the longest sound may be; on nearly every file system what was never written takes no room.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.atlas.tables import lines, read_table, replaced
from realtime.errors import UserError

SCHEMA = 1
STATE, SAMPLES, TABLE, NAMES = "atlas.json", "samples.npy", "samples.tsv", "filenames.txt"


@dataclass(frozen=True, slots=True)
class Sound:
    """One row. name: for people, unique in the atlas. path: the file or session it is from, absolute.

    start, duration: seconds of that file, after trimming. length: samples of its row in samples.npy. peak: of the
    sound as it was, full scale 1. label: what it is said to be: the phone or word of aligned speech, else the first
    word of its file's name. pack: the folder or kit it came in. rms: 0..1 of the normalised sound. centroid,
    bandwidth, rolloff: Hz. flatness: 0..1. zero_crossings: per second. The spectral figures
    are librosa's.
    """

    name: str
    path: str
    start: float
    duration: float
    length: int
    peak: float
    label: str
    pack: str
    rms: float
    centroid: float
    bandwidth: float
    rolloff: float
    flatness: float
    zero_crossings: float


COLUMNS = tuple(field.name for field in fields(Sound))
_KINDS: tuple[Any, ...] = tuple(field.type for field in fields(Sound))


class Atlas:
    """An atlas on disk. Open one with `Atlas(folder)`, begin one with `Atlas.begin`."""

    def __init__(self, folder: Path) -> None:
        """Open an atlas. Raises UserError if there is none, or one of another version."""
        self.folder = folder
        path = folder / STATE
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            self._state: dict[str, Any] = {
                "schema": int(state["schema"]),
                "rate": int(state["rate"]),
                "width": int(state["width"]),
                "steps": dict(state["steps"]),
            }
        except FileNotFoundError:
            raise UserError(f"there is no atlas in {str(folder)!r}: make one with samplechop atlas collect") from None
        except OSError as error:
            raise UserError(f"{str(path)!r} cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError):
            raise UserError(f"{str(path)!r} is damaged: collect the sounds again into another folder") from None
        if self._state["schema"] != SCHEMA:
            raise UserError(f"the atlas {str(folder)!r} is of another version: collect the sounds again into another")

    @classmethod
    def begin(cls, folder: Path, rate: int, width: int) -> "Atlas":
        """Make an atlas without sounds. rate: Hz. width: samples of the longest sound there may be.

        Raises UserError if there is one already, or the disk does not take it.
        """
        if (folder / STATE).exists():
            raise UserError(f"there is an atlas in {str(folder)!r} already")
        for name in (SAMPLES, TABLE, NAMES):
            (folder / name).unlink(missing_ok=True)
        state = {"schema": SCHEMA, "rate": rate, "width": width, "steps": {}}
        with replaced(folder / STATE) as part:
            part.write_text(json.dumps(state, indent=1), encoding="utf-8")
        return cls(folder)

    @property
    def rate(self) -> int:
        """Sample rate of all sounds, Hz."""
        return int(self._state["rate"])

    @property
    def width(self) -> int:
        """Samples of the longest sound there may be."""
        return int(self._state["width"])

    @cached_property
    def sounds(self) -> list[Sound]:
        """All rows, in order."""
        if not (self.folder / TABLE).exists():
            return []
        rows = read_table(self.folder / TABLE, COLUMNS)
        try:
            return [Sound(*(kind(cell) for kind, cell in zip(_KINDS, row, strict=True))) for row in rows]
        except ValueError as error:
            raise UserError(f"{str(self.folder / TABLE)!r} is damaged ({error}): collect the sounds again") from None

    def __len__(self) -> int:
        """Count the sounds."""
        return len(self.sounds)

    def samples(self) -> NDArray[np.float32]:
        """Give all sounds, read-only float32 (n, width), in a memory map: read some rows at a time."""
        if not len(self):
            return np.zeros((0, self.width), np.float32)
        try:
            there = np.load(self.folder / SAMPLES, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise UserError(f"{str(self.folder / SAMPLES)!r} is damaged ({error}): collect the sounds again") from None
        if there.shape[0] < len(self) or there.shape[1:] != (self.width,) or there.dtype != np.float32:
            raise UserError(f"{str(self.folder / SAMPLES)!r} does not fit {TABLE}: collect the sounds again")
        return there[: len(self)]

    def append(self, sounds: Sequence[Sound], samples: Iterable[NDArray[np.float32]]) -> None:
        """Add rows; the table comes last, so a run that is ended in between leaves the atlas as it was.

        samples: float32 (length,) each. Raises UserError if the disk does not take them.
        """
        n, width = len(self), self.width
        path = self.folder / SAMPLES
        try:
            with path.open("r+b" if path.exists() else "w+b") as file:
                np.lib.format.write_array_header_1_0(
                    file, {"descr": "<f4", "fortran_order": False, "shape": (n + len(sounds), width)}
                )
                head = file.tell()
                file.truncate(head + 4 * width * n)  # what lies behind belonged to a run that was ended
                for row, sound in enumerate(samples, n):
                    if len(sound) > width:
                        raise ValueError(f"sounds must have at most {width} samples, got {len(sound)}")
                    file.seek(head + 4 * width * row)
                    file.write(np.ascontiguousarray(sound, "<f4").tobytes())
                file.truncate(head + 4 * width * (n + len(sounds)))  # the last row gets its full width
                file.flush()
                os.fsync(file.fileno())
            with (self.folder / NAMES).open("a", encoding="utf-8") as file:
                file.writelines(f"{sound.name}\n" for sound in sounds)
            new = not (self.folder / TABLE).exists()
            with (self.folder / TABLE).open("a", encoding="utf-8", newline="") as table:
                table.write((lines([COLUMNS]) if new else "") + lines(astuple(sound) for sound in sounds))
        except OSError as error:
            raise UserError(f"{str(self.folder)!r} cannot be written ({error.strerror}): is the disk full?") from None
        self.sounds.extend(sounds)

    def made(self, step: str) -> tuple[dict[str, Any], int] | None:
        """Give the settings with which a step was made, and for how many rows; None if it never was."""
        there = self._state["steps"].get(step)
        return None if there is None else (dict(there["settings"]), int(there["rows"]))

    def is_made(self, step: str, settings: Mapping[str, Any]) -> bool:
        """Say whether a step was made with these settings for all rows there are."""
        return self.made(step) == (dict(settings), len(self))

    def note(self, step: str, settings: Mapping[str, Any]) -> None:
        """Note that a step is made with these settings, which JSON must be able to hold, for all rows."""
        self._state["steps"][step] = {"settings": dict(settings), "rows": len(self)}
        with replaced(self.folder / STATE) as part:
            part.write_text(json.dumps(self._state, indent=1), encoding="utf-8")
