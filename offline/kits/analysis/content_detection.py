"""What drums and chords sound where in a record: from the live detectors, or from a session's log.

The detectors process the record as it is cut: only around the slices of a kit, so that hours take no longer than
minutes, or all of it where chops are selected by it. Of a session that was recorded while they ran the log has it.
Where a detector is not there, nothing is known of what it would detect.
"""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.offline.common.array_cache import Arrays
from samplechop.offline.kits.core.record import Record, recorded_channel
from samplechop.realtime import detectors
from samplechop.realtime.core import documents
from samplechop.realtime.core.events import CHORD, DRUM, DRUMS, PITCHES, Event
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.detectors.harmony import harte
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.recording.session_folder import LOG, session_of

STEPS_PER_SECOND = 50
"""Of the level."""
FULL_VELOCITY = 64
"""A hit from this MIDI velocity on counts in full, a softer one by its share of it."""

DRUM_MODEL = "drums"

_BLOCK = 4096
_LOUDEST = 1e4  # of a sample; damaged float files hold anything

Parts = Sequence[tuple[int, int]]
"""Parts of a record: (start, stop) in samples."""
PartProgress = Callable[[int, int], object]
"""Is called with how many samples are done, and how many there are."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Hits:
    """Drum hits in order of time. samples: int64 (n,). drums: int8 (n,), index into DRUMS. weights: float32 (n,), 0..1.

    A weight is the root of the hit's probability, less for soft ones: what is struck is surer than which drum it was.
    """

    samples: NDArray[np.int64]
    drums: NDArray[np.int8]
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Chords:
    """Chords in order of time, each until the next. samples: int64 (n,). numbers: int32 (n,), -1 for none.

    labels: of the numbers, in Harte's syntax. pitch_samples: int64 (m,), where other pitch classes begin to sound;
    pitches: bool (m, 12), from C on.
    """

    samples: NDArray[np.int64]
    numbers: NDArray[np.int32]
    labels: tuple[str, ...]
    pitch_samples: NDArray[np.int64]
    pitches: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DetectedContent:
    """What sounds where. Positions are samples of the record, at sample_rate Hz.

    level: float32 (n,), RMS of every `step` samples, 0 outside of the processed parts. hits, chords: None
    where no detector ran.
    """

    sample_rate: int
    level: NDArray[np.float32]
    hits: Hits | None
    chords: Chords | None

    @property
    def step(self) -> int:
        """Samples between two values of the level."""
        return _step(self.sample_rate)


def _step(sample_rate: int) -> int:
    return max(1, sample_rate // STEPS_PER_SECOND)


class Collector(ABC, Generic[Found]):
    """Collects what one detector says, without keeping the events: hours have hundreds of thousands of them.

    detector: its name; model: of its net. kinds: of events that only it says. warm_seconds: what it needs before a
    part, to know how loud it is and what sounds.
    """

    detector: str
    model: str
    kinds: tuple[str, ...]
    warm_seconds: float

    def make(self) -> Detector:
        """Make the detector."""
        return detectors.make(self.detector)

    def begin(self, sample: int) -> None:
        """Begin a part: what sounded where the last part ended does not sound here."""

    @abstractmethod
    def add(self, event: Event) -> None:
        """Take an event."""

    @abstractmethod
    def found(self) -> Found:
        """Give all that was collected, in order of time."""


class HitCollector(Collector[Hits]):
    """Collects drum hits."""

    detector, model = "drums", DRUM_MODEL
    kinds = (DRUM,)
    warm_seconds = 3.0

    def __init__(self) -> None:
        """Begin with none."""
        self._samples, self._drums, self._weights = array("q"), array("b"), array("f")

    def make(self) -> Detector:
        """Make the detector, with the net that tags were fitted with."""
        from samplechop.realtime.detectors.drums.detector import DrumDetector, DrumSettings

        return DrumDetector(DrumSettings(DRUM_MODEL))

    def add(self, event: Event) -> None:
        """Take a hit; what is no drum that we know is passed over."""
        if event.kind == DRUM and event.label in DRUMS:
            self._samples.append(event.sample)
            self._drums.append(DRUMS.index(event.label))
            self._weights.append(event.strength**0.5 * min(1.0, (event.velocity or 127) / FULL_VELOCITY))

    def found(self) -> Hits:
        """Give them in order of time."""
        samples = np.array(self._samples, np.int64)
        order = np.argsort(samples, kind="stable")
        return Hits(samples[order], np.array(self._drums, np.int8)[order], np.array(self._weights, np.float32)[order])


class ChordCollector(Collector[Chords]):
    """Collects chords and the pitch classes that sound."""

    detector = model = "harmony"
    kinds = (CHORD, PITCHES)
    warm_seconds = 1.0

    def __init__(self) -> None:
        """Begin with none."""
        self._samples, self._numbers = array("q"), array("i")
        self._labels: dict[str, int] = {}
        self._changes, self._bits = array("q"), array("H")

    def begin(self, sample: int) -> None:
        """Begin a part, with nothing."""
        self.add(Event(CHORD, sample, sample, 1.0))
        self.add(Event(PITCHES, sample, sample, 1.0))

    def add(self, event: Event) -> None:
        """Take a chord or a change of what sounds; a label that names no chord counts as none."""
        if event.kind == CHORD:
            self._samples.append(event.sample)
            known = event.label is not None and _is_chord(event.label)
            self._numbers.append(self._labels.setdefault(str(event.label), len(self._labels)) if known else -1)
        elif event.kind == PITCHES:
            self._changes.append(event.sample)
            self._bits.append(sum({1 << note % 12 for note in event.notes or ()}))

    def found(self) -> Chords:
        """Give them in order of time."""
        samples, changes = np.array(self._samples, np.int64), np.array(self._changes, np.int64)
        order, turns = np.argsort(samples, kind="stable"), np.argsort(changes, kind="stable")
        bits = np.array(self._bits, np.uint16)[turns]
        pitches = (bits[:, None] >> np.arange(12)) & 1 == 1
        numbers = np.array(self._numbers, np.int32)[order]
        return Chords(samples[order], numbers, tuple(self._labels), changes[turns], pitches)


def _is_chord(label: str) -> bool:
    """Say whether a label names a chord; a detector of others, or a log, may say anything."""
    try:
        return harte.parse(label) is not None
    except ValueError:
        return False


def detect_hits(record: Record, parts: Parts, progress: PartProgress = max) -> Hits | None:
    """Detect the drums in parts of a record; None without a detector. Raises ModelError for an unusable model."""
    return _detected(HitCollector(), record, parts, progress)


def detect_chords(record: Record, parts: Parts, progress: PartProgress = max) -> Chords | None:
    """Detect the chords in parts of a record; None without a detector. Raises ModelError for an unusable model."""
    return _detected(ChordCollector(), record, parts, progress)


def _detected(collector: Collector[Found], record: Record, parts: Parts, progress: PartProgress) -> Found | None:
    """Take what a collector collects from the record's log, or run its detector."""
    if _read_log(record, collector):
        return collector.found()
    if collector.detector not in detectors.names():
        return None
    rate = record.sample_rate
    found = {collector.detector: collector.make()}
    engine = Engine(found, rate, record.channels, _BLOCK, channel=record.channel)
    stretches = _stretches(parts, round(collector.warm_seconds * rate), engine.latency, record.length)
    done, length = 0, sum(stop - start for start, stop in stretches)

    def process(start: int, stop: int, add: Callable[[Event], None]) -> None:
        engine.reset(start, record.opening() if start == 0 else None)
        read = 0
        for samples in record.blocks(_BLOCK, start, stop):
            engine.process(samples, add)
            read += len(samples)
            progress(done + read, length)
        if stop == record.length:
            engine.flush(add)
        if engine.faults:
            raise RuntimeError(f"a detector failed: {engine.faults}")

    def kept(start: int, stop: int) -> Arrays:
        events: list[Event] = []
        process(start, stop, events.append)
        return _arrays([event for event in events if event.kind in collector.kinds])

    for start, stop in stretches:
        collector.begin(start)
        if record.cache is None:
            process(start, stop, collector.add)
        else:
            facts = [collector.detector, models.load(collector.model).sha256, start, stop]
            for event in _events(record.cache.arrays("content", facts, partial(kept, start, stop))):
                collector.add(event)
        done += stop - start
    return collector.found()


