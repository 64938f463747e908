"""The beats of a whole record, which is looked at from end to end: of files, where live nobody knows what comes.

What the net heard is kept while a record is processed. Of it the likeliest pulse is found, and read as that of the
online tracker is: at which octave the beat lies, where bars begin. How far a beat is to be trusted is told by those
on both sides of it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.kits.analysis.compound_meter import compound_path, compound_tempo
from samplechop.offline.kits.analysis.pulse_path import PulsePath, likeliest_path
from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors.beats.bar_pointer import LEAST, MOST, ZONE
from samplechop.realtime.detectors.beats.bars import RING
from samplechop.realtime.detectors.beats.beat_reader import BeatReader
from samplechop.realtime.detectors.beats.metrical_level import Tempo
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.beats.tracker import (
    AGO,
    BEAT,
    COLUMNS,
    MOVED,
    PERIOD,
    REACH,
    TRUST,
    USUAL_BPM,
    TempoRange,
    pulse_range,
)
from samplechop.realtime.detectors.beats.weights import beat_weights, trust_by
from samplechop.realtime.dsp.delay_line import Ring
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.nets.features import N_BINS, STACK

SIDE = 6
"""Beats on either side of one by which it is trusted, and its tempo is told."""
HEARD = 0.1
"""The least activation of a peak: where there is none the beat lies where the pulse has it."""
EARLY_SECONDS = 0.025
"""By how much a beat that a record begins with may be heard before its first sample."""
BREAK = 16
"""Beats, at most, that are counted through where nothing tells of them."""
NONE = 1e-6
"""Trust below which a beat has none."""
_AT_ONCE = 64
"""Rows that are read at a time."""


@dataclass(frozen=True, slots=True)
class TrackedPulse:
    """Beats of the likeliest pulse. places, periods: float64 (n,), in frames. anew: bool (n,), see PulsePath.

    told_by: float64 (n, 3), what the trust in them is told by, as means over SIDE beats on either side: their
    activation, the log odds that a beat lies where the pulse has it and not anywhere, and the activation of hits on it,
    which tells music from speech.
    """

    places: NDArray[np.float64]
    periods: NDArray[np.float64]
    anew: NDArray[np.bool_]
    told_by: NDArray[np.float64]


_LOUDEST = float(np.finfo(np.float16).max) / STACK
"""Of the magnitudes that are kept, a sine of full scale having some 250: files of floats may be far louder."""


class HeardPulse:
    """What the net said of a record, frame by frame, and what sounded: kept while that is processed, 38 MB an hour."""

    def __init__(self, pulse: PulseStream) -> None:
        """Begin with no frame. pulse: as new; what it remembers is taken from it."""
        self.stream, self._recent = pulse.activations, pulse.recent
        self._kept: tuple[list[NDArray[np.float16]], list[NDArray[np.float16]]] = ([], [])
        self._ends = [0, 0]

    def grow(self) -> None:
        """Take the frames that came since it was asked last."""
        for number, (ring, hops, kept) in enumerate(zip(self._recent, (1, STACK), self._kept, strict=True)):
            begin, end = self._ends[number], ring.end // hops * hops
            if end > begin:
                # Bars compare sums over whole frames: of the hops of one their mean is enough.
                rows = np.minimum(ring.read(begin, end), _LOUDEST).reshape(-1, hops, ring.rows.shape[1])
                kept.append(rows.mean(axis=1, dtype=np.float16))
            self._ends[number] = end

    def activations(self) -> NDArray[np.float32]:
        """Give those of all frames, float32 (n, heads)."""
        return _joined(self._kept[0], len(self.stream.heads)).astype(np.float32)

    def harmony(self) -> NDArray[np.float16]:
        """Give the constant-Q magnitudes of all frames, float16 (m, N_BINS); there are more of them."""
        return _joined(self._kept[1], N_BINS)


def _joined(parts: Sequence[NDArray[np.float16]], width: int) -> NDArray[np.float16]:
    return np.concatenate(parts) if parts else np.zeros((0, width), np.float16)


def read_beats(heard: HeardPulse, tempo_range: TempoRange, tempo: Tempo, start: int) -> tuple[list[Event], BeatReader]:
    """Give the beats of a whole record, at positions on the bus, and what read them.

    tempo_range: of beats, per minute. tempo: which multiple of the pulse is the beat. start: where on the bus the first
    frame lies.
    """
    stream, activations, harmony = heard.stream, heard.activations(), heard.harmony()
    recent = Ring(activations.shape[1], RING + _AT_ONCE), Ring(N_BINS, STACK * (RING + 2 * _AT_ONCE))
    every = replace(beat_weights().offline, begin=NONE, keep=NONE)  # those that are not trusted are left out
    reader = BeatReader(stream, recent, tempo_range, tempo, every)
    pulse = tracked(activations, stream.heads, reader.frame_rate, tempo_range, tempo.bpm)
    rows = _rows(pulse, len(activations))
    events: list[Event] = []
    for begin in range(0, len(rows), _AT_ONCE):
        end = min(begin + _AT_ONCE, len(rows))
        recent[0].push(activations[begin:end])
        sounded = harmony[recent[1].end // STACK : end + _AT_ONCE // 2].astype(np.float32)
        recent[1].push(np.repeat(sounded, STACK, axis=0))
        reader.read(rows[begin:end], begin, start, events.append)
    return events, reader


def placed_beats(beats: Iterable[Event], struck: Sequence[int], engine: Engine, first: int, last: int) -> list[Event]:
    """Give beats at positions on an engine's bus as they lie in the samples first..last of a record: from its first
    attack to its last. struck: samples of all attacks.
    """
    begin, end = min(struck, default=last), max(struck, default=first)
    placed, early = [], EARLY_SECONDS * engine.sample_rate
    for beat in beats:
        at, half = engine.input_position(beat.sample), 30 * engine.sample_rate / (beat.tempo or USUAL_BPM)
        if first - early <= at < last and begin - half < at < end + half:
            placed.append(replace(beat, sample=max(first, at), emitted=max(first, at)))
    return placed


def _rows(pulse: TrackedPulse, n: int) -> NDArray[np.float32]:
    """Give a pulse as the tracker would have given it: n rows, float32 (n, COLUMNS)."""
    rows = np.zeros((n, COLUMNS), np.float32)
    at = np.minimum(np.round(pulse.places).astype(np.int64) + REACH, n - 1)
    weights = beat_weights().offline
    trust = trust_by(weights.weights, pulse.told_by)
    emitted = trusted(trust, weights.begin, weights.keep, pulse.anew)
    rows[at, BEAT] = 1
    rows[at, AGO] = at - pulse.places
    rows[at, PERIOD], rows[at, MOVED] = pulse.periods, pulse.anew
    rows[at, TRUST] = np.where(emitted, np.maximum(trust, NONE), 0.0)
    return rows


def trusted(
    trust: NDArray[np.float64], begin: float, keep: float, anew: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Say which beats are those of a pulse, bool (n,).

    Of stretches with trust `keep` or more they are those that anywhere have `begin` or more: so beats are counted back
    from where they are sure. Between two of them a pulse that goes on is counted through a break of at most BREAK
    beats. anew: where it does not go on; nowhere, if nothing is said.
    """
    low = trust < keep
    stretch = np.cumsum(low)
    found = ~low & np.isin(stretch, stretch[trust >= begin])
    sure = np.flatnonzero(found)
    begun = np.cumsum(np.zeros(len(trust)) if anew is None else anew)
    for before, after in zip(sure[:-1].tolist(), sure[1:].tolist(), strict=True):
        if after - before <= BREAK + 1 and begun[before] == begun[after]:
            found[before:after] = True
    return found


