"""Make one synthetic record from its seed and number: compose, play, augment, and label everything in it."""

from dataclasses import replace

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.lab.synthetic import band, choosing, groove, mixing, solo
from samplechop.offline.lab.synthetic import turntable as turntables
from samplechop.offline.lab.synthetic.score import METERS, Clock, Score, keep_time, lay_out, outline
from samplechop.offline.lab.synthetic.soundfont_bank import Bank
from samplechop.offline.lab.synthetic.styles import STYLES, Style
from samplechop.offline.labels.recording_truth import Truth, moved

OTHERWISE_WALTZ = 0.06
"""How often a style is played in three."""


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
    style = _compose(score, rng, plan.kind)
    samples, truth, found = mixing.play(score, rng, plan, style, bank, seed)
    if augment:
        samples = turntables.augment_record(turntable.play(samples, plan.length), rng)
    else:
        samples = samples[: round(plan.length * RATE)] * np.float32(0.5 / np.max(np.abs(samples), initial=1e-9))
    truth = moved(truth, turntable.played_at, turntable.semitones, plan.length)
    times = turntable.played_at(np.array([one.time for one in found]))
    shifted = [
        choosing.Candidate(float(time), one.reason)
        for time, one in zip(times, found, strict=True)
        if 0 <= time < plan.length - choosing.WIDTH
    ]
    chops, lost = choosing.choose(samples, shifted)
    drums = choosing.audible(samples, truth.drums)
    unsure = choosing.without(truth.unsure + lost, chops)
    return samples, replace(truth, chops=chops, unsure=unsure, drums=drums)


def _compose(score: Score, rng: np.random.Generator, kind: str) -> Style | str:
    """Write the score; returns its style, or the kind of a record without a pulse."""
    if kind == "solo":
        way = str(rng.choice(solo.KINDS))
        solo.play(score, rng, way)
        return way
    weights = np.array([style.weight for style in STYLES])
    style = STYLES[rng.choice(len(STYLES), p=weights / weights.sum())]
    meter = METERS["3/4" if rng.random() < OTHERWISE_WALTZ else str(rng.choice(style.meters))]
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
        who |= {"song"} if players.song else set()
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