def _arrays(found: Sequence[Event]) -> Arrays:
    """Give what collectors take of events as arrays: what `_events` reads."""
    notes = [sum({1 << note % 12 for note in event.notes or ()}) for event in found]
    return {
        "kinds": np.array([event.kind for event in found], "U32"),
        "labels": np.array(["" if event.label is None else event.label for event in found], "U64"),
        "numbers": np.array(
            [(event.sample, -1 if event.velocity is None else event.velocity) for event in found], np.int64
        ).reshape(-1, 2),
        "strengths": np.array([event.strength for event in found], np.float64),
        "notes": np.array(notes, np.uint16),
    }


def _events(arrays: Arrays) -> Iterator[Event]:
    """Give events of arrays that `_arrays` made."""
    columns = (arrays[name].tolist() for name in ("kinds", "labels", "numbers", "strengths", "notes"))
    for kind, label, (sample, velocity), strength, bits in zip(*columns, strict=True):
        notes = tuple(note for note in range(12) if bits >> note & 1)
        loud = None if velocity < 0 else velocity
        yield Event(kind, sample, sample, strength, label=label or None, velocity=loud, notes=notes)


def _stretches(parts: Parts, before: int, after: int, length: int) -> list[tuple[int, int]]:
    """Give what is to be processed for parts of a record of `length` samples: in order of time, and none twice."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(parts):
        begin, end = max(0, start - before), min(length, stop + after)
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def levels(record: Record, parts: Parts) -> NDArray[np.float32]:
    """Give the RMS of every `DetectedContent.step` of a record, all channels together: 0 outside of the parts."""
    step = _step(record.sample_rate)
    found = np.zeros(-(-record.length // step), np.float32)
    block = -(-_BLOCK // step) * step
    for start, stop in _stretches(parts, 0, step, record.length):
        place = start // step
        for samples in record.blocks(block, place * step, stop):
            part = level(samples, step)
            found[place : place + len(part)] = part
            place += len(part)
    return found


def level(samples: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Give the RMS of every `step` samples, (n, channels), and of what is left at the end; broken ones count as 0."""
    whole = len(samples) // step * step
    parts = [samples[:whole].reshape(-1, step * samples.shape[1])]
    if len(samples) > whole:
        parts.append(samples[whole:].reshape(1, -1))
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.concatenate([np.sqrt(np.einsum("ij,ij->i", part, part) / part.shape[1]) for part in parts])
    if np.isfinite(found).all():
        return found
    return level(np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -_LOUDEST, _LOUDEST), step)


