"""Blocks in, events out: the analysis bus and the detectors on it. Knows no device and no thread."""

import logging
import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from samplechop.models import ModelError
from samplechop.realtime.core.channels import Channel
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.event_checks import check_event, is_whole
from samplechop.realtime.core.events import CHORD, NO_CHORD, Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, Detector, Emit, ProcessSpec
from samplechop.realtime.dsp.delay_line import History
from samplechop.realtime.dsp.downmix import Downmix
from samplechop.realtime.dsp.onset_refinement import begins_with_attack
from samplechop.realtime.dsp.resampler import Resampler


def prepare(name: str, detector: Detector, spec: ProcessSpec) -> None:
    """[main] Prepare a detector. Raises UserError, naming it, if it fails or states no latency; ModelError."""
    try:
        detector.prepare(spec)
        latency = detector.latency
    except (UserError, ModelError):
        raise
    except Exception as error:  # whatever goes wrong in a plug-in, the user needs to know in which
        raise UserError(f"detector {name!r} cannot be prepared: {type(error).__name__}: {error}") from error
    if not is_whole(latency):
        raise UserError(f"detector {name!r} must have a whole number of samples as its latency, got {latency!r}")


FAST_BLOCK = 32_768
"""Samples per block when a file runs as fast as possible: enough for what is done per block to cost nothing."""
LEAD_IN_SECONDS = 2.0
"""Longer than detectors remember the level."""
LEEWAY = 64
"""Samples of the bus before the first that an attack at the very beginning may be placed at."""
FADE_SECONDS = 0.05

_log = logging.getLogger(__name__)


