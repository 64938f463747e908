"""What is played: outline, meter, swing and sections of a piece, its strikes and tones in seconds."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

SHARES = {"noise": 0.15, "drums": 0.22, "solo": 0.12, "band": 0.07, "full": 0.44}
"""Kinds of records and their shares: surface noise only, drums alone, no pulse, a band without drums, everything."""
VALIDATION = 0.12
LABELS = {
    "kick": "kick",
    "snare": "snare",
    "rim": "stick",
    "clap": "clap",
    "hat": "hat",
    "open": "open",
    "pedal": "hat",
    "ride": "ride",
    "crash": "crash",
    "tom": "tom",
    "shaker": "perc",
    "conga": "perc",
    "cowbell": "perc",
}
"""The class of each role in the truth, one of recording_truth.CLASSES; what is missing here (stab, loop) is no drum."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One drum hit: time in seconds, role, velocity 0..1; accents are what one would chop at. high: which tom, 0..1."""

    time: float
    role: str
    velocity: float
    accent: bool = False
    high: float = 0.5


@dataclass(frozen=True, slots=True)
class Tone:
    """One note: time and length in seconds, MIDI key, velocity 1..127.

    part: as in NoteTruth, or "comp", a second player of chords, or "song", a singer.
    change: the first strike of a new chord.
    """

    time: float
    length: float
    key: int
    velocity: int
    part: str
    change: bool = False


@dataclass(slots=True)
class Score:
    """Everything that is played in one record of `length` seconds.

    stabs: when a one-shot or loop is dropped in. phrases: when a section begins. brushes: whether the drummer has them.
    """

    length: float
    strikes: list[Strike] = field(default_factory=list)
    tones: list[Tone] = field(default_factory=list)
    stabs: list[float] = field(default_factory=list)
    phrases: list[float] = field(default_factory=list)
    chords: list[tuple[float, str]] = field(default_factory=list)
    beats: list[tuple[float, int]] = field(default_factory=list)
    brushes: bool = False


@dataclass(frozen=True, slots=True)
class Meter:
    """Beats per bar, and into how many steps each is divided: 4 (sixteenths) or 3 (eighths of a dotted beat)."""

    beats: int
    division: int

    @property
    def steps(self) -> int:
        """Steps per bar."""
        return self.beats * self.division


METERS = {"4/4": Meter(4, 4), "3/4": Meter(3, 4), "6/8": Meter(2, 3), "12/8": Meter(4, 3)}


@dataclass(frozen=True, slots=True)
class Clock:
    """Where steps fall.

    beats: float64, (n,), seconds. swing: where the second half of a beat begins, 0.5 straight to 0.67 triplet.
    fine_swing: the same for sixteenths within each half of a beat.
    """

    beats: NDArray[np.float64]
    meter: Meter
    swing: float = 0.5
    fine_swing: float = 0.5

    @property
    def bars(self) -> int:
        """Whole bars."""
        return (len(self.beats) - 1) // self.meter.beats

    def time(self, bar: int, step: float) -> float:
        """Give the time of `step` of `bar` in seconds; steps may be fractions."""
        beat, within = divmod(step, self.meter.division)
        part = within / self.meter.division
        if self.meter.division == 4:
            half, rest = divmod(part * 2, 1.0)
            bent = rest * 2 * self.fine_swing if rest <= 0.5 else 1 - (1 - rest) * 2 * (1 - self.fine_swing)
            part = bent * self.swing if half == 0 else self.swing + bent * (1 - self.swing)
        index = bar * self.meter.beats + int(beat)
        if index >= len(self.beats) - 1:
            return float(self.beats[-1] + (index - len(self.beats) + 1 + part) * (self.beats[-1] - self.beats[-2]))
        return float(self.beats[index] + part * (self.beats[index + 1] - self.beats[index]))