def tracked(
    activations: NDArray[np.float32],
    heads: Sequence[str],
    frame_rate: float,
    tempo_range: TempoRange,
    bpm: float | None = None,
) -> TrackedPulse:
    """Find the pulse of a whole record by the activations of its frames, float32 (n, heads), frame_rate a second.

    tempo_range: of beats, per minute. bpm: about how many the user wants. Without a head of hits attacks tell as much
    as they can.
    """
    beat, hit = (np.ascontiguousarray(activations[:, heads.index(head)]) for head in ("beat", _hits(heads)))
    path = likeliest_path(beat, frame_rate, pulse_range(tempo_range))
    slower = compound_tempo(activations, heads, _peaks(beat, path.frames)[0], frame_rate)
    if slower is not None and tempo_range[0] <= slower <= tempo_range[1] and _is_wanted(slower, path, frame_rate, bpm):
        path = compound_path(activations, heads, slower, frame_rate)
    places, heights = _peaks(beat, path.frames)
    each = np.stack([heights, _odds(beat, path), _peaks(hit, path.frames)[1]], axis=1)
    number, sums = np.arange(len(each)), np.concatenate([np.zeros((1, 3)), np.cumsum(each, axis=0)])
    low, high = np.maximum(number - SIDE, 0), np.minimum(number + SIDE + 1, len(each))
    told_by = (sums[high] - sums[low]) / (high - low)[:, None]
    return TrackedPulse(places, _periods(places, path), path.anew, told_by)


