"""What drums and chords sound where in a record: heard by the live detectors, or read from a session's log.

The detectors hear the record as it is cut, in one engine: only around the slices of a kit, so that hours take no longer
than minutes, or all of it where chops are chosen by it. Of a session that was recorded while they listened the log has
it all already. Where a detector is not there, nothing is known of what it would hear.
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

DRUM_EAR, HARMONY_EAR = "drums", "harmony"
"""Detectors that are asked."""
STEPS_PER_SECOND = 50
"""Of the level curve."""
FULL_VELOCITY = 64
"""A hit from this MIDI velocity on counts in full, a softer one by its share of it."""

WARM_SECONDS = 4.0
"""What is heard before a part, for the detectors to know how loud it is and what sounds."""

_BLOCK = 4096
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

    level: float32 (n,), RMS of every `step` samples of the record, 0 where it was not heard. hits, chords: None where
    nobody listened for them.
    """

    sample_rate: int
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

    def forget_chord(self, sample: int) -> None:
        """Begin to hear anew at a sample: what sounded where it was heard last does not sound here."""
        self.chord_samples.append(sample)
        self.chord_numbers.append(-1)
        self.pitch_samples.append(sample)
        self.pitch_bits.append(0)

    def sounds(self, rate: int, level: NDArray[np.float32], drums: bool, harmony: bool) -> Sounds:
        hits, chords = self._hits() if drums else None, self._chords() if harmony else None
        return Sounds(rate, step_of(rate), level, hits, chords)

    def _hits(self) -> Hits:
        samples = np.array(self.hit_samples, np.int64)
        order = np.argsort(samples, kind="stable")
        drums, weights = np.array(self.hit_drums, np.int8), np.array(self.hit_weights, np.float32)
        return Hits(samples[order], drums[order], weights[order])

    def _chords(self) -> Chords:
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
    events: Iterable[Event], sample_rate: int, level: NDArray[np.float32], drums: bool = True, harmony: bool = True
) -> Sounds:
    """Put together what was heard. level: see `Sounds`. drums, harmony: whether somebody listened for them."""
    gathered = _Gathered()
    for event in events:
        gathered.add(event)
    return gathered.sounds(sample_rate, level, drums, harmony)


def hear(record: Record, parts: Iterable[tuple[int, int]], told: Callable[[int, int], object] = max) -> Sounds:
    """Hear some parts of a record, (start, stop) in samples, or read its session's log where that has them.

    Nothing is known of what lies outside. told: hears how many samples are done, and how many there are.
    Raises ModelError for a model that cannot be used.
    """
    gathered, rate = _Gathered(), record.sample_rate
    step = step_of(rate)
    level = np.zeros(-(-record.length // step), np.float32)
    logged = _logged(record, gathered)
    names = [name for name in (DRUM_EAR, HARMONY_EAR) if name not in logged and name in detectors.names()]
    block = max(step, _BLOCK // step * step)
    engine = Engine({name: detectors.make(name) for name in names}, rate, record.channels, block)
    before, after = (round(WARM_SECONDS * rate), engine.latency) if names else (0, 0)
    stretches = _stretches(parts, before, after, step, record.length)
    done, length = 0, sum(stop - start for start, stop in stretches)
    for start, stop in stretches:
        engine.reset(start)
        if HARMONY_EAR in names:
            gathered.forget_chord(start)
        for samples in record.blocks(block, start, stop):
            levels = _levels(samples, step)
            level[engine.position // step :][: len(levels)] = levels
            engine.process(samples, gathered.add)
            done += len(samples)
            told(done, length)
        if stop == record.length:
            engine.flush(gathered.add)
    if engine.faults:
        raise RuntimeError(f"a detector failed: {engine.faults}")
    known = {*logged, *names}
    return gathered.sounds(rate, level, DRUM_EAR in known, HARMONY_EAR in known)


def _stretches(
    parts: Iterable[tuple[int, int]], before: int, after: int, step: int, length: int
) -> list[tuple[int, int]]:
    """Give what is to be heard for parts of a record of `length` samples: from multiples of `step` on, none twice."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(parts):
        begin, end = max(0, start - before) // step * step, min(length, stop + after)
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def step_of(sample_rate: int) -> int:
    """Give the samples between two values of the level curve."""
    return max(1, sample_rate // STEPS_PER_SECOND)


def _levels(samples: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Give the RMS of every `step` samples, (n, channels), and of what is left at the end."""
    whole = len(samples) // step * step
    parts = [samples[:whole].reshape(-1, step * samples.shape[1])]
    if len(samples) > whole:
        parts.append(samples[whole:].reshape(1, -1))
    with np.errstate(over="ignore", invalid="ignore"):
        levels = np.concatenate([np.sqrt(np.einsum("ij,ij->i", part, part) / part.shape[1]) for part in parts])
    if not np.isfinite(levels).all():  # of damaged files
        clean = np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -_LOUDEST, _LOUDEST)
        return _levels(clean, step)
    return levels


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
