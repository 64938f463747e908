"""What labels are, and the files they are kept in, but MIDI: text, session events, truths, cue points of a wav file.

Text is seconds, or an Audacity label track (start, end, name with tabs between); our own are a session's events (JSON
lines) and the truth of a synthetic record (JSON). libsndfile drops the names of cue points, so the chunks `cue ` and
`LIST adtl` of RIFF, RF64 and BW64 are read here (Multimedia Programming Interface and Data Specifications 1.0; EBU Tech
3306 for RF64, whose chunk `ds64` has the sizes that do not fit into 32 bits).
"""

import math
import os
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import LARGEST, Cue, chunk, cue_chunks
from samplechop.offline.labels.recording_truth import read_truth
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

REJECT = "reject"
"""The label text that says: here is no chop."""
SECONDS, TRACK, CUES = "seconds", "Audacity label track", "cue points"
CHOPS, TAPS, TRUTH = "session chops", "taps", "truth of a synthetic record"
TOGETHER_SECONDS = 0.005
"""Two pads struck within this of each other are one tap."""
_SIZE_IN_DS64 = 0xFFFFFFFF
_AMBIGUOUS = re.compile(r"(\d+),(\d+)")
"""A line such as 1,300: a decimal comma, or a comma between two times."""
_PARTS_OF_LIST = (b"labl", b"note", b"ltxt", b"file")
_MOST_CHUNKS = 50_000
"""Of a file; what lies behind is not looked at."""
_MOST_BYTES = 1 << 24
"""Of a chunk that is read whole; 16 MB of cue points are 700 000."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place as it stands in a file: seconds, its name ("" for none), and for people where it stands ("line 3")."""

    time: float
    name: str
    where: str


@dataclass(frozen=True, slots=True)
class Labels:
    """The places at which one recording is cut.

    times: float64, (n,), seconds from the first sample, rising.
    names: what each is called, "" for nothing; none at all means that for every one.
    rejected: float64, (m,), seconds, rising: where somebody said that there is no chop.
    source: the file they were read from. kind: what it was, in words, such as "Audacity label track".

    Raises ValueError for times that do not rise, and for more or fewer names than times.
    """

    times: NDArray[np.float64]
    names: tuple[str, ...] = ()
    rejected: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    source: Path | None = None
    kind: str = ""

    def __post_init__(self) -> None:
        """Give every time a name, and refuse what cannot be."""
        for name in ("times", "rejected"):
            values = np.asarray(getattr(self, name), np.float64)
            if values.ndim != 1 or (np.diff(values) < 0).any() or not np.isfinite(values).all():
                raise ValueError(f"{name} must be finite and rise, got {values}")
            object.__setattr__(self, name, values)
        if not self.names:
            object.__setattr__(self, "names", ("",) * len(self.times))
        if len(self.names) != len(self.times):
            raise ValueError(f"names must be as many as times, {len(self.times)}, got {len(self.names)}")


def _read_content(path: Path) -> str:
    """Read a text file, with or without a byte order mark."""
    try:
        return documents.read_text(path)
    except ValueError as error:
        raise UserError(
            f"{str(path)!r} cannot be read ({error}): write seconds in UTF-8, or export an Audacity label track"
        ) from None


