"""What detectors say of drums and chords, collected as arrays in order of time, and who collects it."""

from abc import ABC, abstractmethod
from array import array
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime import detectors
from samplechop.realtime.core.events import CHORD, DRUM, DRUMS, PITCHES, Event
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.detectors.harmony import harte

FULL_VELOCITY = 64
"""A hit from this MIDI velocity on counts in full, a softer one by its share of it."""
DRUM_MODEL = "drums"
"""The net that tags were fitted with."""

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


class Collector(ABC, Generic[Found]):
    """Collects what one detector says, without keeping the events: hours have hundreds of thousands of them.

    detector: its name; model: of its net. kinds: of events that only it says. warm_seconds: what it needs before a
    cell, to know how loud it is and what sounds. lasting: whether what an event says holds until the next of its kind.
    """

    detector: str
    model: str
    kinds: tuple[str, ...]
    warm_seconds: float
    lasting = False

    def make(self) -> Detector:
        """Make the detector."""
        return detectors.make(self.detector)

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
    warm_seconds = 3.0
    lasting = True

    def __init__(self) -> None:
        """Begin with none."""
        self._samples, self._numbers = array("q"), array("i")
        self._labels: dict[str, int] = {}
        self._changes, self._bits = array("q"), array("H")

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
        numbers = np.array(self._numbers, np.int32)[order]
        others, turned = _changes(numbers), _changes(bits)  # a cell says once more what sounded at its beginning
        pitches = (bits[turned, None] >> np.arange(12)) & 1 == 1
        return Chords(samples[order][others], numbers[others], tuple(self._labels), changes[turns][turned], pitches)


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which of some values, (n,), are not the one before."""
    changed = np.ones(len(values), bool)
    changed[1:] = values[1:] != values[:-1]
    return changed


def _is_chord(label: str) -> bool:
    """Say whether a label names a chord; a detector of others, or a log, may say anything."""
    try:
        return harte.parse(label) is not None
    except ValueError:
        return False
