"""Make one synthetic record from its seed and number: compose, play, augment, and label everything in it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.lab.synthetic import band, drum_patterns, mixing, styles
from samplechop.offline.lab.synthetic import turntable as turntables
from samplechop.offline.lab.synthetic.beds import Bed, choose_bed, near_tempo
from samplechop.offline.lab.synthetic.chop_rule import candidates, label_played
from samplechop.offline.lab.synthetic.chords import (
    CHORDS,
    DARK,
    GOSPEL,
    JAZZ,
    PLAIN,
    SOUL,
    Chord,
    progression,
    random_changes,
)
from samplechop.offline.lab.synthetic.grooves import Performance, choose_performance, perform
from samplechop.offline.lab.synthetic.score import (
    METERS,
    Clock,
    Score,
    Tone,
    keep_time,
    lay_out,
    outline,
    play_backbeat_otherwise,
)
from samplechop.offline.lab.synthetic.soundfont_bank import Bank
from samplechop.offline.lab.synthetic.styles import STYLES, Style
from samplechop.offline.labels.recording_truth import Truth

SOLO_KINDS = ("hits", "hits", "strums", "melody", "swells", "drops")
SOLO_PROGRAMS = {
    "hits": styles.GUITARS * 2 + styles.LOUD_GUITARS + styles.KEYS + styles.MALLETS + (15, 46, 104, 105, 107),
    "strums": styles.GUITARS * 2 + styles.KEYS + (15, 46),
    "melody": styles.WINDS + styles.HORNS + styles.GUITARS + styles.KEYS + styles.MALLETS + (40, 41, 42, 22, 21),
    "swells": styles.STRINGS,
    "drops": styles.KEYS,
}


def play_solo(score: Score, rng: np.random.Generator, kind: str) -> None:
    """Play one of SOLO_KINDS into the score; nothing here has a pulse, so no beats are known."""
    if kind == "drops":
        time = rng.uniform(0.1, 1.0)
        while time < score.length - 1.5:
            score.stabs.append(float(time))
            time += rng.uniform(0.5, 5.0)
        return
    key = int(rng.integers(12))
    table = (SOUL, JAZZ, DARK, GOSPEL, PLAIN)[rng.integers(5)]
    chords = progression(key, str(rng.choice(table)))
    time, number = float(rng.uniform(0.05, 1.2)), 0
    pause = (0.15, 0.9) if kind == "melody" else (0.35, 3.0) if kind == "hits" else (1.0, 4.0)
    pace = float(np.exp(rng.uniform(np.log(pause[0]), np.log(pause[1]))))
    # Faster, an even pace would be a beat.
    steady = rng.random() < 0.4 and pace > 1.2
    middle, loud = int(rng.integers(48, 68)), int(rng.integers(60, 120))
    while time < score.length - 0.4:
        wait = pace * rng.normal(1, 0.02) if steady else float(np.exp(rng.uniform(np.log(pause[0]), np.log(pause[1]))))
        chord = chords[(number // (4 if kind == "melody" else 1)) % len(chords)]
        if kind == "melody":
            _melody_note(score, rng, time, wait * rng.uniform(0.5, 1.0), chord, loud)
            if rng.random() < 0.12:
                wait += rng.uniform(0.5, 2.0)
        else:
            score.chords.append((time, chord.label))
            single = kind == "hits" and rng.random() < 0.35
            keys = chord.voiced(middle, int(rng.integers(3, 6)))
            keys = (int(rng.choice(keys)),) if single else keys
            keys = keys + ((keys[0] - 12 + 12 * (keys[0] < 52),) if kind == "strums" and rng.random() < 0.5 else ())
            roll = rng.choice([0.0, rng.uniform(0.0, 0.012), rng.uniform(0.005, 0.03)])
            length = wait * rng.uniform(0.3, 1.1)
            part = "strings" if kind == "swells" else "chord"
            for place, one in enumerate(sorted(set(keys), reverse=rng.random() < 0.3)):
                velocity = int(np.clip(loud * rng.normal(1, 0.1), 20, 127))
                score.tones.append(Tone(time + place * roll, length, one, velocity, part, place == 0))
        number += 1
        time += wait


def _melody_note(score: Score, rng: np.random.Generator, time: float, length: float, chord: Chord, loud: int) -> None:
    scale = [(chord.root + step) % 12 for step in (*CHORDS[chord.quality], 2, 9)]
    key = 12 * int(rng.integers(5, 7)) + int(rng.choice(scale))
    score.tones.append(Tone(time, length, key, int(np.clip(loud * rng.normal(1, 0.15), 25, 127)), "lead"))


OTHERWISE_WALTZ = 0.1
"""How often a style is played in three."""
COMPOUND_BPM = (55.0, 110.0)
OVER_A_BED = 0.5
"""How often a record with a band has real music in its place, where there is any."""
BY_PEOPLE = 0.5
"""How often drums are a person's performance, where there are any."""
STYLES_OF_GROOVES = {
    "afrobeat": ("funk",),
    "afrocuban": ("latin",),
    "blues": ("shuffle",),
    "dance": ("disco", "electro"),
    "highlife": ("latin",),
    "neworleans": ("funk",),
    "pop": ("soul", "songwriter", "rock"),
    "punk": ("punk", "d-beat", "hard rock"),
    "reggae": ("reggae", "one-drop"),
    "rock": ("rock", "hard rock", "hard rock", "songwriter", "thrash", "ballad"),
}
"""Which of STYLES a band plays to performances, where there is not just the one of their name."""


