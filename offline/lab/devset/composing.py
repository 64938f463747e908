"""What is played, and on which drums: a drummer of the synthetic styles, a band, kits of real one-shots."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import signal

from samplechop.offline.audio.one_shots import Shot
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation.effects import change_speed
from samplechop.offline.lab.devset.sources import Recording
from samplechop.offline.lab.synthetic import band, groove
from samplechop.offline.lab.synthetic.drumming import LEVELS, VELOCITIES, Voice
from samplechop.offline.lab.synthetic.score import METERS, Clock, Score, keep_time, lay_out
from samplechop.offline.lab.synthetic.styles import STYLES, Style

INSTEAD = {
    "rim": ("snare", "clap"),
    "clap": ("snare",),
    "snare": ("clap",),
    "open": ("hat",),
    "pedal": ("hat",),
    "ride": ("open", "hat"),
    "shaker": ("hat",),
    "cowbell": ("conga",),
}
"""Who plays a role for which there is no sound."""


ALIKE = 3


def assemble(rng: np.random.Generator, shots: Sequence[Shot], roles: Sequence[str]) -> dict[str, Voice]:
    """Choose a sound for each role, from one loop's drums if these are preferred this time; roles without any are left.

    shots: of which each kick, snare, hat, ... may be played faster or slower by up to a third of an octave.
    """
    families = sorted({shot.name.split("/")[0] for shot in shots if "/" in shot.name})
    single = [shot for shot in shots if "/" not in shot.name]
    family = str(rng.choice(families)) if families and (not single or rng.random() < 0.5) else ""
    preferred = [shot for shot in shots if family and shot.name.startswith(family + "/")] or single
    speed = float(2 ** rng.uniform(-0.33, 0.33))
    voices = {}
    for role in sorted(set(roles)):
        chosen = _choose(rng, preferred, role) or _choose(rng, single, role) or _choose(rng, shots, role)
        if chosen is not None:
            own = speed * float(2 ** rng.uniform(-0.08, 0.08))
            low, high = LEVELS[role]
            level = float(rng.uniform(low, high))
            voices[role] = Voice(_strokes(rng, chosen, own), level, float(rng.uniform(1.0, 1.6)))
    return voices


def _choose(rng: np.random.Generator, shots: Sequence[Shot], role: str) -> Shot | None:
    for one in (role, *INSTEAD.get(role, ())):
        found = [shot for shot in shots if shot.role == one]
        if found:
            return found[int(rng.integers(len(found)))]
    return None


def _strokes(rng: np.random.Generator, shot: Shot, speed: float) -> tuple[tuple[Sound, ...], ...]:
    """Give a few strokes for each of VELOCITIES: softer ones are duller, all differ by a hundredth of their pitch."""
    layers = []
    for velocity in VELOCITIES:
        strokes = []
        for _ in range(ALIKE):
            sound = change_speed(np.asarray(shot.samples), speed * (1 + rng.normal(0, 0.005)))
            cutoff = 3000 * 2 ** (3.2 * velocity)
            if cutoff < 18_000:
                sound = signal.sosfilt(signal.butter(1, cutoff, "low", fs=RATE, output="sos"), sound)
            strokes.append(np.asarray(sound, np.float32))
        layers.append(tuple(strokes))
    return tuple(layers)


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
