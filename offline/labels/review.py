"""What a user's edit of a session's markers says: what stayed or was added is a chop, what was deleted is none."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from samplechop.offline.labels.model import Labels
from samplechop.offline.labels.reading import read_labels, session_chops

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


def review(offered: Labels, edited: Labels) -> Labels:
    """Compare a session's own markers with what the user left of them.

    Gives `edited` with the places of deleted markers added to `rejected`.
    """
    kept = dict(_pairs(offered.times.tolist(), edited.times.tolist(), SAME_SECONDS))
    gone = [time for time in offered.times.tolist() if time not in kept]
    new = [time for time in edited.times.tolist() if time not in kept.values()]
    moved = dict(_pairs(gone, new, MOVED_SECONDS))
    rejected = {time for time in gone if time not in moved} | set(edited.rejected.tolist())
    return replace(edited, rejected=np.array(sorted(rejected), np.float64))


def read_review(events: Path, edited: Path, audio: Path | float | None = None) -> Labels:
    """Read a session's events and the user's edit of them, labels of any kind, in the same time.

    Raises UserError as read_labels does.
    """
    return review(session_chops(events), read_labels(edited, audio))
