"""Label files: found beside a recording, read, checked and written; and what an edit of a session's markers says."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.common.atomic import write_bytes
from samplechop.offline.common.paths import beside
from samplechop.offline.labels.formats import (
    CHOPS,
    REJECT,
    Labels,
    Mark,
    read_cues,
    read_events,
    read_text,
    read_truth_chops,
    track_text,
    with_cues,
)
from samplechop.offline.labels.midi import midi_bytes, read_midi
from samplechop.realtime.core.errors import UserError, reason_of

CLOSEST = 0.001
"""Seconds: nearer times are one place, given twice."""
ROUNDING = 5e-7
"""Seconds: by which a time written with six digits may lie behind the last sample."""

Reader = Callable[[Path], tuple[list[Mark], str]]
READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".csv": read_text,
    ".mid": read_midi,
    ".midi": read_midi,
    ".jsonl": read_events,
    ".json": read_truth_chops,
    ".wav": read_cues,
}
BESIDE = (".txt", ".csv", ".labels.txt", ".mid", ".midi", ".jsonl", ".json")
"""Endings of label files beside a recording; the first that is there counts."""
RATES = (44_100, 48_000, 88_200, 96_000)
"""Hz, of labels in samples where the recording's own rate is not known."""


def fingerprint(audio: Path) -> str:
    """Give what tells a recording by its name without ending and its size, without saying either: 12 hex digits."""
    return hashlib.sha256(f"{audio.stem} {audio.stat().st_size}".encode(errors="surrogateescape")).hexdigest()[:12]


def labels_beside(audio: Path) -> Path | None:
    """Find the labels of a recording: a file beside it, else the recording itself if it is a wav with cue points."""
    if (path := beside(audio, BESIDE)) is not None:
        return path
    if audio.suffix.lower() == ".wav":
        try:
            return audio if read_cues(audio)[0] else None
        except (OSError, UserError):  # whoever reads the audio says what is wrong with it
            return None
    return None


def read_labels(path: Path, audio: Path | float | None = None) -> Labels:
    """Read labels of any kind, by the ending of the name, and check them.

    audio: the recording, or its length in seconds, which no time may exceed.

    Raises UserError, naming file and line, for what cannot be read, and for times that are negative, do not rise, are
    there twice (closer than 1 ms) or lie outside the recording; times in milliseconds or samples are recognised.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"labels {str(path)!r}: the name must end in one of {', '.join(READERS)}")
    try:
        marks, kind = reader(path)
    except OSError as error:
        raise UserError(f"labels {str(path)!r} cannot be read: {reason_of(error)}") from None
    _check(marks, path)
    if audio is not None:
        length, rates = _extent(audio) if isinstance(audio, Path) else (audio, RATES)
        _check_inside(marks, path, length, rates)
    kept = [mark for mark in marks if not _is_reject(mark)]
    rejected = [mark.time for mark in marks if _is_reject(mark)]
    return Labels(
        np.array([mark.time for mark in kept], np.float64),
        tuple(mark.name.encode("utf-8", "replace").decode() for mark in kept),  # JSON may hold half a character
        np.array(rejected, np.float64),
        path,
        kind,
    )


def _is_reject(mark: Mark) -> bool:
    return mark.name.strip().casefold() == REJECT


def _extent(audio: Path) -> tuple[float, Sequence[int]]:
    """Find a recording's length in seconds, and its rate."""
    try:
        info = soundfile.info(audio)
    except (OSError, soundfile.LibsndfileError) as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise UserError(f"the recording {str(audio)!r} cannot be read: {reason}") from None
    return info.frames / info.samplerate, (info.samplerate,)


def _check(marks: Sequence[Mark], path: Path) -> None:
    before: Mark | None = None
    for mark in marks:
        where = f"{str(path)!r}, {mark.where}"
        if not np.isfinite(mark.time) or mark.time < 0:
            raise UserError(f"{where}: {mark.time:g} is no time; times are seconds from the start, 0 or more")
        if before is not None and mark.time < before.time:
            raise UserError(f"{where}: {mark.time:.6g} s comes after {before.time:.6g} s; put the times in order")
        if before is not None and mark.time - before.time < CLOSEST:
            raise UserError(
                f"{where}: {mark.time:.6g} s is there already ({before.where}, {before.time:.6g} s); leave one out"
            )
        before = mark


