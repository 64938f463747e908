"""The ring keeps content and order, and counts what it lost."""

import ctypes
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.audio.callback import (
    CAN_CLOCK,
    INPUT_OVERFLOW,
    OUTPUT_UNDERFLOW,
    c_callback,
    python_callback,
)
from samplechop.realtime.audio.ring import (
    CALLBACKS,
    CLOCKED,
    DELAY,
    FRAME_SECONDS,
    OFFSET,
    ORIGIN,
    OUTPUTS,
    PLAYED,
    PLAYS,
    Ring,
    capacity_for,
)

CAPACITY = 64


def ramp(start: int, n: int, channels: int) -> np.ndarray:
    """Every frame says where it is: position + 1, plus half a unit per channel."""
    return (np.arange(start + 1, start + n + 1, dtype=np.float32)[:, None] + np.arange(channels) / 2).astype(np.float32)


@given(
    channels=st.integers(1, 3),
    steps=st.lists(st.tuples(st.integers(0, CAPACITY), st.integers(0, 2 * CAPACITY)), max_size=30),
)
def test_what_is_read_is_what_was_written_and_the_rest_is_reported_lost(
    channels: int, steps: list[tuple[int, int]]
) -> None:
    ring = Ring(channels, CAPACITY)
    written = position = 0
    for to_write, to_read in steps:
        ring.write(ramp(written, to_write, channels))
        written += to_write
        assert ring.written == written
        out = np.full((to_read, channels), np.nan, np.float32)
        read, lost = ring.read(position, out)
        assert lost == max(0, written - CAPACITY - position)
        assert read == min(to_read, written - position - lost)
        np.testing.assert_array_equal(out[:read], ramp(position + lost, read, channels))
        position += lost + read


def test_two_rings_over_one_memory_are_one_ring() -> None:
    memory = bytearray(Ring.nbytes(2, CAPACITY))
    producer, consumer = Ring(2, CAPACITY, memory), Ring(2, CAPACITY, memory)
    producer.write(ramp(0, 10, 2))
    out = np.zeros((10, 2), np.float32)
    assert consumer.read(0, out) == (10, 0)
    np.testing.assert_array_equal(out, ramp(0, 10, 2))


def test_a_frame_overwritten_while_it_is_read_counts_as_lost() -> None:
    from samplechop.realtime.audio.ring import RESERVED

    ring = Ring(1, CAPACITY)
    ring.write(ramp(0, CAPACITY, 1))
    ring.control[RESERVED] += 10  # a producer in the middle of its next block
    out = np.zeros((CAPACITY, 1), np.float32)
    assert ring.read(0, out) == (CAPACITY - 10, 10)
    np.testing.assert_array_equal(out[: CAPACITY - 10], ramp(10, CAPACITY - 10, 1))


def test_capacity_is_a_power_of_two_that_holds_the_time() -> None:
    assert capacity_for(10, 44_100) == 1 << 19
    assert capacity_for(1, 1024) == 1024


@pytest.mark.parametrize("frames", [0, 1, 3, 100])
def test_capacity_must_be_a_power_of_two(frames: int) -> None:
    with pytest.raises(ValueError, match=f"power of two and at least 2, got {frames}"):
        Ring(1, frames)


def test_blocks_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="block must be"):
        Ring(2, CAPACITY).write(np.zeros((4, 1), np.float32))
    with pytest.raises(ValueError, match="2 columns"):
        Ring(2, CAPACITY).read(0, np.zeros((4, 1), np.float32))


class Times(ctypes.Structure):
    """PaStreamCallbackTimeInfo."""

    _fields_ = (
        ("inputBufferAdcTime", ctypes.c_double),
        ("currentTime", ctypes.c_double),
        ("outputBufferDacTime", ctypes.c_double),
    )


class Status:
    """As sounddevice.CallbackFlags."""

    def __init__(self, flags: int) -> None:
        self.input_overflow = bool(flags & INPUT_OVERFLOW)
        self.output_underflow = bool(flags & OUTPUT_UNDERFLOW)


def make_ring(channels: int, outputs: int, delay: int, plays: bool = False) -> Ring:
    ring = Ring(channels, CAPACITY)
    ring.control[OUTPUTS], ring.control[DELAY], ring.control[PLAYS] = outputs, delay, plays
    ring.clock[FRAME_SECONDS] = 1 / 100
    return ring


def call_c(ring: Ring, block: np.ndarray | None, n: int, times: Times, flags: int) -> np.ndarray:
    """Call the compiled callback as PortAudio would."""
    output = np.full((n, int(ring.control[OUTPUTS])), np.nan, np.float32)
    block_at = None if block is None else block.ctypes.data
    output_at = output.ctypes.data if output.size else None
    result = c_callback.ctypes(block_at, output_at, n, ctypes.addressof(times), flags, ring.memory.ctypes.data)
    assert result == 0
    return output


def call_python(ring: Ring, block: np.ndarray | None, n: int, times: Times, flags: int) -> np.ndarray:
    """Call the fallback as sounddevice would."""
    output = np.full((n, int(ring.control[OUTPUTS])), np.nan, np.float32)
    callback = python_callback(ring)
    if block is None:
        callback(output, n, times, Status(flags))
    elif output.size:
        callback(block, output, n, times, Status(flags))
    else:
        callback(block, n, times, Status(flags))
    return output


