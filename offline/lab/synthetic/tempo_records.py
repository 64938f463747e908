"""Records of known tempo, in styles whose tempo is often taken for half or twice what it is: drums, with or without a
bass and chords, from rules alone.

What a style's tempo is, is a convention: the backbeat, the snare, lies on 2 and 4. In half-time it lies on 3, and the
same sound may be written at half the tempo: a listener who does not know the style cannot say which.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.lab.synthetic import drum_kit, drum_patterns
from samplechop.offline.lab.synthetic.score import METERS, Clock, Score, Section, keep_time
from samplechop.offline.lab.synthetic.styles import BACK, GHOSTED, STYLES, Style

_BY_NAME = {style.name: style for style in STYLES}
_BREAK_SNARES = (BACK, GHOSTED, "....X..g.g..X..g", "....X.g....gX.g.", "....X..g.X..X..g")
TEMPO_STYLES = (
    Style(
        *("drum and bass", (160, 178)),
        *(("X.........X.....", "X.X.......X.....", "X.....x...X.....", "X.X.......XX....", "X..x......X..x.."),),
        *(_BREAK_SNARES, ("8", "16", "ride", "8"), ()),
        fine_swing=(0.5, 0.58),
    ),
    Style(
        *("slow soul", (60, 80), ("X......xX.......", "X.....x.x.......", "X......x.xX.....", "X..x....x.......")),
        *((BACK, BACK, "....X..g....X.g."), ("16", "16", "8"), ()),
        fine_swing=(0.5, 0.6),
    ),
    Style(
        *("half-time", (130, 150), ("X.....x.........", "X..x......x.....", "X.........x..x..", "X.....x.....x...")),
        *(("........X.......", "........X......g"), ("8", "16", "8"), ()),
    ),
    replace(_BY_NAME["hiphop"], name="hip hop", bpm=(85, 98)),
    replace(_BY_NAME["disco"], name="house", bpm=(118, 128), snares=(BACK, "................")),
    replace(_BY_NAME["rock"], bpm=(100, 150)),
)
"""Those that are evaluated."""
_OTHERS = ("soul", "funk", "break", "gospel", "punk", "ballad", "shuffle", "latin", "electro", "reggae")
FITTING_STYLES = (*TEMPO_STYLES, *(_BY_NAME[name] for name in _OTHERS))
"""Those that weights are fitted to: others too, in 4/4, so that not only the ones that are evaluated are known."""
SECONDS = 30.0
_CHORD, _BASS = (0, 3, 7, 10), 33


@dataclass(frozen=True, slots=True)
class TempoRecord:
    """A record: float32 (n,) at RATE, its style, beats in seconds, and tempo in beats per minute."""

    samples: Sound
    style: str
    beats: NDArray[np.float64]
    bpm: float


def make_tempo_record(style: Style, seed: int, number: int, seconds: float = SECONDS) -> TempoRecord:
    """Make record `number` of a style; every other one has a bass and chords. It depends on nothing else."""
    at = [one.name for one in FITTING_STYLES].index(style.name)
    rng = np.random.default_rng([seed, at, number])
    bpm = float(rng.uniform(*style.bpm))
    drift = float(rng.choice([0.0, rng.uniform(0.001, 0.006)]))
    beats = keep_time(rng, METERS["4/4"], bpm, drift, (float(rng.uniform(0.05, 1.0)), seconds - 0.4))
    clock = Clock(beats, METERS["4/4"], float(rng.uniform(*style.swing)), float(rng.uniform(*style.fine_swing)))
    drummer = drum_patterns.random_drummer(rng, style, clock)
    drummer = replace(drummer, second=drummer.top)
    score = Score(seconds)
    other = replace(drummer, kick=str(rng.choice(style.kicks)), snare=str(rng.choice(style.snares)))
    every = int(rng.choice([1, 2, 4]))  # bars after which another pattern is played, so that bars are not all alike
    for player, rest in ((drummer, False), (other, True)):
        bars = [bar for bar in range(clock.bars) if (every > 1 and bar % every == every - 1) == rest]
        sections = [Section("main", bar, 1, frozenset({"drums"}), fill=False) for bar in bars]
        drum_patterns.drum(score, rng, clock, sections, player)
    kit = drum_kit.random_kit(rng, (), [strike.role for strike in score.strikes], validation=False)
    samples = drum_kit.bus(drum_kit.play(score.strikes, kit, seconds, rng), rng)
    samples = samples / np.max(np.abs(samples), initial=1e-6)
    if number % 2:
        tones = _accompaniment(clock, drummer.kick, seconds, rng)
        samples = samples + np.float32(10 ** (rng.uniform(-9, 3) / 20)) * tones
    samples = (0.7 * samples / np.max(np.abs(samples), initial=1e-6)).astype(np.float32)
    return TempoRecord(samples, style.name, beats, 60 / float(np.median(np.diff(beats))))


def _accompaniment(clock: Clock, kick: str, seconds: float, rng: np.random.Generator) -> Sound:
    """Play a bass with most kicks, and a chord in every bar: float32 (n,), peak 1."""
    out = np.zeros(round((seconds + 4) * RATE))
    roots = rng.choice([0, 3, 5, 7, 10], 4)
    octave = int(rng.choice([0, 12]))
    for bar in range(clock.bars):
        root = _BASS + int(roots[bar % 4])
        length = clock.time(bar + 1, 0) - clock.time(bar, 0)
        _add(out, clock.time(bar, 0), [root + 12 + octave + step for step in _CHORD], length, 0.06, 0.3)
        for step, sign in enumerate(kick):
            if sign in "Xx" and rng.random() < 0.85:
                _add(out, clock.time(bar, step), [root], length / 4, 0.5, 0.01)
    out = out[: round(seconds * RATE)]
    return (out / np.max(np.abs(out), initial=1e-6)).astype(np.float32)


def _add(out: NDArray[np.float64], time: float, keys: Sequence[int], length: float, level: float, rise: float) -> None:
    times = np.arange(round(length * RATE)) / RATE
    shape = np.minimum(1, times / rise) * np.minimum(1, (length - times) / 0.02)
    at = round(time * RATE)
    for key in keys:
        hertz = 440 * 2 ** ((key - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hertz * part * times) / part**1.5 for part in range(1, 6))
        out[at : at + len(times)] += level * shape * tone
