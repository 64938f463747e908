"""An atlas is a folder of plain files. One row is one sound: row i is the same sound in every file.

    atlas.json        sample rate, longest sound, and for each step made: its settings and how many rows it covers
    samples.npy       float32 (n, width): mono, peak 1, silence trimmed, zero behind the end of each sound
    samples.tsv       one line a sound, see `Sound`
    filenames.txt     one name a line
    sources.tsv       one line a file that was processed, see `Source`; of two with one path the later one counts
    .busy, .lock      by which processes keep out of each other's way; empty
    …                 what the steps add: fingerprints.npy, maps/*.tsv, grid.tsv, sprites/, tags.tsv, page/ …

Rows are only ever added, at the end, so whoever has made something for n rows has only the new ones to do. How many
there are is what atlas.json has, which is replaced in one go once they are there: what a run that was killed left
behind them is not read, and goes when the next rows come.
samples.npy is as wide as the longest sound may be; on nearly every file system what was never written takes no room.
"""

import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.files import (
    STATE,
    StoredRows,
    append_rows,
    append_text,
    map_rows,
    new_state,
    read_array,
    read_as,
    read_state,
    truncate_table,
    tsv_lines,
    write_state,
)
from samplechop.offline.common.atomic import PART, write_text
from samplechop.offline.common.paths import check_folder
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.locks import locked

SAMPLES, TABLE, NAMES, SOURCES = "samples.npy", "samples.tsv", "filenames.txt", "sources.tsv"
_BUSY, _LOCK = ".busy", ".lock"


@dataclass(frozen=True, slots=True)
class Sound:
    """One row. name: for people, unique in the atlas. path: the file or session it is from, absolute.

    start, duration: seconds of that file, after trimming. length: samples of its row in samples.npy. peak: of the
    sound as it was, full scale 1. label: what it is: the phone or word of aligned speech, the strongest drum
    of a kit's slice or "", else the first word of its file's name. pack: the folder or kit it came in. rms: 0..1 of the
    normalised sound. centroid, bandwidth, rolloff: Hz. flatness: 0..1. zero_crossings: per second. The spectral figures
    are librosa's, see samplechop.offline.atlas.collect.normalise.
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


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was processed. path: absolute, all links followed. size: bytes. mtime_ns: when it was changed.

    sounds: how many rows came of it. split: in what way it was cut. reason: why it was left out, or "".
    """

    path: str
    size: int
    mtime_ns: int
    sounds: int
    split: str
    reason: str


COLUMNS = tuple(field.name for field in fields(Sound))
SOURCE_COLUMNS = tuple(field.name for field in fields(Source))


def one_line(name: str) -> str:
    """Give a name without what would end a line of filenames.txt, or what no text file can hold: "_" instead."""
    return "".join("_" if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in name)


