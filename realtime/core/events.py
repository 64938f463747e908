"""Events: what a detector found at one sample."""

import json
import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

CHOP = "chop"
"""The kind of a place to cut."""
ATTACK = "attack"
"""The kind of an attack that is no chop, as it is wanted; only told to those who ask for all."""
BEAT = "beat"
"""The kind of a beat; its label is its position in the bar."""
DOWNBEAT = "1"
"""The label of a beat that begins a bar."""
DRUM = "drum"
"""The kind of a drum hit; its label is one of DRUMS."""
DRUMS = ("kick", "snare", "hat", "tom", "cymbal")
CONFIRMED = "confirmed"
"""The kind of a drum hit that was found again with the chops' lookahead; its label is the drum."""
CHORD = "chord"
"""The kind of a chord's begin; its label is a chord in Harte's syntax, NO_CHORD where none sounds any more."""
NO_CHORD = "N"
KEY = "key"
"""The kind of a change of key; its label is a tonic and a mode, such as "A:min"."""
PITCHES = "pitches"
"""The kind of a change of the pitch classes that sound; its label names them, such as "C,E,G"; "" for none."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something detected at one place in the audio.

    kind: what was detected, such as "chop".
    sample: absolute position of its attack, in samples.
    emitted: absolute position of the stream when it was decided, in samples; a property of the audio, not of the
        block size, so that runs with different blocks give equal events.
    strength: 0..1, the peak probability.
    label: a finer name within the kind, where there is one.
    note, velocity: MIDI, 0..127, once a pad has been chosen; a detector may bring a note of its own.
    tempo: beats per minute, for an event that knows it.
    rephased: of a beat, whether the pulse was moved: it lies no whole number of beats after the one before.
    notes: MIDI, 0..127, what sounds from here on until the next event of this kind, rising; () for nothing any more.
    way: by which a chop was judged, see `detectors.chop.Choose`: "attacks" where drums alone sound, say.
    level: of a chop, the least density, 0..1, at which it is one; None where a model has none.
    dial: its strength at the densities 0, 1/3, 2/3 and 1; only told to those who ask for all, never written out.
    latency: samples from `sample` until its notes leave, constant for one kind; the engine fills it in.
    spectrum: float32, (n_bins,), the harmonic spectrum after the attack; used to choose pads, never written out.
    """

    kind: str
    sample: int
    emitted: int
    strength: float
    label: str | None = None
    note: int | None = None
    velocity: int | None = None
    spectrum: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    tempo: float | None = None
    notes: tuple[int, ...] | None = None
    way: str | None = None
    level: float | None = None
    rephased: bool = False
    dial: tuple[float, ...] | None = field(default=None, repr=False, compare=False)
    latency: int | None = field(default=None, repr=False, compare=False)

    def moved(self, sample: int, emitted: int) -> "Event":
        """Give the same event at other positions, as when they are mapped to another sample rate."""
        return replace(self, sample=sample, emitted=emitted)

    def placed(self, sample: int, emitted: int, latency: int) -> "Event":
        """Give the same event at other positions and with a latency: as `replace` does, in a third of its time."""
        if type(self) is not Event:
            return replace(self, sample=sample, emitted=emitted, latency=latency)
        names = self.kind, sample, emitted, self.strength, self.label, self.note, self.velocity, self.spectrum
        rest = self.tempo, self.notes, self.way, self.level, self.rephased, self.dial
        return Event(*names, *rest, latency)

    def record(self, sample_rate: int) -> dict[str, object]:
        """Give what is written down; `time` is in seconds at sample_rate Hz."""
        record: dict[str, object] = {"kind": self.kind}
        if self.label is not None:
            record["label"] = self.label
        record |= {
            "sample": self.sample,
            "time": round(self.sample / sample_rate, 6),
            "strength": round(self.strength, 4),
            "note": self.note,
            "velocity": self.velocity,
            "emitted": self.emitted,
        }
        if self.notes is not None:
            record["notes"] = list(self.notes)
        if self.tempo is not None:
            record["tempo"] = round(self.tempo, 2)
        if self.way is not None:
            record["way"] = self.way
        if self.level is not None:
            record["level"] = math.ceil(self.level * 10_000) / 10_000  # never chosen at a density that is too low
        if self.rephased:
            record["rephased"] = True
        return record

    def to_json(self, sample_rate: int) -> str:
        """Write one JSON line (without newline); `time` is in seconds at sample_rate Hz."""
        return json.dumps(self.record(sample_rate))
