"""The outline of a recording, for pictures: the lowest and highest sample of every column."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.realtime.audio.file_source import open_audio

MOST_PER_COLUMN = 8192
"""Samples per channel looked at in a column; those of a record of hours are not all read for a picture."""
_BLOCK = 65_536

Envelope = NDArray[np.float32]
"""float32 (columns, 2): lowest and highest sample of each column, full scale ±1."""


def envelope(audio: Path, first: int, last: int, columns: int) -> Envelope:
    """Outline the samples first..last of a file soundfile can seek in, all channels together.

    Columns are equal parts of what is outlined, at most as many as there are samples. What cannot be read counts as
    silence. Raises UserError when the file cannot be opened, ValueError unless 0 <= first < last and columns >= 1.
    """
    if not 0 <= first < last or columns < 1:
        raise ValueError(f"0 <= first < last and columns >= 1 must hold, got {first}, {last} and {columns}")
    edges = np.linspace(first, last, min(columns, last - first) + 1).astype(np.int64)
    widest = int(np.max(np.diff(edges)))
    together = max(1, _BLOCK // widest) if widest <= MOST_PER_COLUMN else 1  # columns in one read
    found = np.zeros((len(edges) - 1, 2), np.float32)
    with open_audio(audio) as file:
        try:
            for begin in range(0, len(found), together):
                bounds = edges[begin : begin + together + 1]
                start, stop = int(bounds[0]), int(bounds[-1])
                if file.tell() != start:
                    file.seek(start)
                samples = file.read(min(stop - start, MOST_PER_COLUMN * together), "float32", always_2d=True)
                inside = bounds[:-1] - start
                inside = inside[inside < len(samples)]
                if len(inside):
                    flat = np.nan_to_num(samples, copy=False, posinf=0.0, neginf=0.0).ravel()
                    for side, farthest in enumerate((np.minimum, np.maximum)):
                        found[begin : begin + len(inside), side] = farthest.reduceat(flat, inside * samples.shape[1])
        except soundfile.LibsndfileError:
            pass
    return found
