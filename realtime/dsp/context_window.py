"""From constant-Q frames to a net's input: band sums, a window of past and future frames, standardised."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.core.inner_functions import inner

SILENCE = 0.001
"""A window is silent while no band sum, divided by the band's bins, has reached this in any of its frames.

Measured on 48 bins from F2 in windows of 61 frames: white noise of -80 dBFS (RMS) has a mean of 0.0009 and peaks at
0.0010 to 0.0012, so this is where it becomes audible; sines of -80 dBFS give 0.0007 (1 kHz) to 0.0024 (100 Hz).
"""

RELATIVE_FLOOR = 0.01
"""The standard deviation counts as at least this share of the mean: a steady hum is not blown up into noise."""

ABSOLUTE_FLOOR = 0.1 * SILENCE
"""The standard deviation counts as at least this per bin of a band: nor is what is hardly audible."""

# Columns of the table: row 0 is the header, then one row per band.
POSITION, FRAMES, WIDTH, FUTURE = range(4)
LOW, HIGH = range(2)


@inner(True)
def _append(frame, memory, table):
    """Sum the bands of one frame. Each sum is written twice, a width apart, so that every window lies in one piece."""
    position, width = table[0, POSITION], table[0, WIDTH]
    for band in range(len(memory)):
        total = np.float32(0)
        for magnitude in frame[table[band + 1, LOW] : table[band + 1, HIGH]]:
            total += magnitude
        memory[band, position] = total
        memory[band, position + width] = total
    position += 1
    table[0, POSITION] = 0 if position == width else position


@inner(True)
def _standardise(memory, table, window):
    """Write the newest window and say whether it is silent. No running sums: a window depends on its frames only."""
    position, width, n_bands = table[0, POSITION], table[0, WIDTH], len(memory)
    total = np.float32(0)
    loudest = np.float32(0)
    bins = 0
    for band in range(n_bands):
        peak = np.float32(0)
        for value in memory[band, position : position + width]:
            total += value
            peak = max(peak, value)
        n_bins = table[band + 1, HIGH] - table[band + 1, LOW]
        bins += n_bins
        loudest = max(loudest, peak / np.float32(n_bins))
    if loudest < np.float32(SILENCE):
        window[:] = 0
        return True
    mean = total / np.float32(n_bands * width)
    squares = np.float32(0)
    for band in range(n_bands):
        for value in memory[band, position : position + width]:
            squares += (value - mean) * (value - mean)
    deviation = np.float32(math.sqrt(squares / np.float32(n_bands * width)))
    floor = np.float32(ABSOLUTE_FLOOR) * np.float32(bins) / np.float32(n_bands)
    scale = np.float32(1) / max(deviation, np.float32(RELATIVE_FLOOR) * mean, floor)
    for band in range(n_bands):
        values, row = memory[band, position : position + width], window[band * width : (band + 1) * width]
        for i in range(width):
            row[i] = (values[i] - mean) * scale
    return False


@cache
def _compiled() -> Callable[..., int]:
    def run(magnitudes, n_frames, windows, silent, memory, table, max_frames):
        width, future = table[0, WIDTH], table[0, FUTURE]
        if not 0 <= n_frames <= min(len(magnitudes), len(windows), len(silent), max_frames):
            return -1
        highest = 0  # a plain loop: numba compiles numpy's maxima for long
        for k in range(1, len(table)):
            highest = max(highest, table[k, HIGH])
        if magnitudes.shape[1] < highest or windows.shape[1] != len(memory) * width:
            return -2
        written = 0
        for frame in range(n_frames):
            _append(magnitudes[frame], memory, table)
            if table[0, FRAMES] < future:
                table[0, FRAMES] += 1
            else:
                silent[written] = _standardise(memory, table, windows[written])
                written += 1
        return written

    frames = types.float32[:, ::1]
    signature = types.int64(frames, types.int64, frames, types.boolean[::1], frames, types.int64[:, ::1], types.int64)
    return entry(signature)(run)


class ContextWindow:
    """Band sums of the last frames, standardised per window ("window-zscore").

    A window holds, band after band, the sums of the frames past … future in time order:
    z = (x - mean) / max(std, RELATIVE_FLOOR * mean, absolute floor), with mean and std over all of it.
    Before frame 0 there is silence: sums of 0. The window of frame f is complete when frame f + future is there.
    """

    def __init__(
        self, bands: tuple[tuple[int, int], ...], n_bins: int, past: int, future: int, max_frames: int
    ) -> None:
        """[main] Allocate and compile.

        bands: half-open ranges of bins, one per row of the window. past, future: frames on either side.
        max_frames: most frames in one push. Raises ValueError where one of them is out of range.
        """
        if not bands:
            raise ValueError("bands must name at least one band")
        for low, high in bands:
            if not 0 <= low < high <= n_bins:
                raise ValueError(f"bands must lie in 0..{n_bins} and hold at least one bin, got {low}..{high}")
        if past < 0 or future < 0:
            raise ValueError(f"past and future must be at least 0 frames, got {past} and {future}")
        if max_frames < 1:
            raise ValueError(f"max_frames must be at least 1, got {max_frames}")
        self._n_bins, self._max_frames = n_bins, max_frames
        self._width = past + 1 + future
        self._memory = np.zeros((len(bands), 2 * self._width), np.float32)
        self._table = np.zeros((1 + len(bands), 4), np.int64)
        self._table[0, WIDTH], self._table[0, FUTURE] = self._width, future
        self._table[1:, : HIGH + 1] = bands
        self._run = _compiled()

    @property
    def n_inputs(self) -> int:
        """Numbers in one window: bands times frames."""
        return len(self._memory) * self._width

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._memory.fill(0)
        self._table[0, [POSITION, FRAMES]] = 0

    def push(
        self,
        magnitudes: NDArray[np.float32],
        n_frames: int,
        windows: NDArray[np.float32],
        silent: NDArray[np.bool_],
    ) -> int:
        """[analysis] Process the first n_frames rows of magnitudes and write every window they complete. No allocation.

        magnitudes: float32, (m, n_bins). windows: float32, (k, n_inputs). silent: bool, (k,), k >= n_frames. All
            C-contiguous. Where silent is true, the window is all zeros.
        Returns how many windows were written. Raises ValueError for other shapes, TypeError for other dtypes.
        """
        written = self._run(magnitudes, n_frames, windows, silent, self._memory, self._table, self._max_frames)
        if written < 0:
            raise ValueError(
                f"n_frames must be in 0..{self._max_frames} and no more than the rows of magnitudes (of {self._n_bins} "
                f"bins), windows (of {self.n_inputs}) and silent; got {n_frames} with shapes {magnitudes.shape}, "
                f"{windows.shape} and {silent.shape}"
            )
        return written
