"""Labels as text: seconds, Audacity's label tracks (start, end, name with tabs between), and our own files.

Ours are a session's events (JSON lines) and the truth of a synthetic record (JSON).
"""

import csv
import json
import math
from collections.abc import Iterable
from itertools import compress
from pathlib import Path

import numpy as np

from samplechop.offline.labels.model import Mark
from samplechop.realtime.core.errors import UserError

SECONDS, TRACK = "seconds", "Audacity label track"


def content_of(path: Path) -> str:
    """Read a text file, with or without a byte order mark. Raises UserError if it is no text, OSError if not there."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(
            f"{str(path)!r} is not text in UTF-8: write seconds, or export an Audacity label track"
        ) from None


def _seconds(text: str, path: Path, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{str(path)!r}, {where}: {text.strip()!r} is not a time in seconds") from None


def read_text(path: Path) -> tuple[list[Mark], str]:
    """Read either kind; gives the marks in the file's order, and which kind it was.

    A line that begins with a backslash is the frequency range of the label before it and one with # is a remark; both
    are passed over. Raises UserError naming file and line.
    """
    marks: list[Mark] = []
    kind = SECONDS
    for number, line in enumerate(content_of(path).splitlines(), 1):
        where = f"line {number}"
        if not line.strip() or line.startswith(("\\", "#")):
            continue
        if "\t" in line:
            kind = TRACK
            start, end, *name = line.split("\t")
            _seconds(end, path, where)
            marks.append(Mark(_seconds(start, path, where), " ".join(name).strip(), where))
        else:
            marks += [
                Mark(_seconds(field, path, where), "", where) for field in next(csv.reader([line])) if field.strip()
            ]
    return marks, kind


def seconds_text(times: Iterable[float]) -> str:
    """Write seconds, to a microsecond, one a line."""
    return "".join(f"{time:.6f}\n" for time in times)


def track_text(rows: Iterable[tuple[float, float, str]]) -> str:
    """Write an Audacity label track of (start, end, name), in seconds; what is white in a name becomes a space."""
    return "".join(f"{start:.6f}\t{end:.6f}\t{' '.join(name.split())}\n" for start, end, name in rows)


CHOPS, TAPS, TRUTH = "session chops", "taps", "truth of a synthetic record"
TOGETHER_SECONDS = 0.005
"""Two pads struck within this of each other are one tap."""


def read_kind(path: Path, wanted: str) -> list[Mark]:
    """Read a session's events of one kind, "chop" or "tap", sorted.

    Raises UserError naming the line that is no event. The last line may be cut short, as by a power cut: it is let go.
    """
    marks = []
    content = content_of(path)
    lines = content.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            kind, time = str(record["kind"]), float(record["time"])
            if not math.isfinite(time):
                raise ValueError
        except (ValueError, TypeError, KeyError):
            if number == len(lines) > 1 and not content.endswith("\n"):
                break
            raise UserError(f"{str(path)!r}, line {number}: not an event with a kind and a time in seconds") from None
        if kind == wanted:
            marks.append(Mark(time, "", f"line {number}"))
    # Attacks are placed after chops are decided, so neighbours may stand in another order than they lie.
    return sorted(marks, key=lambda mark: mark.time)


def read_events(path: Path) -> tuple[list[Mark], str]:
    """Read the chops of a session's events (JSON lines), or its taps if there are no chops."""
    chops = read_kind(path, "chop")
    if not chops and (taps := read_kind(path, "tap")):
        apart = np.diff([tap.time for tap in taps], prepend=-np.inf) > TOGETHER_SECONDS
        return list(compress(taps, apart)), TAPS
    return chops, CHOPS


def read_crate_truth(path: Path) -> tuple[list[Mark], str]:
    """Read the chops of a synthetic record's truth."""
    from samplechop.offline.labels.recording_truth import read_truth

    return [Mark(chop.time, chop.reason, f"chop at {chop.time:.3f} s") for chop in read_truth(path).chops], TRUTH
