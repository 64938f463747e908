"""The last stretch of a stream of rows, by absolute position: samples, or analysis frames."""

import numpy as np
from numba import njit, types
from numpy.typing import NDArray


def _keep(ring, rows, n, start):  # type: ignore[no-untyped-def]
    mask = ring.shape[0] - 1
    for i in range(n):
        at = (start + i) & mask
        for j in range(rows.shape[1]):
            value = rows[i, j]
            # A sample that is no number would poison every sum it enters.
            ring[at, j] = value if np.isfinite(value) else np.float32(0.0)


_writable = types.Array(types.float32, 2, "C")
_readonly = types.Array(types.float32, 2, "C", readonly=True)
_keep = njit(
    [types.void(_writable, kind, types.int64, types.int64) for kind in (_writable, _readonly)], cache=True, nogil=True
)(_keep)


class History:
    """A ring of float32 rows. Before the first row there are zeros; values that are not finite are kept as zeros."""

    def __init__(self, width: int, length: int) -> None:
        """[main] Remember at least `length` rows of `width` numbers."""
        self._rows: NDArray[np.float32] = np.zeros((1 << max(length - 1, 1).bit_length(), width), np.float32)
        self.end = 0

    def reset(self) -> None:
        """[analysis] Forget everything; the next row is row 0."""
        self._rows[:] = 0.0
        self.end = 0

    def push(self, rows: NDArray[np.float32], n: int) -> None:
        """[analysis] Add rows[:n], float32, (at least n, width), C order."""
        _keep(self._rows, rows, n, self.end)
        self.end += n

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """[analysis] Copy rows start..stop-1, float32, (stop - start, width); rows that are not there are zeros.

        Raises ValueError for rows that were forgotten.
        """
        if start < self.end - len(self._rows) and start < stop and stop > 0 and self.end - len(self._rows) > 0:
            raise ValueError(f"row {start} is forgotten: the history begins at {self.end - len(self._rows)}")
        out = np.zeros((stop - start, self._rows.shape[1]), np.float32)
        first, last = max(start, 0), min(stop, self.end)
        if first < last:
            at = np.arange(first, last) & (len(self._rows) - 1)
            out[first - start : last - start] = self._rows[at]
        return out
