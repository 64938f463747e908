"""One example: a chord, inverted, spread, doubled in octaves; of sampled notes on one or several instruments, detuned,
strummed, cut, with drums and noise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray
from scipy import fft

from samplechop.offline.training.tasks.harmony_library import RATE, Instrument, Library, Piece
from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.detectors.harmony.harte import QUALITIES

KINDS = {
    "nothing": (0.14, ()),
    "note": (0.12, ("1",)),
    "fifth": (0.07, ("5",)),
    "interval": (0.06, ()),
    "triad": (0.24, ("maj", "min")),
    "other triad": (0.10, ("sus2", "sus4", "dim", "aug")),
    "seventh": (0.15, ("maj7", "min7", "7", "minmaj7", "hdim7", "dim7", "maj6", "min6", "sus4(b7)")),
    "extended": (
        0.08,
        ("maj9", "min9", "9", "maj(9)", "min(9)", "maj6(9)", "min11", "11", "13", "min13", "7(b9)", "7(#9)"),
    ),
    "cluster": (0.04, ()),
}
"""Share of each kind among the examples, and its qualities as in realtime/detectors/harmony/harte.py."""
LOWEST, HIGHEST = 28, 98
FIFTH_LEFT_OUT = 0.15
BEFORE = 5000
"""Samples before the stretch that is used: for what rings on from before."""
LENGTH = 18_000
"""Samples of an example: 0.82 s."""
MOST_CENTS = 50.0
WIDEST_STEP = 4
"""Semitones a sampled note may be transposed."""


@dataclass(frozen=True, slots=True)
class Voicing:
    """kind, root and quality as asked for, quality "" for what has no name. notes: MIDI numbers, the lowest first."""

    kind: str
    root: int
    quality: str
    notes: tuple[int, ...]


def voicing(rng: np.random.Generator, kind: str | None = None, quality: str | None = None) -> Voicing:
    """Choose a chord and lay it out; kind and quality by chance, if not named."""
    if kind is None:
        kind = str(rng.choice(list(KINDS), p=np.array([share for share, _ in KINDS.values()])))
    root = int(rng.integers(12))
    if kind == "nothing":
        return Voicing(kind, root, "", ())
    name, degrees = _degrees(rng, kind, quality)
    classes = [(root + degree) % 12 for degree in degrees]
    if kind == "note":
        notes = _octaves(rng, classes[0])
    elif len(classes) == 2:
        notes = _spread(rng, classes, 0 if rng.random() < 0.8 else 1)
    else:
        bass = 0 if rng.random() < 0.68 else int(rng.integers(1, len(classes)))
        notes = _spread(rng, classes, bass)
    return Voicing(kind, root, name, tuple(sorted(notes)))


def _degrees(rng: np.random.Generator, kind: str, quality: str | None) -> tuple[str, tuple[int, ...]]:
    if kind == "interval":
        return "", (0, int(rng.integers(1, 12)))
    if kind == "cluster":
        return "", tuple(rng.choice(12, int(rng.integers(3, 7)), replace=False).tolist())
    name = quality or str(rng.choice(KINDS[kind][1]))
    degrees = QUALITIES[name]
    if len(degrees) > 3 and 7 in degrees and rng.random() < FIFTH_LEFT_OUT:
        degrees = tuple(degree for degree in degrees if degree != 7)
    return name, degrees


def _octaves(rng: np.random.Generator, pitch_class: int) -> list[int]:
    """Lay one pitch class in one octave, now and then in two or three."""
    lowest = _above(int(rng.integers(LOWEST, 86)), pitch_class)
    return [lowest, *(lowest + octave for octave in (12, 24) if rng.random() < 0.2 and lowest + octave <= HIGHEST)]


def _above(lowest: int, pitch_class: int) -> int:
    return lowest + (pitch_class - lowest) % 12


def _spread(rng: np.random.Generator, classes: list[int], bass: int) -> list[int]:
    """Lay a chord out: as a block, with wide steps, or a bass with a chord above; then double some notes in octaves."""
    way = rng.choice(["block", "open", "bass"], p=[0.45, 0.2, 0.35])
    if way == "bass":
        lowest = _above(int(rng.integers(LOWEST, 48)), classes[bass])
        start = max(int(rng.integers(48, 70)), lowest + 3)
        upper = [_above(start + int(rng.integers(0, 5)), one) for one in classes]
        if rng.random() < 0.5:  # the chord above does not repeat the bass
            upper.pop(bass)
        notes = [lowest, *upper]
    else:
        lowest = _above(int(rng.integers(34, 74 - (8 if way == "open" else 0))), classes[bass])
        notes = [lowest]
        for one in rng.permutation([c for i, c in enumerate(classes) if i != bass]) if way == "open" else classes:
            if one != classes[bass]:
                note = _above(lowest + 1, int(one))
                if way == "open" and rng.random() < 0.5:
                    note += 12
                notes.append(note)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 4))):
            notes.append(notes[int(rng.integers(len(notes)))] + int(rng.choice([12, 12, 24])))
    return sorted({note for note in notes if note <= HIGHEST})


@dataclass(frozen=True, slots=True)
class Mixed:
    """sound: float32, (n,), RATE. stems: float32, (k, n), the notes of `pitches` alone, as loud as they are in it."""

    sound: NDArray[np.float32]
    stems: NDArray[np.float32]
    pitches: tuple[int, ...]
    kind: str


@cache
def _compiled() -> Callable[..., None]:
    def play(out, samples, start, speed, depth, rate, phase):
        """Read samples at a swaying speed, cubic between them (Catmull-Rom), from `start` on, which may be negative."""
        at, n = start * speed, len(samples)
        for i in range(len(out)):
            whole = int(np.floor(at))
            if 1 <= whole < n - 2:
                a, b, c, d = samples[whole - 1], samples[whole], samples[whole + 1], samples[whole + 2]
                x = at - whole
                slope = c - a + x * (2.0 * a - 5.0 * b + 4.0 * c - d + x * (3.0 * (b - c) + d - a))
                out[i] = (b + 0.5 * x * slope) / 32767.0
            else:
                out[i] = 0
            at += speed * (1 + depth * np.sin(rate * i + phase)) if depth else speed

    numbers = (types.float64,) * 5
    samples = types.Array(types.int16, 1, "C", readonly=True)
    return entry(types.void(types.float32[::1], samples, *numbers))(play)


def mix(rng: np.random.Generator, library: Library, held_out: bool, chord: Voicing | None = None) -> Mixed:
    """Mix one example from the sounds held out, or from all others."""
    chord = voicing(rng) if chord is None else chord
    total = BEFORE + LENGTH
    band = [one for one in library.instruments if one.held_out == held_out]
    tuning = float(np.clip(rng.normal(0, 12) if rng.random() < 0.65 else rng.uniform(-50, 50), -50, 50))
    stems = np.zeros((0, total), np.float32)
    if pitches := chord.notes:
        first, last = (-0.75, 0.25) if rng.random() < 0.75 else (-0.05, 0.6)
        begin = BEFORE + round(rng.uniform(first, last) * RATE)
        stems = _play(rng, library, band, pitches, tuning, begin)
        if rng.random() < 0.18 and begin > BEFORE:
            earlier = voicing(rng, str(rng.choice(["note", "triad", "seventh"]))).notes
            before = _play(rng, library, band, earlier, tuning, begin - round(rng.uniform(0.2, 1.0) * RATE))
            stop = begin + round(rng.uniform(-0.03, 0.02) * RATE)
            before[:, stop:] *= np.exp(-np.arange(total - stop) / (RATE * rng.uniform(0.005, 0.12))).astype(np.float32)
            stems, pitches = np.concatenate([stems, before]), pitches + earlier
    sound = _augment(rng, library, held_out, _drive_and_room(rng, library, stems))
    if rng.random() < 0.3:
        shape = _slice(rng, total)
        sound, stems = sound * shape, stems * shape
    return Mixed(sound[BEFORE:], stems[:, BEFORE:], pitches, chord.kind)


def _play(
    rng: np.random.Generator,
    library: Library,
    band: list[Instrument],
    notes: tuple[int, ...],
    tuning: float,
    begin: int,
) -> NDArray[np.float32]:
    """Play notes, each as loud as chance has it: float32, (notes, BEFORE + LENGTH)."""
    play, n = _compiled(), BEFORE + LENGTH
    first, second = (band[int(rng.integers(len(band)))] for _ in range(2))
    bass = band[int(rng.integers(len(band)))] if rng.random() < 0.3 else first
    layered = rng.random() < 0.2
    spread = rng.choice([0.0, rng.uniform(0, 0.06), rng.uniform(0, 0.25)], p=[0.6, 0.3, 0.1])
    order = rng.permutation(len(notes)) if rng.random() < 0.3 else np.arange(len(notes))[:: int(rng.choice([1, -1]))]
    uneven_db = rng.uniform(0, 14)
    bass_db = rng.uniform(-3, 18 if rng.random() < 0.3 else 6)
    depth = rng.uniform(0, 0.017) if rng.random() < 0.15 else 0.0
    sway = 2 * np.pi * rng.uniform(0.5, 7) / RATE
    stems = np.zeros((len(notes), n), np.float32)
    for place, (note, stem) in enumerate(zip(notes, stems, strict=True)):
        instrument = bass if place == 0 else second if layered and rng.random() < 0.5 else first
        piece = _nearest(rng, instrument, band, note)
        if piece is None:
            continue
        cents = float(np.clip(tuning + rng.normal(0, 6), -MOST_CENTS, MOST_CENTS))
        speed = 2 ** ((note + cents / 100 - piece.pitch) / 12)
        late = round(spread * order[place] / max(1, len(notes) - 1) * RATE)
        samples = library.samples[piece.first : piece.first + piece.length]
        play(stem, samples, float(-begin - late), speed, depth, sway, rng.uniform(0, 6.28))
        loudness = np.sqrt(np.mean(np.square(stem[stem != 0]))) if stem.any() else 1.0
        gain_db = -rng.uniform(0, uneven_db) + (bass_db if place == 0 else 0.0)
        stem *= np.float32(10 ** (gain_db / 20) * 0.1 / max(loudness, 1e-4))
    return stems


def _nearest(rng: np.random.Generator, instrument: Instrument, band: list[Instrument], note: int) -> Piece | None:
    """Choose a sample near a pitch, of this instrument or, where it does not reach that far, of another."""
    for _ in range(8):
        near = [piece for piece in instrument.notes if abs(piece.pitch - note) <= WIDEST_STEP]
        if near and rng.random() < 0.3:
            return near[int(rng.integers(len(near)))]
        if near:
            return min(near, key=lambda piece: abs(piece.pitch - note))
        instrument = band[int(rng.integers(len(band)))]
    return None


def _drive_and_room(rng: np.random.Generator, library: Library, stems: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum the notes; overdrive them together, put them in a room."""
    sound = stems.sum(axis=0)
    if not stems.any():
        return sound
    if rng.random() < 0.12:
        drive = 10 ** (rng.uniform(0, 26) / 20)
        peak = np.max(np.abs(sound))
        sound = np.tanh(drive * sound / peak) / np.float32(np.tanh(drive)) * peak
    if rng.random() < 0.4 and library.rooms:
        answer = library.sound(library.rooms[int(rng.integers(len(library.rooms)))])
        count = fft.next_fast_len(len(sound) + len(answer), real=True)
        wet = fft.irfft(fft.rfft(sound, count) * fft.rfft(answer, count), count)[: len(sound)]
        wet *= np.sqrt(np.mean(np.square(sound)) / (np.mean(np.square(wet)) + 1e-12))
        sound = sound + wet * np.float32(10 ** (rng.uniform(-24, -2) / 20))
    return np.asarray(sound, np.float32)


