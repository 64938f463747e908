"""Play a score (band through fluidsynth, drums, one-shots) into one dry mix, and write down what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mido
import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.one_shots import is_held_out
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation import effects
from samplechop.offline.lab.synthetic import drum_kit, local_snr
from samplechop.offline.lab.synthetic.chop_rule import drums_alone
from samplechop.offline.lab.synthetic.local_snr import Decibels
from samplechop.offline.lab.synthetic.score import LABELS, Score, Tone
from samplechop.offline.lab.synthetic.soundfont_bank import Bank
from samplechop.offline.lab.synthetic.styles import BASSES, HORNS, PADS, STRINGS, VOICES
from samplechop.offline.labels.recording_truth import ALONE_DB, BeatTruth, ChordTruth, DrumTruth, NoteTruth, Truth
from samplechop.offline.synthesis.soundfonts import GRID, render

VOWELS_HZ = (
    (800, 1150, 2900),
    (350, 2000, 2800),
    (270, 2140, 2950),
    (450, 800, 2830),
    (325, 700, 2700),
    (640, 1190, 2390),
)
"""The first three formants of a, e, i, o, u, and the neutral vowel, of a tenor."""
BANDWIDTHS_HZ = (80.0, 100.0, 140.0)
SILENT = 0.35


def sing(tones: list[Tone], length: float, rng: np.random.Generator) -> Sound:
    """Sing tones, one at a time: float32, (round(length * RATE),), peak 1 unless there is nothing to sing.

    A tone's time is where its vowel begins; a consonant may come before.
    """
    out = np.zeros(round(length * RATE), np.float32)
    size = float(rng.uniform(0.95, 1.25))
    before: int | None = None
    vibrato, depth = float(rng.uniform(4.5, 6.5)), float(rng.choice([0.1, 0.3, 0.6]))
    tilt, breath = float(rng.uniform(700, 3500)), float(10 ** rng.uniform(-2.5, -1))
    glide, spoken = float(rng.uniform(0.01, 0.12)), rng.random() < 0.25
    ordered = sorted(tones, key=lambda tone: tone.time)
    for tone, following in zip(ordered, [*ordered[1:], None], strict=True):
        stop = min(tone.time + tone.length, following.time if following else length, length - 0.05)
        n = int((stop - tone.time) * RATE)
        if n < 2000:
            continue
        times = np.arange(n) / RATE
        pitch = tone.key + ((before or tone.key) - tone.key) * np.exp(-times / glide)
        sway = depth * np.clip((times - 0.2) / 0.3, 0, 1) * np.sin(2 * np.pi * vibrato * times)
        pitch = pitch + (rng.uniform(-9, 1) * times / times[-1] if spoken else sway) + rng.normal(0, 0.1)
        vowel = VOWELS_HZ[rng.integers(len(VOWELS_HZ))]
        sound = _vowel(440 * 2 ** ((pitch - 69) / 12), vowel, size, tilt, breath, rng)
        attack = rng.uniform(0.005, 0.06)
        sound *= np.minimum(times / attack, 1) * np.minimum((times[-1] - times) / 0.04, 1)
        at = round(tone.time * RATE)
        out[at : at + n] += (sound * tone.velocity / 127).astype(np.float32)
        if rng.random() > SILENT:
            _consonant(out, at, rng, tone.velocity / 127)
        before = tone.key if following and following.time - stop < 0.15 else None
    peak = np.max(np.abs(out), initial=0.0)
    return out / peak if peak > 0 else out


def _vowel(
    hertz: NDArray[np.float64],
    formants: tuple[int, int, int],
    size: float,
    tilt: float,
    breath: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    phase = np.cumsum(hertz) / RATE
    pulses = np.diff(np.floor(phase), prepend=0.0) - hertz / RATE
    source = signal.lfilter(*signal.butter(1, tilt, fs=RATE), pulses) + breath * 0.05 * rng.standard_normal(len(phase))
    sound = np.zeros(len(phase))
    for number, (formant, width) in enumerate(zip(formants, BANDWIDTHS_HZ, strict=True)):
        radius, angle = np.exp(-np.pi * width / RATE), 2 * np.pi * formant * size * rng.uniform(0.96, 1.04) / RATE
        poles = [1, -2 * radius * np.cos(angle), radius**2]
        sound += signal.lfilter([1 - radius], poles, source) * (0.6**number)
    return np.asarray(sound / (np.max(np.abs(sound)) + 1e-9))


def _consonant(out: Sound, at: int, rng: np.random.Generator, level: float) -> None:
    """Put a hiss (s, sh, f) or a burst (t, k, p) before the vowel."""
    hiss = rng.random() < 0.5
    n = int(RATE * (rng.uniform(0.05, 0.14) if hiss else rng.uniform(0.005, 0.03)))
    low = rng.uniform(1000, 5500)
    band = signal.butter(2, (low, min(16_000.0, low * rng.uniform(1.5, 3))), "band", fs=RATE, output="sos")
    shape = np.hanning(n) if hiss else np.exp(-np.arange(n) / (n / 4))
    noise = signal.sosfilt(band, rng.standard_normal(n) * shape)
    noise *= level * rng.uniform(0.1, 0.6) / (np.max(np.abs(noise)) + 1e-9)
    start = max(0, at - n)
    out[start:at] += noise[n - (at - start) :].astype(np.float32)


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
    score: Score, rng: np.random.Generator, comps: Sequence[int], leads: Sequence[int], bank: Bank, validation: bool
) -> Mix:
    """Play and mix a score: the drums so loud that the median ratio of kick and snare is uniform in MEDIAN_SNR_DB.

    comps, leads: programs for chords and melodies. The score's tones and stabs become those that really sound.
    Raises UserError if fluidsynth fails.
    """
    length = score.length
    line_up = choose_line_up(rng, comps, leads, validation)
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
        drums = drum_kit.bus(effects.reverberate(dry, rng) if rng.random() < 0.5 else dry, rng)
        gain = local_snr.gain_for(drums, mix, score.strikes, float(rng.uniform(*MEDIAN_SNR_DB)))
        drums = _level(drums) if gain is None else drums * np.float32(gain)
        snr = local_snr.ratios(score.strikes, own, dry, drums, mix)
        mix += drums
    if rng.random() < 0.35:
        mix = effects.compress(mix / np.max(np.abs(mix), initial=1e-6), rng)
    if rng.random() < 0.08:
        fade = round(rng.uniform(2, 8) * RATE)
        mix[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return Mix(mix, line_up.quick(bank), loops, dropped, snr)


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


CHANNELS = {"chord": 0, "comp": 1, "bass": 2, "lead": 3, "pad": 4, "strings": 5, "horns": 6, "voice": 7}
USUAL = {"bass": BASSES, "pad": PADS, "strings": STRINGS, "horns": HORNS, "voice": VOICES}


@dataclass(frozen=True, slots=True)
class LineUp:
    """Which program plays each part, how loud, and with how much vibrato (0..127)."""

    programs: dict[str, int]
    volumes: dict[str, int]
    vibrato: dict[str, int]

    def quick(self, bank: Bank) -> frozenset[str]:
        """Give the parts whose instrument speaks at once."""
        return frozenset(part for part, program in self.programs.items() if program in bank.quick)


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
