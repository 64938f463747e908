"""What is tracked in records whose beats and bars are known: what the weights of beats are fitted to."""

import hashlib
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.common.atomic import replacing
from samplechop.offline.kits.analysis import pulse_path, whole_beats
from samplechop.offline.kits.analysis.whole_beats import tracked
from samplechop.offline.lab.synthetic import tempo_records
from samplechop.offline.lab.synthetic.grooves import Performance
from samplechop.offline.lab.synthetic.tempo_records import (
    FREE,
    MADE_STYLES,
    make_free_record,
    make_groove_record,
    make_tempo_record,
)
from samplechop.realtime.detectors.beats import bar_pointer, bars, octave_evidence, tracker
from samplechop.realtime.detectors.beats.bars import CUES, METERS, BarCues
from samplechop.realtime.detectors.beats.octave_evidence import ENOUGH, FEATURES, HEADS, OctaveEvidence
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.beats.tracker import AGO, BEAT, PERIOD, REACH, TEMPO_RANGE, TRUSTED
from samplechop.realtime.detectors.beats.weights import beat_weights

NEAR = 0.08
"""Octaves by which a pulse may lie beside a multiple of the tempo; where it lies farther there is nothing to learn."""
RIGHT = 0.07
"""Seconds by which a beat that is right may lie beside a true one."""
BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Tracked:
    """Tracked beats of a record. places: float64 (m,), seconds. told_by: float64 (m, features), what tells of them
    whether they are right. beats: float64 (k,), seconds, the true ones.
    """

    places: NDArray[np.float64]
    told_by: NDArray[np.float64]
    beats: NDArray[np.float64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which of them lie on a true one, or amid two: where the octave is wrong the pulse may be right."""
        if not len(self.beats):
            return np.zeros(len(self.places), np.bool_)
        true = np.concatenate([self.beats, (self.beats[1:] + self.beats[:-1]) / 2])
        return np.asarray(np.abs(self.places[:, None] - true).min(axis=1) < RIGHT)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was tracked in a record whose beats are known.

    octave: float64 (n, len(FEATURES)), of each tracked beat after the first ENOUGH ones whose level is known; octaves:
    int64 (n,), how many the true beat lies above it. places: float64 (m,), seconds of beats tracked online; trust:
    float64 (m, len(TRUSTED)). whole_places: float64 (l,), seconds of those tracked in the whole record; whole_trust:
    float64 (l, 3), see `tracked`. beats: float64 (k,), seconds, the true ones; positions: int64 (k,), none where bars
    are not known; cues: float64 (k, len(CUES)); thirds: float64 (k,), see `BarCues`.
    """

    octave: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, len(FEATURES))))
    octaves: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    places: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    trust: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, len(TRUSTED))))
    whole_places: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    whole_trust: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    beats: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    positions: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    cues: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, len(CUES))))
    thirds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    @property
    def online(self) -> Tracked:
        """The beats that were tracked online."""
        return Tracked(self.places, self.trust, self.beats)

    @property
    def offline(self) -> Tracked:
        """The beats that were tracked in the whole record."""
        return Tracked(self.whole_places, self.whole_trust, self.beats)


@cache
def _stream() -> PulseStream:
    return PulseStream(models.load("chop"), BLOCK)


