"""The last stretch of a stream of rows, by absolute position: samples, or analysis frames."""

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

LARGEST = np.float32(np.finfo(np.float32).max)


def _keep(ring, rows, n, start):  # type: ignore[no-untyped-def]
    length, width = ring.shape
    done = 0
    while done < n:
        at = (start + done) & (length - 1)
        m = min(n - done, length - at)
        source, target = rows[done : done + m].reshape(m * width), ring[at : at + m].reshape(m * width)
        for i in range(m * width):
            # A sample that is no number would poison every sum it enters.
            target[i] = source[i] if abs(source[i]) <= LARGEST else np.float32(0.0)
        done += m


_writable = types.Array(types.float32, 2, "C")
_readonly = types.Array(types.float32, 2, "C", readonly=True)
_keep = njit(
    [types.void(_writable, kind, types.int64, types.int64) for kind in (_writable, _readonly)], cache=True, nogil=True
)(_keep)


@njit("void(float32[:, ::1], int64, float32[:, ::1])", cache=True, nogil=True)
def _copy(ring, start, out):  # type: ignore[no-untyped-def]
    mask = ring.shape[0] - 1
    for i in range(len(out)):
        out[i] = ring[(start + i) & mask]


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
        first, last = max(start, 0), min(stop, self.end)
        out = np.zeros((stop - start, self._rows.shape[1]), np.float32)
        if first < last:
            if first < self.end - len(self._rows):
                raise ValueError(f"row {first} is forgotten: the history begins at {self.end - len(self._rows)}")
            _copy(self._rows, first, out[first - start : last - start])
        return out