def keep_time(
    rng: np.random.Generator, meter: Meter, bpm: float, drift: float, span: tuple[float, float], rubato: int = 0
) -> NDArray[np.float64]:
    """Lay beats from span[0] until span[1] seconds, ending with whole bars: float64, (bars * beats + 1,).

    drift: standard deviation of the slow wander of tempo, as a fraction. rubato: how many bars at the start are free.
    """
    most = int((span[1] - span[0]) * bpm / 60 * 1.3) + 8 * meter.beats
    wander = np.cumsum(rng.normal(0, 1, most))
    wander -= np.linspace(wander[0], wander[-1], most)
    pace = drift * wander / (np.std(wander) + 1e-9) + rng.normal(0, drift / 5, most)
    for beat in range(min(most, rubato * meter.beats)):
        pace[beat] += rng.normal(-0.12, 0.1) - 0.15 * (beat % meter.beats == meter.beats - 1)
    beats = span[0] + np.concatenate([[0.0], np.cumsum(60 / bpm * np.exp(-pace))])
    bars = int((np.searchsorted(beats, span[1]) - 1) // meter.beats)
    return beats[: max(1, bars) * meter.beats + 1]


@dataclass(frozen=True, slots=True)
class Section:
    """A run of bars with the same players: name, first bar, number of bars, who plays; fill: ends with a fill."""

    name: str
    bar: int
    bars: int
    players: frozenset[str]
    fill: bool


def lay_out(rng: np.random.Generator, bars: int, players: frozenset[str], rubato: int) -> list[Section]:
    """Divide the bars into an intro, verses, breaks and drop-outs. players: "drums", "hats" and parts of the band."""
    sections: list[Section] = []
    drums, band = players & {"drums"}, players - {"drums"}

    def some(of: frozenset[str], chance: float) -> frozenset[str]:
        return frozenset(one for one in sorted(of) if rng.random() < chance)

    def add(name: str, count: int, who: frozenset[str], fill: bool = False) -> None:
        at = sum(section.bars for section in sections)
        count = min(count, bars - at)
        if count > 0:
            sections.append(Section(name, at, count, who, fill))

    if rubato:
        add("intro", rubato, (some(band, 0.5) or band) - {"bass"} or band)
    elif rng.random() < 0.5 and bars > 4:
        choices = [
            some(band, 0.5),
            drums,
            drums | some(band, 0.3),
            frozenset({"hats"} if drums else ()) | some(band, 0.5),
        ]
        add("intro", int(rng.choice([1, 2, 4])), choices[rng.integers(4)] or players, rng.random() < 0.5)
    main = players
    while sum(section.bars for section in sections) < bars:
        roll = rng.random()
        if roll < 0.62 or not band or not drums:
            main = players if rng.random() < 0.4 else drums | (some(band, 0.75) or band)
            add("main", int(rng.choice([2, 4, 4, 8])), main, rng.random() < 0.6)
        elif roll < 0.75:
            add("break", int(rng.choice([1, 2, 4, 4, 8])), drums, rng.random() < 0.4)
        elif roll < 0.87:
            add("drop", int(rng.choice([1, 1, 2, 4])), some(band, 0.6) or band, False)
        elif roll < 0.93:
            add("sparse", int(rng.choice([1, 2])), frozenset({"hats"}) | some(band, 0.4), False)
        else:
            add("rest", 1, frozenset(), False)
    return sections


def play_backbeat_otherwise(score: Score, rng: np.random.Generator) -> None:
    """Play the loud strokes of the snare, once in five records, as side-sticks or claps, or with claps upon them."""
    way = str(rng.choice(["snare", "rim", "clap", "both"], p=[0.8, 0.06, 0.07, 0.07]))
    if way == "snare" or score.brushes:
        return
    for index, strike in enumerate(score.strikes):
        if strike.role == "snare" and strike.accent and way != "both":
            score.strikes[index] = replace(strike, role=way)
    if way == "both":
        late, loud = rng.normal(0, 0.004), rng.uniform(0.6, 1.0)
        claps = [one for one in score.strikes if one.role == "snare" and one.accent and one.time + late > 0]
        score.strikes += [Strike(one.time + late, "clap", loud, True) for one in claps]


SHORTEST, LONGEST = 20.0, 45.0


@dataclass(frozen=True, slots=True)
class Outline:
    """What is decided about a record before it is composed: its kind, its side of the split, its length in seconds."""

    kind: str
    split: str
    length: float


def outline(seed: int, number: int) -> Outline:
    """Decide about record `number` of the training set with this seed; it depends on nothing else."""
    rng = np.random.default_rng([seed, number, 0])
    kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    split = "validation" if rng.random() < VALIDATION else "train"
    return Outline(kind, split, round(float(rng.uniform(SHORTEST, LONGEST)), 3))