def evidence_of(
    samples: Sound, bpm: float, beats: NDArray[np.float64] | None = None, positions: NDArray[np.int64] | None = None
) -> Evidence:
    """Track the beats of a record, float32 (n,) at 44 100 Hz, as the beat detector does, and collect what it sees.

    bpm: its tempo, 0 for none. beats: seconds; positions: of these in the bar.
    """
    stream = _stream()
    stream.reset()
    net = stream.activations
    frame_rate, offset = RATE / net.hop_length, net.offset / RATE
    columns = [net.heads.index(head) for head in HEADS]
    evidence = OctaveEvidence(frame_rate, *TEMPO_RANGE, beat_weights().octave)
    bar_cues, frame = BarCues(net.heads), 0
    waiting = [] if beats is None else ((beats - offset) * frame_rate).tolist()
    octave, octaves, places, trust, cues, thirds, activations = [], [], [], [], [], [], []
    padded = np.concatenate([samples, np.zeros(-len(samples) % BLOCK + BLOCK * 4, np.float32)])
    for block in padded.reshape(-1, BLOCK):
        rows = stream.push(block)
        activations.append(rows.copy())
        bar_cues.push_harmony(net.features.constant_q[: net.features.n_constant_q])
        bar_cues.push(rows)
        done = 0
        for at in np.flatnonzero(stream.pulse[:, BEAT]).tolist():
            evidence.push(rows[done : at + 1, columns])
            done = at + 1
            place, period = frame + at - float(stream.pulse[at, AGO]), float(stream.pulse[at, PERIOD])
            evidence.take(place, period)
            places.append(place / frame_rate + offset)
            trust.append(stream.pulse[at, list(TRUSTED)])
            over = np.log2(bpm * period / (60 * frame_rate)) if bpm else np.inf
            if evidence.beats >= ENOUGH and np.isfinite(over) and abs(over - round(over)) < NEAR and abs(over) < 1.5:
                octave.append(evidence.features())
                octaves.append(round(over))
        evidence.push(rows[done:, columns])
        frame += len(rows)
        while waiting and waiting[0] + REACH + 1 < frame:
            cues.append(bar_cues.take(waiting.pop(0)))
            thirds.append(bar_cues.thirds)
    whole = tracked(np.concatenate(activations), net.heads, frame_rate, TEMPO_RANGE)
    true = np.zeros(0) if beats is None else beats[: len(cues)]
    return Evidence(
        np.array(octave).reshape(-1, len(FEATURES)),
        np.array(octaves, np.int64),
        np.array(places),
        np.array(trust, np.float64).reshape(-1, len(TRUSTED)),
        whole.places / frame_rate + offset,
        whole.told_by,
        true,
        np.zeros(0, np.int64) if positions is None else positions[: len(true)],
        np.array(cues).reshape(-1, len(CUES)),
        np.array(thirds),
    )


def evidence_of_made(place: tuple[int, int, int]) -> Evidence:
    """[worker] Collect the evidence of a made record: (style, seed, number); a style of -1 has no pulse."""
    style, seed, number = place
    if style < 0:
        return evidence_of(make_free_record(FREE[number % len(FREE)], seed, number), 0.0)
    record = make_tempo_record(MADE_STYLES[style], seed, number)
    return evidence_of(record.samples, record.bpm, record.beats, record.positions)


def evidence_of_played(place: tuple[Performance, int, int]) -> Evidence:
    """[worker] Collect the evidence of a performance: (performance, seed, number)."""
    record = make_groove_record(*place)
    return evidence_of(record.samples, record.bpm, record.beats, record.positions)


def evidence_of_recording(place: tuple[Path, NDArray[np.float64], NDArray[np.float64] | None]) -> Evidence:
    """[worker] Collect the evidence of a recording: (path, beats, downbeats), seconds; downbeats None: not known."""
    path, beats, downbeats = place
    positions = positions_in_bars(beats, np.zeros(0) if downbeats is None else downbeats)
    return evidence_of(read_audio(path), 60 / float(np.median(np.diff(beats))), beats, positions)


def positions_in_bars(beats: NDArray[np.float64], downbeats: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give the positions of beats in their bars, from 1, int64 (n,), of which some are downbeats, seconds.

    Bars before the first and after the last downbeat are as long as the usual one. Gives none, int64 (0,), where there
    are fewer than two downbeats, or the usual bar has not one of METERS.
    """
    first = np.unique(np.abs(beats[:, None] - downbeats).argmin(axis=0)) if len(beats) else np.zeros(0, np.int64)
    if len(first) < 2 or (meter := int(np.median(np.diff(first)))) not in METERS:
        return np.zeros(0, np.int64)
    before = np.searchsorted(first, np.arange(len(beats)), side="right") - 1
    since = np.arange(len(beats)) - first[np.maximum(before, 0)]
    return np.asarray(since % meter + 1, np.int64)


def state() -> str:
    """Name all that evidence depends on, beside its record: the net, and the code that makes and tracks records."""
    digest = hashlib.sha256(models.load("chop").sha256.encode())
    for module in (bar_pointer, tracker, bars, octave_evidence, pulse_path, whole_beats, tempo_records):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:12]


def read_evidence(file: Path) -> Evidence:
    """Read what `write_evidence` wrote."""
    with np.load(file) as arrays:
        return Evidence(**{name: arrays[name] for name in arrays.files})


def write_evidence(file: Path, one: Evidence) -> None:
    """Write evidence as an .npz. Raises UserError if the disk does not take it."""
    with replacing(file) as part:
        np.savez(part, **{each.name: getattr(one, each.name) for each in fields(Evidence)})