def _is_wanted(tempo: float, path: PulsePath, frame_rate: float, bpm: float | None) -> bool:
    """Say whether a tempo is nearer to the one that the user wants than that of a path is; yes if that is any."""
    tracked_bpm = 60 * frame_rate / float(np.median(path.periods))
    return bpm is None or abs(math.log2(bpm / tempo)) < abs(math.log2(bpm / tracked_bpm))


def _hits(heads: Sequence[str]) -> str:
    return next(head for head in ("hit", "onset", "beat") if head in heads)


def _odds(beat: NDArray[np.float32], path: PulsePath) -> NDArray[np.float64]:
    """Give, of each beat up to the next, the log odds that it lies where the path has it and not anywhere."""
    a = np.clip(beat, LEAST, MOST).astype(np.float64)
    begun, ended = np.zeros((2, len(beat) + 1))
    begun[path.frames] = 1
    ended[np.minimum(path.frames + np.maximum(1, path.periods // ZONE), len(beat))] = 1
    inside = np.cumsum(begun - ended)[:-1] > 0
    odds = np.where(inside, np.log(a * ZONE), np.log((1 - a) * ZONE / (ZONE - 1)))
    sums = np.concatenate([[0.0], np.cumsum(odds)])
    return np.asarray(sums[np.minimum(path.frames + path.periods, len(beat))] - sums[path.frames])


def _peaks(beat: NDArray[np.float32], frames: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give where the activation is highest near each beat, in frames, with a fraction, and how high it is there."""
    padded = np.pad(beat, REACH + 1)
    near = padded[frames[:, None] + np.arange(2 * REACH + 3)].astype(np.float64)
    peak = 1 + near[:, 1:-1].argmax(axis=1)
    number = np.arange(len(frames))
    left, top, right = (near[number, peak + beside] for beside in (-1, 0, 1))
    bend = left - 2 * top + right
    is_peak = (bend < -1e-6) & (top >= left) & (top >= right)
    off = np.where(is_peak, 0.5 * (left - right) / np.where(is_peak, bend, -1.0), 0.0)
    places = np.where(top >= HEARD, frames - REACH - 1 + peak + off, frames.astype(np.float64))
    return np.maximum(places, 0.0), top


def _periods(places: NDArray[np.float64], path: PulsePath) -> NDArray[np.float64]:
    """Give the period at each beat, in frames: the mean over SIDE beats on either side, of the same pulse."""
    number, part = np.arange(len(places)), np.cumsum(path.anew)
    low, high = np.maximum(number - SIDE, 0), np.minimum(number + SIDE, len(places) - 1)
    low = np.maximum(low, np.searchsorted(part, part, "left"))
    high = np.minimum(high, np.searchsorted(part, part, "right") - 1)
    return np.where(high > low, (places[high] - places[low]) / np.maximum(high - low, 1), path.periods)