def make(seed: int, number: int, bank: Bank, augment: bool = True) -> tuple[Sound, Truth]:
    """Make record `number`: float32, (n,), mono, 44 100 Hz, within full scale, and its truth.

    augment: as a worn record on a turntable; otherwise dry and at its own speed.
    Raises UserError if fluidsynth fails.
    """
    plan, rng = outline(seed, number), np.random.default_rng([seed, number, 1])
    if plan.kind == "noise":
        return turntables.empty_record(plan.length, rng), Truth(plan.length, "noise", plan.split, seed)
    turntable = turntables.random_turntable(rng) if augment else turntables.Turntable()
    score = Score(float(turntable.recorded_at(np.array([plan.length]))[0]) + 0.05)
    grooves = bank.grooves if rng.random() < BY_PEOPLE else ()
    performance = choose_performance(rng, grooves, plan.split == "validation") if grooves else None
    bed: Bed | None = None
    comps: Sequence[int]
    leads: Sequence[int]
    if plan.kind == "full" and plan.split == "train" and bank.beds and rng.random() < OVER_A_BED:
        bed = choose_bed(rng, bank.beds, score.length)
    if bed is not None:
        over = _drum_over(score, rng, bed, grooves)
        style, comps, leads = f"{over.name}-real-music", over.comps, over.leads
    else:
        style, comps, leads = _compose(score, rng, plan.kind, performance)
    mix = mixing.play(score, rng, comps, leads, bank, plan.split == "validation", bed.samples if bed else None)
    samples = mix.samples
    if augment:
        samples = turntables.augment_record(turntable.play(samples, plan.length), rng)
    else:
        samples = samples[: round(plan.length * RATE)] * np.float32(0.5 / np.max(np.abs(samples), initial=1e-9))
    music = [(0.0, score.length)] if bed is not None else []
    found, unsure = candidates(score, mix.quick, mix.loops, music)
    unsure += [(time, time + 0.02) for time in (bed.onsets if bed is not None else ())]
    name = style if plan.kind in ("full", "solo") else f"{style}-{plan.kind}"
    truth = mixing.truth_of(score, name, plan.split, seed, unsure, mix.dropped, mix.loops + music, mix.snr)
    truth = replace(truth, music=music)
    return samples, label_played(samples, truth, found, turntable, plan.length)


def _compose(
    score: Score, rng: np.random.Generator, kind: str, performance: Performance | None
) -> tuple[str, Sequence[int], Sequence[int]]:
    """Write the score; returns its style, or its kind if it has no pulse, and the programs of chords and leads.

    performance: what the drums play, if there are any, and at whose tempo.
    """
    if kind == "solo":
        way = str(rng.choice(SOLO_KINDS))
        play_solo(score, rng, way)
        return way, SOLO_PROGRAMS[way], SOLO_PROGRAMS[way]
    style = random_style(rng) if performance is None else style_of(performance, rng)
    meter = METERS["3/4" if rng.random() < OTHERWISE_WALTZ else str(rng.choice(style.meters))]
    bpm = float(np.exp(rng.uniform(*np.log(style.bpm if meter.division == 4 else COMPOUND_BPM))))
    if performance is not None:
        meter, bpm = METERS[performance.meter], performance.bpm
    played = kind in ("full", "band")
    rubato = int(rng.integers(1, 3)) if played and rng.random() < 0.12 else 0
    drift = 0.0
    if style.name != "electro":
        drift = float(rng.choice([0.0, rng.uniform(0.002, 0.012), rng.uniform(0.01, 0.025)]))
    beats = keep_time(rng, meter, bpm, drift, (float(rng.uniform(0.05, 1.6)), score.length - 0.6), rubato)
    clock = Clock(beats, meter, float(rng.uniform(*style.swing)), float(rng.uniform(*style.fine_swing)))
    drummer: drum_patterns.Drummer | Performance = performance or drum_patterns.random_drummer(rng, style, clock)
    players = band.random_band(rng, style, clock)
    parts = {"drums"} if kind in ("full", "drums") else set()
    if played:
        there = {
            "chord": True,
            "comp": players.second,
            "bass": players.bass != "none",
            "lead": players.lead,
            "song": players.song,
        }
        parts |= {part for part, plays in there.items() if plays} | set(players.extras)
    play_sections(score, rng, clock, style, frozenset(parts), drummer, players, rubato)
    play_backbeat_otherwise(score, rng)
    if rng.random() < 0.3:
        score.stabs = sorted(clock.time(int(rng.integers(clock.bars)), 0) for _ in range(int(rng.integers(1, 4))))
    return style.name, style.comps, style.leads


