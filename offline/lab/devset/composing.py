"""What is played: a drummer of the crate's styles over beats made up or over those of real music, and a band."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from samplechop.offline.lab.devset.sources import Recording
from samplechop.offline.lab.synthetic import band, groove
from samplechop.offline.lab.synthetic.score import Score
from samplechop.offline.lab.synthetic.styles import STYLES, Style
from samplechop.offline.lab.synthetic.timeline import METERS, Clock, keep_time, lay_out

SHORTEST, LONGEST = 20.0, 36.0


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Part of a piece of music in seconds, and its beats in seconds from the excerpt's start, from a downbeat on."""

    start: float
    stop: float
    beats: np.ndarray
    meter: str


def compose(rng: np.random.Generator, length: float, with_band: bool) -> tuple[Score, Style]:
    """Write drums, with or without a band, over beats made up for the style."""
    weights = np.array([style.weight for style in STYLES])
    style = STYLES[rng.choice(len(STYLES), p=weights / weights.sum())]
    meter = METERS[str(rng.choice(style.meters))]
    bpm = float(np.exp(rng.uniform(*np.log(style.bpm if meter.division == 4 else (55.0, 110.0)))))
    drift = 0.0 if style.name == "electro" else float(rng.choice([0.0, rng.uniform(0.002, 0.012)]))
    beats = keep_time(rng, meter, bpm, drift, (float(rng.uniform(0.05, 1.2)), length - 0.4))
    clock = Clock(beats, meter, float(rng.uniform(*style.swing)), float(rng.uniform(*style.fine_swing)))
    score = Score(length)
    players = band.hire(rng, style, clock)
    parts = {"chord", "bass", *players.extras} if with_band else set()
    if with_band and players.bass == "none":
        parts.discard("bass")
    if players.lead and with_band:
        parts.add("lead")
    _play(score, rng, clock, style, frozenset(parts | {"drums"}), players)
    return score, style


def drum_along(rng: np.random.Generator, excerpt: Excerpt) -> tuple[Score, Style]:
    """Write drums that follow the beats of real music."""
    meter = METERS[excerpt.meter]
    styles = [style for style in STYLES if excerpt.meter in style.meters and style.name != "electro"] or list(STYLES)
    style = styles[int(rng.integers(len(styles)))]
    clock = Clock(excerpt.beats, meter, float(rng.uniform(0.5, 0.66)), float(rng.uniform(*style.fine_swing)))
    score = Score(excerpt.stop - excerpt.start)
    _play(score, rng, clock, style, frozenset({"drums", "music"}), None)
    return score, style


def _play(
    score: Score,
    rng: np.random.Generator,
    clock: Clock,
    style: Style,
    parts: frozenset[str],
    players: band.Band | None,
) -> None:
    drummer = groove.hire(rng, style, clock)
    sections = lay_out(rng, clock.bars, parts, 0)
    groove.drum(score, rng, clock, sections, drummer)
    if players is not None and len(parts) > 1:
        chords = band.changes(rng, style, clock.bars * players.per_bar)
        band.play(score, rng, clock, sections, players, chords, drummer.kick)
    score.phrases = [clock.time(section.bar, 0) for section in sections if section.players]
    silent = {bar for one in sections if not one.players for bar in range(one.bar, one.bar + one.bars)}
    for index, time in enumerate(clock.beats[:-1]):
        if index // clock.meter.beats not in silent:
            score.beats.append((float(time), index % clock.meter.beats + 1))


def excerpt_of(rng: np.random.Generator, music: Recording) -> Excerpt | None:
    """Choose part of a piece with whole bars of one length throughout; None if there is none of 16 s or more."""
    downs = np.flatnonzero(music.positions == 1)
    runs = []
    for beats, meter in ((4, "4/4"), (3, "3/4")):
        whole = [a for a, b in pairwise(downs) if b - a == beats]
        for first in whole:
            last = first
            while last in whole:
                last += beats
            if music.beats[last] - music.beats[first] >= 0.8 * SHORTEST:
                runs.append((first, last, meter, beats))
    if not runs:
        return None
    first, last, meter, beats = runs[int(rng.integers(len(runs)))]
    lead = float(rng.uniform(0.05, min(0.6, max(0.06, music.beats[first]))))
    start = max(0.0, float(music.beats[first]) - lead)
    wanted = start + float(rng.uniform(SHORTEST, LONGEST))
    bars = max(1, int(np.searchsorted(music.beats[first : last + 1 : beats], wanted)) - 1)
    inside = music.beats[first : first + bars * beats + 1]
    return Excerpt(start, float(inside[-1]) + 0.3, inside - start, meter)
