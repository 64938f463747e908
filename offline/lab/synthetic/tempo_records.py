"""Records of known tempo and bars: styles whose tempo is often taken for half or twice what it is, fast and slow ones,
3/4 and 6/8, drummers that drift, drums that come late or pause; people's drumming; and what has no beat at all.

What a style's tempo is, is a convention: the backbeat, the snare, lies on 2 and 4. In half-time it lies on 3, and the
same sound may be written at half the tempo: a listener who does not know the style cannot say which.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate.runner import synthetic_noises
from samplechop.offline.lab.synthetic import drum_kit, drum_patterns
from samplechop.offline.lab.synthetic.grooves import Performance, perform, read_grooves
from samplechop.offline.lab.synthetic.local_snr import gain_for
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
    replace(_BY_NAME["punk"], name="fast punk", bpm=(180, 230), snares=(BACK,), tops=("4", "8", "open", "crash")),
    replace(
        _BY_NAME["ballad"], name="slow ballad", bpm=(48, 70), snares=(BACK,), tops=("8", "8", "16"), meters=("4/4",)
    ),
    replace(_BY_NAME["waltz"], bpm=(80, 180), tops=("4", "8", "ride"), meters=("3/4",)),
    Style(
        *("six-eight", (45, 90), ("X.....",), ("...X..",), ("8", "8", "ride"), ()),
        meters=("6/8",),
    ),
)
"""Those that are evaluated."""
_OTHERS = (
    "soul",
    "funk",
    "break",
    "gospel",
    "punk",
    "ballad",
    "shuffle",
    "latin",
    "electro",
    "reggae",
    "metal",
    "free",
)
_USUAL = (*TEMPO_STYLES, *(_BY_NAME[name] for name in _OTHERS))
_ENDS = {
    (40.0, 50.0): ("slow soul", "slow ballad", "ballad", "gospel"),
    (200.0, 250.0): ("fast punk", "drum and bass", "rock", "punk", "metal"),
}
MADE_STYLES = (
    *_USUAL,
    *(
        replace(style, name=f"{style.name} of {low:g} to {high:g}", bpm=(low, high), meters=("4/4",))
        for (low, high), names in _ENDS.items()
        for style in _USUAL
        if style.name in names
    ),
)
"""Those that weights are fitted to: more than are evaluated, so that not only these are known; and END_STYLES."""
END_STYLES = range(len(_USUAL), len(MADE_STYLES))
"""Places in MADE_STYLES of those whose beats are slower or faster than any pulse that is followed. They are measured,
but nothing is fitted to them: with them half of these had their tempo, and some plain music of usual tempi half of it.
"""
SECONDS = 30.0
SHORTEST = 15.0
"""Seconds of the shortest performance by people."""
SITUATIONS = ("steady", "drifting", "late drums", "drum pause")
"""What happens in a record: nothing, the tempo changes by DRIFT, drums come in late, drums pause for some bars."""
DRIFT = (0.02, 0.08)
"""How much the tempo changes in a record that drifts, as a share."""
MIX_DB = (-8.0, 12.0)
"""Median level of kick and snare strokes over the accompaniment, see `local_snr`."""
_CHORDS, _BASS = ((0, 3, 7, 10), (0, 4, 7), (0, 3, 7), (0, 7, 12), (0, 4, 7, 11)), 33


@dataclass(frozen=True, slots=True)
class TempoRecord:
    """A record: float32 (n,) at RATE; its style; beats in seconds, and their positions in the bar, from 1; tempo in
    beats per minute; situation: of SITUATIONS.
    """

    samples: Sound
    style: str
    beats: NDArray[np.float64]
    positions: NDArray[np.int64]
    bpm: float
    situation: str


def make_tempo_record(style: Style, seed: int, number: int, seconds: float = SECONDS) -> TempoRecord:
    """Make record `number` of a style; of two one has a bass and chords. It depends on nothing else."""
    at = [one.name for one in MADE_STYLES].index(style.name)
    rng = np.random.default_rng([seed, at, number])
    accompanied = bool(number % 2)
    situation = SITUATIONS[number // 2 % 4]
    meter = METERS[str(rng.choice(style.meters))]
    compound = meter.division == 3 and style.name != "six-eight"
    bpm = float(rng.uniform(*((50, 100) if compound else style.bpm)))
    wander = float(rng.choice([0.0, rng.uniform(0.001, 0.006)]))
    beats = keep_time(rng, meter, bpm, wander, (float(rng.uniform(0.05, 1.0)), seconds - 0.4))
    if situation == "drifting":
        beats = drifted(beats, float(rng.uniform(*DRIFT)), rng)
    clock = Clock(beats, meter, float(rng.uniform(*style.swing)), float(rng.uniform(*style.fine_swing)))
    drummer = drum_patterns.random_drummer(rng, style, clock)
    drummer = replace(drummer, second=drummer.top, crashes=drummer.crashes / 4)  # each bar is a section
    score = Score(seconds)
    kick, snare = (drum_patterns.pattern(rng, style, clock, is_kick) for is_kick in (True, False))
    other = replace(drummer, kick=kick, snare=snare)
    every = int(rng.choice([1, 2, 4]))  # bars after which another pattern is played, so that bars are not all alike
    silent = _silent_bars(situation, clock, rng, accompanied)
    for player, rest in ((drummer, False), (other, True)):
        bars = [bar for bar in range(clock.bars) if (every > 1 and bar % every == every - 1) == rest]
        sections = [Section("main", bar, 1, frozenset({"drums"}), fill=False) for bar in bars if bar not in silent]
        drum_patterns.drum(score, rng, clock, sections, player)
    samples = _played(score, clock, drummer.kick, accompanied, rng)
    positions = np.arange(len(beats)) % meter.beats + 1
    return TempoRecord(samples, style.name, beats, positions, 60 / float(np.median(np.diff(beats))), situation)


def drifted(beats: NDArray[np.float64], share: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Let the tempo rise or fall by a share from the first beat to the last, or swing there and back."""
    steps = np.diff(beats)
    along = np.linspace(0, 1, len(steps))
    shape = (along, -along, np.sin(2 * np.pi * along) / 2)[int(rng.integers(3))]
    return np.concatenate([beats[:1], beats[0] + np.cumsum(steps * (1 + share * (shape - shape.mean())))])


