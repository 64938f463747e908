"""All that chords are mixed from, on disk once so that all workers share it: notes, drums, surface noise, rooms.

Everything is at half the live rate: the highest bin of the net's input is at 8.3 kHz, and half the samples take half
the time.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from samplechop.offline.audio.one_shots import gather, is_held_out
from samplechop.offline.audio.reading import RATE as BANK_RATE
from samplechop.offline.augmentation.vinyl import surface_noise
from samplechop.offline.common.atomic import replacing, write_text
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.notes.note_bank import Bank, Note, find_banks, is_in_tune, read_bank
from samplechop.offline.synthesis import soundfonts as fonts
from samplechop.offline.synthesis.drums import MADE
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

RATE = 22_050
HELD_OUT_PROGRAMS = (
    *(4, 5, 11, 17, 25, 29, 33, 42, 49, 53, 57),
    *(64, 65, 66, 67, 73, 81, 90),
)
"""General MIDI programs kept for validation in every soundfont: electric pianos, vibraphone, percussive organ, steel
and overdriven guitar, fingered bass, cello, slow strings, "ooh", trombone, saxophones, flute, sawtooth, polysynth."""
MADE_LENGTH, MADE_HELD = 1.6, 1.3
"""Seconds of a note made by rule, and until it is released."""
MADE_PITCHES = tuple(range(28, 101, 5))
MADE_DRUMS = 240
SURFACES = 80
SURFACE_LENGTH = 3.0
ROOMS = 80
SHORTEST = 0.08
SOFTEST = 1e-3

Job = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """One sound in the library: samples first..first + length. pitch: MIDI number, 0 for what has none."""

    first: int
    length: int
    pitch: float


@dataclass(frozen=True, slots=True)
class Instrument:
    """The notes of one instrument, by rising pitch; held_out: never learned from."""

    name: str
    held_out: bool
    notes: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """samples: int16, (n,), RATE, a sound's peak at full scale. drums: by whether they are held out."""

    samples: NDArray[np.int16]
    instruments: tuple[Instrument, ...]
    drums: dict[bool, tuple[Piece, ...]]
    surfaces: tuple[Piece, ...]
    rooms: tuple[Piece, ...]

    def sound(self, piece: Piece) -> NDArray[np.float32]:
        """Give a sound's samples: float32, (n,), peak 1."""
        return np.asarray(self.samples[piece.first : piece.first + piece.length], np.float32) / np.float32(32_767)


def room(rng: np.random.Generator) -> NDArray[np.float32]:
    """Make a room's answer: float32, (n,), RATE, unit energy. Echoes of the walls, then noise that dies sooner the
    higher it is (J. Moorer, "About this reverberation business", CMJ 1979).
    """
    seconds = float(np.exp(rng.uniform(np.log(0.12), np.log(2.2))))
    n = round(min(seconds, 1.2) * RATE)
    times = np.arange(n) / RATE
    tail = np.zeros(n)
    for low, high, share in ((0, 500, 1.0), (500, 2500, rng.uniform(0.6, 1.0)), (2500, 11_000, rng.uniform(0.15, 0.7))):
        spectrum = np.fft.rfft(rng.standard_normal(n))
        frequency = np.fft.rfftfreq(n, 1 / RATE)
        spectrum[(frequency < low) | (frequency >= high)] = 0
        tail += np.fft.irfft(spectrum, n) * np.exp(-6.9 * times / (seconds * share))
    early = np.zeros(n)
    for at in rng.uniform(0.003, 0.06, 8):
        early[min(n - 1, round(at * RATE))] += rng.normal() * np.exp(-at / 0.03)
    answer = tail / np.std(tail) * rng.uniform(0.02, 0.1) + early
    return np.asarray(answer / np.sqrt(np.sum(np.square(answer))), np.float32)


