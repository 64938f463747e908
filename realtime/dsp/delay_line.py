"""The last stretch of a stream of rows, by absolute position: samples, or analysis frames."""

import numpy as np
from numpy.typing import NDArray

_ROOM = 16
"""Size of the buffer, in lengths to be remembered: rows move once in so many lengths."""


def prefixes(rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """[main] Give the first n rows for each n from 0 to all: to make such a view takes longer than to look it up."""
    return [rows[:n] for n in range(len(rows) + 1)]


class Ring:
    """The last rows of a stream, row r at place r % len(rows), which compiled functions read and write.

    rows: float32 (a power of two, width). end: how many rows were written.
    """

    def __init__(self, width: int, length: int) -> None:
        """[main] Remember at least `length` rows of `width` numbers."""
        self._length = 1 << (length - 1).bit_length()
        self.rows: NDArray[np.float32] = np.zeros((self._length, width), np.float32)
        self.end = 0

    def reset(self) -> None:
        """[analysis] Forget everything; the next row is row 0."""
        self.rows.fill(0)
        self.end = 0

    def push(self, rows: NDArray[np.float32]) -> None:
        """[analysis] Write the next rows, float32 (n, width); they are copied."""
        length, count = self._length, len(rows)
        if count == 1:  # as in nearly every block of live input
            self.rows[self.end % length] = rows
        elif count:
            kept = rows[-length:]
            first = (self.end + count - len(kept)) % length
            head = min(len(kept), length - first)
            self.rows[first : first + head] = kept[:head]
            self.rows[: len(kept) - head] = kept[head:]
        self.end += count

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """[analysis] Copy rows start..stop-1, (stop - start, width); rows not written yet, or before row 0, are zeros.

        Raises ValueError for rows that are forgotten.
        """
        if start < self.end - len(self.rows):
            raise ValueError(f"row {start} is forgotten: the ring begins at {self.end - len(self.rows)}")
        places = np.arange(start, stop)
        found = self.rows[places % len(self.rows)]
        found[(places < 0) | (places >= self.end)] = 0
        return found


class History:
    """Remembers float32 rows where they were written, so that remembering costs next to nothing.

    Rows are written one after the other into one long buffer; only when it is full, the rows still to be remembered
    move to its beginning:

        |....forgotten....|......remembered......|  room  |
                                                 ^ end
    """

    def __init__(self, width: int, length: int, most: int) -> None:
        """[main] Remember at least `length` rows of `width` numbers, of which up to `most` come at a time."""
        self._length, self._most = length, most
        self._rows: NDArray[np.float32] = np.zeros((_ROOM * length + most, width), np.float32)
        self._line = self._rows.reshape(-1)
        self.reset()

    def reset(self) -> None:
        """[analysis] Forget everything; the next row is row 0."""
        self._rows[: self._length] = 0.0
        self._used = self._length
        self.end = 0

    def room(self) -> NDArray[np.float32]:
        """[analysis] Give the place for the next rows, (most, width); write there, then call `advance`."""
        if self._used + self._most > len(self._rows):
            self._rows[: self._length] = self._rows[self._used - self._length : self._used]
            self._used = self._length
        return self._rows[self._used : self._used + self._most]

    def advance(self, n: int) -> None:
        """[analysis] Count the first n rows of the room as written."""
        self._used += n
        self.end += n

    def append(self, rows: NDArray[np.float32]) -> None:
        """[analysis] Write the next rows, float32 (n, width), n <= most; of width 1, also (n,)."""
        used = self._used
        if used + self._most > len(self._rows):
            self.room()
            used = self._used
        self._used = end = used + len(rows)
        self.end += len(rows)
        (self._rows if rows.ndim == 2 else self._line)[used:end] = rows

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """[analysis] Copy rows start..stop-1, (stop - start, width); rows not written yet, or before row 0, are zeros.

        Raises ValueError for rows that may be forgotten: those more than `length` before the end.
        """
        if start < self.end - self._length:
            raise ValueError(f"row {start} is forgotten: the history begins at {self.end - self._length}")
        out = np.zeros((stop - start, self._rows.shape[1]), np.float32)
        last = min(stop, self.end)
        if start < last:
            shift = self._used - self.end
            out[: last - start] = self._rows[start + shift : last + shift]
        return out

    def given(self, start: int, stop: int) -> NDArray[np.float32]:
        """[analysis] As `read`, but rows that are all written are not copied: then valid until the next are written."""
        return self.view(start, stop) if start <= stop <= self.end else self.read(start, stop)

    def view(self, start: int, stop: int) -> NDArray[np.float32]:
        """[analysis] Give rows start..stop-1 as they stand here, all of them written and none forgotten: (n, width).

        Valid until the next rows are written. Raises ValueError for others.
        """
        if not self.end - self._length <= start <= stop <= self.end:
            raise ValueError(f"rows {start}..{stop - 1} are not all remembered: those up to {self.end - 1} are")
        shift = self._used - self.end
        return self._rows[start + shift : stop + shift]
