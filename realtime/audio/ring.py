"""A single-producer, single-consumer ring of interleaved float32 audio, addressed by absolute sample positions.

One block of memory holds everything, so that the audio callback needs a single pointer and so that the two sides may
live in two processes:

    | 64 words of int64: control | 16 words of float64: clock | frames * channels of float32: samples |

The producer never waits. It announces how far it is about to write (RESERVED), writes, then publishes (WRITTEN); a
consumer that was lapped sees that afterwards and knows exactly how many frames it lost. This is the sequence-lock
reading of a ring, see Boehm, "Can seqlocks get along with programming language memory models?" (2012), with its
fences: a release fence between two stores keeps their order, an acquire fence between two loads keeps theirs. On x86
both cost nothing but stop the compiler; on ARM they are one barrier each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, cast

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

CONTROL_WORDS = 64
CLOCK_WORDS = 16
HEADER_BYTES = 8 * (CONTROL_WORDS + CLOCK_WORDS)

# Control words. Set before the stream starts:
CHANNELS = 0  # of the ring, and of the input
FRAMES = 1  # capacity, a power of two
OUTPUTS = 2  # channels the callback has to fill, 0 for an input stream
DELAY = 3  # frames between the ring and the output, below 0 for silence
PLAYS = 4  # 1 when the callback plays what somebody else writes, 0 when it writes
ORIGIN = 5  # frames before this position are never played: what was there before the stream broke
CLOCKED = 6  # 1 when the callback reads the machine's clock itself
FRAME_TIME = 24  # address of the server's function that gives a cycle's frame, 0 where there is none
FRAME_CLIENT = 25  # what that function is asked with
PERIOD = 26  # frames in a cycle of the server
# Written by the producer:
RESERVED = 8
WRITTEN = 9
# Written by the callback:
CALLBACKS = 16
INPUT_OVERFLOWS = 17
OUTPUT_UNDERFLOWS = 18
PLAYED = 19  # frames played so far when PLAYS
STAMPS = 20  # odd while the stamp is being written
STAMP_POSITION = 21
NOW = 22  # two words: a C timespec, seconds and nanoseconds
SERVER_FRAME = 27  # of the last cycle, NO_FRAME before the first
LEAD = 28  # of the server's frames over the ring's that is accounted for
AHEAD_SINCE = 29  # position from which the server has been further ahead, NO_FRAME while it is not
LEAST_LEAD = 30  # since then
LOSSES = 31  # how often cycles were lost; the last LAST_LOSSES are kept
LOSS = 32  # two words for each: position of the first frame after it, frames lost
LAST_LOSSES = 16
NO_FRAME = -1

# Clock words, in seconds:
STAMP_TIME = 0  # PortAudio time of STAMP_POSITION at the converter
OFFSET = 1  # time.perf_counter() minus PortAudio time, written by the callback when CLOCKED, else by its process
FRAME_SECONDS = 2  # one over the sample rate

_CONTROL, _CLOCK, _SAMPLES = types.int64[::1], types.float64[::1], types.float32[::1]


def _fence(ordering: str) -> Callable[[], None]:
    def typed(_typing_context: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
            builder.fence(ordering)
            return context.get_dummy_value()

        return types.void(), generate

    fence: Any = intrinsic(typed)
    return cast(Callable[[], None], fence)


release_fence = _fence("release")
"""Keeps every earlier load and store before every later store; only for compiled code."""

acquire_fence = _fence("acquire")
"""Keeps every earlier load before every later load and store; only for compiled code."""


class Kernels(NamedTuple):
    """What reads and writes rings, compiled."""

    push: Callable[[Any, Any, Any, int], None]
    pull: Callable[[Any, Any, int, Any], tuple[int, int]]
    read_stamp: Callable[[Any, Any], tuple[int, float]]
    read_loss: Callable[[Any, int], tuple[int, int]]


@cache
def kernels() -> Kernels:
    """[main] Compile them: whoever has no ring, as where a file is processed, does not wait for that."""

    @njit(types.void(_CONTROL, _SAMPLES, _SAMPLES, types.int64), cache=True)
    def push(control: Any, samples: Any, block: Any, n: int) -> None:
        """[producer] Write n frames, interleaved, and publish them."""
        channels = control[CHANNELS]
        mask = control[FRAMES] - 1
        start = control[WRITTEN]
        control[RESERVED] = start + n
        release_fence()
        for i in range(n):
            at = ((start + i) & mask) * channels
            for channel in range(channels):
                samples[at + channel] = block[i * channels + channel]
        release_fence()
        control[WRITTEN] = start + n

    @njit(types.UniTuple(types.int64, 2)(_CONTROL, _SAMPLES, types.int64, _SAMPLES), cache=True)
    def pull(control: Any, samples: Any, position: int, out: Any) -> tuple[int, int]:
        """[consumer] Copy what there is from `position` on; gives (frames copied, frames lost before them)."""
        channels, frames = control[CHANNELS], control[FRAMES]
        written = control[WRITTEN]
        acquire_fence()
        lost = max(0, written - frames - position)
        position += lost
        n = max(0, min(len(out) // channels, written - position))
        for i in range(n):
            at = ((position + i) & (frames - 1)) * channels
            for channel in range(channels):
                out[i * channels + channel] = samples[at + channel]
        acquire_fence()
        late = control[RESERVED] - frames - position
        if late > 0:  # overwritten while it was being copied
            n = max(0, n - late)
            for i in range(n * channels):
                out[i] = out[late * channels + i]
            lost += late
        return n, lost

    @njit(types.Tuple((types.int64, types.float64))(_CONTROL, _CLOCK), cache=True)
    def read_stamp(control: Any, clock: Any) -> tuple[int, float]:
        """[consumer] Give the last (position, time.perf_counter()) pair, never a torn one; (-1, 0) if there is none."""
        for _ in range(100):
            before = control[STAMPS]
            acquire_fence()
            position, time = control[STAMP_POSITION], clock[STAMP_TIME] + clock[OFFSET]
            acquire_fence()
            if before == control[STAMPS] and before % 2 == 0:
                return (position, time) if before > 0 else (-1, 0.0)
        return -1, 0.0

    @njit(types.UniTuple(types.int64, 2)(_CONTROL, types.int64), cache=True)
    def read_loss(control: Any, number: int) -> tuple[int, int]:
        """[consumer] Give position and frames of a loss, number < LOSSES; (-1, 0) of one that is no longer kept."""
        acquire_fence()
        at = LOSS + 2 * (number % LAST_LOSSES)
        position, frames = control[at], control[at + 1]
        acquire_fence()
        return (position, frames) if control[LOSSES] - number < LAST_LOSSES else (-1, 0)

    return Kernels(push, pull, read_stamp, read_loss)


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a frame was at the converter: absolute position, and seconds of time.perf_counter()."""

    position: int
    time: float