def _silent_bars(situation: str, clock: Clock, rng: np.random.Generator, accompanied: bool) -> set[int]:
    """Choose the bars without drums; where nothing else plays, few."""
    bar_seconds = clock.time(1, 0) - clock.time(0, 0)
    count = max(1, round(float(rng.uniform(4, 10) if accompanied else rng.uniform(1.5, 3)) / bar_seconds))
    if situation == "late drums" and accompanied:
        return set(range(min(count, clock.bars // 2)))
    if situation in ("drum pause", "late drums"):
        first = clock.bars // 2
        return set(range(first, min(first + count, clock.bars - 2)))
    return set()


def groove_performances(path: Path, held_out: bool) -> list[Performance]:
    """Read people's performances of SHORTEST seconds or more from the Groove MIDI Dataset, drummers taking turns.

    held_out: of those drummers that nothing is fitted to. Raises UserError if it cannot be read.
    """
    by_drummer: dict[str, list[Performance]] = {}
    for one in read_grooves(path):
        if one.held_out == held_out and one.seconds >= SHORTEST:
            by_drummer.setdefault(one.drummer, []).append(one)
    rng = np.random.default_rng(0)
    turns = [[names[k] for k in rng.permutation(len(names))] for _, names in sorted(by_drummer.items())]
    most = max((len(own) for own in turns), default=0)
    return [own[place] for place in range(most) for own in turns if place < len(own)]


def make_groove_record(performance: Performance, seed: int, number: int, seconds: float = SECONDS) -> TempoRecord:
    """Play a person's performance on a made kit; of two one has a bass and chords, of four one drifts.

    Beats are those of the metronome that was played to, and all else is the player's.
    """
    rng = np.random.default_rng([seed, number])
    meter = METERS[performance.meter]
    seconds = min(seconds, performance.seconds + 1.0)
    beats = keep_time(rng, meter, performance.bpm, 0.0, (float(rng.uniform(0.05, 1.0)), seconds - 0.3))
    situation = SITUATIONS[number // 2 % 4 == 1]
    if situation == "drifting":
        beats = drifted(beats, float(rng.uniform(*DRIFT)), rng)
    clock, score = Clock(beats, meter), Score(seconds)
    section = Section("main", 0, clock.bars, frozenset({"drums"}), fill=False)
    perform(score, rng, clock, [section], performance)
    kicks = [one.time for one in score.strikes if one.role == "kick"]
    near = [min((abs(time - clock.time(1, step)) for time in kicks), default=1.0) < 0.04 for step in range(meter.steps)]
    kick = "".join("x" if struck else "." for struck in near)
    samples = _played(score, clock, kick, bool(number % 2), rng)
    positions = np.arange(len(beats)) % meter.beats + 1
    return TempoRecord(samples, "people", beats, positions, 60 / float(np.median(np.diff(beats))), situation)


def _played(score: Score, clock: Clock, kick: str, accompanied: bool, rng: np.random.Generator) -> Sound:
    """Play a score's drums on a made kit; the rest is as loud that the median stroke lies MIX_DB over it."""
    kit = drum_kit.random_kit(rng, (), [strike.role for strike in score.strikes], validation=False)
    samples = drum_kit.bus(drum_kit.play(score.strikes, kit, score.length, rng), rng)
    samples = samples / np.float32(np.max(np.abs(samples), initial=1e-6))
    if accompanied:
        rest = accompaniment(clock, kick, score.length, rng)
        gain = gain_for(samples, rest, score.strikes, float(rng.uniform(*MIX_DB)))
        samples = np.float32(1.0 if gain is None else gain) * samples + rest
    return (0.7 * samples / np.max(np.abs(samples), initial=1e-6)).astype(np.float32)


def accompaniment(clock: Clock, kick: str, seconds: float, rng: np.random.Generator) -> Sound:
    """Play a bass with most kicks, and held, struck or strummed chords that change with bars or halves: float32 (n,).

    One of three is as loud and dense as distorted guitars.
    """
    out, loud = np.zeros(round((seconds + 4) * RATE)), rng.random() < 1 / 3
    beats, division = clock.meter.beats, clock.meter.division
    every = float(rng.choice([0.5, 1, 1, 1, 2])) if beats == 4 else float(rng.choice([1, 1, 2]))
    roots, octave = rng.choice([0, 2, 3, 5, 7, 8, 10], 8), int(rng.choice([0, 12]))
    chord = _CHORDS[rng.integers(len(_CHORDS))]
    way = str(rng.choice(["held", "beats", "eighths", "offbeats"]))
    early = 2 if division == 4 and rng.random() < 0.15 else 0  # steps by which changes come before the bar
    steps = beats * division
    half = division // 2 if division == 4 else 1
    places = {
        "held": [0],
        "beats": list(range(0, steps, division)),
        "eighths": list(range(0, steps, half)),
        "offbeats": list(range(half, steps, division)),
    }[way]
    if every < 1 and way == "held":
        places = [0, steps // 2]
    rise, ring = (0.005, 0.3) if way != "held" else (float(rng.choice([0.01, 0.06, 0.2])), 1.0)
    for bar in range(clock.bars):
        for number, step in enumerate(places):
            root = int(roots[int((bar + step / steps) / every) % 8])
            begin = clock.time(bar, step - (early if step == 0 and bar else 0))
            following = clock.time(bar + (number + 1 == len(places)), places[(number + 1) % len(places)])
            length = max(0.05, (following - begin) * (1 if ring == 1.0 else 0.9))
            struck = 0.06 * (1 + 0.3 * (step == 0) + rng.normal(0, 0.1))
            _add(out, begin, [_BASS + root + 12 + octave + one for one in chord], length, struck, rise)
        for step, sign in enumerate(kick[:steps]):
            if sign in "Xx" and rng.random() < 0.85:
                root = int(roots[int((bar + step / steps) / every) % 8])
                _add(
                    out, clock.time(bar, step), [_BASS + root], (clock.time(bar, 4) - clock.time(bar, 0)) / 2, 0.3, 0.01
                )
    out = out[: round(seconds * RATE)]
    if loud:
        out = np.tanh(out * float(rng.uniform(4, 20)) / (np.max(np.abs(out)) + 1e-9))
    return (out / np.max(np.abs(out), initial=1e-6)).astype(np.float32)


def _add(out: NDArray[np.float64], time: float, keys: Sequence[int], length: float, level: float, rise: float) -> None:
    times = np.arange(round(length * RATE)) / RATE
    shape = np.minimum(1, times / rise) * np.minimum(1, (length - times) / 0.02)
    at = round(time * RATE)
    room = min(len(times), len(out) - at)
    for key in keys:
        hertz = 440 * 2 ** ((key - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hertz * part * times) / part**1.5 for part in range(1, 6))
        out[at : at + room] += (level * shape * tone)[:room]


FREE = ("chords", "melody", "strokes", "syllables", "hiss", "hum", "crackle", "run-out", "groove", "silence")
"""Kinds of records without a pulse: what begins at free times, and surface noise."""
_GAPS = {"chords": (0.4, 2.4), "melody": (0.12, 1.5), "strokes": (0.25, 2.0), "syllables": (0.08, 0.4)}
"""Shortest and longest time between two beginnings, seconds."""


def make_free_record(kind: str, seed: int, number: int, seconds: float = SECONDS) -> Sound:
    """Make record `number` of a kind of FREE, in which there is no beat: float32 (n,) at RATE."""
    if kind not in _GAPS:
        noises = synthetic_noises(seconds)[kind]
        return noises[number % len(noises)]
    rng = np.random.default_rng([seed, FREE.index(kind), number])
    out = 1e-3 * rng.standard_normal(round((seconds + 4) * RATE))
    time, (shortest, longest) = 0.3, _GAPS[kind]
    while time < seconds - 1:
        gap = float(np.exp(rng.uniform(math.log(shortest), math.log(longest))))
        root, level = int(rng.integers(40, 56)), 0.1 * float(rng.uniform(0.4, 1))
        if kind == "chords":
            _add(out, time, [root + step for step in (0, 4, 7, 12)], 1.2 * gap + 0.4, level, 0.004)
        elif kind == "melody":
            _add(out, time, [root + 20], gap, level, 0.03)
        elif kind == "syllables":
            _add(out, time, [root], 0.8 * gap, level, 0.02)
        else:
            at, fall = round(time * RATE), float(rng.uniform(800, 3000))
            out[at : at + 8000] += 3 * level * rng.standard_normal(8000) * np.exp(-np.arange(8000) / fall)
        time += gap + (float(rng.uniform(0.3, 1.5)) if rng.random() < 0.15 else 0.0)
    out = out[: round(seconds * RATE)]
    return (0.5 * out / np.max(np.abs(out))).astype(np.float32)