class Engine:
    """Mixes to mono, resamples to the bus, runs every detector, and maps their events back to the input.

    It knows what sounds: of every event with notes, it emits the event that ends it (see `release`); sinks need not.

    A detector that raises, or emits what nobody could write, is switched off and named in `faults`; the others go on.
    One that emits an event later than its latency is named in `late`, with the sentence that says so.

    origin, position: where in the input the stretch begins, and how far it is processed, in samples.

    latencies: for each detector, in samples of the input, how long after its place an event is passed on as a note;
    `latency`: the one that all share but those named in `immediate` (see Detector), or the largest if all are.
    Every event is stamped with its own. Both depend on the block size and the sample rate alone.

    Its compiled functions keep the interpreter's lock: each takes some microseconds, and getting the lock back from a
    busy thread costs a hundred times that.
    """

    def __init__(
        self,
        detectors: Mapping[str, Detector],
        sample_rate: int,
        channels: int,
        max_block_size: int,
        block_size: int | None = None,
        together: bool = False,
        channel: Channel = "auto",
    ) -> None:
        """[main] Prepare every detector for blocks of up to max_block_size samples at sample_rate Hz.

        Raises UserError, naming the detector, where one cannot be prepared; ModelError.

        block_size: how many samples come at a time when nothing is late; the "one block" in the latency. By default
            max_block_size.
        together: let immediate detectors wait for the slowest too, as where the sound is played that much later.
        channel: what of a stereo input is listened to (see Downmix).
        """
        if channels < 1:
            raise ValueError(f"channels must be at least 1, got {channels}")
        self.sample_rate, self.channels, self.max_block_size = sample_rate, channels, max_block_size
        self._ratio = sample_rate / ANALYSIS_RATE
        self._resampler: Resampler | None = None
        self._delay, self._bus_block = 0, max_block_size
        if sample_rate != ANALYSIS_RATE:
            self._resampler = Resampler(sample_rate, ANALYSIS_RATE, max_block_size)
            self._delay, self._bus_block = self._resampler.delay, math.ceil(max_block_size / self._ratio)
        spec = ProcessSpec(ANALYSIS_RATE, self._bus_block, shared={})
        for name, detector in detectors.items():
            prepare(name, detector, spec)
        self.detectors = dict(detectors)
        self._active = dict(detectors)
        self.faults: dict[str, str] = {}
        self.late: dict[str, str] = {}
        self._stated = {name: detector.latency - self._bus_block for name, detector in detectors.items()}
        own = {name: self._at_input(detector.latency, block_size) for name, detector in detectors.items()}
        immediate = {name for name, one in detectors.items() if getattr(one, "immediate", False)}
        self.immediate = frozenset() if together else frozenset(immediate)
        shared = [own[name] for name in own if name not in self.immediate] or list(own.values())
        self.latency = max(shared, default=self._at_input(self._bus_block, block_size))
        self.latencies = {name: own[name] if name in self.immediate else self.latency for name in own}
        # What detectors wait for: all of their latency but the block that they are given it in.
        self._wait = max(1, max(own.values(), default=0) - (block_size or max_block_size))
        self.downmix = Downmix(sample_rate, channels, max_block_size, channel)
        self._fade = np.linspace(1, 0, round(FADE_SECONDS * sample_rate), dtype=np.float32)[:, None]
        length = len(self._fade)
        self._tail = History(channels, length, min(length, max_block_size))
        self._fading = length
        # By detector and kind, the last event of what sounds until the next of its kind.
        self._sounding: dict[tuple[str, str], Event] = {}
        self._end: int | None = None  # while it is flushed: where the input ends
        self.reset(0)

    def reset(self, start: int, opening: NDArray[np.float32] | None = None) -> None:
        """[analysis] Become as new; the next block begins at absolute input position `start`.

        opening: of a recording from its first sample on, what comes first, float32 (n, channels): OPENING_SECONDS of
            it. Where a sound begins with it, detectors that have a `lead_in` (see Detector) are given LEAD_IN_SECONDS
            of silence before. What sounded before a device was opened, nobody knows: None.
        """
        self._lead_in = 0
        if opening is not None and begins_with_attack(opening, self.sample_rate):
            self._lead_in = round(LEAD_IN_SECONDS * ANALYSIS_RATE)
        self.origin = self.position = start
        self._bus_position = -self._lead_in
        self._tail.reset()
        self._sounding.clear()
        self.downmix.reset(start)
        if self._resampler is not None:
            self._resampler.reset()
        for name, detector in self._active.items():
            try:
                detector.reset()
            except Exception as error:  # a detector that cannot begin anew must not end the session of the others
                self._fail(name, error)
        self._drop_failed()

    def process(self, samples: NDArray[np.float32], emit: Emit) -> None:
        """[analysis] Process the next samples, float32 (n, channels), n >= 1; emit events at input positions."""
        if len(samples) > self.max_block_size:
            for first in range(0, len(samples), self.max_block_size):
                self.process(samples[first : first + self.max_block_size], emit)
            return
        if self._bus_position < 0:
            self._process_lead_in(emit)
        self._tail.append(samples if len(samples) <= self._fading else samples[-self._fading :])
        mono = self.downmix.process(samples)
        self.position += len(samples)
        if self._resampler is not None:
            mono = self._resampler.push(mono)
            mono.flags.writeable = False
        if len(mono):
            self._detect(mono, emit)

    def flush(self, emit: Emit) -> None:
        """[analysis] Let the last events out: process silence for as long as they can be late. Ends the stretch.

        The sound goes over into silence within FADE_SECONDS, backwards, as the step of a bass note that is cut off, or
        of a constant offset, would be an attack.
        """
        self._end = self.position
        silence = np.zeros((self._wait, self.channels), np.float32)
        tail = self._tail.read(self._tail.end - len(self._fade), self._tail.end)
        n = min(len(tail), len(silence))
        with np.errstate(invalid="ignore"):
            silence[:n] = tail[::-1][:n] * self._fade[:n]
        self.process(silence, emit)
        self.position, self._end = self._end, None

    def release(self, emit: Emit, detector: str | None = None) -> None:
        """[analysis] End what sounds until its detector says otherwise: emit those ends, of one detector or of all.

        Whoever runs the engine calls it at a gap, after which detectors begin anew and would not say so, when the input
        is gone, and at the end. What a detector that fails had sounding is released by the engine itself.
        """
        for (name, kind), last in list(self._sounding.items()):
            if detector in (None, name):
                del self._sounding[name, kind]
                label = NO_CHORD if kind == CHORD else ""
                now = self.position if self._end is None else self._end
                emit(replace(last, label=label, sample=now, emitted=now, strength=1.0, notes=()))

    def bus_position(self, sample: int) -> int:
        """[any thread] Give the position on the bus of a position in the input, both in samples."""
        return round((sample - self.origin) / self._ratio)

    def input_position(self, sample: int) -> int:
        """[any thread] Give the position in the input of a position on the bus, both in samples."""
        return self.origin + (round(sample * self._ratio) if self._delay else sample)

    def _at_input(self, latency: int, block_size: int | None) -> int:
        """Turn a detector's latency into samples of the input: resampled, and waiting for a block of the device's."""
        waited = math.ceil((latency - self._bus_block + self._delay) * self._ratio)
        return waited + (block_size or self.max_block_size)

    def _process_lead_in(self, emit: Emit) -> None:
        silence = np.zeros(self._bus_block, np.float32)
        silence.flags.writeable = False
        while self._bus_position < 0:
            self._detect(silence[: -self._bus_position], emit)

    def _detect(self, block: NDArray[np.float32], emit: Emit) -> None:
        start = self._bus_position
        self._pass_on, self._block_end = emit, start + len(block)
        for name, detector in self._active.items():
            if start < 0 and not getattr(detector, "lead_in", False):
                continue
            self._processing = name
            try:
                detector.process(block, start, self._emit)
            except Exception as error:  # whatever a detector does wrong, the others must go on
                self._fail(name, error)
                self.release(emit, name)
        self._bus_position = self._block_end
        if self.faults:
            self._drop_failed()

    def _fail(self, name: str, error: Exception) -> None:
        self.faults[name] = f"{type(error).__name__}: {error}"
        _log.error("detector %s switched off at sample %d", name, self.position, exc_info=error)

    def _drop_failed(self) -> None:
        if len(self._active) + len(self.faults) > len(self.detectors):
            self._active = {name: d for name, d in self._active.items() if name not in self.faults}

    def _emit(self, event: Event) -> None:
        """Pass on an event of the detector that processes the block, at its place in the input."""
        name, emit, end = self._processing, self._pass_on, self._block_end
        size = end - self._bus_position
        if self._lead_in and isinstance(event, Event) and event.sample < 0:
            if event.sample < -LEEWAY:
                return
            event = replace(event, sample=0)
        check_event(event, end)
        if end - event.sample > self._stated[name] + size and name not in self.late:
            stated = self._stated[name] + size
            late, most = (f"{1000 * samples / ANALYSIS_RATE:.0f} ms" for samples in (end - event.sample, stated))
            self.late[name] = f"detector {name} emitted an event {late} late, it states a latency of {most}"
        sample, emitted = event.sample, event.emitted
        if self._delay:
            sample, emitted = round(sample * self._ratio), math.ceil((emitted + self._delay) * self._ratio)
        event = event.placed(self.origin + sample, self.origin + emitted, self.latencies[name])
        if self._end is not None and event.sample >= self._end:
            return
        if event.notes:
            self._sounding[name, event.kind] = event
        elif event.notes is not None:
            self._sounding.pop((name, event.kind), None)
        emit(event)
