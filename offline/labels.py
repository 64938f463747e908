"""Where people say a record should be cut: label files of every kind, read, checked and written.

Beside `name.wav` may lie, and the first found counts: `name.txt` or `name.csv` (seconds, or an Audacity label track),
`name.labels.txt` (an Audacity label track), `name.mid`, `name.jsonl` (a session's events), `name.json` (the truth of a
crate's record), and last the cue points in `name.wav` itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from offline import label_formats
from offline.label_formats import Mark
from realtime.errors import UserError

CLOSEST = 0.001
"""Seconds: nearer times are one place, told twice."""
REJECT = "reject"
"""The label text that says: here is no chop."""

READERS: dict[str, Callable[[Path], list[Mark]]] = {
    ".txt": label_formats.read_text,
    ".csv": label_formats.read_text,
    ".mid": label_formats.read_midi,
    ".midi": label_formats.read_midi,
    ".jsonl": label_formats.read_events,
    ".json": label_formats.read_truth_file,
    ".wav": label_formats.read_cues,
}
BESIDE = (".txt", ".csv", ".labels.txt", ".mid", ".jsonl", ".json")
UNITS = (("milliseconds", 1 / 1000), ("samples at 44 100 Hz", 1 / 44_100), ("samples at 48 000 Hz", 1 / 48_000))


@dataclass(frozen=True, slots=True)
class Labels:
    """times: float64 (n,), seconds, rising. names: what each is called, "" for nothing. rejected: float64 (m,), seconds
    where somebody said that there is no chop. source: where they were read.
    """

    times: NDArray[np.float64]
    names: tuple[str, ...] = ()
    rejected: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    source: Path | None = None


def labels_beside(audio: Path) -> Path | None:
    """Find the labels of a recording: a file beside it, else the recording itself if it is a wav with cue points."""
    for ending in BESIDE:
        path = audio.with_name(audio.stem + ending)
        if path.is_file():
            return path
    if audio.suffix.lower() == ".wav" and label_formats.read_cues(audio):
        return audio
    return None


def duration(audio: Path) -> float:
    """Give a recording's length in seconds. Raises UserError if it cannot be read."""
    try:
        return float(soundfile.info(audio).duration)
    except (OSError, soundfile.LibsndfileError) as error:
        raise UserError(f"the recording {str(audio)!r} cannot be read: {error}") from None


def read_labels(path: Path, audio: Path | None = None) -> Labels:
    """Read labels of any kind and check them, against the recording too if it is named.

    Raises UserError, naming file and line, for a file that cannot be read, for times that are negative, not rising,
    told twice, or outside the recording.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"labels {str(path)!r}: the name must end in one of {', '.join(READERS)}")
    try:
        marks = reader(path)
    except OSError as error:
        raise UserError(f"labels {str(path)!r} cannot be read: {error.strerror or error}") from None
    _check(marks, path, None if audio is None else duration(audio))
    kept = [mark for mark in marks if mark.name.strip().lower() != REJECT]
    rejected = [mark.time for mark in marks if mark.name.strip().lower() == REJECT]
    return Labels(np.array([mark.time for mark in kept]), tuple(mark.name for mark in kept), np.array(rejected), path)


def _check(marks: Sequence[Mark], path: Path, length: float | None) -> None:
    before: Mark | None = None
    for mark in marks:
        where = f"{str(path)!r}, {mark.where}"
        if not np.isfinite(mark.time) or mark.time < 0:
            raise UserError(f"{where}: {mark.time:g} is no time; times are seconds from the start, 0 or more")
        if before is not None and mark.time < before.time:
            raise UserError(f"{where}: {mark.time:g} s comes after {before.time:g} s; times must rise")
        if before is not None and mark.time - before.time < CLOSEST:
            raise UserError(f"{where}: {mark.time:g} s is there twice ({before.where}); leave one out")
        before = mark
    if length is None:
        return
    outside = [mark for mark in marks if mark.time > length]
    if not outside:
        return
    if len(outside) > len(marks) / 2:
        for unit, factor in UNITS:
            if marks[-1].time * factor <= length:
                raise UserError(f"{str(path)!r} seems to be in {unit}: the recording has {length:.3f} s; write seconds")
    raise UserError(
        f"{str(path)!r}, {outside[0].where}: {outside[0].time:g} s lies outside the recording, which has {length:.3f} s"
    )


def write_labels(path: Path, labels: Labels, force: bool = False) -> None:
    """Write labels as the name says: .mid a MIDI file, .csv seconds with commas, .txt an Audacity label track.

    Names and rejected places are kept in a label track only. Raises UserError if the file is there already and not
    `force`, or for another ending.
    """
    writer = {".mid": _midi, ".csv": _seconds, ".txt": _track}.get(path.suffix.lower())
    if writer is None:
        raise UserError(f"labels {str(path)!r}: the name must end in .txt (label track), .csv (seconds) or .mid")
    if path.exists() and not force:
        raise UserError(f"{str(path)!r} is there already: choose another name, or --force to replace it")
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(writer(labels))
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"labels cannot be written to {str(path)!r}: {error.strerror or error}") from None


def _seconds(labels: Labels) -> bytes:
    return (",".join(f"{time:.6f}" for time in labels.times) + "\n").encode()


def _track(labels: Labels) -> bytes:
    names = labels.names or ("",) * len(labels.times)
    rows = [*zip(labels.times.tolist(), names, strict=True), *((time, REJECT) for time in labels.rejected.tolist())]
    return "".join(f"{time:.6f}\t{time:.6f}\t{name}\n" for time, name in sorted(rows)).encode()


def _midi(labels: Labels) -> bytes:
    return label_formats.midi_bytes(labels.times.tolist())


def review(offered: Labels, edited: Labels) -> Labels:
    """Read a user's edit of a session's markers: what stayed or was added is a chop, what was deleted is none.

    offered: the session's own markers. edited: what is left, in the same time. Places within 20 ms are the same.
    """
    same = 0.02

    def has(times: NDArray[np.float64], time: float) -> bool:
        return bool(len(times)) and float(np.min(np.abs(times - time))) <= same

    deleted = [time for time in offered.times.tolist() if not has(edited.times, time)]
    rejected = sorted({*deleted, *edited.rejected.tolist()})
    return Labels(edited.times, edited.names, np.array(rejected), edited.source)
