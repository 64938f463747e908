"""Make one record of a crate from its seed and number: compose, play, age, and know where everything is."""

from dataclasses import dataclass

import numpy as np

from offline.crate import band, choosing, drumming, groove, performance, solo, wear
from offline.crate.bank import Bank
from offline.crate.score import LABELS, Score
from offline.crate.sounds import RATE, Sound
from offline.crate.styles import STYLES, Style
from offline.crate.timeline import METERS, Clock, keep_time, lay_out
from offline.crate.truth import BeatTruth, ChordTruth, DrumTruth, NoteTruth, Truth, moved

SHORTEST, LONGEST = 20.0, 45.0
SHARES = {"noise": 0.12, "drums": 0.2, "solo": 0.16, "band": 0.1, "full": 0.42}
"""Kinds of records and their shares: surface noise only, drums alone, no pulse, a band without drums, everything."""
VALIDATION = 0.12


@dataclass(frozen=True, slots=True)
class Outline:
    """What is decided about a record before it is composed: its kind, its side of the split, its length in seconds."""

    kind: str
    split: str
    length: float


def outline(seed: int, number: int) -> Outline:
    """Decide about record `number` of the crate with this seed; it depends on nothing else."""
    rng = np.random.default_rng([seed, number, 0])
    kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    split = "validation" if rng.random() < VALIDATION else "train"
    return Outline(kind, split, round(float(rng.uniform(SHORTEST, LONGEST)), 3))


def make(seed: int, number: int, bank: Bank, aged: bool = True) -> tuple[Sound, Truth]:
    """Make record `number`: float32, (n,), mono, 44 100 Hz, within full scale, and its truth.

    aged: as a worn record on a turntable; otherwise dry and at its own speed.
    Raises UserError if fluidsynth fails.
    """
    plan, rng = outline(seed, number), np.random.default_rng([seed, number, 1])
    if plan.kind == "noise":
        return wear.empty(plan.length, rng), Truth(plan.length, "noise", plan.split, seed)
    turntable = wear.find_turntable(rng) if aged else wear.Turntable()
    score = Score(float(turntable.recorded_at(np.array([plan.length]))[0]) + 0.05)
    style = _compose(score, rng, plan.kind)
    samples, truth, found = _perform(score, rng, plan, style, bank, seed)
    if aged:
        samples = wear.worn(turntable.play(samples, plan.length), rng)
    else:
        samples = samples[: round(plan.length * RATE)] * np.float32(0.5 / np.max(np.abs(samples), initial=1e-9))
    truth = moved(truth, turntable.heard_at, turntable.semitones, plan.length)
    times = turntable.heard_at(np.array([one.time for one in found]))
    heard = [
        choosing.Candidate(float(time), one.reason)
        for time, one in zip(times, found, strict=True)
        if 0 <= time < plan.length - choosing.WIDTH
    ]
    chops, lost = choosing.choose(samples, heard)
    unsure = choosing.without(sorted(truth.unsure + lost), chops)
    return samples, Truth(
        truth.length,
        truth.style,
        truth.split,
        seed,
        RATE,
        chops,
        unsure,
        truth.drums,
        truth.notes,
        truth.chords,
        truth.beats,
    )


def _compose(score: Score, rng: np.random.Generator, kind: str) -> Style | str:
    """Write the score; returns its style, or the kind of a record without a pulse."""
    if kind == "solo":
        way = str(rng.choice(solo.KINDS))
        solo.play(score, rng, way)
        return way
    weights = np.array([style.weight for style in STYLES])
    style = STYLES[rng.choice(len(STYLES), p=weights / weights.sum())]
    meter = METERS[str(rng.choice(style.meters))]
    bpm = float(np.exp(rng.uniform(*np.log(style.bpm))))
    if meter.division == 3:
        bpm = float(np.exp(rng.uniform(*np.log((55.0, 110.0)))))
    played = kind in ("full", "band")
    rubato = int(rng.integers(1, 3)) if played and rng.random() < 0.12 else 0
    drift = (
        0.0
        if style.name == "electro"
        else float(rng.choice([0.0, rng.uniform(0.002, 0.012), rng.uniform(0.01, 0.025)]))
    )
    beats = keep_time(rng, meter, bpm, drift, (float(rng.uniform(0.05, 1.6)), score.length - 0.6), rubato)
    clock = Clock(beats, meter, float(rng.uniform(*style.swing)), float(rng.uniform(*style.fine_swing)))
    player, players = groove.hire(rng, style, clock), band.hire(rng, style, clock)
    who = set()
    if kind in ("full", "drums"):
        who.add("drums")
    if played:
        who |= {"chord", *players.extras}
        who |= {"comp"} if players.second else set()
        who |= {"bass"} if players.bass != "none" else set()
        who |= {"lead"} if players.lead else set()
    sections = lay_out(rng, clock.bars, frozenset(who), rubato)
    if "drums" in who:
        groove.drum(score, rng, clock, sections, player)
    if played:
        chords = band.changes(rng, style, clock.bars * players.per_bar)
        band.play(score, rng, clock, sections, players, chords, player.kick)
    score.phrases = [clock.time(section.bar, 0) for section in sections if section.players]
    silent = {
        bar for section in sections if not section.players for bar in range(section.bar, section.bar + section.bars)
    }
    for index, time in enumerate(beats[:-1]):
        if index // meter.beats not in silent:
            score.beats.append((float(time), index % meter.beats + 1))
    if rng.random() < 0.3:
        score.stabs = sorted(clock.time(int(rng.integers(clock.bars)), 0) for _ in range(int(rng.integers(1, 4))))
    return style


