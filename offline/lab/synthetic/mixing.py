"""Play a score (band through fluidsynth, drums, one-shots) into one dry mix, and write down what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mido
import numpy as np

from samplechop.offline.audio.one_shots import is_held_out
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation import effects
from samplechop.offline.lab.synthetic import choosing, drumming, singing, solo
from samplechop.offline.lab.synthetic.score import LABELS, Outline, Score, Tone
from samplechop.offline.lab.synthetic.soundfont_bank import Bank
from samplechop.offline.lab.synthetic.styles import BASSES, HORNS, PADS, STRINGS, VOICES, Style
from samplechop.offline.labels.recording_truth import BeatTruth, ChordTruth, DrumTruth, NoteTruth, Truth
from samplechop.offline.synthesis.soundfonts import GRID, render

PARTS = {"comp": "chord", "song": "voice"}


def play(
    score: Score, rng: np.random.Generator, plan: Outline, style: Style | str, bank: Bank, seed: int
) -> tuple[Sound, Truth, list[choosing.Candidate]]:
    """Play and mix a score: float32, (round(score.length * RATE),), its truth without chops, and their candidates.

    style: one of STYLES, or one of solo.KINDS. The score's tones and stabs become those that really sound.
    Raises UserError if fluidsynth fails.
    """
    validation, length = plan.split == "validation", score.length
    named = style if isinstance(style, str) else style.name
    comps, leads = (solo.PLAYERS[style],) * 2 if isinstance(style, str) else (style.comps, style.leads)
    line_up = choose_line_up(rng, comps, leads, validation)
    quick = frozenset(part for part, program in line_up.programs.items() if program in bank.quick)
    mix = np.zeros(round(length * RATE), np.float32)
    sung = [tone for tone in score.tones if tone.part == "song"]
    others = [tone for tone in score.tones if tone.part != "song"]
    if others:
        tonal, others = play_tones(others, length, line_up, bank)
        if rng.random() < 0.25:
            tonal = effects.reverberate(tonal, rng)
        mix += _level(tonal)
    score.tones = others + sung
    loops: list[tuple[float, float]] = []
    dropped: list[DrumTruth] = []
    if score.strikes:
        kit = drumming.assemble(rng, bank.shots, [strike.role for strike in score.strikes], validation)
        drums = drumming.play(score.strikes, kit, length, rng)
        if rng.random() < 0.5:
            drums = effects.reverberate(drums, rng)
        balance = rng.uniform(-10, 8) if score.tones else 0.0
        mix += _level(drumming.bus(drums, rng)) * np.float32(10 ** (balance / 20))
    if score.stabs:
        stabs, loops, dropped = _drop(score, rng, bank, validation, alone=style == "drops")
        mix += _level(stabs) * np.float32(10 ** (rng.uniform(-8, 2) / 20))
    if sung:
        voice = effects.reverberate(singing.sing(sung, length, rng), rng, 0.4)
        mix += _level(voice) * np.float32(10 ** (rng.uniform(-6, 6) / 20))
    if rng.random() < 0.35:
        mix = effects.compress(mix / np.max(np.abs(mix), initial=1e-6), rng)
    if rng.random() < 0.08:
        fade = round(rng.uniform(2, 8) * RATE)
        mix[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    found, unsure = choosing.candidates(score, quick, loops)
    truth = Truth(
        length,
        named if plan.kind in ("full", "solo") else f"{named}-{plan.kind}",
        plan.split,
        seed,
        unsure=unsure,
        drums=dropped + [DrumTruth(s.time, LABELS[s.role], s.velocity) for s in score.strikes if s.role in LABELS],
        notes=[NoteTruth(t.time, t.length, t.key, t.velocity / 127, PARTS.get(t.part, t.part)) for t in score.tones],
        chords=[ChordTruth(time, label) for time, label in score.chords],
        beats=[BeatTruth(time, position) for time, position in score.beats],
    )
    return mix, truth, found


def _drop(
    score: Score, rng: np.random.Generator, bank: Bank, validation: bool, alone: bool
) -> tuple[Sound, list[tuple[float, float]], list[DrumTruth]]:
    """Drop one-shots and loops in, and single drums where they are `alone`.

    Returns their sound, where each loop runs (of which only the start is known), and the drums.
    """
    out, loops, drums = np.zeros(round(score.length * RATE), np.float32), [], []
    own = [shot for shot in bank.shots if shot.held_out == validation]
    drummed = [shot for shot in own if shot.role not in ("stab", "loop")]
    pools = [[shot for shot in own if shot.role == role] for role in ("stab", "loop")]
    kept = []
    for time in score.stabs:
        pool = pools[1] if pools[1] and rng.random() < 0.12 else pools[0]
        if alone and rng.random() < 0.4:
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


CHANNELS = {"chord": 0, "comp": 1, "bass": 2, "lead": 3, "pad": 4, "strings": 5, "horns": 6, "voice": 7}


USUAL = {"bass": BASSES, "pad": PADS, "strings": STRINGS, "horns": HORNS, "voice": VOICES}


@dataclass(frozen=True, slots=True)
class LineUp:
    """Which program plays each part, how loud, and with how much vibrato (0..127)."""

    programs: dict[str, int]
    volumes: dict[str, int]
    vibrato: dict[str, int]


def choose_line_up(rng: np.random.Generator, comps: Sequence[int], leads: Sequence[int], validation: bool) -> LineUp:
    """Choose instruments. Those held out play in validation only, where a family has any."""
    programs = {}
    for part in CHANNELS:
        family = {"chord": comps, "comp": comps, "lead": leads}.get(part) or USUAL[part]
        if part == "lead" and rng.random() < 0.15:
            family = VOICES
        own = [program for program in family if is_held_out(f"program{program}") == validation]
        programs[part] = int(rng.choice(own or list(family)))
    level = {"chord": 105, "comp": 90, "bass": 110, "lead": 85, "pad": 70, "strings": 80, "horns": 90, "voice": 85}
    volumes = {part: int(np.clip(usual + rng.integers(-25, 17), 20, 127)) for part, usual in level.items()}
    vibrato = {part: int(rng.integers(0, 100)) if part in ("lead", "voice", "strings") else 0 for part in CHANNELS}
    return LineUp(programs, volumes, vibrato)


def play_tones(tones: Sequence[Tone], length: float, band: LineUp, bank: Bank) -> tuple[Sound, list[Tone]]:
    """Play tones: float32, (round(length * RATE),), and the tones as they really sound.

    A note is started as much too early as its instrument needs to speak, rounded to fluidsynth's grid.
    """
    messages: list[tuple[int, int, mido.Message]] = []
    # Half a second of lead-in, so that notes at the very start can begin early.
    lead = round(0.5 * RATE / GRID) * GRID
    for part, channel in CHANNELS.items():
        messages.append((0, 0, mido.Message("program_change", channel=channel, program=band.programs[part])))
        messages.append((0, 1, mido.Message("control_change", channel=channel, control=7, value=band.volumes[part])))
        messages.append((0, 2, mido.Message("control_change", channel=channel, control=1, value=band.vibrato[part])))
    played = []
    for tone in tones:
        program, channel = band.programs[tone.part], CHANNELS[tone.part]
        early = bank.attack(program, tone.key) if program in bank.quick else 0.0
        start = round((tone.time - early) * RATE / GRID) * GRID
        stop = max(start + GRID, round((tone.time + tone.length) * RATE))
        real = max(0.0, start / RATE + early)
        played.append(replace(tone, time=real))
        on = mido.Message("note_on", channel=channel, note=tone.key, velocity=tone.velocity)
        messages.append((lead + start, 5, on))
        messages.append((lead + stop, 4, mido.Message("note_off", channel=channel, note=tone.key)))
    messages.append((lead + round(length * RATE), 9, mido.Message("note_off", channel=15, note=0)))
    sound = render(messages, bank.font)[lead : lead + round(length * RATE)]
    return np.pad(sound, (0, round(length * RATE) - len(sound))), played
