"""What drums and chords sound where in a record: heard by the live detectors, or read from a session's log.

The detectors hear the record as it is cut, in one engine, once. Of a session that was recorded while they listened the
log has it all already. Where a detector is not there, nothing is known of what it would hear.
"""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from offline.chop.opening import Record
from offline.sessions.log import read_log
from realtime import chord_names, detectors
from realtime.engine import Engine
from realtime.events import CHORD, DRUM, DRUMS, PITCHES, Event
from realtime.recording.folder import LOG, is_session, session_audio
from realtime.session import FAST_BLOCK

DRUM_EAR, HARMONY_EAR = "drums", "harmony"
"""Detectors that are asked."""
STEPS_PER_SECOND = 50
"""Of the level curve."""
FULL_VELOCITY = 64
"""A hit from this MIDI velocity on counts in full, a softer one by its share of it."""

_LOUDEST = 1e4  # of a sample; damaged float files hold anything


@dataclass(frozen=True, slots=True)
class Hits:
    """Drum hits in order of time. samples: int64 (n,). drums: int8 (n,), index into DRUMS. weights: float32 (n,), 0..1.

    A weight is the hit's probability, less for soft ones.
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
class Sounds:
    """What sounds where. Positions are samples of the record, at sample_rate Hz.

    level: float32 (n,), RMS of every `step` samples from `first` on. hits, chords: None where nobody listened for them.
    """

    sample_rate: int
    first: int
    step: int
    level: NDArray[np.float32]
    hits: Hits | None
    chords: Chords | None


@dataclass(slots=True)
class _Gathered:
    """Collects events without keeping them: hours of drums are hundreds of thousands."""

    hit_samples: "array[int]" = field(default_factory=lambda: array("q"))
    hit_drums: "array[int]" = field(default_factory=lambda: array("b"))
    hit_weights: "array[float]" = field(default_factory=lambda: array("f"))
    chord_samples: "array[int]" = field(default_factory=lambda: array("q"))
    chord_numbers: "array[int]" = field(default_factory=lambda: array("i"))
    labels: dict[str, int] = field(default_factory=dict)
    pitch_samples: "array[int]" = field(default_factory=lambda: array("q"))
    pitch_bits: "array[int]" = field(default_factory=lambda: array("H"))

    def add(self, event: Event) -> None:
        if event.kind == DRUM and event.label in DRUMS:
            self.hit_samples.append(event.sample)
            self.hit_drums.append(DRUMS.index(event.label))
            self.hit_weights.append(event.strength * min(1.0, (event.velocity or 127) / FULL_VELOCITY))
        elif event.kind == CHORD:
            self.chord_samples.append(event.sample)
            known = event.label is not None and _sounds(event.label)
            self.chord_numbers.append(self.labels.setdefault(str(event.label), len(self.labels)) if known else -1)
        elif event.kind == PITCHES:
            self.pitch_samples.append(event.sample)
            self.pitch_bits.append(sum({1 << note % 12 for note in event.notes or ()}))

    def hits(self) -> Hits:
        samples = np.array(self.hit_samples, np.int64)
        order = np.argsort(samples, kind="stable")
        drums, weights = np.array(self.hit_drums, np.int8), np.array(self.hit_weights, np.float32)
        return Hits(samples[order], drums[order], weights[order])

    def chords(self) -> Chords:
        samples, changes = np.array(self.chord_samples, np.int64), np.array(self.pitch_samples, np.int64)
        order, turns = np.argsort(samples, kind="stable"), np.argsort(changes, kind="stable")
        numbers, bits = np.array(self.chord_numbers, np.int32)[order], np.array(self.pitch_bits, np.uint16)[turns]
        pitches = (bits[:, None] >> np.arange(12)) & 1 == 1
        return Chords(samples[order], numbers, tuple(self.labels), changes[turns], pitches)


def _sounds(label: str) -> bool:
    """Say whether a label names a chord; a detector of others, or a log, may say anything."""
    try:
        return chord_names.parse(label) is not None
    except ValueError:
        return False


def of_events(
    events: Iterable[Event], sample_rate: int, first: int, level: NDArray[np.float32], drums: bool, harmony: bool
) -> Sounds:
    """Put together what was heard. drums, harmony: whether somebody listened for them; `level`: see `Sounds`."""
    gathered = _Gathered()
    for event in events:
        gathered.add(event)
    return _sounds_of(gathered, sample_rate, first, level, drums, harmony)


def _sounds_of(
    gathered: _Gathered, rate: int, first: int, level: NDArray[np.float32], drums: bool, harmony: bool
) -> Sounds:
    step = _step(rate)
    return Sounds(rate, first, step, level, gathered.hits() if drums else None, gathered.chords() if harmony else None)


def hear(record: Record, first: int, last: int, told: Callable[[int], object] = int) -> Sounds:
    """Hear the samples first..last of a record, or read its session's log where that has them.

    told: hears how many samples are done. Raises ModelError for a model that cannot be used.
    """
    gathered = _Gathered()
    logged = _logged(record, gathered)
    names = [name for name in (DRUM_EAR, HARMONY_EAR) if name not in logged and name in detectors.names()]
    rate, step = record.sample_rate, _step(record.sample_rate)
    block = max(step, FAST_BLOCK // step * step)
    engine = Engine({name: detectors.make(name) for name in names}, rate, record.channels, block) if names else None
    if engine is not None:
        engine.reset(first)
    levels: list[NDArray[np.float32]] = []
    done = 0
    for samples in record.blocks(block, first, last):
        if engine is not None:
            engine.process(samples, gathered.add)
        levels.append(_levels(samples, step))
        done += len(samples)
        told(done)
    if engine is not None:
        engine.flush(gathered.add)
        if engine.faults:
            raise RuntimeError(f"a detector failed: {engine.faults}")
    level = np.concatenate(levels) if levels else np.zeros(0, np.float32)
    known = {*logged, *names}
    return _sounds_of(gathered, rate, first, level, DRUM_EAR in known, HARMONY_EAR in known)


def _step(sample_rate: int) -> int:
    return max(1, sample_rate // STEPS_PER_SECOND)


def _levels(samples: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Give the RMS of every `step` samples, (n, channels), and of what is left at the end."""
    clean = np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -_LOUDEST, _LOUDEST)
    whole = len(clean) // step * step
    parts = [clean[:whole].reshape(-1, step * clean.shape[1])]
    if len(clean) > whole:
        parts.append(clean[whole:].reshape(1, -1))
    return np.concatenate([np.sqrt(np.einsum("ij,ij->i", part, part) / part.shape[1]) for part in parts])


