"""A kit of sounds that are listed: pieces of any files, each on a pad, in the order of the list.

A list is lines of tab-separated text; seconds count from the file's beginning; a name is optional:

    path<TAB>start<TAB>duration<TAB>name

A first line that begins with "path" names the columns, in any order; other columns are passed over, so the table of an
atlas is a list. A path that is not absolute begins at the list's own folder; empty lines count for nothing.

The pieces are put behind each other into one wav, sample for sample, and that is the record all formats are written of:
its slices in order are the record, as those of every kit. It has the sample rate, channels and sample format of the
files where they agree, else the highest any of them has: the others are resampled, their mean goes to all channels, and
integers grow by zeros. Nothing is known of the whole, such as a tempo or a key, but what is heard in each slice is.
"""

import math
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import BLOCK, BYTES, exact_dtype, mixed, quantised, resampled, wav_file
from samplechop.offline.common.progress import Progress, silent
from samplechop.offline.kits import pipeline
from samplechop.offline.kits.analysis import descriptors
from samplechop.offline.kits.analysis.candidates import Found
from samplechop.offline.kits.beside import Beside
from samplechop.offline.kits.core.model import Candidate, Piece
from samplechop.offline.kits.core.naming import safe
from samplechop.offline.kits.core.options import NOTES, ChopOptions
from samplechop.offline.kits.core.record import Record, open_record, title
from samplechop.offline.kits.pipeline import Outcome
from samplechop.offline.kits.plan import Plan
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

TEMPLATE = "{number}_{name}"
"""What slices are called unless the user says otherwise."""
COLUMNS = ("path", "start", "duration", "name")
LONGEST = 1e7
"""Seconds: no recording is longer."""
LARGEST_LIST = 1 << 26
"""Bytes: a file beyond is no list."""
SHORT_SECONDS = 0.01
"""A piece may reach so far beyond the end of its file without a word: times in a list are rounded."""
_FINENESS = tuple(BYTES)
"""Sample formats, from the coarsest to the finest."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list. path: absolute. start, duration: seconds. name: "" for the file's own. line: from 1."""

    path: Path
    start: float
    duration: float
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Samples first..last of an opened file, at its own rate; last is one past the end."""

    record: Record
    first: int
    last: int


def read_list(path: Path) -> list[Entry]:
    """Read a list. Raises UserError, with the line's number, for what is no list or has nothing in it."""
    try:
        lines = documents.read_text(path, LARGEST_LIST).splitlines()
    except OSError as error:
        raise UserError(f"the list {str(path)!r} cannot be read ({reason_of(error)}): give a file of text") from None
    except ValueError as error:
        raise UserError(
            f"the list {str(path)!r} cannot be read ({error}): give lines of path, start and duration"
        ) from None
    columns: Sequence[str] = COLUMNS
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        cells = _cells(line, f"the list {str(path)!r}, line {number}")
        if not any(cell.strip() for cell in cells):
            continue
        if columns is COLUMNS and not entries and (cells[0].lower() == "path" or {"path", "start"} <= set(cells)):
            columns = [cell.strip().lower() for cell in cells]
            if missing := [name for name in COLUMNS[:3] if name not in columns]:
                raise UserError(f"the list {str(path)!r}, line {number}: there is no column {missing[0]!r}")
            continue
        entries.append(_entry(dict(zip(columns, cells, strict=False)), path, number))
    if not entries:
        raise UserError(f"the list {str(path)!r} has no sounds in it: each line is path, start and duration with tabs")
    return entries


def _cells(line: str, where: str) -> list[str]:
    """Part a line at its tabs. Raises UserError for what is no tab-separated text, such as a cell without an end."""
    try:
        return next(documents.parse_rows([line], "\t"), [])
    except ValueError as error:
        raise UserError(f"{where}: {error}") from None


def _entry(cells: dict[str, str], path: Path, number: int) -> Entry:
    where = f"the list {str(path)!r}, line {number}"
    if any(name not in cells for name in COLUMNS[:3]) or not cells["path"]:
        raise UserError(f"{where}: there must be path, start and duration with tabs between, and a name if you like")
    times = []
    for name, least in (("start", "0 or more"), ("duration", "more than 0")):
        try:
            seconds = float(cells[name])
        except ValueError:
            seconds = math.nan
        if not (0 <= seconds < LONGEST) or (name == "duration" and seconds == 0):
            raise UserError(f"{where}: {name} must be {least} seconds, got {cells[name]!r}")
        times.append(seconds)
    return Entry(path.absolute().parent / cells["path"], times[0], times[1], cells.get("name", "").strip(), number)


def make_kit(
    source: Path,
    folder: Path,
    options: ChopOptions,
    force: bool = False,
    progress: Progress = silent,
    second_process: Executor | None = None,
) -> Outcome:
    """Make a kit of the sounds in a list in `folder`, which appears whole or not at all.

    force, progress, second_process: as for `pipeline.make_kit`. Of the options those count that say what is done to
    slices, and what is written. Raises UserError, in one sentence, for everything the user can mend.
    """
    entries = read_list(source)
    room = NOTES - options.start_note
    if len(entries) > room:
        raise UserError(
            f"the list {str(source)!r} has {len(entries)} sounds, and from --start-note {options.start_note} on a kit "
            f"has room for {room}: list fewer" + (", or give a lower note" if options.start_note else "")
        )
    options = replace(options, count=len(entries))
    made = partial(_made, source, entries, options, progress, second_process)
    return pipeline.put_together(folder, options, force, made, second_process)


