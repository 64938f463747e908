"""Made-up evidence of harmony: what a net that is right would say of chords whose names are given."""

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.detectors.harmony.harte import parse

SURE = 4.0
"""Log odds of what sounds; of what does not, the negative."""


def frame(label: str | None) -> NDArray[np.float32]:
    """Give one frame's log odds, float32 (24,); None for nothing."""
    row = np.full(24, -SURE, np.float32)
    chord = None if label is None else parse(label)
    if chord is not None:
        row[list(chord.pitch_classes)] = SURE
        row[12 + chord.bass] = SURE
    return row


def evidence(*parts: tuple[str | None, int], noise: float = 0.0) -> NDArray[np.float32]:
    """Give the log odds, float32 (n, 24), of labels that each last so many frames; noise: standard deviation."""
    rows = np.concatenate([np.tile(frame(label), (count, 1)) for label, count in parts])
    return (rows + noise * np.random.default_rng(0).standard_normal(rows.shape)).astype(np.float32)