def _drum_over(score: Score, rng: np.random.Generator, bed: Bed, grooves: Sequence[Performance]) -> Style:
    """Write drums over real music, on its beats; returns their style. grooves: of which a person's may be one."""
    there = near_tempo([one for one in grooves if one.meter == bed.meter], bed.clock.beats)
    performance = choose_performance(rng, there, False) if there else None
    style = random_style(rng) if performance is None else style_of(performance, rng)
    drummer = performance or drum_patterns.random_drummer(rng, style, bed.clock)
    play_sections(score, rng, bed.clock, style, frozenset({"drums", "music"}), drummer, None)
    # Music goes on where nobody drums.
    beats = bed.clock.meter.beats
    score.beats = [(float(time), index % beats + 1) for index, time in enumerate(bed.clock.beats[:-1])]
    play_backbeat_otherwise(score, rng)
    return style


def compose(rng: np.random.Generator, length: float, with_band: bool) -> tuple[Score, Style]:
    """Write `length` seconds of drums in one of the styles, with or without a band; no drop-ins, no rubato."""
    style = random_style(rng)
    meter = METERS[str(rng.choice(style.meters))]
    bpm = float(np.exp(rng.uniform(*np.log(style.bpm if meter.division == 4 else COMPOUND_BPM))))
    drift = 0.0 if style.name == "electro" else float(rng.choice([0.0, rng.uniform(0.002, 0.012)]))
    beats = keep_time(rng, meter, bpm, drift, (float(rng.uniform(0.05, 1.2)), length - 0.4))
    clock = Clock(beats, meter, float(rng.uniform(*style.swing)), float(rng.uniform(*style.fine_swing)))
    score = Score(length)
    players = band.random_band(rng, style, clock)
    parts = {"drums"}
    if with_band:
        there = {"chord": True, "bass": players.bass != "none", "lead": players.lead}
        parts |= {part for part, plays in there.items() if plays} | set(players.extras)
    play_sections(score, rng, clock, style, frozenset(parts), drum_patterns.random_drummer(rng, style, clock), players)
    return score, style


def style_of(performance: Performance, rng: np.random.Generator) -> Style:
    """Choose how a band plays to a performance: as goes with its style, or in any where that is not known."""
    wanted = str(rng.choice(STYLES_OF_GROOVES.get(performance.style, (performance.style,))))
    return next((style for style in STYLES if style.name == wanted), None) or random_style(rng)


def random_style(rng: np.random.Generator) -> Style:
    """Choose one of STYLES, by their weights."""
    weights = np.array([style.weight for style in STYLES])
    return STYLES[rng.choice(len(STYLES), p=weights / weights.sum())]


def play_sections(
    score: Score,
    rng: np.random.Generator,
    clock: Clock,
    style: Style,
    parts: frozenset[str],
    drummer: drum_patterns.Drummer | Performance,
    players: band.Band | None,
    rubato: int = 0,
) -> None:
    """Divide the bars into sections and play them into the score, with their phrases and beats.

    parts: "drums" and parts of the band. rubato: how many bars at the start are free.
    """
    sections = lay_out(rng, clock.bars, parts, rubato)
    if "drums" in parts and isinstance(drummer, Performance):
        perform(score, rng, clock, sections, drummer)
    elif "drums" in parts and isinstance(drummer, drum_patterns.Drummer):
        drum_patterns.drum(score, rng, clock, sections, drummer)
    if players is not None and parts - {"drums"}:
        chords = random_changes(rng, style.changes, clock.bars * players.per_bar)
        pattern = drummer.kick if isinstance(drummer, drum_patterns.Drummer) else "X" + "." * (clock.meter.steps - 1)
        band.play(score, rng, clock, sections, players, chords, pattern)
    score.phrases = [clock.time(section.bar, 0) for section in sections if section.players]
    silent = {bar for one in sections if not one.players for bar in range(one.bar, one.bar + one.bars)}
    for index, time in enumerate(clock.beats[:-1]):
        if index // clock.meter.beats not in silent:
            score.beats.append((float(time), index % clock.meter.beats + 1))
