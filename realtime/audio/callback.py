"""The audio callback: PortAudio hands over a block, it goes into the ring, the monitor comes out.

`exchange` is compiled once and reached in two ways: `c_callback` is a C function that PortAudio calls directly,
without the GIL and without a Python object in sight; `python_callback` is what remains when sounddevice does not take
a pointer.

The monitor is the ring itself, `DELAY` frames late, so "direct" is a delay of 0 and "aligned" the delay that the chops
have. Output channel k plays ring channel k modulo the number there are; a single output plays the mean of all.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import carray, cfunc, njit, types

from samplechop.realtime.audio.ring import (
    CALLBACKS,
    CHANNELS,
    CLOCK_WORDS,
    CLOCKED,
    CONTROL_WORDS,
    DELAY,
    FRAME_SECONDS,
    FRAMES,
    HEADER_BYTES,
    INPUT_OVERFLOWS,
    NOW,
    OFFSET,
    ORIGIN,
    OUTPUT_UNDERFLOWS,
    OUTPUTS,
    PLAYED,
    PLAYS,
    STAMP_POSITION,
    STAMP_TIME,
    STAMPS,
    WRITTEN,
    Ring,
    acquire_fence,
    push,
    release_fence,
)

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

if CAN_CLOCK:
    _MONOTONIC = 1  # CLOCK_MONOTONIC in time.h
    _clock_gettime: Any = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.voidptr))

    @njit
    def _machine_seconds(control: Any) -> float:
        failed = _clock_gettime(_MONOTONIC, control[NOW:].ctypes)
        return 0.0 if failed else control[NOW] + 1e-9 * control[NOW + 1]

else:

    @njit
    def _machine_seconds(_control: Any) -> float:
        return 0.0


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
        control[INPUT_OVERFLOWS] += 1
    # PortAudio on JACK flags the output side of streams that have none.
    if flags & OUTPUT_UNDERFLOW and control[OUTPUTS] > 0:
        control[OUTPUT_UNDERFLOWS] += 1

    there = n
    if control[PLAYS]:
        start = control[PLAYED]
        there = max(0, min(n, control[WRITTEN] - start))
        acquire_fence()
        if there < n:
            control[OUTPUT_UNDERFLOWS] += 1
        seconds = times[2]
        if seconds <= 0.0:  # some host APIs leave it empty
            seconds = times[1]
    else:
        start = control[WRITTEN]
        seconds = times[0]
        if seconds <= 0.0:
            seconds = times[1] - n * clock[FRAME_SECONDS]

    control[STAMPS] += 1
    release_fence()
    control[STAMP_POSITION] = start
    clock[STAMP_TIME] = seconds
    if machine > 0.0:
        clock[OFFSET] = machine - times[1]
    release_fence()
    control[STAMPS] += 1

    if control[PLAYS]:
        control[PLAYED] = start + there
    else:
        push(control, samples, block, n)

    channels, mask = control[CHANNELS], control[FRAMES] - 1
    outputs, delay, origin = control[OUTPUTS], control[DELAY], control[ORIGIN]
    for i in range(n if outputs > 0 else 0):
        position = start + i - delay
        heard = delay >= 0 and i < there and position >= origin
        at = (position & mask) * channels
        for channel in range(outputs):
            value = np.float32(0.0)
            if heard and outputs == 1:
                for c in range(channels):
                    value += samples[at + c]
                value /= np.float32(channels)
            elif heard:
                value = samples[at + channel % channels]
            output[i * outputs + channel] = value
    control[CALLBACKS] += 1


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
    control = carray(memory, (CONTROL_WORDS,), np.int64)
    clock = carray(memory, (CONTROL_WORDS + CLOCK_WORDS,), np.float64)[CONTROL_WORDS:]
    n: Any = np.int64(frames & 0xFFFFFFFF)
    low_flags: Any = np.int64(flags & 0xFFFFFFFF)
    channels, outputs = control[CHANNELS], control[OUTPUTS]
    samples = carray(memory, (HEADER_BYTES // 4 + channels * control[FRAMES],), np.float32)[HEADER_BYTES // 4 :]
    # A side that the stream does not have comes as a null pointer: zero frames of it are looked at.
    block = carray(block_pointer, (0 if control[PLAYS] else n * channels,), np.float32)
    output = carray(output_pointer, (n * outputs,), np.float32)
    times = carray(times_pointer, (3,), np.float64)
    machine = _machine_seconds(control) if control[CLOCKED] else 0.0
    exchange(control, clock, samples, block, output, n, times, machine, low_flags)
    return 0


_NOTHING = np.zeros(0, np.float32)


def python_callback(ring: Ring) -> Callable[..., None]:
    """Give the callback for sounddevice's InputStream, OutputStream and Stream over the same ring.

    It waits for the GIL, so a busy program makes it late; the fallback only.
    """
    times = np.zeros(3)

    def run(block: Any, output: Any, n: int, stream: Any, status: Any) -> None:
        machine = time.perf_counter() if ring.control[CLOCKED] else 0.0
        times[:] = stream.inputBufferAdcTime, stream.currentTime, stream.outputBufferDacTime
        flags = INPUT_OVERFLOW * bool(status.input_overflow) | OUTPUT_UNDERFLOW * bool(status.output_underflow)
        exchange(ring.control, ring.clock, ring.samples, block, output, n, times, machine, flags)

    def duplex(block: Any, output: Any, n: int, stream: Any, status: Any) -> None:
        run(block.reshape(-1), output.reshape(-1), n, stream, status)

    def one_sided(data: Any, n: int, stream: Any, status: Any) -> None:
        if ring.control[PLAYS]:
            run(_NOTHING, data.reshape(-1), n, stream, status)
        else:
            run(data.reshape(-1), _NOTHING, n, stream, status)

    both = ring.control[OUTPUTS] > 0 and not ring.control[PLAYS]
    return duplex if both else one_sided