def _check_inside(marks: Sequence[Mark], path: Path, length: float, rates: Sequence[int]) -> None:
    outside = [mark for mark in marks if mark.time > length + ROUNDING]
    if not outside:
        return
    where = f"{str(path)!r}, {outside[0].where}"
    if len(outside) > len(marks) / 2:
        units = [("milliseconds", 1000), *((f"samples at {rate} Hz", rate) for rate in rates)]
        for unit, per_second in units:
            if marks[-1].time / per_second <= length:
                raise UserError(
                    f"{where}: {outside[0].time:.6g} s lies outside the recording, which has {length:.3f} s; "
                    f"the times seem to be {unit}: divide them by {per_second} to get seconds"
                )
    raise UserError(
        f"{where}: {outside[0].time:.6g} s lies outside the recording, which has {length:.3f} s; take it out"
    )


SAME_SECONDS = 0.02
"""A marker so near to where it was has not been touched."""
MOVED_SECONDS = 0.1
"""A deleted marker that has a new one so near was moved there: its old place is no statement about chops."""


def _pairs(first: list[float], second: list[float], within: float) -> Iterator[tuple[float, float]]:
    """Pair places one to one, the nearest first."""
    near = sorted((abs(a - b), a, b) for a in first for b in second if abs(a - b) <= within)
    taken_first: set[float] = set()
    taken_second: set[float] = set()
    for _, a, b in near:
        if a not in taken_first and b not in taken_second:
            taken_first.add(a)
            taken_second.add(b)
            yield a, b


def read_review(events: Path, edited: Path, audio: Path | float | None = None) -> Labels:
    """Read a session's events and the user's edit of them, labels of any kind, in the same time.

    Gives the edited labels, with the places of deleted markers added to `rejected`. Raises UserError as read_labels.
    """
    offered, found = read_labels(events), read_labels(edited, audio)
    before = offered.times.tolist() if offered.kind == CHOPS else []
    kept = dict(_pairs(before, found.times.tolist(), SAME_SECONDS))
    gone = [time for time in before if time not in kept]
    new = [time for time in found.times.tolist() if time not in kept.values()]
    moved = dict(_pairs(gone, new, MOVED_SECONDS))
    rejected = {time for time in gone if time not in moved} | set(found.rejected.tolist())
    return replace(found, rejected=np.array(sorted(rejected), np.float64))


def _track(labels: Labels) -> bytes:
    rows = [*zip(labels.times.tolist(), labels.names, strict=True), *((at, REJECT) for at in labels.rejected.tolist())]
    return track_text((at, at, name) for at, name in sorted(rows)).encode()


def _events(labels: Labels) -> bytes:
    rows = ({"kind": "chop", "time": round(time, 6)} for time in labels.times.tolist())
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


WRITERS: dict[str, Callable[[Labels], bytes]] = {
    ".txt": _track,
    ".csv": lambda labels: "".join(f"{time:.6f}\n" for time in labels.times.tolist()).encode(),
    ".mid": lambda labels: midi_bytes(labels.times.tolist()),
    ".midi": lambda labels: midi_bytes(labels.times.tolist()),
    ".jsonl": _events,
}


def write_labels(path: Path, labels: Labels, *, audio: Path | None = None, force: bool = False) -> None:
    """Write labels as the ending of the name says; the file is there whole or not at all.

    Names are kept by a label track (.txt) and by cue points (.wav), for which `audio` is the recording that is copied;
    rejected places by a label track alone. Raises UserError if the file is there already, unless `force`, if no format
    goes with the name, or if the disk does not take it.
    """
    check_target(path, force)
    suffix = path.suffix.lower()
    if suffix == ".wav":
        if audio is None:
            raise UserError(f"{str(path)!r}: cue points go into a copy of the recording: name it with --audio")
        write_bytes(path, with_cues(audio, labels))
    elif suffix in WRITERS:
        write_bytes(path, WRITERS[suffix](labels))
    else:
        raise UserError(f"labels {str(path)!r}: the name must end in one of {', '.join(WRITERS)} or .wav")


def check_target(path: Path, force: bool) -> None:
    """Make sure that nothing is written over. Raises UserError for a folder, and for what is there unless `force`."""
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except OSError as error:  # a name that is too long
        raise UserError(f"labels cannot be written to {str(path)!r}: {reason_of(error)}") from None
    if is_folder:
        raise UserError(f"labels cannot be written to {str(path)!r}: it is a folder; give the name of a file")
    if is_there and not force:
        raise UserError(f"{str(path)!r} is there already: choose another name, or --force to replace it")
