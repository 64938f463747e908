"""What is lost on the way in is counted to the sample, and nothing else is taken for a loss."""

import ctypes
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.audio.callback import CONFIRM_SECONDS, c_callback, count_lost
from samplechop.realtime.audio.ring import (
    AHEAD_SINCE,
    FRAME_SECONDS,
    FRAME_TIME,
    LAST_LOSSES,
    LOSSES,
    NO_FRAME,
    PERIOD,
    SERVER_FRAME,
    Ring,
    kernels,
)
from samplechop.realtime.audio.source import StreamClock, Xrun
from samplechop.realtime.audio.xruns import SETTLE_SECONDS, XrunLog, loss_warning

RATE, CYCLE = 44_100, 256
LONG = 2 * round(CONFIRM_SECONDS * RATE) // CYCLE
"""Cycles after which a loss is certain."""


def counted(cycles: list[int], block: int = CYCLE, first: int = 0) -> list[tuple[int, int]]:
    """Give the losses that the callback finds while the server runs these cycles, in blocks of another size, too."""
    ring = Ring(1, 1 << 12)
    ring.control[PERIOD] = CYCLE
    ring.control[[SERVER_FRAME, AHEAD_SINCE]] = NO_FRAME
    sound = np.zeros(0, np.float32)
    for cycle in cycles:
        sound = np.append(sound, np.arange(cycle * CYCLE, (cycle + 1) * CYCLE, dtype=np.float32))
        while len(sound) >= block:
            now, sound = sound[:block].copy(), sound[block:]
            frame = (first + cycle * CYCLE) & 0xFFFFFFFF
            count_lost(ring.control, ring.samples, now, block, frame, 1 / RATE)
            ring.write(now[:, None])
    return [kernels().read_loss(ring.control, number) for number in range(int(ring.control[LOSSES]))]


@given(
    losses=st.lists(st.tuples(st.integers(LONG, 3 * LONG), st.integers(1, 200)), max_size=4),
    first=st.sampled_from([0, 2**31 - 20 * CYCLE, 2**32 - 20 * CYCLE]),
)
def test_every_cycle_that_did_not_come_is_counted_where_it_is_missing(
    losses: list[tuple[int, int]], first: int
) -> None:
    cycles, expected = list(range(LONG)), []
    for length, lost in losses:
        expected.append((len(cycles) * CYCLE, lost * CYCLE))
        cycles += range(cycles[-1] + 1 + lost, cycles[-1] + 1 + lost + length)
    assert counted(cycles, first=first) == expected


@pytest.mark.parametrize("block", [32, 64, 100, 256, 300, 512, 1000, 1024])
def test_blocks_of_any_size_lose_nothing_while_every_cycle_comes(block: int) -> None:
    assert counted(list(range(3_000)), block) == []


@pytest.mark.parametrize("block", [32, 64, 256, 512, 1024])
def test_a_loss_is_counted_in_blocks_of_other_sizes(block: int) -> None:
    ((where, lost),) = counted([*range(400), *range(450, 900)], block)
    assert lost == 50 * CYCLE
    assert where == pytest.approx(400 * CYCLE, abs=max(block, CYCLE))


def test_a_late_callback_that_sees_the_next_cycle_has_lost_nothing() -> None:
    ring = Ring(1, 1 << 12)
    ring.control[PERIOD] = CYCLE
    ring.control[[SERVER_FRAME, AHEAD_SINCE]] = NO_FRAME
    for number in range(2_000):
        seen = number + (number % 7 == 0) + (number % 50 in range(5))
        block = np.arange(number * CYCLE, (number + 1) * CYCLE, dtype=np.float32)
        count_lost(ring.control, ring.samples, block, CYCLE, seen * CYCLE, 1 / RATE)
        ring.write(block[:, None])
    assert ring.control[LOSSES] == 0


def test_a_late_callback_that_gets_the_next_cycle_twice_has_lost_the_one_before() -> None:
    cycles = [number + (number == 500) for number in range(1_000)]
    assert counted(cycles) == [(501 * CYCLE, CYCLE)]


def test_the_last_losses_are_kept() -> None:
    cycles = [at + lost for lost in range(3 * LAST_LOSSES) for at in range(lost * LONG, (lost + 1) * LONG)]
    found = counted(cycles)
    assert len(found) == 3 * LAST_LOSSES - 1
    assert set(found[:-LAST_LOSSES]) == {(-1, 0)} and all(lost == CYCLE for _, lost in found[-LAST_LOSSES + 1 :])