def made_bank(seed: int, pitches: tuple[int, ...]) -> Bank:
    """Make an instrument by rule: sums of partials with a chance spectrum, decay, vibrato and breath, each pitch at its
    own chance velocity; the same for the same seed.

    Such instruments widen the range of timbres beyond any soundfont. Partials of strings lie a little high (H.
    Fletcher, "Normal vibration frequencies of a stiff piano string", JASA 1964).
    """
    build = np.random.default_rng([0x70E5, seed])
    odd_only = build.random() < 0.15
    fall = build.uniform(0.3, 2.2)
    formants = [(np.exp(build.uniform(5.5, 8.2)), build.uniform(0.15, 0.8), build.uniform(0, 14)) for _ in range(3)]
    stretch = build.choice([0.0, 0.0, 10 ** build.uniform(-4.5, -3.2)])
    plucked = build.random() < 0.55
    decay, damping = np.exp(build.uniform(-1.2, 1.5)), build.uniform(0.0, 0.5)
    attack = np.exp(build.uniform(-7, -4)) if plucked else np.exp(build.uniform(-5, -1.9))
    vibrato = build.choice([0.0, build.uniform(3, 35)]) if not plucked else 0.0
    breath = 10 ** build.uniform(-4, -1.6)
    voices = int(build.choice([1, 1, 1, 2]))
    drive = build.choice([0.0, 0.0, build.uniform(0.5, 4)])
    times = np.arange(round(MADE_LENGTH * BANK_RATE)) / BANK_RATE
    notes = []
    for pitch in pitches:
        velocity = int(build.integers(40, 120))
        lowest = 440 * 2 ** ((pitch - 69) / 12)
        sound = np.zeros(len(times))
        for _ in range(voices):
            cents = build.uniform(-9, 9) if voices > 1 else 0.0
            sway = vibrato * np.sin(2 * np.pi * build.uniform(4.5, 6.5) * times + build.uniform(0, 6.28))
            phase = 2 * np.pi * lowest * np.cumsum(2 ** ((cents + sway) / 1200)) / BANK_RATE
            for partial in range(1, 21):
                ratio = partial * np.sqrt(1 + stretch * partial**2)
                if lowest * ratio > 9000:
                    break
                if odd_only and partial % 2 == 0:
                    continue
                level = partial ** -(fall + 0.6 * (1 - velocity / 127))
                for centre, width, gain_db in formants:
                    place = np.log2(lowest * ratio / centre) / width
                    level *= 10 ** (gain_db / 20 * np.exp(-0.5 * place**2))
                level *= build.uniform(0.4, 1.0) if partial > 1 else 1.0
                shape = np.exp(-times / (decay / (1 + damping * (partial - 1)))) if plucked else 1.0
                sound += level * shape * np.sin(ratio * phase + build.uniform(0, 6.28))
        sound /= np.max(np.abs(sound))
        sound += breath * build.standard_normal(len(times)) * (np.exp(-times / 0.05) if plucked else 1.0)
        if drive:
            sound = np.tanh(drive * sound)
        sound *= 1 - np.exp(-times / attack)
        after = times > MADE_HELD
        sound[after] *= np.exp(-(times[after] - MADE_HELD) / 0.08)
        sound *= (velocity / 127) ** 0.7 / np.max(np.abs(sound))
        notes.append(Note(float(pitch), velocity, MADE_HELD, (0.5 * sound).astype(np.float32)))
    return Bank(f"made-{seed:03d}", tuple(notes))


def _notes(bank: Bank) -> list[tuple[float, NDArray[np.float32]]]:
    made = []
    for note in bank.notes:
        samples = np.asarray(soxr.resample(note.samples, BANK_RATE, RATE), np.float32)
        loud = np.flatnonzero(np.abs(samples) > 0.02 * np.max(np.abs(samples), initial=SOFTEST))
        if len(loud) and loud[-1] - loud[0] > SHORTEST * RATE and is_in_tune(samples[loud[0] :], RATE, note.pitch):
            made.append((note.pitch, samples[max(0, loud[0] - 30) : loud[-1] + 1]))
    return made


def _make(job: Job) -> tuple[str, str, bool, list[tuple[float, NDArray[np.float32]]]]:
    """Make the sounds of one job: (group, name, held out, [(pitch, samples)])."""
    kind, where, number = job
    if kind == "font":
        bank = fonts.program_bank(Path(where), number)
        held_out = number in HELD_OUT_PROGRAMS
        return "notes", f"{Path(where).stem}-{number:03d}", held_out, _notes(bank) if bank is not None else []
    if kind == "made":
        bank = made_bank(number, MADE_PITCHES)
        return "notes", bank.name, number % 5 == 4, _notes(bank)
    if kind == "bank":
        bank = read_bank(Path(where))
        return "notes", bank.name, is_held_out(bank.name), _notes(bank)
    rng = np.random.default_rng([0x11B, number])
    if kind == "kit":
        hits = fonts.drum_hits(Path(where))
        sounds = [(name, hit) for name, hit in hits.items()]
    elif kind == "drums":
        roles = sorted(MADE)
        sounds = [(f"made-{i}", MADE[roles[i % len(roles)]](i, rng.uniform(0.3, 1), rng)) for i in range(MADE_DRUMS)]
    elif kind == "shots":
        sounds = [(shot.name, shot.samples) for shot in gather([Path(where)]) if shot.role not in ("stab", "loop")]
    elif kind == "surfaces":
        length = round(SURFACE_LENGTH * BANK_RATE)
        sounds = [("", surface_noise(length, rng, busy=i % 2 == 1)) for i in range(SURFACES)]
    else:
        return "rooms", "", False, [(0.0, room(rng)) for _ in range(ROOMS)]
    halves = [(name, np.asarray(soxr.resample(sound, BANK_RATE, RATE), np.float32)) for name, sound in sounds]
    if kind == "surfaces":
        return "surfaces", "", False, [(0.0, sound) for _, sound in halves]
    # A drum's split is in the sign of its pitch: held out ones have pitch -1.
    return "drums", "", False, [(-1.0 if is_held_out(name) else 0.0, sound) for name, sound in halves]