def _logged(record: Record, gathered: _Gathered) -> set[str]:
    """Take drums and chords from the log of a recorded session; give the detectors that had listened.

    Raises OSError if it cannot be read.
    """
    folder = record.source if record.source.is_dir() else record.source.parent
    if not is_session(folder) or record.source not in (folder, session_audio(folder)):
        return set()
    found: set[str] = set()
    for one in read_log(folder / LOG)[0]:
        ear = _EARS.get(str(one.get("kind")))
        if ear is None:
            continue
        try:
            gathered.add(_event(one))
        except (KeyError, TypeError, ValueError):  # a line that was edited by hand and says nothing
            continue
        found.add(ear)
    return found


_EARS = {DRUM: DRUM_EAR, CHORD: HARMONY_EAR, PITCHES: HARMONY_EAR}


def _event(one: dict[str, object]) -> Event:
    label, notes, velocity = one.get("label"), one.get("notes"), one.get("velocity")
    return Event(
        str(one["kind"]),
        int(one["sample"]),  # type: ignore[call-overload]
        0,
        float(one["strength"]),  # type: ignore[arg-type]
        label=None if label is None else str(label),
        velocity=velocity if isinstance(velocity, int) else None,
        notes=tuple(int(note) for note in notes) if isinstance(notes, list) else None,
    )