@given(
    channels=st.integers(1, 3),
    outputs=st.integers(0, 3),
    delay=st.integers(-1, 20),
    blocks=st.lists(st.tuples(st.integers(1, 24), st.integers(0, 15)), min_size=1, max_size=12),
)
def test_both_callbacks_leave_the_same_ring_and_the_same_output(
    channels: int, outputs: int, delay: int, blocks: list[tuple[int, int]]
) -> None:
    compiled, fallback = make_ring(channels, outputs, delay), make_ring(channels, outputs, delay)
    position = 0
    for n, flags in blocks:
        block, times = ramp(position, n, channels), Times(position / 100, position / 100 + 1, 0)
        first = call_c(compiled, block, n, times, flags)
        second = call_python(fallback, block.copy(), n, times, flags)
        np.testing.assert_array_equal(first, second)
        position += n
    np.testing.assert_array_equal(compiled.memory, fallback.memory)
    assert compiled.written == position


@pytest.mark.parametrize("call", [call_c, call_python])
@pytest.mark.parametrize("delay", [0, 5, 20])
def test_the_monitor_is_the_input_exactly_so_many_frames_late(call, delay: int) -> None:
    ring = make_ring(channels=2, outputs=2, delay=delay)
    blocks = [call(ring, ramp(start, 8, 2), 8, Times(), 0) for start in range(0, 80, 8)]
    played = np.concatenate(blocks)
    np.testing.assert_array_equal(played[:delay], 0)
    np.testing.assert_array_equal(played[delay:], ramp(0, 80 - delay, 2))


@pytest.mark.parametrize(("channels", "outputs", "expected"), [(1, 2, [1, 1]), (2, 1, [1.25]), (2, 3, [1, 1.5, 1])])
def test_channels_that_differ_in_number_are_spread_or_mixed(channels: int, outputs: int, expected: list[float]) -> None:
    ring = make_ring(channels, outputs, delay=0)
    np.testing.assert_array_equal(call_c(ring, ramp(0, 1, channels), 1, Times(), 0), [expected])


def test_a_monitor_that_is_off_is_silent_and_one_that_starts_anew_forgets_the_past() -> None:
    ring = make_ring(1, 1, delay=-1)
    assert not call_c(ring, ramp(0, 8, 1), 8, Times(), 0).any()
    ring.control[DELAY], ring.control[ORIGIN] = 4, 8
    np.testing.assert_array_equal(call_c(ring, ramp(8, 8, 1), 8, Times(), 0)[:, 0], [0, 0, 0, 0, 9, 10, 11, 12])


def test_overflows_and_underflows_are_counted_apart() -> None:
    from samplechop.realtime.audio.ring import INPUT_OVERFLOWS, OUTPUT_UNDERFLOWS

    ring = make_ring(1, 1, 0)
    for flags in (0, INPUT_OVERFLOW, OUTPUT_UNDERFLOW, INPUT_OVERFLOW | OUTPUT_UNDERFLOW, INPUT_OVERFLOW):
        call_c(ring, ramp(0, 1, 1), 1, Times(), flags)
    assert (ring.control[INPUT_OVERFLOWS], ring.control[OUTPUT_UNDERFLOWS], ring.control[CALLBACKS]) == (3, 2, 5)


def test_a_stream_without_outputs_has_no_underflows() -> None:
    from samplechop.realtime.audio.ring import OUTPUT_UNDERFLOWS

    ring = make_ring(1, 0, -1)
    call_c(ring, ramp(0, 1, 1), 1, Times(), OUTPUT_UNDERFLOW)
    assert ring.control[OUTPUT_UNDERFLOWS] == 0


def test_the_stamp_is_the_time_of_the_last_block_at_the_converter() -> None:
    ring = make_ring(1, 0, -1)
    assert ring.stamp() is None
    ring.clock[OFFSET] = 1000
    call_c(ring, ramp(0, 8, 1), 8, Times(5.0, 5.1, 0), 0)
    call_c(ring, ramp(8, 8, 1), 8, Times(5.08, 5.2, 0), 0)
    stamp = ring.stamp()
    assert stamp is not None
    assert (stamp.position, stamp.time) == (8, 1005.08)


@pytest.mark.skipif(not CAN_CLOCK, reason="perf_counter() is not clock_gettime() on this system")
@pytest.mark.parametrize("call", [call_c, call_python])
def test_a_host_whose_clock_runs_at_another_rate_does_not_move_the_stamp(call) -> None:
    ring = make_ring(1, 0, -1)
    ring.control[CLOCKED] = 1
    for stream in (5.0, 5.0001, 9.0):  # as JACK's does after lost cycles
        before = time.perf_counter()
        call(ring, ramp(0, 8, 1), 8, Times(stream - 0.02, stream, 0), 0)
        stamp = ring.stamp()
        assert stamp is not None
        assert before - 1e-6 <= stamp.time + 0.02 <= time.perf_counter() + 1e-6


def test_a_host_without_converter_times_is_taken_to_call_when_the_block_is_complete() -> None:
    ring = make_ring(1, 0, -1)
    call_c(ring, ramp(0, 8, 1), 8, Times(0, 7.0, 0), 0)
    stamp = ring.stamp()
    assert stamp is not None
    assert stamp.time == pytest.approx(7.0 - 0.08)


@pytest.mark.parametrize("call", [call_c, call_python])
def test_an_output_stream_plays_what_there_is_and_waits_for_the_rest(call) -> None:
    ring = make_ring(1, 1, delay=0, plays=True)
    ring.write(ramp(0, 10, 1))
    np.testing.assert_array_equal(call(ring, None, 8, Times(), 0), ramp(0, 8, 1))
    np.testing.assert_array_equal(call(ring, None, 4, Times(), 0)[:, 0], [9, 10, 0, 0])
    assert ring.control[PLAYED] == 10
    ring.write(ramp(10, 4, 1))
    np.testing.assert_array_equal(call(ring, None, 4, Times(), 0), ramp(10, 4, 1))
