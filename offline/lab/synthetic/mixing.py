"""Play a score (band through fluidsynth, drums, one-shots) into one dry mix, and write down what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation import effects
from samplechop.offline.lab.synthetic import drum_kit, local_snr
from samplechop.offline.lab.synthetic.chop_rule import drums_alone
from samplechop.offline.lab.synthetic.instruments import amplified_parts, amplify, choose_line_up, play_tones, sing
from samplechop.offline.lab.synthetic.local_snr import Decibels
from samplechop.offline.lab.synthetic.score import LABELS, Score
from samplechop.offline.lab.synthetic.soundfont_bank import Bank
from samplechop.offline.labels.recording_truth import (
    ALONE_DB,
    BeatTruth,
    ChordTruth,
    DrumTruth,
    NoteTruth,
    Truth,
)

AMPLIFIED = 0.75
"""How often loud guitars are clean ones through an amplifier, rather than the soundfont's."""
MEDIAN_SNR_DB = (-10.0, 8.0)
PARTS = {"comp": "chord", "song": "voice"}


@dataclass(frozen=True, slots=True)
class Mix:
    """A score as it was played: float32, (round(score.length * RATE),).

    quick: the parts whose instrument speaks at once. loops: start and stop of those dropped in, seconds. dropped: drums
    among the one-shots dropped in. snr: of the score's strikes, in their order, dB.
    """

    samples: Sound
    quick: frozenset[str]
    loops: list[tuple[float, float]]
    dropped: list[DrumTruth]
    snr: Decibels


def play(
    score: Score,
    rng: np.random.Generator,
    comps: Sequence[int],
    leads: Sequence[int],
    bank: Bank,
    validation: bool,
    bed: Sound | None = None,
) -> Mix:
    """Play and mix a score: the drums so loud that the median ratio of kick and snare is uniform in MEDIAN_SNR_DB.

    comps, leads: programs for chords and melodies. bed: real music to play over, as long as the score. The score's
    tones and stabs become those that really sound.
    Raises UserError if fluidsynth fails.
    """
    length = score.length
    line_up = choose_line_up(rng, comps, leads, validation)
    mix = np.zeros(round(length * RATE), np.float32) if bed is None else _level(bed)
    sung = [tone for tone in score.tones if tone.part == "song"]
    others = [tone for tone in score.tones if tone.part != "song"]
    amplified = amplified_parts(line_up) if rng.random() < AMPLIFIED else frozenset()
    loud = [tone for tone in others if tone.part in amplified]
    others = [tone for tone in others if tone.part not in amplified]
    if loud:
        guitars, loud = amplify(loud, length, line_up, bank, rng)
        mix += _level(guitars) * np.float32(10 ** (rng.uniform(-4, 5) / 20))
    if others:
        tonal, others = play_tones(others, length, line_up, bank)
        if rng.random() < 0.25:
            tonal = effects.reverberate(tonal, rng)
        mix += _level(tonal)
    score.tones = sorted([*loud, *others, *sung], key=lambda tone: tone.time)
    loops: list[tuple[float, float]] = []
    dropped: list[DrumTruth] = []
    if score.stabs:
        stabs, loops, dropped = _drop(score, rng, bank, validation)
        mix += _level(stabs) * np.float32(10 ** (rng.uniform(-8, 2) / 20))
    if sung:
        voice = effects.reverberate(sing(sung, length, rng), rng, 0.4)
        mix += _level(voice) * np.float32(10 ** (rng.uniform(-6, 6) / 20))
    snr: Decibels = np.zeros(0)
    if score.strikes:
        kit = drum_kit.random_kit(rng, bank.shots, [strike.role for strike in score.strikes], validation, score.brushes)
        dry, own = drum_kit.play_and_measure(score.strikes, kit, length, rng)
        drums = drum_kit.overheads(dry, rng) if rng.random() < 0.4 else dry
        drums = drum_kit.bus(effects.reverberate(drums, rng) if rng.random() < 0.5 else drums, rng)
        gain = local_snr.gain_for(drums, mix, score.strikes, float(rng.uniform(*MEDIAN_SNR_DB)))
        drums = _level(drums) if gain is None else drums * np.float32(gain)
        snr = local_snr.ratios(score.strikes, own, dry, drums, mix)
        mix += drums
    if rng.random() < 0.35:
        mix = effects.compress(mix / np.max(np.abs(mix), initial=1e-6), rng)
    if rng.random() < 0.08:
        fade = round(rng.uniform(2, 8) * RATE)
        mix[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return Mix(mix, line_up.quick(bank) | amplified, loops, dropped, snr)


def truth_of(
    score: Score,
    style: str,
    split: str,
    seed: int,
    unsure: list[tuple[float, float]],
    dropped: Sequence[DrumTruth] = (),
    loops: Sequence[tuple[float, float]] = (),
    snr: Decibels | None = None,
) -> Truth:
    """Write down what a score holds, but for its chops. dropped, loops, snr: as in Mix."""
    ratios = np.full(len(score.strikes), ALONE_DB) if snr is None else snr
    struck = [
        DrumTruth(one.time, LABELS[one.role], one.velocity, float(ratio))
        for one, ratio in zip(score.strikes, ratios, strict=True)
    ]
    return Truth(
        score.length,
        style,
        split,
        seed,
        unsure=unsure,
        solo=drums_alone(score, loops),
        drums=[*dropped, *struck],
        notes=[NoteTruth(t.time, t.length, t.key, t.velocity / 127, PARTS.get(t.part, t.part)) for t in score.tones],
        chords=[ChordTruth(time, label) for time, label in score.chords],
        beats=[BeatTruth(time, position) for time, position in score.beats],
    )


def _drop(
    score: Score, rng: np.random.Generator, bank: Bank, validation: bool
) -> tuple[Sound, list[tuple[float, float]], list[DrumTruth]]:
    """Drop one-shots and loops in, and single drums where nothing else plays.

    Returns their sound, where each loop runs (of which only the start is known), and the drums.
    """
    out, loops, drums = np.zeros(round(score.length * RATE), np.float32), [], []
    own = [shot for shot in bank.shots if shot.held_out == validation]
    drummed = [shot for shot in own if shot.role not in ("stab", "loop")]
    pools = [[shot for shot in own if shot.role == role] for role in ("stab", "loop")]
    kept = []
    for time in score.stabs:
        pool = pools[1] if pools[1] and rng.random() < 0.12 else pools[0]
        if not (score.strikes or score.tones) and rng.random() < 0.4:
            pool = drummed
        if not pool:
            break
        shot = pool[rng.integers(len(pool))]
        sound = effects.change_speed(np.asarray(shot.samples), 2 ** rng.uniform(-0.3, 0.3))
        at = round(time * RATE)
        end = min(len(sound), len(out) - at)
        if end <= 0:
            continue
        if shot.role in LABELS:
            drums.append(DrumTruth(time, LABELS[shot.role], 0.8))
        out[at : at + end] += sound[:end] * np.float32(10 ** (rng.uniform(-10, 0) / 20))
        kept.append(time)
        if shot.role == "loop":
            loops.append((time, time + end / RATE))
    score.stabs = kept
    return out, loops, drums


def _level(sound: Sound) -> Sound:
    """Scale to an RMS of 0.1 over the parts that sound."""
    loud = np.abs(sound) > 1e-4
    power = float(np.mean(np.square(sound[loud]))) if loud.any() else 0.0
    return sound * np.float32(0.1 / np.sqrt(power)) if power > 0 else sound
