"""Decoding in a thread of its own: the next block of a file is decoded while one is analysed.

Of a compressed file decoding takes as long as the analysis, and libsndfile lets other threads run meanwhile.
"""

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray


class ReadAhead:
    """An iterator over the blocks of another one, which a thread asks for them from the first `next` on.

    blocks: (n, channels), n at most `most`, of one dtype; each may be valid until its next one only. Each that is given
    is valid until the next, too. What `blocks` raises, `next` raises.
    """

    def __init__(self, blocks: Iterator[NDArray[Any]], most: int, channels: int, dtype: str) -> None:
        """[main] Allocate; nothing is decoded yet."""
        self._blocks = blocks
        # One that is used, one that waits, one that is decoded.
        self._rooms: NDArray[Any] = np.zeros((3, most, channels), dtype)
        self._waiting: queue.Queue[NDArray[Any] | BaseException | None] = queue.Queue(1)
        self._starting, self._stopping = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._decode, name="decoder", daemon=True)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Give itself."""
        return self

    def __next__(self) -> NDArray[Any]:
        """[analysis] Give the next block, as soon as it is there."""
        with self._starting:
            if self._stopping.is_set():
                raise StopIteration
            if self._thread.ident is None:
                self._thread.start()
        found = self._waiting.get()
        if found is None:
            self._stopping.set()
            raise StopIteration
        if isinstance(found, BaseException):
            self._stopping.set()
            raise found
        return found

    def _decode(self) -> None:
        last = None
        try:
            for turn, samples in enumerate(self._blocks):
                room = self._rooms[turn % len(self._rooms)][: len(samples)]
                room[:] = samples
                self._waiting.put(room)
                if self._stopping.is_set():
                    break
        except BaseException as error:  # whatever it is, who asks for the block is told
            last = error
        self._waiting.put(last)

    def stop(self) -> None:
        """[any thread] Have the thread end and wait for it; `next` ends, also one that waits."""
        with self._starting:
            self._stopping.set()
        while self._thread.is_alive():
            self._forget()
            self._thread.join(0.01)
        self._forget()
        with suppress(queue.Full):  # of another one that stops it at the same time
            self._waiting.put_nowait(None)

    def _forget(self) -> None:
        """Take what waits, so that another one has room."""
        with suppress(queue.Empty):
            self._waiting.get_nowait()
