"""The audio callback: PortAudio hands over a block, it goes into the ring, the monitor comes out.

`exchange` is compiled once and reached in two ways: `c_callback` is a C function that PortAudio calls directly,
without the GIL and without a Python object in sight; `python_callback` is what remains when sounddevice does not take
a pointer.

Where a JACK server says which frame a cycle begins with, the callback compares that with the frames that came: what is
missing was lost, to the sample, whether anybody flagged it or not.

The monitor is the ring itself, `DELAY` frames late, so "direct" is a delay of 0 and "aligned" the delay that the chops
have. Output channel k plays ring channel k modulo the number there are; a single output plays the mean of all.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.extending import intrinsic

from samplechop.realtime.audio import ring

# Values of PaStreamCallbackFlags in portaudio.h.
INPUT_OVERFLOW = 2
OUTPUT_UNDERFLOW = 4

CAN_CLOCK = time.get_clock_info("perf_counter").implementation == "clock_gettime(CLOCK_MONOTONIC)" and (
    sys.maxsize > 2**32  # where a C timespec is two words of 64 bits
)
"""Whether `c_callback` can read the clock of time.perf_counter().

PortAudio's own time is another name for that clock on most hosts, so that an OFFSET measured now and then holds. On
JACK it is the server's filtered time, which for seconds after lost cycles runs at two thirds of its rate, or faster.
"""

_CONTROL, _CLOCK, _SAMPLES = types.int64[::1], types.float64[::1], types.float32[::1]
_push = ring.kernels().push

if CAN_CLOCK:
    _MONOTONIC = 1  # CLOCK_MONOTONIC in time.h
    _clock_gettime: Any = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.voidptr))

    @njit
    def _machine_seconds(control: Any) -> float:
        failed = _clock_gettime(_MONOTONIC, control[ring.NOW :].ctypes)
        return 0.0 if failed else control[ring.NOW] + 1e-9 * control[ring.NOW + 1]

else:

    @njit
    def _machine_seconds(_control: Any) -> float:
        return 0.0


def _asked(_typing_context: Any, _function: Any, _client: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        function = builder.inttoptr(arguments[0], ir.FunctionType(ir.IntType(32), [pointer]).as_pointer())
        return builder.zext(builder.call(function, [builder.inttoptr(arguments[1], pointer)]), ir.IntType(64))

    return types.int64(types.int64, types.int64), generate


_cycle_frame: Any = intrinsic(_asked)
"""Calls `uint32_t function(void *client)`, both given as addresses; only for compiled code."""

CONFIRM_SECONDS = 0.1
"""So long the server must stay ahead: a late callback sees the frame of a cycle that is yet to come to it."""


@njit(types.boolean(_CONTROL, _SAMPLES, _SAMPLES, types.int64), cache=True)
def _came_before(control: Any, samples: Any, block: Any, n: int) -> bool:
    """[audio] Tell whether n frames are those that were written last, and no silence."""
    channels, mask, start = control[ring.CHANNELS], control[ring.FRAMES] - 1, control[ring.WRITTEN] - n
    if start < 0:
        return False
    sounds = False
    for i in range(n):
        at = ((start + i) & mask) * channels
        for channel in range(channels):
            value = block[i * channels + channel]
            if samples[at + channel] != value:
                return False
            sounds |= value != 0.0
    return sounds


@njit(types.void(_CONTROL, types.int64, types.int64), cache=True)
def _note_loss(control: Any, position: int, frames: int) -> None:
    """[audio] Note that so many frames were lost before a position."""
    at = ring.LOSS + 2 * (control[ring.LOSSES] % ring.LAST_LOSSES)
    control[at] = position
    control[at + 1] = frames
    ring.release_fence()
    control[ring.LOSSES] += 1


@njit(types.void(_CONTROL, _SAMPLES, _SAMPLES, types.int64, types.int64, types.float64), cache=True)
def count_lost(control: Any, samples: Any, block: Any, n: int, frame: int, frame_seconds: float) -> None:
    """[audio] Note the cycles lost before the block of n frames that is to be written.

    frame: with which its cycle began by the server, modulo 2^32. Between the two counts lies a constant, which varies
    by less than a cycle where blocks and cycles differ in size, and which grows by what the stream did not get. A
    callback so late that it gets the next cycle's sound is called once more in that cycle: the same block comes twice
    and the one before it never, and the two counts agree again.
    """
    before, position, period = control[ring.SERVER_FRAME], control[ring.WRITTEN], control[ring.PERIOD]
    if before == ring.NO_FRAME:
        now, known = frame, False
    else:
        step = (frame - before) & 0xFFFFFFFF
        now, known = before + step - (step >> 31 << 32), True
    control[ring.SERVER_FRAME] = now
    lead = now - position
    if not known or lead < control[ring.LEAD]:
        control[ring.LEAD] = lead
    elif before == now and n == period and _came_before(control, samples, block, n):
        _note_loss(control, position, n)
    ahead = lead - control[ring.LEAD]
    if ahead < period:
        control[ring.AHEAD_SINCE] = ring.NO_FRAME
        return
    if control[ring.AHEAD_SINCE] == ring.NO_FRAME:
        control[ring.AHEAD_SINCE] = position
        control[ring.LEAST_LEAD] = lead
    control[ring.LEAST_LEAD] = min(control[ring.LEAST_LEAD], lead)
    if (position - control[ring.AHEAD_SINCE]) * frame_seconds < CONFIRM_SECONDS:
        return
    lost = (control[ring.LEAST_LEAD] - control[ring.LEAD]) // period * period
    _note_loss(control, control[ring.AHEAD_SINCE], lost)
    control[ring.LEAD] += lost
    control[ring.AHEAD_SINCE] = ring.NO_FRAME


@njit(
    types.void(_CONTROL, _CLOCK, _SAMPLES, _SAMPLES, _SAMPLES, types.int64, _CLOCK, types.float64, types.int64),
    nogil=True,
    cache=True,
)
def exchange(
    control: Any, clock: Any, samples: Any, block: Any, output: Any, n: int, times: Any, machine: float, flags: int
) -> None:
    """[audio] Take one block in, fill one block out. No allocation, no lock, no Python.

    block, output: n frames, interleaved; empty where the stream has no such side.
    times: the doubles of PaStreamCallbackTimeInfo: input at the converter, now, output at the converter.
    machine: now by time.perf_counter(), 0.0 where it is not known.
    """
    if flags & INPUT_OVERFLOW:
        control[ring.INPUT_OVERFLOWS] += 1
    # PortAudio on JACK flags the output side of streams that have none.
    if flags & OUTPUT_UNDERFLOW and control[ring.OUTPUTS] > 0:
        control[ring.OUTPUT_UNDERFLOWS] += 1

    there = n
    if control[ring.PLAYS]:
        start = control[ring.PLAYED]
        there = max(0, min(n, control[ring.WRITTEN] - start))
        ring.acquire_fence()
        if there < n:
            control[ring.OUTPUT_UNDERFLOWS] += 1
        seconds = times[2]
        if seconds <= 0.0:  # some host APIs leave it empty
            seconds = times[1]
    else:
        if control[ring.FRAME_TIME] != 0:
            frame = _cycle_frame(control[ring.FRAME_TIME], control[ring.FRAME_CLIENT])
            count_lost(control, samples, block, n, frame, clock[ring.FRAME_SECONDS])
        start = control[ring.WRITTEN]
        seconds = times[0]
        if seconds <= 0.0:
            seconds = times[1] - n * clock[ring.FRAME_SECONDS]

    control[ring.STAMPS] += 1
    ring.release_fence()
    control[ring.STAMP_POSITION] = start
    clock[ring.STAMP_TIME] = seconds
    if machine > 0.0:
        clock[ring.OFFSET] = machine - times[1]
    ring.release_fence()
    control[ring.STAMPS] += 1

    if control[ring.PLAYS]:
        control[ring.PLAYED] = start + there
    else:
        _push(control, samples, block, n)

    channels, mask = control[ring.CHANNELS], control[ring.FRAMES] - 1
    outputs, delay, origin = control[ring.OUTPUTS], control[ring.DELAY], control[ring.ORIGIN]
    for i in range(n if outputs > 0 else 0):
        position = start + i - delay
        audible = delay >= 0 and i < there and position >= origin
        at = (position & mask) * channels
        for channel in range(outputs):
            value = np.float32(0.0)
            if audible and outputs == 1:
                for c in range(channels):
                    value += samples[at + c]
                value /= np.float32(channels)
            elif audible:
                value = samples[at + channel % channels]
            output[i * outputs + channel] = value
    control[ring.CALLBACKS] += 1


@cfunc(
    types.int32(types.voidptr, types.voidptr, types.uint64, types.voidptr, types.uint64, types.voidptr),
    cache=True,
)
def c_callback(
    block_pointer: Any, output_pointer: Any, frames: int, times_pointer: Any, flags: int, memory: Any
) -> int:
    """[audio] Be a PaStreamCallback whose userdata is the memory of a Ring; always continues.

    frames and flags are `unsigned long`, which Windows makes 32 bits wide: only their low halves are used.
    """
    control = carray(memory, (ring.CONTROL_WORDS,), np.int64)
    clock = carray(memory, (ring.CONTROL_WORDS + ring.CLOCK_WORDS,), np.float64)[ring.CONTROL_WORDS :]
    n: Any = np.int64(frames & 0xFFFFFFFF)
    low_flags: Any = np.int64(flags & 0xFFFFFFFF)
    channels, outputs = control[ring.CHANNELS], control[ring.OUTPUTS]
    samples = carray(memory, (ring.HEADER_BYTES // 4 + channels * control[ring.FRAMES],), np.float32)[
        ring.HEADER_BYTES // 4 :
    ]
    # A side that the stream does not have comes as a null pointer: zero frames of it are read.
    block = carray(block_pointer, (0 if control[ring.PLAYS] else n * channels,), np.float32)
    output = carray(output_pointer, (n * outputs,), np.float32)
    times = carray(times_pointer, (3,), np.float64)
    machine = _machine_seconds(control) if control[ring.CLOCKED] else 0.0
    exchange(control, clock, samples, block, output, n, times, machine, low_flags)
    return 0


_NOTHING = np.zeros(0, np.float32)


def python_callback(shared: ring.Ring) -> Callable[..., None]:
    """Give the callback for sounddevice's InputStream, OutputStream and Stream over the same ring.

    It waits for the GIL, so a busy program makes it late; the fallback only.
    """
    times = np.zeros(3)

    def run(block: Any, output: Any, n: int, stream: Any, status: Any) -> None:
        machine = time.perf_counter() if shared.control[ring.CLOCKED] else 0.0
        times[:] = stream.inputBufferAdcTime, stream.currentTime, stream.outputBufferDacTime
        flags = INPUT_OVERFLOW * bool(status.input_overflow) | OUTPUT_UNDERFLOW * bool(status.output_underflow)
        exchange(shared.control, shared.clock, shared.samples, block, output, n, times, machine, flags)

    def duplex(block: Any, output: Any, n: int, stream: Any, status: Any) -> None:
        run(block.reshape(-1), output.reshape(-1), n, stream, status)

    def one_sided(data: Any, n: int, stream: Any, status: Any) -> None:
        if shared.control[ring.PLAYS]:
            run(_NOTHING, data.reshape(-1), n, stream, status)
        else:
            run(data.reshape(-1), _NOTHING, n, stream, status)

    both = shared.control[ring.OUTPUTS] > 0 and not shared.control[ring.PLAYS]
    return duplex if both else one_sided
