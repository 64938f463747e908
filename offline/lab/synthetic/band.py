"""What the band plays over the drums: chords, bass, melodies, sustained sounds."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from samplechop.offline.lab.synthetic.chords import CHORDS, Chord
from samplechop.offline.lab.synthetic.score import Clock, Score, Section, Tone
from samplechop.offline.lab.synthetic.styles import Style

LOCK = 0.05
"""Seconds within which a bass note and a stroke of the kick are meant to be one."""
STABS = (0, 0, 3, 4, 6, 7, 8, 10, 11, 12, 14)
BOSSA = (0, 3, 6, 8, 11, 14)
MONTUNO = (0, 2, 3, 5, 7, 9, 11, 13, 15)
TUMBAO = (0, 6, 12)


class Player(Protocol):
    """Sounds keys at a step of a bar, for so many beats."""

    def __call__(
        self,
        bar: int,
        step: float,
        beats: float,
        keys: tuple[int, ...],
        velocity: float,
        part: str,
        change: bool = False,
        roll: float | None = None,
    ) -> None:
        """Sound the keys (MIDI), step and beats in beats, velocity 0..1; roll: seconds from key to key."""


@dataclass(frozen=True, slots=True)
class Band:
    """What one record's players do.

    locked: whether the bass comes with the very strokes of the kick. strum: seconds from string to string of an
    acoustic guitar. sixteenths: how often it is struck between eighths.
    """

    comping: str
    second: str | None
    bass: str
    lead: float
    song: float
    extras: tuple[str, ...]
    per_bar: int
    roll: float
    loose: float
    push: dict[str, float]
    stabs: tuple[int, ...]
    most: int
    middle: int
    loud: int
    locked: bool
    strum: float
    sixteenths: float


def random_band(rng: np.random.Generator, style: Style, clock: Clock) -> Band:
    """Choose players for the style."""
    steps = clock.meter.steps
    return Band(
        comping=str(rng.choice(style.comping)),
        second=str(rng.choice(style.comping)) if rng.random() < 0.35 else None,
        bass=str(rng.choice(style.bass)) if rng.random() < 0.88 else "none",
        lead=float(rng.choice([0, rng.uniform(0.3, 0.6), rng.uniform(0.5, 1.0)])),
        song=float(rng.choice([0, rng.uniform(0.4, 1.2)])),
        extras=tuple(one for one in dict.fromkeys(style.extras) if rng.random() < 0.4),
        per_bar=int(rng.choice([1, 1, 1, 2])) if clock.meter.beats == 4 else 1,
        roll=float(rng.choice([0.0, rng.uniform(0, 0.02)])),
        loose=float(rng.uniform(*style.loose)),
        push={part: float(rng.normal(0, 0.006)) for part in ("chord", "comp", "bass", "lead", "horns")},
        stabs=tuple(sorted({0 if rng.random() < 0.7 else 2, *(int(s) % steps for s in rng.choice(STABS, 3))})),
        most=int(rng.choice([3, 4, 4, 5])),
        middle=int(rng.integers(56, 68)),
        loud=int(rng.integers(70, 118)),
        locked=rng.random() < 0.6,
        strum=float(rng.uniform(0.002, 0.012)),
        sixteenths=float(rng.choice([0.0, 0.2, 0.8])),
    )


def strikes_of(way: str, step: int, division: int, rng: np.random.Generator, stabs: tuple[int, ...]) -> bool:
    """Say whether a player who comps in this way plays on this step, other than on a new chord."""
    within, off = step % division, (step % division) * 2 == division or (division == 3 and step % 3 == 2)
    return {
        "beat": within == 0,
        "off": off,
        "skank": off or (division == 4 and within == 0 and (step // 4) % 2 == 1 and rng.random() < 0.15),
        "eighths": step % 2 == 0 or division == 3,
        "sixteenths": rng.random() < 0.75,
        "strum": within == 0 or (step % 2 == 0 and rng.random() < 0.6) or rng.random() < 0.15,
        "stabs": step in stabs,
        "charleston": step in (0, 6),
        "bossa": step in BOSSA,
        "montuno": step in MONTUNO,
        "oompah": within == 0 and step > 0,
        "arpeggio": step % 2 == 0 or division == 3,
    }.get(way, False)


def play(
    score: Score,
    rng: np.random.Generator,
    clock: Clock,
    sections: list[Section],
    band: Band,
    chords: list[Chord],
    kick: str,
) -> None:
    """Play all sections into the score; `chords` are two per bar or one, as the band has it.

    kick: the pattern that the bass keeps to while no kick is struck; otherwise it follows the strokes in the score.
    """
    kicks, bars = np.array(sorted(one.time for one in score.strikes if one.role == "kick")), kick_patterns(score, clock)
    meter, half = clock.meter, clock.meter.steps // band.per_bar
    before: Chord | None = None
    if sections and not sections[0].players - {"drums", "hats"}:
        score.chords.append((0.0, "N"))

    def sound(
        bar: int,
        step: float,
        beats: float,
        keys: tuple[int, ...],
        velocity: float,
        part: str,
        change: bool = False,
        roll: float | None = None,
    ) -> None:
        time = clock.time(bar, step) + band.push.get(part, 0.0) + rng.normal(0, band.loose)
        if part == "bass" and band.locked and len(kicks):
            nearest = float(kicks[np.argmin(np.abs(kicks - time))])
            time = nearest + rng.normal(0, 0.0015) if abs(nearest - time) < LOCK else time
        stop = clock.time(bar, step + beats * meter.division)
        roll = roll if roll is not None else band.roll if part in ("chord", "comp") else 0.0
        for place, key in enumerate(keys):
            start = time + place * roll
            if 0 <= start < score.length - 0.1:
                loud = int(np.clip(velocity * rng.normal(1, 0.05), 12, 127))
                length = max(0.06, min(stop, score.length) - start)
                score.tones.append(Tone(start, length, key, loud, part, change and place == 0))

    for section in sections:
        who = section.players
        if before is not None and not who - {"drums", "hats"}:
            score.chords.append((clock.time(section.bar, 0), "N"))
            before = None
        for bar in range(section.bar, section.bar + section.bars):
            for step in range(meter.steps):
                chord = chords[bar * band.per_bar + min(step // half, band.per_bar - 1)]
                start = step % half == 0
                new = start and (chord != before or bar == section.bar or len(set(chords)) == 1)
                if start and who - {"drums", "hats"} and chord != before:
                    score.chords.append((max(0.0, clock.time(bar, step)), chord.label))
                    before = chord
                for part, way in (("chord", band.comping), ("comp", band.second)):
                    if way in (None, "none") or part not in who:
                        continue
                    if way == "acoustic":
                        _strum(rng, sound, band, bar, step, chord, meter.division, part, new)
                        continue
                    again = strikes_of(str(way), step, meter.division, rng, band.stabs)
                    anyway = start and way not in ("off", "skank", "charleston", "oompah")
                    if not (again or anyway):
                        continue
                    keys = chord.voiced(band.middle + (7 if part == "comp" else 0), band.most)
                    if way == "arpeggio":
                        keys = (keys[(step // 2) % len(keys)],)
                    held = way in ("held", "none")
                    sound(
                        bar,
                        step,
                        half / meter.division * 0.96 if held else rng.uniform(0.25, 0.7),
                        keys,
                        band.loud * (1 if start else 0.8),
                        part,
                        new,
                    )
                if "bass" in who:
                    _bass(rng, sound, band.bass, bar, step, chord, start, bars.get(bar, kick)[step], meter.division)
                if "lead" in who and rng.random() < band.lead * (
                    0.5 if step % meter.division == 0 else 0.2 if step % 2 == 0 else 0.06
                ):
                    scale = sorted({(chord.root + one) % 12 for one in (*CHORDS[chord.quality], 2, 9)})
                    key = 12 * int(rng.integers(5, 7)) + int(rng.choice(scale))
                    sound(bar, step, rng.uniform(0.2, 2), (key,), rng.uniform(55, 110), "lead")
                if "song" in who and rng.random() < band.song * (0.5 if step % 2 == 0 else 0.15):
                    key = band.middle - 8 + int(rng.choice(CHORDS[chord.quality])) + (chord.root - band.middle + 8) % 12
                    sound(bar, step, rng.choice([0.4, 0.5, 1, 1.5, 2]), (key,), rng.uniform(60, 110), "song")
                if start and new:
                    for part in ("pad", "strings", "voice"):
                        if part in who:
                            low = 60 if part == "pad" else 67
                            sound(bar, step, half / meter.division, chord.voiced(low, 3), 80, part)
                if "horns" in who and step in band.stabs[:3] and rng.random() < 0.7:
                    sound(bar, step, rng.uniform(0.2, 0.8), chord.voiced(65, 3), rng.uniform(80, 120), "horns", new)


def kick_patterns(score: Score, clock: Clock) -> dict[int, str]:
    """Give the steps of each bar in which a kick is struck, as a pattern of "x"; bars without any are left out."""
    found: dict[int, list[str]] = {}
    for strike in score.strikes:
        beat = int(np.searchsorted(clock.beats, strike.time, "right")) - 1
        if strike.role == "kick" and 0 <= beat < len(clock.beats) - 1:
            part = (strike.time - clock.beats[beat]) / (clock.beats[beat + 1] - clock.beats[beat])
            bar, step = divmod(beat * clock.meter.division + round(part * clock.meter.division), clock.meter.steps)
            found.setdefault(bar, ["."] * clock.meter.steps)[step] = "x"
    return {bar: "".join(steps) for bar, steps in found.items()}


def _strum(
    rng: np.random.Generator,
    sound: Player,
    band: Band,
    bar: int,
    step: int,
    chord: Chord,
    division: int,
    part: str,
    new: bool,
) -> None:
    """Strum an acoustic guitar: down on beats, up between, string after string, now and then with damped strings."""
    within = step % division
    down = within == 0 or (within * 2 == division and rng.random() < 0.5)
    often = 0.97 if within == 0 else 0.8 if within * 2 == division or division == 3 else band.sixteenths
    if not new and rng.random() > often:
        return
    low, steps = 40 + (chord.root - 40) % 12, CHORDS[chord.quality]
    third, fifth = steps[1], steps[2] if len(steps) > 2 else 7
    strings = [key for key in (low, low + fifth, low + 12, low + 12 + third, low + 12 + fifth, low + 24) if key <= 76]
    if not down:
        strings = strings[: -int(rng.integers(3, 6)) - 1 : -1]
    damped = rng.random() < 0.12 and not new
    level = (1.0 if within == 0 else 0.75) * rng.uniform(0.75, 1.1) * (0.7 if damped else 1.0)
    beats = 0.06 if damped else float(rng.uniform(0.4, 1.1))
    sound(bar, step, beats, tuple(strings), band.loud * level, part, new, band.strum * (1.0 if down else 0.7))


def _bass(
    rng: np.random.Generator,
    sound: Player,
    way: str,
    bar: int,
    step: int,
    chord: Chord,
    start: bool,
    sign: str,
    division: int,
) -> None:
    root, fifth = 36 + (chord.root + 4) % 12 - 4, CHORDS[chord.quality][2 if chord.quality != "5" else 1]
    key = root
    played = {
        "kick": sign in "Xx" or (sign == "o" and rng.random() < 0.5),
        "eighths": step % 2 == 0 or division == 3,
        "sixteenths": True,
        "roots": start,
        "walk": step % division == 0,
        "two": step % (2 * division) == 0,
        "octaves": step % max(1, division // 2) == 0,
        "busy": start or sign in "Xx" or rng.random() < 0.2,
        "bossa": step % 8 in (0, 6),
        "tumbao": step in TUMBAO,
    }.get(way, False)
    if not played:
        return
    if way == "octaves" and (step // max(1, division // 2)) % 2 == 1:
        key += 12
    elif way in ("walk", "busy") and not start:
        key = root + int(rng.choice([0, 2, 3 if "min" in chord.quality else 4, fifth, 10, 12]))
    elif way in ("bossa", "tumbao", "two") and not start:
        key = root + fifth
    length = {"roots": 3.0, "walk": 0.9, "sixteenths": 0.2}.get(way, float(rng.uniform(0.3, 0.8)))
    sound(bar, step, length, (key,), rng.uniform(85, 118), "bass")