def read_text(path: Path) -> tuple[list[Mark], str]:
    """Read seconds or a label track; gives the marks in the file's order, and which kind it was.

    A line that begins with a backslash is the frequency range of the label before it and one with # is a remark; both
    are passed over. Decimal commas are read where nothing else can be meant: in a label track, between semicolons and
    in quotation marks. Raises UserError naming file and line, also for 1,300, which may be one time or two.
    """

    def seconds(text: str) -> float:
        try:
            return float(text.replace(",", ".") if text.count(",") == 1 else text)
        except ValueError:
            raise UserError(f"{str(path)!r}, {where}: {text.strip()!r} is not a time in seconds") from None

    marks: list[Mark] = []
    kind = SECONDS
    for number, line in enumerate(_read_content(path).splitlines(), 1):
        where = f"line {number}"
        if not line.strip() or line.startswith(("\\", "#")):
            continue
        if "\t" in line:
            kind = TRACK
            start, end, *name = line.split("\t")
            seconds(end)
            marks.append(Mark(seconds(start), " ".join(name).strip(), where))
        elif both := _AMBIGUOUS.fullmatch(line.strip()):
            whole, rest = both.groups()
            raise UserError(
                f"{str(path)!r}, {where}: {line.strip()!r} may be one time, {whole}.{rest} s, or two, "
                f"{whole} s and {rest} s: write {whole}.{rest}, or each time on a line of its own"
            )
        else:
            try:
                cells = next(documents.parse_rows([line], ";" if ";" in line else ","), [])
            except ValueError as error:
                raise UserError(f"{str(path)!r}, {where}: {error}") from None
            marks += [Mark(seconds(cell), "", where) for cell in cells if cell.strip()]
    return marks, kind


def track_text(rows: Iterable[tuple[float, float, str]]) -> str:
    """Write an Audacity label track of (start, end, name), in seconds; what is white in a name becomes a space."""
    return "".join(f"{start:.6f}\t{end:.6f}\t{' '.join(name.split())}\n" for start, end, name in rows)


def read_kind(path: Path, wanted: str) -> list[Mark]:
    """Read a session's events of one kind, "chop" or "tap", sorted.

    Raises UserError naming the line that is no event. The last line may be cut short, as by a power cut: it is dropped.
    """
    marks = []
    content = _read_content(path)
    lines = content.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = documents.parse_json(line, finite=False)
            kind, time = str(record["kind"]), float(record["time"])
            if not math.isfinite(time):
                raise ValueError
        except (ValueError, TypeError, KeyError, OverflowError):
            if number == len(lines) > 1 and not content.endswith("\n"):
                break
            raise UserError(f"{str(path)!r}, line {number}: not an event with a kind and a time in seconds") from None
        if kind == wanted:
            marks.append(Mark(time, "", f"line {number}"))
    # Onsets are refined after chops are decided, so neighbours may stand in another order than they lie.
    return sorted(marks, key=lambda mark: mark.time)


def read_events(path: Path) -> tuple[list[Mark], str]:
    """Read the chops of a session's events (JSON lines), or its taps if there are no chops."""
    chops = read_kind(path, "chop")
    if not chops and (taps := read_kind(path, "tap")):
        apart = np.diff([tap.time for tap in taps], prepend=-np.inf) > TOGETHER_SECONDS
        return list(compress(taps, apart)), TAPS
    return chops, CHOPS


def read_truth_chops(path: Path) -> tuple[list[Mark], str]:
    """Read the chops of a synthetic record's truth."""
    return [Mark(chop.time, chop.reason, f"chop at {chop.time:.3f} s") for chop in read_truth(path).chops], TRUTH


