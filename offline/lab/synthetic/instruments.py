"""What the band plays on: General MIDI programs through fluidsynth, guitars through an amplifier; and its singer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mido
import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.one_shots import is_held_out
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.lab.synthetic.score import Tone
from samplechop.offline.lab.synthetic.soundfont_bank import Bank
from samplechop.offline.lab.synthetic.styles import BASSES, HORNS, LOUD_GUITARS, PADS, STRINGS, VOICES
from samplechop.offline.synthesis.soundfonts import GRID, render

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


PICKED = (25, 26, 27, 28)
"""Programs that go into an amplifier: strings picked clean."""
AMPLIFIED = ("chord", "comp", "lead")


def amplified_parts(band: LineUp) -> frozenset[str]:
    """Give the parts that play loud guitars."""
    return frozenset(part for part in AMPLIFIED if band.programs[part] in LOUD_GUITARS)


def amplify(
    tones: Sequence[Tone], length: float, band: LineUp, bank: Bank, rng: np.random.Generator
) -> tuple[Sound, list[Tone]]:
    """Play tones on distorted guitars, twice as a rule: float32, (round(length * RATE),), and the tones as they sound.

    Each take is a performance of its own, some milliseconds beside the first, through another amplifier.
    """
    out, played = np.zeros(round(length * RATE), np.float32), list(tones)
    drive, takes = rng.uniform(12, 45), int(rng.choice([1, 2, 2, 2]))
    late, loose = rng.normal(0, 0.004), rng.uniform(0.002, 0.009)
    for take in range(takes):
        programs = band.programs | {part: int(rng.choice(PICKED)) for part in AMPLIFIED}
        again = list(tones)
        if take:
            again = [replace(one, time=max(0.0, one.time + late + rng.normal(0, loose))) for one in tones]
        sound, heard = play_tones(again, length, replace(band, programs=programs), bank)
        if not take:
            played = heard
        out += _amplifier(sound, drive + rng.normal(0, 2), rng) * np.float32(rng.uniform(0.6, 1.0))
    return out, played


def _amplifier(sound: Sound, drive_db: float, rng: np.random.Generator) -> Sound:
    """Distort a guitar and play it through a cabinet, whose loudspeaker knows neither low bass nor high treble."""
    tight = signal.sosfilt(signal.butter(1, rng.uniform(60, 250), "high", fs=RATE, output="sos"), sound)
    tight /= np.sqrt(np.mean(np.square(tight))) + 1e-9
    bias = rng.uniform(0, 0.4)
    shaped = np.tanh(10 ** (drive_db / 20) * tight + bias) - np.tanh(bias)
    edges = rng.uniform(65, 130), rng.uniform(3200, 6500)
    shaped = signal.sosfilt(signal.butter(2, edges, "band", fs=RATE, output="sos"), shaped)
    return (shaped / (np.sqrt(np.mean(np.square(shaped))) + 1e-9)).astype(np.float32)


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
