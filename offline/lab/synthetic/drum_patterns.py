"""What the drummer plays: patterns that vary, fills, crashes, ghost notes, push and pull."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from samplechop.offline.lab.synthetic.score import Clock, Score, Section, Strike
from samplechop.offline.lab.synthetic.styles import COMPOUND_KICKS, COMPOUND_SNARES, Style

CHANCE = {"X": 0.98, "x": 0.93, "o": 0.5, "g": 0.8, ".": 0.0}
LOUD = {"X": 1.0, "x": 0.85, "o": 0.75, "g": 0.0, ".": 0.0}
GRACES = ((0.18,), (0.22,), (0.3,), (0.5, 0.25), (0.66, 0.33))
"""Steps before a stroke: flams, and drags of two."""
PERCUSSION = ("shaker", "shaker", "conga", "cowbell")


class Stroke(Protocol):
    """Strikes one drum at a step of a bar."""

    def __call__(
        self, bar: int, step: float, role: str, velocity: float, accent: bool = False, high: float = 0.5
    ) -> None:
        """Strike the drum of a role, step in beats, velocity 0..1."""


@dataclass(frozen=True, slots=True)
class Drummer:
    """A drummer's habits in one record."""

    kick: str
    snare: str
    top: str
    second: str
    stick: str
    ghost: float
    graces: float
    loose: float
    push: dict[str, float]
    fill_every: int
    crashes: float
    open_hats: float
    busy: float
    accents: float
    percussion: str | None
    brushes: bool = False


def random_drummer(rng: np.random.Generator, style: Style, clock: Clock) -> Drummer:
    """Choose a drummer for the style."""
    kick, snare = pattern(rng, style, clock, True), pattern(rng, style, clock, False)
    push = {role: float(rng.normal(0, 0.005)) for role in ("snare", "top", "percussion")}
    push["kick"] = 0.0
    stick = "snare"
    if style.sticks and rng.random() < style.sticks:
        stick = "rim"
    elif rng.random() < 0.12:
        stick = str(rng.choice(["rim", "clap", "clap"]))
    machine = style.name == "electro" or rng.random() < 0.08
    return Drummer(
        kick=kick,
        snare=snare,
        top=str(rng.choice(style.tops)),
        second=str(rng.choice(["ride", "open", "8", "crash"])),
        stick=stick,
        ghost=float(rng.uniform(0.1, 0.4)),
        graces=float(rng.choice([0.0, 0.03, 0.1])),
        loose=0.0005 if machine else float(rng.uniform(*style.loose)) * 0.7,
        push=dict.fromkeys(push, 0.0) if machine else push,
        fill_every=int(rng.choice([2, 4, 4, 8, 99])),
        crashes=float(rng.choice([0, 0.3, 0.8])),
        open_hats=float(rng.choice([0, 0, 0.1, 0.3])),
        busy=float(rng.choice([0, 0.02, 0.06])),
        accents=float(rng.uniform(0.7, 1.0)),
        percussion=str(rng.choice(PERCUSSION)) if rng.random() < 0.3 else None,
        brushes=style.brushes > 0 and stick == "snare" and rng.random() < style.brushes,
    )


def pattern(rng: np.random.Generator, style: Style, clock: Clock, kick: bool) -> str:
    """Choose a pattern of the kick, or of the snare, one sign per step of a bar."""
    meter = clock.meter
    if meter.division == 3:
        return str(rng.choice((COMPOUND_KICKS if kick else COMPOUND_SNARES)[meter.beats]))
    given = style.kicks if kick else style.snares
    if not given:
        signs = ["X", "x", "o", "g"] if not kick else ["X", "x", "o"]
        chance = rng.uniform(0.12, 0.35)
        pattern = "".join(str(rng.choice(signs)) if rng.random() < chance else "." for _ in range(meter.steps))
        return "X" + pattern[1:] if kick else pattern
    pattern = str(rng.choice(given))
    if len(pattern) < meter.steps:
        pattern = (pattern * 2)[: meter.steps]
    if meter.steps == 12 and len(pattern) == 16:
        pattern = pattern[:12] if kick else str(rng.choice(["....x...x...", "........X...", "....X......."]))
    return pattern