def capacity_for(seconds: float, sample_rate: int) -> int:
    """Give the power of two of frames that holds at least `seconds` at sample_rate Hz."""
    return 1 << max(1, int(np.ceil(np.log2(seconds * sample_rate))))


class Ring:
    """Interleaved float32 audio between one producer and one consumer.

    channels: of the audio. frames: capacity, a power of two. memory: a writable buffer of `Ring.nbytes` bytes that
    both sides share, zeroed before the first of them opens it; without it the ring has its own.
    Raises ValueError for a capacity that is not a power of two or a memory of another size.
    """

    def __init__(self, channels: int, frames: int, memory: Any = None) -> None:
        """[main] Lay the ring over the memory, what is in there stays; compile."""
        if channels < 1:
            raise ValueError(f"channels must be at least 1, got {channels}")
        if frames < 2 or frames & (frames - 1):
            raise ValueError(f"frames must be a power of two and at least 2, got {frames}")
        if memory is None:
            memory = bytearray(self.nbytes(channels, frames))
        self.memory: NDArray[np.uint8] = np.frombuffer(memory, np.uint8)
        if self.memory.nbytes != self.nbytes(channels, frames):
            raise ValueError(f"memory must be {self.nbytes(channels, frames)} bytes, got {self.memory.nbytes}")
        self.control: NDArray[np.int64] = self.memory[: 8 * CONTROL_WORDS].view(np.int64)
        self.clock: NDArray[np.float64] = self.memory[8 * CONTROL_WORDS : HEADER_BYTES].view(np.float64)
        self.samples: NDArray[np.float32] = self.memory[HEADER_BYTES:].view(np.float32)
        self.channels = channels
        self.frames = frames
        self.control[CHANNELS] = channels
        self.control[FRAMES] = frames
        self._kernels = kernels()

    @staticmethod
    def nbytes(channels: int, frames: int) -> int:
        """Give the size of the memory block."""
        return HEADER_BYTES + 4 * channels * frames

    @property
    def written(self) -> int:
        """Position after the last published frame."""
        return int(self.control[WRITTEN])

    def write(self, block: NDArray[np.float32]) -> None:
        """[producer] Append a block, float32 (n, channels), n at most the capacity."""
        if block.ndim != 2 or block.shape[1] != self.channels or len(block) > self.frames:
            raise ValueError(f"block must be (0..{self.frames}, {self.channels}), got {block.shape}")
        flat = np.ascontiguousarray(block, np.float32).reshape(-1)
        self._kernels.push(self.control, self.samples, flat, len(block))

    def read(self, position: int, out: NDArray[np.float32]) -> tuple[int, int]:
        """[consumer] Copy the frames from `position` on into out, float32 (n, channels), C-contiguous.

        Gives (read, lost): the first `read` rows of out are the frames from `position + lost` on, where `lost` frames
        were overwritten before they could be read. (0, 0) when nothing is there yet.
        """
        if out.ndim != 2 or out.shape[1] != self.channels:
            raise ValueError(f"out must have {self.channels} columns, got shape {out.shape}")
        read, lost = self._kernels.pull(self.control, self.samples, position, out.reshape(-1))
        return int(read), int(lost)

    def stamp(self) -> Stamp | None:
        """[consumer] Give the last block's position and time, or None before the first block."""
        position, time = self._kernels.read_stamp(self.control, self.clock)
        return None if position < 0 else Stamp(int(position), float(time))
