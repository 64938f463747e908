"""Which sound falls where in a training record: grooves, chords, bass and lead, all in seconds."""

from dataclasses import dataclass, field

import numpy as np

STYLES = ("rock", "rock", "four", "funk", "funk", "break", "shuffle", "jazz", "half", "reggae", "ballad", "random")
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10), (0, 2, 4, 5, 7, 9, 10))


@dataclass(frozen=True, slots=True)
class Hit:
    """One drum: time in seconds, role as in sounds.py, velocity 0..1; accents are what one would chop at."""

    time: float
    role: str
    velocity: float
    accent: bool


@dataclass(frozen=True, slots=True)
class Tone:
    """Keys struck together: time and length in seconds, velocity 0..127.

    part: "chord", "bass", "lead" or "pad". change: the first strike of a new chord.
    """

    time: float
    length: float
    keys: tuple[int, ...]
    velocity: int
    part: str
    change: bool = False


@dataclass(slots=True)
class Plan:
    """Everything that is played in one record of `length` seconds."""

    length: float
    hits: list[Hit] = field(default_factory=list)
    tones: list[Tone] = field(default_factory=list)
    stabs: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Grid:
    """A swung sixteenth grid: start and beat in seconds, beats per bar, swing as the place of the off-eighth."""

    start: float
    beat: float
    beats: int
    swing: float

    def time(self, bar: int, step: int) -> float:
        """Give the time of sixteenth `step` of `bar`."""
        beat, within = divmod(step, 4)
        bent = (0.0, self.swing / 2, self.swing, self.swing + (1 - self.swing) / 2)[within]
        return self.start + (bar * self.beats + beat + bent) * self.beat


def plan(rng: np.random.Generator, length: float, drums: bool, tones: bool) -> Plan:
    """Make up one record: a groove if `drums`, a band if `tones`."""
    style = str(rng.choice(STYLES))
    bpm = float(np.exp(rng.uniform(np.log(68), np.log(165))))
    if style == "ballad":
        bpm = rng.uniform(60, 92)
    swing = rng.uniform(0.6, 0.67) if style in ("shuffle", "jazz") else rng.choice([0.5, 0.5, rng.uniform(0.5, 0.6)])
    grid = Grid(rng.uniform(0.1, 1.5), 60 / bpm, int(rng.choice([4, 4, 4, 4, 3])), float(swing))
    bars = int((length - 1.2 - grid.start) / (grid.beat * grid.beats))
    made = Plan(length)
    kicks, snares = _pattern(rng, style, grid.beats * 4)
    if drums:
        _drums(made, rng, grid, bars, style, kicks, snares)
    if tones:
        _band(made, rng, grid, bars, kicks)
    if rng.random() < 0.4:
        made.stabs = [grid.time(int(rng.integers(bars)), 0) for _ in range(int(rng.integers(1, 4)))]
    return made