def drum(score: Score, rng: np.random.Generator, clock: Clock, sections: list[Section], player: Drummer) -> None:
    """Play all sections that have drums, or only hats, into the score."""
    steps = clock.meter.steps
    score.brushes = player.brushes

    def strike(bar: int, step: float, role: str, velocity: float, accent: bool = False, high: float = 0.5) -> None:
        group = {"kick": "kick", "snare": "snare", "rim": "snare", "clap": "snare", "tom": "snare"}.get(role, "top")
        time = clock.time(bar, step) + player.push[group] + rng.normal(0, player.loose)
        if 0 <= time < score.length - 0.05:
            loud = float(np.clip(velocity * rng.normal(1, 0.06), 0.04, 1))
            score.strikes.append(Strike(time, role, loud, accent, high))

    for number, section in enumerate(sections):
        full = "drums" in section.players
        if not full and "hats" not in section.players:
            continue
        top = player.second if number % 3 == 2 and rng.random() < 0.5 else player.top
        for bar in range(section.bar, section.bar + section.bars):
            last = bar == section.bar + section.bars - 1
            filled = full and ((section.fill and last) or bar % player.fill_every == player.fill_every - 1)
            fill = steps - int(rng.choice([clock.meter.division, clock.meter.division * 2, steps])) if filled else steps
            if full and bar == section.bar and rng.random() < player.crashes:
                strike(bar, 0, "crash", rng.uniform(0.7, 1))
            _bar(rng, player, strike, bar, fill, full, top, clock.meter.division)
            if fill < steps:
                _fill(rng, strike, bar, fill, steps, clock.meter.division)
            if player.percussion and fill == steps:
                for step in range(0, steps, 2 if player.percussion == "shaker" else 3):
                    strike(bar, step, player.percussion, rng.uniform(0.3, 0.9), high=float(rng.choice([0.3, 0.6])))
    if score.strikes and rng.random() < 0.4:
        strike(clock.bars, 0, "kick", 1.0, True)
        strike(clock.bars, 0, "crash", 1.0)


def _bar(
    rng: np.random.Generator, player: Drummer, strike: Stroke, bar: int, fill: int, full: bool, top: str, division: int
) -> None:
    for step in range(fill):
        if full:
            sign = player.kick[step]
            sign = "x" if sign == "." and rng.random() < player.busy else sign
            if rng.random() < CHANCE[sign]:
                strike(bar, step, "kick", LOUD[sign] * player.accents, True)
            sign = player.snare[step]
            sign = "g" if sign == "." and rng.random() < player.busy else sign
            if rng.random() < CHANCE[sign]:
                if sign == "g":
                    strike(bar, step, "snare", player.ghost * rng.uniform(0.7, 1.3))
                else:
                    strike(bar, step, player.stick, LOUD[sign] * player.accents, True)
                    if sign == "X" and player.stick == "snare" and rng.random() < player.graces:
                        for early in GRACES[int(rng.integers(len(GRACES)))]:
                            strike(bar, step - early, "snare", player.ghost * rng.uniform(0.6, 1.2))
        _top(rng, player, strike, bar, step, top, division)


def _top(
    rng: np.random.Generator, player: Drummer, strike: Stroke, bar: int, step: int, top: str, division: int
) -> None:
    within = step % division
    accent = 0.9 if within == 0 else 0.65 if within * 2 == division else 0.5
    if top == "ride":
        swung = (
            within == 0 or (within * 2 == division and (step // division) % 2 == 1) or (division == 3 and within == 2)
        )
        if swung and rng.random() < 0.95:
            strike(bar, step, "ride", accent)
        if within == 0 and (step // division) % 2 == 1 and rng.random() < 0.7:
            strike(bar, step, "pedal", 0.6)
        return
    every = {"16": 1, "8": 2 if division == 4 else 1, "4": division, "open": division, "crash": division}.get(top, 0)
    due = step % every == 0 if every else top == "off" and within == division // 2
    if due and rng.random() < 0.96:
        opened = top in ("open", "off") or (rng.random() < player.open_hats and within * 2 == division)
        role = "crash" if top == "crash" else "open" if opened and (top != "off" or player.open_hats > 0) else "hat"
        strike(bar, step, role, accent)


def _fill(rng: np.random.Generator, strike: Stroke, bar: int, fill: int, steps: int, division: int) -> None:
    kind = str(rng.choice(["snare", "toms", "mixed", "triplets", "stop"]))
    if kind == "stop":
        strike(bar, fill, "kick", 1.0, True)
        return
    places = (
        np.arange(fill, steps, division / 3) if kind == "triplets" else np.arange(fill, steps, rng.choice([1, 1, 2]))
    )
    for number, step in enumerate(places):
        if rng.random() < 0.85:
            role = {"snare": "snare", "toms": "tom"}.get(kind, str(rng.choice(["snare", "tom", "tom", "kick"])))
            velocity = rng.uniform(0.55, 1.0)
            accent = role in ("snare", "kick") and velocity > 0.75 and step % (division / 2) == 0
            strike(bar, float(step), role, velocity, accent, 1 - number / max(1, len(places)))
