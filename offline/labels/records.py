"""Labels that this program wrote itself: a session's events, and the truth of a synthetic record."""

import json
import math
from itertools import compress
from pathlib import Path

import numpy as np

from samplechop.offline.labels.model import Mark
from samplechop.offline.labels.text import content_of
from samplechop.realtime.core.errors import UserError

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