def _augment(
    rng: np.random.Generator, library: Library, held_out: bool, tonal: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Add drums and noise, then what mastering and a worn record do to all of it."""
    n, nothing = len(tonal), not tonal.any()
    audible = tonal[BEFORE:]
    loud = np.float32(np.sqrt(np.mean(np.square(audible))) if not nothing else 0.1)
    sound = tonal.copy()
    drums = library.drums[held_out] or library.drums[not held_out]
    with_drums = drums and rng.random() < (0.75 if nothing else 0.4)
    if with_drums:
        kit = np.zeros(n, np.float32)
        for _ in range(int(rng.integers(1, 8))):
            hit = library.sound(drums[int(rng.integers(len(drums)))])
            if rng.random() < 0.5:
                hit = np.interp(np.arange(0, len(hit) - 1, 2 ** rng.uniform(-0.4, 0.4)), np.arange(len(hit)), hit)
            at = int(rng.integers(0, n - 200))
            end = min(n - at, len(hit))
            kit[at : at + end] += hit[:end] * rng.uniform(0.15, 1)
        loudness = np.sqrt(np.mean(np.square(kit[BEFORE:]))) + 1e-6
        sound += kit / loudness * loud * np.float32(10 ** (rng.uniform(-20, 8) / 20))
    if rng.random() < (0.45 if not nothing or with_drums else 1.0) and library.surfaces:
        noise = library.sound(library.surfaces[int(rng.integers(len(library.surfaces)))])
        at = int(rng.integers(0, len(noise) - n))
        noise = noise[at : at + n] if rng.random() < 0.6 else rng.standard_normal(n).astype(np.float32)
        noise = noise / (np.sqrt(np.mean(np.square(noise))) + 1e-6)
        sound += noise * loud * np.float32(10 ** (rng.uniform(-60, -6 if not nothing else 6) / 20))
    if rng.random() < 0.5:
        sound = _equalise(rng, sound)
    if rng.random() < 0.2:
        peak = np.max(np.abs(sound)) + 1e-9
        drive = np.float32(10 ** (rng.uniform(0, 12) / 20))
        sound = np.tanh(drive * sound / peak) * peak / drive
    return sound


def _equalise(rng: np.random.Generator, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bend the spectrum by some decibels at eight places, now and then dull, thin or without bass."""
    count = fft.next_fast_len(len(sound), real=True)
    gains_db = rng.normal(0, 4.5, 8)
    if rng.random() < 0.25:
        gains_db[-3:] -= np.array([8, 20, 30]) * rng.random()
    if rng.random() < 0.2:
        gains_db[:2] -= np.array([25, 12]) * rng.random()
    places = np.log([20, 60, 150, 400, 1000, 2500, 6000, 11_000])
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    gains = 10 ** (np.interp(np.log(frequency + 1), places, gains_db) / 20)
    return np.asarray(fft.irfft(fft.rfft(sound, count) * gains.astype(np.float32), count)[: len(sound)], np.float32)


def _slice(rng: np.random.Generator, n: int) -> NDArray[np.float32]:
    """Make the shape of a short slice: silence, sound for 60 to 500 ms, silence; its edges fade in 2 ms."""
    shape = np.zeros(n, np.float32)
    length = round(float(np.exp(rng.uniform(np.log(0.06), np.log(0.5)))) * RATE)
    start = BEFORE + int(rng.integers(0, LENGTH - length))
    shape[start : start + length] = 1
    fade = round(0.002 * RATE)
    shape[start : start + fade] = np.linspace(0, 1, fade)
    shape[start + length - fade : start + length] = np.linspace(1, 0, fade)
    return shape