def _made(
    source: Path,
    entries: Sequence[Entry],
    options: ChopOptions,
    progress: Progress,
    second: Executor | None,
    folder: Path,
    scratch: Path,
) -> Outcome:
    notes: list[str] = []
    cuts = _opened(source, entries, scratch, notes, progress)
    record, places = joined(cuts, source, scratch / f"{safe(title(source))}.wav")
    pieces = tuple(Piece(start, stop, 1.0) for start, stop in pairwise(places))
    described = descriptors.describe(record, places[:-1], places[1:], options.compare)
    found = Found(tuple(Candidate(piece.start, piece.strength) for piece in pieces), (), ("", ""))
    plan = Plan(pieces, found, described.similarity(np.arange(len(pieces))), {})
    beside = Beside(second)
    inside = pipeline.content_of(record, pieces, progress, beside)
    titles = [entry.name or title(entry.path) for entry in entries]
    kit = pipeline.cut(record, folder, plan, options, 0, record.length, inside, None, titles)
    return pipeline.exported(kit, plan.similarity, options, notes, progress, beside)


def _opened(source: Path, entries: Sequence[Entry], scratch: Path, notes: list[str], progress: Progress) -> list[Cut]:
    """Open the files, each once, and find the samples that are meant. notes: takes warnings. Raises UserError.

    Of a file that had to be decoded only the pieces stay: a list may be of a hundred songs.
    """
    of_file: dict[Path, list[int]] = {}
    for index, entry in enumerate(entries):
        of_file.setdefault(entry.path, []).append(index)
    cuts: dict[int, Cut] = {}
    for path, indices in of_file.items():
        decoded, pieces = scratch / "decoded", scratch / "pieces"
        decoded.mkdir()
        pieces.mkdir(exist_ok=True)
        try:
            record = open_record(path, decoded)
        except UserError as error:
            raise UserError(f"the list {str(source)!r}, line {entries[indices[0]].line}: {error}") from None
        notes += record.warnings
        for index in indices:
            cuts[index] = _found(record, entries[index], source, notes)
            if record.audio.parent == decoded:
                cuts[index] = _kept(cuts[index], pieces / f"{index}.wav")
            progress("opening", len(cuts), len(entries))
        shutil.rmtree(decoded)
    return [cuts[index] for index in range(len(entries))]


def _found(record: Record, entry: Entry, source: Path, notes: list[str]) -> Cut:
    """Find the samples of a piece. Raises UserError if it begins behind the end of its file."""
    rate, seconds = record.sample_rate, record.length / record.sample_rate
    first, stop = round(entry.start * rate), entry.start + entry.duration
    where, file = f"the list {str(source)!r}, line {entry.line}", repr(str(entry.path))
    if first >= record.length:
        raise UserError(f"{where}: start {entry.start:g} lies beyond the end of {file}, {seconds:.3f} seconds")
    if stop > seconds + SHORT_SECONDS:
        notes.append(f"{where}: {file} ends at {seconds:.3f} seconds, so the slice is shorter")
    return Cut(record, first, max(first + 1, min(record.length, round(stop * rate))))


def _kept(cut: Cut, path: Path) -> Cut:
    """Copy a piece, sample for sample, to a wav file of its own."""
    record, length = cut.record, cut.last - cut.first
    with wav_file(path, record.sample_rate, record.channels, record.subtype, length) as file:
        for samples in record.blocks(BLOCK, cut.first, cut.last, exact_dtype(record.subtype)):
            file.write(samples)
    return Cut(replace(record, audio=path, length=length), 0, length)


def joined(cuts: Sequence[Cut], source: Path, audio: Path) -> tuple[Record, list[int]]:
    """Put pieces behind each other into the wav file `audio`.

    Give it as a record that is called like `source`, and the samples at which the pieces begin, with the end of the
    last. A block at a time is in memory. Raises OSError, and UserError for a file that has changed meanwhile.
    """
    rate = max(cut.record.sample_rate for cut in cuts)
    channels = max(cut.record.channels for cut in cuts)
    subtype = max((cut.record.subtype for cut in cuts), key=_FINENESS.index)
    frames = sum(math.ceil((cut.last - cut.first) * rate / cut.record.sample_rate) + 1 for cut in cuts)
    places = [0]
    with wav_file(audio, rate, channels, subtype, frames) as file:
        for cut in cuts:
            length = 0
            for samples in _converted(cut, rate, channels, subtype):
                file.write(samples)
                length += len(samples)
            if not length:  # one sample of a higher rate can be none of a lower one
                file.write(np.zeros((1, channels), exact_dtype(subtype)))
            places.append(places[-1] + max(1, length))
    return Record(source, audio, safe(title(source)), rate, channels, places[-1], subtype), places


def _converted(cut: Cut, rate: int, channels: int, subtype: str) -> Iterator[NDArray[Any]]:
    """Give the samples of a piece as libsndfile writes them unchanged: its own where rate and channels are."""
    record = cut.record
    if (record.sample_rate, record.channels) == (rate, channels):
        yield from record.blocks(BLOCK, cut.first, cut.last, exact_dtype(subtype))
        return
    blocks = (mixed(samples, channels) for samples in record.blocks(BLOCK, cut.first, cut.last, "float64"))
    for samples in resampled(blocks, record.sample_rate, rate, channels):
        yield quantised(samples, subtype)