def read_cues(path: Path) -> tuple[list[Mark], str]:
    """Read the cue points of a wav, in the order of their places; those at one place are one, with the first name.

    Raises UserError if the file is no wav.
    """
    rate = 0
    cues: dict[int, int] = {}
    names: dict[int, str] = {}
    with _opened(path) as file:
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
            raise UserError(f"{str(path)!r} is not a wav file: cue points are read from wav only")
        for kind, size in _chunks(file):
            if kind not in (b"fmt ", b"cue ", b"LIST"):
                continue
            body = file.read(min(size, _MOST_BYTES))
            if kind == b"fmt " and len(body) >= 8:
                rate = struct.unpack_from("<I", body, 4)[0]
            elif kind == b"cue " and len(body) >= 4:
                count = min(struct.unpack_from("<I", body)[0], (len(body) - 4) // 24)
                rows = struct.iter_unpack("<II4sIII", body[4 : 4 + 24 * count])
                cues |= {number: sample for number, *_, sample in rows}
            elif kind == b"LIST" and body[:4] == b"adtl":
                names |= _names(body[4:])
    if not rate:
        raise UserError(f"{str(path)!r} is not a whole wav file: it has no format chunk")
    places: dict[int, Mark] = {}
    for number, sample in sorted(cues.items(), key=lambda cue: cue[1]):
        if sample not in places or not places[sample].name:
            places[sample] = Mark(sample / rate, names.get(number, ""), f"cue point {number}")
    return list(places.values()), CUES


def _opened(path: Path) -> BinaryIO:
    """Open a regular file. Raises OSError, and UserError for what is none."""
    try:
        return documents.open_regular(path)
    except ValueError as error:
        raise UserError(f"{str(path)!r} cannot be read: {error}") from None


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Give kind and size of every chunk, the file at its content; one that claims more than the file holds is cut."""
    end = os.fstat(file.fileno()).st_size
    data_size: int | None = None
    at = 12
    for _ in range(_MOST_CHUNKS):
        if at + 8 > end:
            return
        file.seek(at)
        kind, size = struct.unpack("<4sI", file.read(8))
        if kind == b"ds64" and len(sizes := file.read(16)) == 16:
            data_size = struct.unpack_from("<Q", sizes, 8)[0]
            file.seek(at + 8)
        if size == _SIZE_IN_DS64:
            if kind != b"data" or data_size is None:
                return
            size = data_size
        yield kind, min(size, end - at - 8)  # a read takes the memory that is asked for, whatever is there
        at += 8 + size
        # A chunk of odd size is followed by one byte that belongs to nothing; some programs leave it out.
        if size % 2 and (_is_chunk(file, at + 1, end) or not _is_chunk(file, at, end)):
            at += 1


def _is_chunk(file: BinaryIO, at: int, end: int) -> bool:
    """Say whether a chunk seems to begin at a place: a kind in ASCII, and a size that fits into the file."""
    file.seek(at)
    head = file.read(8)
    if len(head) < 8 or not all(32 <= byte < 127 for byte in head[:4]):
        return False
    return bool(at + 8 + struct.unpack("<I", head[4:])[0] <= end)


def _names(body: bytes) -> dict[int, str]:
    """Read the labels of an associated data list: cue number -> name."""
    names: dict[int, str] = {}
    at = 0
    while at + 12 <= len(body):
        kind, size, cue = struct.unpack_from("<4sII", body, at)
        if kind == b"labl":
            text = body[at + 12 : at + 8 + size].split(b"\0")[0]
            try:
                name = text.decode("utf-8")
            except UnicodeDecodeError:  # older Windows programs
                name = text.decode("cp1252", "replace")
            names[cue] = " ".join(name.split())
        at += 8 + size
        at += size % 2 if body[at : at + 4] not in _PARTS_OF_LIST else 0
    return names


def with_cues(audio: Path, labels: Labels) -> bytes:
    """Give a copy of the wav `audio` whose cue points are the labels, with their names.

    Cue points of the original are left out, its other chunks are kept as they are. Raises UserError if `audio` is no
    plain wav or cannot be read.
    """
    kept, rate, block = [b"WAVE"], 0, 0
    try:
        with _opened(audio) as file:
            head = file.read(12)
            if head[:4] != b"RIFF" or head[8:] != b"WAVE":
                raise UserError(
                    f"{str(audio)!r} is no plain wav: cue points go into a copy of a wav file; save it as one first"
                )
            for kind, size in _chunks(file):
                content = file.read(size)
                if kind == b"fmt " and len(content) >= 14:
                    rate, block = struct.unpack_from("<I4xH", content, 4)
                if kind != b"cue " and not (kind == b"LIST" and content[:4] == b"adtl"):
                    kept.append(chunk(kind, content))
    except OSError as error:
        raise UserError(f"the recording {str(audio)!r} cannot be read: {reason_of(error)}") from None
    if not rate or not block:
        raise UserError(f"{str(audio)!r} is not a whole wav file: it has no format chunk")
    times = zip(labels.times.tolist(), labels.names, strict=True)
    body = b"".join([*kept, cue_chunks([Cue(round(time * rate), name) for time, name in times])])
    if len(body) > LARGEST:
        raise UserError(f"{str(audio)!r} has no room for cue points: a wav file ends at 4 GB")
    return chunk(b"RIFF", body)
