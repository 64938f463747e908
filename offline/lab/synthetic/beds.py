"""Real music without drums, that drums are played over on its own beats."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation.effects import change_speed, equalise
from samplechop.offline.common.arrays import map_array, write_array
from samplechop.offline.lab.synthetic.grooves import Performance
from samplechop.offline.lab.synthetic.score import METERS, Clock

LEAST = 16.0
"""Seconds of whole bars of one length that an excerpt needs to have."""
TRIES, WHOLE = 10, 0.9
"""How many excerpts are tried, and the share of the length asked for from which on one is as good as another."""
SPEED = 2 / 12
"""Octaves by which music is played faster or slower, at most."""
PARTS = ("samples", "onsets", "beats", "positions")


@dataclass(frozen=True, slots=True)
class Recording:
    """A loop or a piece of music: samples float32 (n,), mono, 44 100 Hz; when its attacks and beats are, in seconds.

    positions: int (n,), of each beat in the bar, from 1; 0 where unknown.
    """

    name: str
    samples: Sound
    onsets: NDArray[np.float64]
    beats: NDArray[np.float64]
    positions: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Part of a piece of music in seconds, and its beats in seconds from the excerpt's start, from a downbeat on."""

    start: float
    stop: float
    beats: NDArray[np.float64]
    meter: str


def excerpt_of(
    rng: np.random.Generator,
    times: NDArray[np.float64],
    positions: NDArray[np.int64],
    seconds: tuple[float, float],
) -> Excerpt | None:
    """Choose part of a piece with whole bars of one length throughout; None if there is none of LEAST seconds or more.

    times, positions: of the beats, as in Recording. seconds: between which it is long, at most.
    """
    downs = np.flatnonzero(positions == 1)
    runs = []
    for beats, meter in ((4, "4/4"), (3, "3/4")):
        whole = [a for a, b in pairwise(downs) if b - a == beats]
        for first in whole:
            last = first
            while last in whole:
                last += beats
            if times[last] - times[first] >= LEAST:
                runs.append((first, last, meter, beats))
    if not runs:
        return None
    first, last, meter, beats = runs[int(rng.integers(len(runs)))]
    lead = float(rng.uniform(0.05, min(0.6, max(0.06, times[first]))))
    start = max(0.0, float(times[first]) - lead)
    wanted = start + float(rng.uniform(*seconds))
    bars = max(1, int(np.searchsorted(times[first : last + 1 : beats], wanted)) - 1)
    inside = times[first : first + bars * beats + 1]
    return Excerpt(start, float(inside[-1]) + 0.3, inside - start, meter)


def goes_on(sound: Sound) -> bool:
    """Say whether music goes on without rests: nine tenths of its seconds are within 20 dB of the loudest."""
    seconds = len(sound) // RATE
    power = np.mean(np.square(sound[: seconds * RATE].reshape(seconds, RATE)), axis=1)
    return bool(np.mean(power > 0.01 * np.max(power, initial=1e-12)) >= 0.9)


def near_tempo(there: Sequence[Performance], beats: NDArray[np.float64]) -> Sequence[Performance]:
    """Keep the performances within a third of an octave of the tempo of some beats, or all if there are none."""
    bpm = 60 / float(np.median(np.diff(beats)))
    return [one for one in there if abs(np.log2(one.bpm / bpm)) <= 1 / 3] or there


@dataclass(frozen=True, slots=True)
class Bed:
    """An excerpt of real music to play drums over.

    samples: float32, as long as was asked for, silent after the excerpt. onsets: its attacks, seconds.
    """

    samples: Sound
    onsets: tuple[float, ...]
    clock: Clock
    meter: str


def choose_bed(rng: np.random.Generator, there: Sequence[Recording], length: float) -> Bed | None:
    """Cut `length` seconds, or somewhat less, from one of the pieces, at another speed, its spectrum bent by chance.

    None if the bars of the piece are too uneven.
    """
    piece, speed = there[int(rng.integers(len(there)))], float(2 ** rng.uniform(-SPEED, SPEED))
    tried = [excerpt_of(rng, piece.beats / speed, piece.positions, (length, length)) for _ in range(TRIES)]
    found = max(
        (one for one in tried if one is not None),
        key=lambda one: min(one.stop - one.start, WHOLE * length),
        default=None,
    )
    if found is None:
        return None
    stop = min(found.stop, length + found.start)
    cut = piece.samples[round(found.start * speed * RATE) : round(stop * speed * RATE)]
    sound = np.zeros(round(length * RATE), np.float32)
    played = equalise(change_speed(np.asarray(cut, np.float32), speed), rng)[: len(sound)]
    sound[: len(played)] = played
    onsets = piece.onsets / speed - found.start
    inside = onsets[(onsets >= 0) & (onsets < stop - found.start)]
    clock = Clock(
        found.beats,
        METERS[found.meter],
        float(rng.uniform(0.5, 0.66)),
        float(rng.choice([0.5, rng.uniform(0.5, 0.62)])),
    )
    return Bed(sound, tuple(inside.tolist()), clock, found.meter)


def write_beds(beds: Sequence[Recording], folder: Path) -> None:
    """Leave pieces in a folder for load_beds."""
    for number, one in enumerate(beds):
        for part in PARTS:
            write_array(folder / f"bed-{number:03d}-{part}.npy", getattr(one, part))


def load_beds(folder: Path) -> tuple[Recording, ...]:
    """Open what write_beds left, if anything; the samples stay on disk until they are played."""
    found = sorted(folder.glob(f"bed-*-{PARTS[0]}.npy"))
    names = [path.name.removesuffix(f"-{PARTS[0]}.npy") for path in found]
    return tuple(Recording(name, *(map_array(folder / f"{name}-{part}.npy") for part in PARTS)) for name in names)
