"""The contract between the host and a detector."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.events import Event

ANALYSIS_RATE = 44_100
"""Sample rate of the analysis bus in Hz; the engine resamples every other rate to it."""

Block = NDArray[np.float32]
Emit = Callable[[Event], None]


class BlockStream(Protocol):
    """Blocks in, rows out: a spectrum, features, a net's activations."""

    def reset(self) -> None:
        """[analysis] Become as new."""

    def push(self, block: Block) -> NDArray[np.float32]:
        """[analysis] Process a block, float32 (n,), n <= max_block_size; give the rows it completes."""


Stream = TypeVar("Stream", bound=BlockStream)


class SharedStream(Generic[Stream]):
    """A stream that several detectors on one bus read, and that is computed once per block, by whoever asks first.

    stream: what is shared. What it gives must not be changed, and is valid until the next block.
    """

    def __init__(self, stream: Stream) -> None:
        """[main] Share a stream that is as new."""
        self.stream = stream
        self._start: int | None = None
        self._rows: NDArray[np.float32] = np.zeros((0, 0), np.float32)

    def reset(self) -> None:
        """[analysis] Become as new; each detector that reads it does this in its own `reset`."""
        if self._start is not None:
            self.stream.reset()
            self._start = None

    def push(self, block: Block, start: int) -> NDArray[np.float32]:
        """[analysis] Give the rows of the block that begins at `start`, as `process` is given both."""
        if start != self._start:
            self._start = start
            self._rows = self.stream.push(block)
        return self._rows


SharedStreams = dict[Hashable, SharedStream[BlockStream]]
"""The shared streams of one bus, by what they are."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """The stream a detector is prepared for: sample_rate in Hz, max_block_size in samples.

    shared: the streams that detectors on the same bus share; None for a detector that runs alone.
    """

    sample_rate: int
    max_block_size: int
    shared: SharedStreams | None = field(default=None, repr=False, compare=False)

    def share(self, key: Hashable, make: Callable[[], Stream]) -> SharedStream[Stream]:
        """[main] Give the stream of that key, made by the first detector on this bus that asks for it.

        key: says all that the stream depends on beside this spec, such as (its class, the model's path).
        """
        if self.shared is None:
            return SharedStream(make())
        if key not in self.shared:
            self.shared[key] = cast("SharedStream[BlockStream]", SharedStream(make()))
        return cast("SharedStream[Stream]", self.shared[key])

    def __post_init__(self) -> None:
        """Refuse a stream that cannot exist."""
        if self.sample_rate < 1:
            raise ValueError(f"sample_rate must be at least 1 Hz, got {self.sample_rate}")
        if self.max_block_size < 1:
            raise ValueError(f"max_block_size must be at least 1 sample, got {self.max_block_size}")


OPENING_SECONDS = 0.35
"""Of a recording, by which it is told whether a sound begins with it."""


@runtime_checkable
class Detector(Protocol):
    """What finds events in a stream. Thread tags in brackets say who calls what.

    A class may have three attributes more.

    `immediate = True`: the notes of its events leave after its own latency, which is constant too, and do not wait for
    the slowest detector. Without it all detectors share one latency, so that their notes lie beside each other in the
    DAW as their events do in the audio.
    `lead_in = True`: a file is preceded by two seconds of silence, so that a sound on its first sample begins there.
    `meters`: what a view may show beside the events, by name, known once prepared (see `Meter`).
    """

    @property
    def latency(self) -> int:
        """Samples from an event's position to the end of the block that emits it, worst case. Constant once prepared.

        A sum: what the detector itself must wait for, plus `max_block_size`.
        """

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load, allocate and compile; the only call that may raise."""

    def reset(self) -> None:
        """[analysis] Become as freshly prepared."""

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Process the next block. No allocation per frame, no waiting.

        block: float32, (n,) with 1 <= n <= max_block_size, mono, full scale ±1; read-only.
        start: absolute position of block[0] in samples; blocks follow each other without gaps until `reset()`.
            Negative in the silence before a file, which only detectors with a `lead_in` are given.
        emit: call with each event found; `event.sample` and `event.emitted` are absolute positions on this bus.
        """


class StatedLatency:
    """A detector's latency, for it to inherit; `prepare` sets `_latency` to its terms."""

    _latency: tuple[tuple[str, int], ...] = ()

    @property
    def latency(self) -> int:
        """Samples from an event's attack to the end of the block that emits it, worst case. Known once prepared."""
        return sum(samples for _, samples in self.latency_terms)

    @property
    def latency_terms(self) -> tuple[tuple[str, int], ...]:
        """The latency as a sum: (what for, samples) for each part. Known once prepared."""
        if not self._latency:
            raise RuntimeError("latency is known after prepare()")
        return self._latency


LONGEST = 1024
"""Frames that a trace keeps."""


class Trace:
    """The latest values of a curve over time, such as a probability: the analysis appends, a view reads.

    frame_seconds: time between two frames. threshold: the line that a value has to reach, 0..1.
    """

    def __init__(self, frame_seconds: float, threshold: float) -> None:
        """[main] Begin with none."""
        self.frame_seconds, self.threshold = frame_seconds, threshold
        self._ring: NDArray[np.float32] = np.zeros(LONGEST, np.float32)
        self._appended = self._frames = 0

    def restart(self) -> None:
        """[analysis] Count the next frame as the first of the stream; what was appended stays for the view."""
        self._frames = 0

    def append(self, values: NDArray[np.float32]) -> None:
        """[analysis] Append the values of the next frames, float32 (n,), 0..1; they are copied."""
        count = len(values)
        if count == 1:  # as in nearly every block of live input
            self._ring[self._appended % LONGEST] = values[0]
        elif count:
            kept = values[-LONGEST:]
            first = (self._appended + count - len(kept)) % LONGEST
            head = min(len(kept), LONGEST - first)
            self._ring[first : first + head] = kept[:head]
            if head < len(kept):
                self._ring[: len(kept) - head] = kept[head:]
        self._appended += count
        self._frames += count

    @property
    def frames(self) -> int:
        """[any thread] How many frames of the stream there were."""
        return self._frames

    @property
    def seconds(self) -> float:
        """[any thread] How far into the stream the newest frame lies."""
        return self._frames * self.frame_seconds

    def newest(self) -> NDArray[np.float32]:
        """[any thread] Give the values of the last frames, oldest first, float32 (at most LONGEST,)."""
        end = self._appended
        return self._ring[np.arange(max(0, end - LONGEST), end) % LONGEST]


Meter = Trace | NDArray[np.float32]
"""A curve over time, or levels of this moment, float32 (n,), 0..1, which the analysis overwrites."""


def meters_of(detector: object) -> Mapping[str, Meter]:
    """[any thread] Give the meters of a prepared detector by name, such as "chop probability"; none if it has none."""
    meters: Mapping[str, Meter] = getattr(detector, "meters", {})
    return meters