def test_the_callback_asks_the_server() -> None:
    frames = iter([*range(0, LONG * CYCLE, CYCLE), *range((LONG + 3) * CYCLE, (3 * LONG + 3) * CYCLE, CYCLE)])
    asked = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p)(lambda client: next(frames) if client == 7 else 0)
    ring = Ring(1, 1 << 16)
    ring.control[[SERVER_FRAME, AHEAD_SINCE]] = NO_FRAME
    ring.control[PERIOD], ring.clock[FRAME_SECONDS] = CYCLE, 1 / RATE
    ring.control[FRAME_TIME] = ctypes.cast(asked, ctypes.c_void_p).value
    ring.control[FRAME_TIME + 1] = 7
    block, times = np.zeros(CYCLE, np.float32), np.zeros(3)
    for _ in range(3 * LONG):
        c_callback.ctypes(block.ctypes.data, None, CYCLE, times.ctypes.data, 0, ring.memory.ctypes.data)
    assert [kernels().read_loss(ring.control, one) for one in range(int(ring.control[LOSSES]))] == [
        (LONG * CYCLE, 3 * CYCLE)
    ]


class Stream:
    """An input whose blocks come with some jitter: never early, and late for good by what was lost."""

    def __init__(self) -> None:
        self.clock = StreamClock(RATE)
        self.log = XrunLog(RATE, self.clock)
        self.position = self.flagged = self.missing = 0
        self.jitter = np.random.default_rng(0)

    def run(self, seconds: float, jitter: float = 0.001, exact: bool = False) -> None:
        for _ in range(round(seconds * RATE / CYCLE)):
            self.log.update(self.position, self.flagged, 0, (), exact)
            late = self.jitter.exponential(jitter)
            self.clock.update(self.position + 1, (self.position + 1 + self.missing) / RATE + late)
            self.position += CYCLE


@pytest.mark.parametrize("lost", [1_000, 5_000, 44_100])
def test_of_a_flagged_xrun_the_clock_says_about_how_much_is_missing(lost: int) -> None:
    stream = Stream()
    stream.run(3.0)
    where = stream.position
    stream.flagged, stream.missing = 1, lost
    stream.run(2.0)
    (one,) = stream.log.found
    assert (one.sample, one.overflows, one.exact) == (where, 1, False)
    assert one.lost == pytest.approx(lost, abs=CYCLE)
    assert "about" in (loss_warning(stream.log.found, RATE) or "")


def test_a_flag_alone_is_no_loss() -> None:
    stream = Stream()
    stream.run(3.0)
    stream.flagged = 1
    stream.run(2.0)
    assert [one.lost for one in stream.log.found] == [0]
    assert loss_warning(stream.log.found, RATE) is None


def test_jitter_without_a_flag_is_no_xrun() -> None:
    stream = Stream()
    for jitter in (0.001, 0.02, 0.001):
        stream.run(3.0, jitter)
    assert not stream.log.found


def test_what_comes_together_is_one_xrun() -> None:
    log = XrunLog(RATE, StreamClock(RATE))
    log.update(10_000, 1, 0, (), exact=True)
    log.update(10_256, 3, 1, [(9_984, 512)], exact=True)
    log.update(10_512, 3, 1, [(10_240, 256)], exact=True)
    assert not log.found
    log.update(10_000 + round(SETTLE_SECONDS * RATE), 3, 1, (), exact=True)
    log.update(80_000, 4, 1, (), exact=True)
    log.finish(80_256)
    assert log.found == [Xrun(9_984, 3, 1, 768, exact=True), Xrun(80_000, 1, 0, 0, exact=True)]
    warning = loss_warning(log.found, RATE) or ""
    assert warning.startswith("sound was lost: 768 samples (17 ms) are missing before sample 9,984 (0.23 s); ")
    assert "--blocksize" in warning and "real-time" in warning


def test_the_sum_and_the_last_of_several_losses_are_named() -> None:
    xruns = [Xrun(1_000, 1, 0, 256, exact=True), Xrun(50_000, 1, 0), Xrun(88_200, 0, 0, 512, exact=True)]
    assert "768 samples (17 ms) are missing in 2 xruns, the last 512 before sample 88,200 (2.00 s)" in (
        loss_warning(xruns, RATE) or ""
    )
    assert all(earlier.sample < later.sample for earlier, later in pairwise(xruns))