def _perform(
    score: Score, rng: np.random.Generator, plan: Outline, style: Style | str, bank: Bank, seed: int
) -> tuple[Sound, Truth, list[choosing.Candidate]]:
    """Play and mix a score; returns the dry record, its truth without chops, and the candidates for chops."""
    validation, length = plan.split == "validation", score.length
    named = style if isinstance(style, str) else style.name
    comps, leads = (solo.PLAYERS[style],) * 2 if isinstance(style, str) else (style.comps, style.leads)
    line_up = performance.line_up(rng, comps, leads, validation)
    quick = frozenset(part for part, program in line_up.programs.items() if program in bank.quick)
    mix = np.zeros(round(length * RATE), np.float32)
    if score.tones:
        tonal, score.tones = performance.play(score.tones, length, line_up, bank)
        if rng.random() < 0.25:
            tonal = drumming.in_a_room(tonal, rng)
        mix += _level(tonal)
    loops: list[tuple[float, float]] = []
    if score.strikes:
        kit = drumming.assemble(rng, bank.shots, [strike.role for strike in score.strikes], validation)
        drums = drumming.play(score.strikes, kit, length, rng)
        if rng.random() < 0.5:
            drums = drumming.in_a_room(drums, rng)
        balance = rng.uniform(-10, 8) if score.tones else 0.0
        mix += _level(drumming.bus(drums, rng)) * np.float32(10 ** (balance / 20))
    if score.stabs:
        stabs, loops = _drop(score, rng, bank, validation)
        mix += _level(stabs) * np.float32(10 ** (rng.uniform(-8, 2) / 20))
    found, unsure = choosing.candidates(score, quick, loops)
    truth = Truth(
        length,
        named if plan.kind in ("full", "solo") else f"{named}-{plan.kind}",
        plan.split,
        seed,
        unsure=unsure,
        drums=[DrumTruth(s.time, LABELS[s.role], s.velocity) for s in score.strikes if s.role in LABELS],
        notes=[
            NoteTruth(t.time, t.length, t.key, t.velocity / 127, "chord" if t.part == "comp" else t.part)
            for t in score.tones
        ],
        chords=[ChordTruth(time, label) for time, label in score.chords],
        beats=[BeatTruth(time, position) for time, position in score.beats],
    )
    return mix, truth, found


def _drop(
    score: Score, rng: np.random.Generator, bank: Bank, validation: bool
) -> tuple[Sound, list[tuple[float, float]]]:
    """Drop one-shots and loops in; returns their sound and where each loop runs, of which only the start is known."""
    out, loops = np.zeros(round(score.length * RATE), np.float32), []
    own = [shot for shot in bank.shots if shot.held_out == validation and not shot.name.startswith("kit")]
    pools = [[shot for shot in own if shot.role == role] for role in ("stab", "loop")]
    kept = []
    for time in score.stabs:
        pool = pools[1] if pools[1] and rng.random() < 0.12 else pools[0]
        if not pool:
            break
        shot = pool[rng.integers(len(pool))]
        sound = drumming.respeed(np.asarray(shot.samples), 2 ** rng.uniform(-0.3, 0.3))
        at = round(time * RATE)
        end = min(len(sound), len(out) - at)
        if end <= 0:
            continue
        out[at : at + end] += sound[:end] * np.float32(10 ** (rng.uniform(-10, 0) / 20))
        kept.append(time)
        if shot.role == "loop":
            loops.append((time, time + end / RATE))
    score.stabs = kept
    return out, loops


def _level(sound: Sound) -> Sound:
    """Scale to an RMS of 0.1 over the parts that sound."""
    loud = np.abs(sound) > 1e-4
    power = float(np.mean(np.square(sound[loud]))) if loud.any() else 0.0
    return sound * np.float32(0.1 / np.sqrt(power)) if power > 0 else sound