def _pattern(rng: np.random.Generator, style: str, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the chance of a kick and of a snare on every sixteenth; below 0.5 a snare is a ghost."""
    kicks, snares = np.zeros(steps), np.zeros(steps)
    kicks[0] = 0.97
    snares[4::8] = 0.97
    if style == "four":
        kicks[::4] = 0.97
    elif style in ("funk", "break"):
        kicks[rng.choice(np.arange(1, steps), 4, replace=False)] = 0.7
        ghosts = rng.choice(np.arange(1, steps), 4, replace=False)
        snares[ghosts] = np.maximum(snares[ghosts], 0.45)
    elif style == "half":
        snares[:] = 0
        snares[steps // 2] = 0.97
        kicks[rng.integers(1, steps, 2)] = 0.6
    elif style == "jazz":
        kicks[::4] = 0.4
        snares[:] = 0.08
        snares[6] = 0.4
    elif style == "reggae":
        kicks[0] = 0.2
        kicks[steps // 2] = snares[steps // 2] = 0.9
    elif style == "random":
        kicks[1:] = rng.random(steps - 1) * (rng.random(steps - 1) < 0.3)
        snares = rng.random(steps) * (rng.random(steps) < 0.25)
    else:
        kicks[min(8, steps - 1)] = 0.8
        kicks[[6, 10]] = 0.5 * (rng.random(2) < 0.5)
    return kicks, snares


def _drums(
    made: Plan, rng: np.random.Generator, grid: Grid, bars: int, style: str, kicks: np.ndarray, snares: np.ndarray
) -> None:
    steps = len(kicks)
    every = int(rng.choice([1, 2, 2, 2, 4]))
    top = "cymbal" if style == "jazz" or rng.random() < 0.2 else "hat"
    loose, fill_every = rng.uniform(0.001, 0.008), int(rng.choice([2, 4, 4, 8, 99]))
    rests = set(rng.choice(bars, size=int(rng.random() < 0.3), replace=False).tolist()) if bars > 3 else set()

    def strike(bar: int, step: int, role: str, velocity: float, accent: bool) -> None:
        time = max(0.0, grid.time(bar, step) + rng.normal(0, loose))
        made.hits.append(Hit(time, role, float(np.clip(velocity * rng.normal(1, 0.06), 0.05, 1)), accent))

    for bar in range(bars):
        if bar in rests:
            continue
        fill = steps - int(rng.choice([2, 4, 8])) if bar % fill_every == fill_every - 1 else steps
        if bar % fill_every == 0 and rng.random() < 0.5:
            strike(bar, 0, "cymbal", 0.9, False)
        for step in range(steps):
            if step >= fill:
                if rng.random() < 0.75:
                    role = str(rng.choice(["snare", "tom", "tom"]))
                    strike(bar, step, role, rng.uniform(0.6, 1), role == "snare" and step % 2 == 0)
                continue
            if rng.random() < kicks[step]:
                strike(bar, step, "kick", 1.0 if step % 4 == 0 else 0.85, True)
            if rng.random() < snares[step]:
                loud = snares[step] >= 0.5
                strike(bar, step, "snare", 1.0 if loud else rng.uniform(0.1, 0.4), loud)
            if step % every == 0 and rng.random() < 0.95:
                strike(bar, step, top, (1.0, 0.6, 0.8, 0.6)[step % 4], False)


def _band(made: Plan, rng: np.random.Generator, grid: Grid, bars: int, kicks: np.ndarray) -> None:
    root, scale = int(rng.integers(12)), SCALES[rng.integers(len(SCALES))]
    degrees = rng.integers(0, 7, 4)
    steps, loose = len(kicks), rng.uniform(0.001, 0.01)
    per_bar = int(rng.choice([1, 1, 1, 2])) if steps == 16 else 1
    comping = str(rng.choice(["held", "held", "beat", "off", "eighths", "none"]))
    bass = str(rng.choice(["kick", "eighths", "walk", "walk", "none"]))
    pad, lead = rng.random() < 0.35, rng.random() < 0.6
    spread, roll = int(rng.integers(3, 6)), rng.choice([0.0, rng.uniform(0, 0.018)])
    loud = int(rng.integers(70, 120))

    def key(degree: int, octave: int) -> int:
        return 12 * octave + root + scale[degree % 7] + 12 * (degree // 7)

    def sound(
        bar: int, step: int, length: float, keys: tuple[int, ...], velocity: int, part: str, change: bool
    ) -> None:
        time = max(0.0, grid.time(bar, step) + rng.normal(0, loose))
        for place, one in enumerate(keys):
            start = time + place * (roll if part == "chord" else 0.0)
            made.tones.append(Tone(start, length, (one,), velocity, part, change and place == 0))

    for bar in range(bars):
        for step in range(steps):
            slot = step // (steps // per_bar)
            degree = int(degrees[(bar * per_bar + slot) % 4])
            change = step % (steps // per_bar) == 0
            voicing = tuple(key(degree + third, 4) for third in (0, 2, 4, 6, 8)[:spread])
            again = {"beat": step % 4 == 0, "off": step % 4 == 2, "eighths": step % 2 == 0}.get(comping, False)
            if comping != "none" and (change or again):
                length = grid.beat * (grid.beats / per_bar * 0.95 if comping == "held" else 0.6)
                sound(bar, step, length, voicing, loud if change else loud - 25, "chord", change)
            if pad and change:
                sound(bar, step, grid.beat * grid.beats / per_bar, voicing[:3], 70, "pad", True)
            plucked = {"kick": rng.random() < kicks[step], "eighths": step % 2 == 0, "walk": step % 4 == 0}.get(
                bass, False
            )
            if plucked:
                low = degree + (int(rng.integers(-2, 5)) if bass == "walk" and not change else 0)
                sound(bar, step, grid.beat * (0.9 if bass == "walk" else 0.45), (key(low, 2),), 100, "bass", False)
            if lead and rng.random() < (0.5 if step % 4 == 0 else 0.2 if step % 2 == 0 else 0.07):
                one = (key(int(rng.integers(0, 12)), 5),)
                sound(bar, step, grid.beat * rng.uniform(0.2, 2), one, int(rng.integers(50, 100)), "lead", False)