class Atlas:
    """An atlas on disk. Open one with `Atlas(folder)`, begin one with `Atlas.begin`."""

    def __init__(self, folder: Path) -> None:
        """Open an atlas. Raises UserError if there is none, or one of another version."""
        self.folder = folder
        try:
            check_folder(folder)
        except ValueError as error:
            raise UserError(f"the atlas {str(folder)!r} cannot be trusted: {error}") from None
        self._state = read_state(folder)
        self._is_mended = False

    @classmethod
    def begin(cls, folder: Path, rate: int, width: int) -> "Atlas":
        """Make an atlas without sounds. rate: Hz. width: samples of the longest sound there may be.

        Raises UserError if there is one already, or the disk does not take it.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / _LOCK):
                if (folder / STATE).exists():
                    raise UserError(f"there is an atlas in {str(folder)!r} already")
                for name in (SAMPLES, TABLE, NAMES, SOURCES):
                    (folder / name).unlink(missing_ok=True)
                write_state(folder, new_state(rate, width))
        except OSError as error:
            raise UserError(f"the atlas {str(folder)!r} cannot be made ({reason_of(error)})") from None
        return cls(folder)

    def begin_anew(self, rate: int, width: int) -> None:
        """Take another rate and width; what was processed is forgotten. Raises ValueError if there are sounds."""
        with locked(self.folder / _LOCK):
            if read_state(self.folder)["rows"]:
                raise ValueError("an atlas with sounds cannot begin anew")
            self._state = new_state(rate, width)
            write_state(self.folder, self._state)
        self._is_mended = False

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Have the atlas locked for other processes meanwhile; what runs that were killed left unfinished is removed.

        Raises UserError if another process has it, or the folder cannot be written.
        """
        try:
            with locked(self.folder / _BUSY, wait=False):
                for left in self.folder.rglob(f"{PART}*"):
                    shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
                self._state = read_state(self.folder)
                self.__dict__.pop("sounds", None)
                yield
        except BlockingIOError:
            raise UserError(
                f"another samplechop is at work in {str(self.folder)!r}: let it end, or use another"
            ) from None
        except PermissionError as error:
            raise UserError(f"{str(self.folder)!r} cannot be written ({reason_of(error)})") from None

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
        return read_as(self.folder / TABLE, Sound, len(self))

    def sources(self) -> list[Source]:
        """Read of all files that were processed, in order; of two with one path the later one counts."""
        return read_as(self.folder / SOURCES, Source, int(self._state["sources"]))

    def __len__(self) -> int:
        """Count the sounds."""
        return int(self._state["rows"])

    def samples(self) -> NDArray[np.float32]:
        """Give all sounds, read-only float32 (n, width), in a memory map: read some rows at a time."""
        if not len(self):
            return np.zeros((0, self.width), np.float32)
        with self._named_where_damaged():
            return map_rows(self.folder / SAMPLES, len(self), self.width)

    def samples_from(self, first: int) -> StoredRows:
        """Give the sounds from one on, of which there must be some, to be read once, from the first to the last."""
        with self._named_where_damaged():
            return StoredRows(self.folder / SAMPLES, len(self), self.width, first)

    @contextmanager
    def _named_where_damaged(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            path = str(self.folder / SAMPLES)
            raise UserError(f"{path!r} is damaged ({error}): collect the sounds again") from None

    def append(
        self, sounds: Sequence[Sound], samples: Iterable[NDArray[np.float32]], sources: Sequence[Source] = ()
    ) -> None:
        """Add rows, all or none of them, whatever ends the run.

        samples: float32 (length,) each. sources: the files processed.
        Raises UserError if the disk does not take them, or another process has added some.
        """
        if any(sound.name != one_line(sound.name) for sound in sounds):
            raise ValueError("names must be one line of text each")
        n = len(self)
        try:
            with locked(self.folder / _LOCK):
                now = read_state(self.folder)
                if (now["rows"], now["sources"]) != (n, self._state["sources"]):
                    raise UserError(f"another samplechop has added to {str(self.folder)!r} meanwhile: run it again")
                if not self._is_mended:
                    self._mend()
                self._is_mended = False  # until all is there
                append_rows(self.folder / SAMPLES, n, len(sounds), self.width, samples)
                append_text(self.folder / NAMES, "".join(f"{sound.name}\n" for sound in sounds))
                for name, columns, rows in ((TABLE, COLUMNS, sounds), (SOURCES, SOURCE_COLUMNS, sources)):
                    new = not (self.folder / name).exists()
                    append_text(
                        self.folder / name,
                        (tsv_lines([columns]) if new else "") + tsv_lines(map(attrgetter(*columns), rows)),
                    )
                now["rows"] += len(sounds)
                now["sources"] += len(sources)
                write_state(self.folder, now)
        except OSError as error:
            raise UserError(f"{str(self.folder)!r} cannot be written ({reason_of(error)}): is the disk full?") from None
        self._state, self._is_mended = now, True
        if "sounds" in self.__dict__:
            self.sounds.extend(sounds)

    def _mend(self) -> None:
        """Remove what a run that was killed has left behind the last row."""
        for name, rows in ((TABLE, len(self)), (SOURCES, int(self._state["sources"]))):
            if (self.folder / name).exists():
                truncate_table(self.folder / name, rows)
        write_text(self.folder / NAMES, "".join(f"{sound.name}\n" for sound in self.sounds))

    def made(self, step: str) -> tuple[dict[str, Any], int] | None:
        """Give the settings with which a step was made, and for how many rows; None if it never was."""
        there = self._state["steps"].get(step)
        return None if there is None else (dict(there["settings"]), int(there["rows"]))

    def is_made(self, step: str, settings: Mapping[str, Any]) -> bool:
        """Tell whether a step was made with these settings for all rows there are."""
        return self.made(step) == (dict(settings), len(self))

    def covers_all(self, step: str) -> bool:
        """Whether a step was made, with any settings, for all rows there are."""
        made = self.made(step)
        return made is not None and made[1] == len(self)

    def note(self, step: str, settings: Mapping[str, Any], rows: int | None = None) -> None:
        """Note that a step is made with these settings, which JSON must be able to hold.

        rows: for the first so many; None: for all. Raises UserError if the disk does not take it.
        """
        noted = {"settings": dict(settings), "rows": len(self) if rows is None else rows}
        try:
            with locked(self.folder / _LOCK):
                now = read_state(self.folder)  # another process may have noted something else
                now["steps"][step] = noted
                write_state(self.folder, now)
                self._state["steps"] = now["steps"]
        except OSError as error:
            raise UserError(f"{str(self.folder)!r} cannot be written ({reason_of(error)}): is the disk full?") from None


def read_rows(atlas: Atlas, name: str, made_by: str) -> NDArray[np.float32]:
    """Read an array of the atlas, float32 (n, …), with a row for each sound. made_by: the command that makes it.

    Raises UserError as `read_array` does, and if there are sounds that it does not cover.
    """
    array = read_array(atlas.folder / name, made_by)
    if len(array) != len(atlas):
        raise UserError(
            f"{str(atlas.folder / name)!r} covers {len(array)} of {len(atlas)} sounds: "
            f"run {made_by} {str(atlas.folder)!r} first"
        )
    return array
