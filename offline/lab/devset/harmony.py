"""Chords to evaluate harmony models on: instruments held out, plain, under drums, as worn records; and no chords."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import mido
import numpy as np

from samplechop.offline.audio.one_shots import Shot, gather
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation import effects
from samplechop.offline.common.atomic import write_text
from samplechop.offline.lab.sets import clear, write_flac
from samplechop.offline.lab.synthetic import drum_kit, turntable
from samplechop.offline.lab.synthetic.record import compose
from samplechop.offline.lab.synthetic.turntable import augment_record_mildly
from samplechop.offline.synthesis import soundfonts as fonts
from samplechop.offline.synthesis.drums import MADE
from samplechop.offline.synthesis.soundfonts import render
from samplechop.offline.training.tasks.harmony_library import HELD_OUT_PROGRAMS
from samplechop.offline.training.tasks.harmony_mixing import Voicing, voicing
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import NO_CHORD
from samplechop.realtime.detectors.harmony.harte import QUALITIES, Chord

GROUPS = ("plain", "drums", "vinyl", "notes", "nothing")
SHARES = {"plain": 0.25, "drums": 0.3, "vinyl": 0.2, "notes": 0.15, "nothing": 0.1}
KINDS = {"triad": 0.45, "other triad": 0.12, "seventh": 0.3, "extended": 0.05, "fifth": 0.04, "note": 0.04}
PLAYABLE = tuple(program for program in HELD_OUT_PROGRAMS if program != 42)
"""Programs that play chords: no cello, of which one plays one note at a time."""
FEWEST, MOST = 8, 16
SHORTEST, LONGEST = 2.0, 4.0
LEAD = 0.5
TAG = 0xC40
Row = tuple[float, float, str]
"""Start and end in seconds, label in Harte's syntax: one line of a MIREX chord file."""


def build(folder: Path, soundfonts: Sequence[Path], sounds: Sequence[Path], seed: int, count: int) -> Iterator[int]:
    """Fill a folder with GROUP/GROUP-NN.flac and .lab beside each; yields how many are done.

    soundfonts, sounds: as for training; of sounds only the drums held out are used. Raises UserError.
    """
    found = fonts.find_soundfonts(soundfonts)
    if not found:
        raise UserError("No General MIDI soundfont was found: install the package fluid-soundfont-gm or name an .sf2.")
    clear(folder, GROUPS)
    shots = _drums(sounds, seed)
    numbers = {group: max(1, round(share * count)) for group, share in SHARES.items()}
    done = 0
    for place, (group, number) in enumerate(numbers.items()):
        for one in range(number):
            rng = np.random.default_rng([TAG, seed, place, one])
            _write(folder / group / f"{group}-{one:02d}.flac", *make(rng, group, found, shots))
            done += 1
            yield done


def make(
    rng: np.random.Generator, group: str, soundfonts: Sequence[Path], shots: Sequence[Shot]
) -> tuple[Sound, list[Row]]:
    """Make one recording, float32 (n,), and its chords in order, without gaps. Raises UserError if fluidsynth fails."""
    if group == "nothing":
        length = float(rng.uniform(15, 30))
        sound = turntable.empty_record(length, rng) if rng.random() < 0.5 else drums(rng, shots, length)
        return sound, [(0.0, len(sound) / RATE, NO_CHORD)]
    sound, rows = chords(rng, soundfonts, {"note": 0.5, "fifth": 0.5} if group == "notes" else KINDS)
    if group == "drums":
        beat = drums(rng, shots, len(sound) / RATE)[: len(sound)]
        sound = sound / _loudness(sound) + beat / _loudness(beat)
    elif group == "vinyl":
        sound = augment_record_mildly(sound, rng)
    peak = float(np.max(np.abs(sound)))
    return np.asarray(sound / peak * 10 ** (rng.uniform(-12, -1) / 20), np.float32), rows


def chords(rng: np.random.Generator, soundfonts: Sequence[Path], shares: dict[str, float]) -> tuple[Sound, list[Row]]:
    """Play a sequence of held chords on one instrument held out, all of them detuned alike by up to 40 cents."""
    font = soundfonts[int(rng.integers(len(soundfonts)))]
    program = int(rng.choice(PLAYABLE))
    messages = [(0, 0, mido.Message("program_change", program=program))]
    rows: list[Row] = [(0.0, LEAD, NO_CHORD)]
    now = LEAD
    for _ in range(int(rng.integers(FEWEST, MOST + 1))):
        chord = complete(rng, str(rng.choice(list(shares), p=np.array(list(shares.values())))))
        end = now + float(rng.uniform(SHORTEST, LONGEST))
        strum = float(rng.choice([0.0, rng.uniform(0, 0.03)]))
        for place, note in enumerate(chord.notes):
            velocity = int(rng.integers(60, 110))
            messages.append(
                (round((now + place * strum) * RATE), 2, mido.Message("note_on", note=note, velocity=velocity))
            )
            messages.append((round(end * RATE) - 64, 1, mido.Message("note_off", note=note)))
        rows.append((now, end, Chord(chord.root, chord.quality, chord.notes[0] % 12).label))
        now = end
    speed = 2 ** (float(rng.uniform(-40, 40)) / 1200)
    sound = effects.change_speed(render(messages, font)[: round(now * RATE)], speed)
    return sound, [(start / speed, end / speed, label) for start, end, label in rows]


def complete(rng: np.random.Generator, kind: str) -> Voicing:
    """Choose a chord of a kind, between A1 and C7, that has all the notes of its name and no other."""
    while True:
        chord = voicing(rng, kind)
        classes = {(note - chord.root) % 12 for note in chord.notes}
        if classes == set(QUALITIES[chord.quality]) and chord.notes[0] >= 33 and chord.notes[-1] <= 96:
            return chord


def drums(rng: np.random.Generator, shots: Sequence[Shot], length: float) -> Sound:
    """Play `length` seconds of drums in one of the synthetic styles: float32, (n,)."""
    score, _ = compose(rng, length, False)
    kit = drum_kit.kit_from_shots(rng, shots, [strike.role for strike in score.strikes])
    sound = drum_kit.play([strike for strike in score.strikes if strike.role in kit], kit, length, rng)
    return np.asarray(sound / np.max(np.abs(sound), initial=1e-6), np.float32)


def _drums(sounds: Sequence[Path], seed: int) -> list[Shot]:
    """Real drums held out; of every role some made by rule too, with seeds that no training uses."""
    shots = [shot for shot in gather(sounds) if shot.held_out and shot.role not in ("stab", "loop")]
    rng = np.random.default_rng([TAG, seed])
    for role, maker in MADE.items():
        shots += [Shot(f"made-{role}-{i}", role, maker(1_000_000 + i, 0.9, rng), True) for i in range(4)]
    return shots


def _loudness(sound: Sound) -> np.float32:
    return np.float32(np.sqrt(np.mean(np.square(sound))) + 1e-9)


def _write(path: Path, sound: Sound, rows: Sequence[Row]) -> None:
    write_flac(path, np.clip(sound, -1, 1))
    write_text(path.with_suffix(".lab"), "".join(f"{start:.4f}\t{end:.4f}\t{label}\n" for start, end, label in rows))
