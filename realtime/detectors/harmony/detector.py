"""The harmony detector: the net's pitch classes, chords, the pitch classes that sound, and the key."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.realtime.core import events
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import Block, Emit, ProcessSpec, StatedLatency
from samplechop.realtime.detectors.harmony.chord_tracker import ChordTracker, PitchSet
from samplechop.realtime.detectors.harmony.harte import CHORD_OCTAVE, ROOTS, SILENT, voicing
from samplechop.realtime.detectors.harmony.key_tracker import KeyTracker
from samplechop.realtime.dsp.delay_line import History
from samplechop.realtime.dsp.onset_refinement import ATTACK_SEARCH
from samplechop.realtime.nets.streaming import NOTHING, PITCH_CLASSES, PitchStream, calibrated

MOST_SECONDS = 0.25
"""The latency with blocks of USUAL_BLOCK samples is as much of this as whole frames allow."""
USUAL_BLOCK = 256
LOWEST_DB = -66.0
"""RMS of a frame below which nothing sounds, dBFS."""
_QUIET_DB, _LOUD_DB = -45.0, -9.0
_SOFT, _HARD = 40, 110

PITCH_CLASS_METER = "pitch classes"
"""Name of the meter that says how likely each pitch class sounds."""


@dataclass(frozen=True, slots=True)
class HarmonySettings:
    """model: a released harmony model's name or a manifest's path."""

    model: str = "harmony"


class HarmonyDetector(StatedLatency):
    """Emits each chord, each change of the sounding pitch classes, and the key.

        a chord's attack  frame f's centre                    frame f + lag      half a window
        |-----------------|------------------------------------|------------------|------> decided
         at most onset_refinement.BACK

    Latency is that sum plus one block. Its meter: float32, (12,), C first, how likely each pitch class sounds just now.
    """

    immediate = True

    def __init__(self, settings: HarmonySettings = HarmonySettings()) -> None:
        """Choose the settings; nothing is loaded yet."""
        self._settings = settings
        self.activations: NDArray[np.float32] = np.zeros(PITCH_CLASSES, np.float32)
        self.meters = {PITCH_CLASS_METER: self.activations}

    def prepare(self, spec: ProcessSpec) -> None:
        """[main] Load the model, allocate, compile. Raises ModelError for a model that does not detect harmony."""
        manifest = models.load(self._settings.model)
        if spec.sample_rate != manifest.features.sample_rate:
            raise ValueError(f"sample_rate must be {manifest.features.sample_rate} Hz, got {spec.sample_rate}")
        self._calibration = manifest.calibration
        self._stream = stream = PitchStream(manifest, spec.max_block_size)
        self._hop = hop = stream.hop_length
        frame_rate = spec.sample_rate / hop
        most = int(MOST_SECONDS * spec.sample_rate) - stream.latency - ATTACK_SEARCH.back - USUAL_BLOCK
        self._lag = lag = max(1, most // hop)
        self._chords = ChordTracker(frame_rate, lag)
        self._pitches = PitchSet(frame_rate, lag)
        self._key = KeyTracker(frame_rate)
        self._latency = (
            ("half of the spectrum's window", stream.latency),
            (f"{lag} frames of lookahead", lag * hop),
            ("onset refinement", ATTACK_SEARCH.back),
            ("one block", spec.max_block_size),
        )
        self._audio = History(1, self.latency + ATTACK_SEARCH.length, spec.max_block_size)
        self.reset()

    def reset(self) -> None:
        """[analysis] Become as freshly prepared."""
        for part in (self._stream, self._chords, self._pitches, self._key, self._audio):
            part.reset()
        self.activations.fill(0)
        self._start: int | None = None
        self._frame, self._state, self._last = 0, SILENT, -1
        self._sounding = b""

    def process(self, block: Block, start: int, emit: Emit) -> None:
        """[analysis] Process the next block, float32 (n,), mono; emit what is decided in it, in order."""
        if self._start is None:
            self._start = start
        self._audio.append(block)
        rows = self._stream.push(block)
        levels = self._stream.levels
        for i in range(len(rows)):
            # Frame by frame, so that events come in the order of time.
            self._detect(rows[i : i + 1], levels[i : i + 1], self._start, emit)
            self._frame += 1

    def _detect(self, row: NDArray[np.float32], level: NDArray[np.float32], start: int, emit: Emit) -> None:
        if level[0] < LOWEST_DB:
            row[:] = NOTHING
        decided = start + self._frame * self._hop + self._stream.latency
        velocity = _velocity(float(level[0]))
        decided_states, confidence = self._chords.push(row)
        if (state := int(decided_states[0])) != self._state:
            self._state = state
            chord = self._chords.chords[state]
            emit(
                Event(
                    kind=events.CHORD,
                    sample=start + self._attack(self._frame - self._lag, chord is not None),
                    emitted=decided,
                    strength=calibrated(self._calibration, float(confidence[0])),
                    label=events.NO_CHORD if chord is None else chord.label,
                    velocity=velocity,
                    notes=voicing(chord),
                )
            )
        sets, begun, means = self._pitches.push(row)
        np.divide(1, 1 + np.exp(-means[0]), out=self.activations)
        if (sounding := sets[0].tobytes()) != self._sounding and (self._sounding or sets[0].any()):
            self._sounding = sounding
            classes = np.flatnonzero(sets[0]).tolist()
            emit(
                Event(
                    kind=events.PITCHES,
                    sample=start + max(0, self._frame - self._lag, int(begun[0])) * self._hop,
                    emitted=decided,
                    strength=float(self.activations[classes].mean()) if classes else 1.0,
                    label=",".join(ROOTS[one] for one in classes),
                    velocity=velocity,
                    notes=tuple(CHORD_OCTAVE + one for one in classes),
                )
            )
        if (changed := self._key.push(self.activations)) is not None:
            key, chance = changed
            sample = start + self._frame * self._hop
            emit(Event(kind=events.KEY, sample=sample, emitted=decided, strength=chance, label=key.label))

    def _attack(self, frame: int, begins: bool) -> int:
        """Give the sample, relative to the first block, where what a frame decides began, after all events before."""
        sample = centre = frame * self._hop
        if begins:
            sample = max(centre - ATTACK_SEARCH.back, ATTACK_SEARCH.attack(self._audio, centre))
        self._last = max(0, self._last + 1, sample)
        return self._last


def _velocity(level_db: float) -> int:
    """Map an RMS in dBFS onto MIDI velocities."""
    loud = min(1.0, max(0.0, (level_db - _QUIET_DB) / (_LOUD_DB - _QUIET_DB)))
    return _SOFT + math.floor((_HARD - _SOFT) * loud)
