"""Blocks that a thread decodes: the same ones, until somebody stops it."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from samplechop.realtime.audio.read_ahead import ReadAhead


def blocks(count: int, room: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Give blocks of 1, 2, 3, 1 … frames, all in one room, as a decoder does."""
    for number in range(count):
        room[: 1 + number % 3] = number
        yield room[: 1 + number % 3]


def test_each_block_comes_once_and_stays_until_the_next() -> None:
    ahead, found = ReadAhead(blocks(50, np.zeros((3, 2), np.float32)), 3, 2, "float32"), []
    for number, block in enumerate(ahead):
        assert block.shape == (1 + number % 3, 2)
        assert (block == number).all()
        found.append(number)
    assert len(found) == 50
    assert list(ahead) == []


def test_what_the_decoder_raises_comes_after_the_blocks_before() -> None:
    def broken() -> Iterator[NDArray[np.float32]]:
        yield from blocks(2, np.zeros((3, 1), np.float32))
        raise OSError("the disk was taken out")

    ahead = ReadAhead(broken(), 3, 1, "float32")
    assert len(next(ahead)) == 1
    assert len(next(ahead)) == 2
    with pytest.raises(OSError, match="taken out"):
        next(ahead)
    assert list(ahead) == []


def test_a_decoder_that_waits_for_room_ends_when_it_is_stopped() -> None:
    ahead = ReadAhead(blocks(1_000_000, np.zeros((3, 1), np.float32)), 3, 1, "float32")
    next(ahead)
    ahead.stop()
    assert not ahead._thread.is_alive()
    assert list(ahead) == []
    ahead.stop()


def test_two_that_stop_it_at_once_both_return(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = ReadAhead(blocks(9, np.zeros((3, 1), np.float32)), 3, 1, "float32")
    forget = ahead._forget

    def meanwhile() -> None:
        forget()
        monkeypatch.undo()
        ahead.stop()

    monkeypatch.setattr(ahead, "_forget", meanwhile)
    ahead.stop()
    assert list(ahead) == []


def test_one_that_is_stopped_before_it_began_begins_no_thread() -> None:
    ahead = ReadAhead(blocks(3, np.zeros((3, 1), np.float32)), 3, 1, "float32")
    ahead.stop()
    assert list(ahead) == []
    assert ahead._thread.ident is None