def _jobs(banks: Sequence[Path], soundfonts: Sequence[Path], sounds: Sequence[Path], made: int) -> Iterator[Job]:
    for folder in find_banks(banks):
        yield "bank", str(folder), 0
    for font in soundfonts:
        for program in fonts.PROGRAMS:
            yield "font", str(font), program
        yield "kit", str(font), 0
    for number in range(made):
        yield "made", "", number
    for folder in sounds:
        yield "shots", str(folder), 0
    for number, kind in enumerate(("drums", "surfaces", "rooms")):
        yield kind, "", number


def prepare(
    folder: Path,
    banks: Sequence[Path],
    soundfonts: Sequence[Path],
    sounds: Sequence[Path],
    made: int,
    jobs: int = 2,
    on_job: Callable[[int, int], None] | None = None,
) -> None:
    """Gather and make everything and leave it in `folder` for load(); what is there already, of the same, is kept.

    banks: folders of captured banks. sounds: folders with real drums. made: instruments made by rule.
    on_job: called with (done, of all). Raises UserError if anything is missing or cannot be read.
    """
    work = list(_jobs(banks, soundfonts, sounds, made))
    made_of = hashlib.sha256(repr(work).encode()).hexdigest()
    index = folder / "library.json"
    if index.is_file():
        with suppress(UserError):  # what cannot be read is made anew
            if _read_index(index)["made_of"] == made_of:
                return
    rows, at = [], 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        index.unlink(missing_ok=True)  # from here on the folder is not finished
        with replacing(folder / "samples.i16") as part, part.open("wb") as file:
            for done, (group, name, held_out, sounds_made) in enumerate(in_order(_make, work, jobs), 1):
                pieces = []
                for pitch, samples in sounds_made:
                    peak = np.max(np.abs(samples), initial=0.0)
                    if peak > 0:
                        file.write(np.round(samples / peak * 32_767).astype(np.int16).tobytes())
                        pieces.append((at, len(samples), pitch))
                        at += len(samples)
                rows.append((group, name, held_out, pieces))
                if on_job is not None:
                    on_job(done, len(work))
        write_text(index, json.dumps({"made_of": made_of, "rows": rows}))
    except OSError as error:
        raise UserError(f"The folder {str(folder)!r} cannot be written: {reason_of(error)}") from None


def _read_index(path: Path) -> dict[str, Any]:
    """Read what prepare() wrote last. Raises UserError."""
    try:
        index = documents.read_json(path)
        rows = [(str(group), str(name), bool(held_out), list(row)) for group, name, held_out, row in index["rows"]]
        if not all(type(number) in (int, float) for *_, row in rows for piece in row for number in piece):
            raise ValueError("pieces are numbers")
        return {"made_of": index["made_of"], "rows": rows}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError(f"{str(path)!r} cannot be read ({reason_of(error)}): remove it and train again") from None


def load(folder: Path) -> Library:
    """Open what prepare() left; the samples stay on disk until they are played.

    Raises UserError for fewer than two instruments.
    """
    rows = _read_index(folder / "library.json")["rows"]
    samples = np.memmap(folder / "samples.i16", np.int16, "r")
    pieces = {group: [Piece(*one) for g, _, _, row in rows if g == group for one in row] for group, *_ in rows}
    instruments = [
        Instrument(name, held_out, tuple(sorted((Piece(*one) for one in row), key=lambda piece: piece.pitch)))
        for group, name, held_out, row in rows
        if group == "notes" and row
    ]
    if len(instruments) < 2:
        raise UserError(f"Harmony is learned from two instruments at least, got {len(instruments)}: give more banks.")
    if not any(one.held_out for one in instruments):
        last = instruments[-1]
        instruments[-1] = Instrument(last.name, True, last.notes)
    drums = pieces.get("drums", [])
    split = {held_out: tuple(piece for piece in drums if (piece.pitch < 0) == held_out) for held_out in (False, True)}
    return Library(samples, tuple(instruments), split, tuple(pieces["surfaces"]), tuple(pieces["rooms"]))