_MOST_LINE = 4 << 20


def _read_log(record: Record, collector: Collector[Found]) -> bool:
    """Take what the log of a recorded session has of a collector's events; say whether it has any. Raises OSError."""
    folder = session_of(record.source)
    if folder is None or record.channel != (recorded_channel(record.source) or "auto"):
        return False
    there = False
    try:
        log = documents.open_regular(folder / LOG, follow_links=False)
    except ValueError:
        return False
    with log as lines:  # hours have hundreds of thousands: one at a time
        while line := lines.readline(_MOST_LINE):
            try:
                event = _event(documents.parse_json(line))
            except ValueError:  # a kill cut it
                break
            if event is not None and event.kind in collector.kinds:
                collector.add(event)
                there = True
    return there


def _event(line: object) -> Event | None:
    """Read a line of a log as `Event.record` wrote it; None for one that is no event, or says nothing any more."""
    match line:
        case {"kind": str(kind), "sample": int(sample), "strength": int() | float() as strength, **rest}:
            label, velocity, notes = rest.get("label"), rest.get("velocity"), rest.get("notes")
            label = label if isinstance(label, str) else None
            velocity = velocity if isinstance(velocity, int) else None
            notes = tuple(note for note in notes if isinstance(note, int)) if isinstance(notes, list) else ()
            return Event(kind, sample, sample, float(strength), label=label, velocity=velocity, notes=notes)
    return None
