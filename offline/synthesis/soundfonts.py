"""General MIDI soundfonts, played through the fluidsynth program: MIDI files, single notes and drums."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.notes.note_bank import Bank, Note
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.programs import ends_with_us

USUAL_PLACES = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/share/soundfonts/default.sf2",
    "/usr/local/share/soundfonts/default.sf2",
    "/opt/homebrew/share/soundfonts/default.sf2",
)
TAIL_SECONDS = 30
"""For the last notes to die away."""
MOST_SECONDS = 3600
STUCK_SECONDS = 120
"""A large soundfont takes some to load from a slow disk."""
CHECK_SECONDS = 0.1
_FRAME_BYTES = 8
USUAL_FOLDERS = tuple(dict.fromkeys(Path(place).parent for place in USUAL_PLACES))


def find_soundfont(soundfont: Path | None = None) -> Path:
    """Choose the soundfont: the one given, or the first in the usual places. Raises UserError if there is none."""
    if soundfont is not None:
        return _existing(soundfont)
    for place in USUAL_PLACES:
        if Path(place).is_file():
            return Path(place)
    raise UserError("No General MIDI soundfont was found: install the package fluid-soundfont-gm or name an .sf2 file.")


def find_soundfonts(fonts: Sequence[Path] = ()) -> list[Path]:
    """Give the soundfonts named, or every .sf2 in the usual folders, one path for each file.

    Raises UserError for one that is missing.
    """
    usual = [path for folder in USUAL_FOLDERS if folder.is_dir() for path in sorted(folder.glob("*.sf2"))]
    return sorted({_existing(path).resolve() for path in fonts or usual})


def _existing(font: Path) -> Path:
    if not font.is_file():
        raise UserError(f"No soundfont at {str(font)!r}: give the path of a General MIDI .sf2 file.")
    return font


def play(midi: Path, soundfont: Path, reverb: bool = True) -> NDArray[np.float32]:
    """Render a MIDI file to float32, (n, 2), 44 100 Hz, including the decay of the last note.

    A note that never ends is cut off TAIL_SECONDS after the last message. reverb: a small room.
    Raises UserError if the program is missing or cannot play the file, or the file is longer than MOST_SECONDS.
    """
    program = shutil.which("fluidsynth")
    if program is None:
        raise UserError("The program fluidsynth is missing: install it (package fluidsynth) to render notes.")
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "notes.raw"
        most = round((_seconds(midi) + TAIL_SECONDS) * RATE)
        small = ["-R", "1", "-o", "synth.reverb.room-size=0.3", "-o", "synth.reverb.level=0.35"]
        room = small if reverb else ["-R", "0"]
        command = [program, "-n", "-i", "-q", *room, "-C", "0", "-g", "0.5", "-r", str(RATE)]
        command += [
            "-o",
            "synth.cpu-cores=1",
            "-O",
            "float",
            "-E",
            "little",
            "-T",
            "raw",
            "-F",
            str(raw),
            str(soundfont),
            str(midi),
        ]
        code, why = _run(command, raw, most * _FRAME_BYTES, Path(folder))
        if code != 0 or not raw.is_file():
            raise UserError(f"fluidsynth could not play {midi.name!r} with {str(soundfont)!r}: {why}")
        sound = np.fromfile(raw, "<f4", min(most, raw.stat().st_size // _FRAME_BYTES) * 2).reshape(-1, 2)
    return np.asarray(sound, dtype=np.float32)


def _seconds(midi: Path) -> float:
    """Give the time of a MIDI file's last message. Raises UserError for one that is too long or cannot be read."""
    try:
        seconds = mido.MidiFile(midi).length
    except (OSError, EOFError, ValueError, LookupError) as error:
        raise UserError(f"{str(midi)!r} cannot be read as a MIDI file ({error})") from None
    if seconds > MOST_SECONDS:
        raise UserError(f"{str(midi)!r} is {seconds / 3600:.1f} hours long: give a MIDI file of an hour at most")
    return float(seconds)


def _run(command: list[str], written: Path, most_bytes: int, scratch: Path) -> tuple[int, str]:
    """Run fluidsynth, which ends once the last note has died away, or here once it has written enough.

    Gives its exit code, 0 for enough, and its last complaint. Raises UserError when nothing more is written.
    """
    with tempfile.TemporaryFile(dir=scratch) as err:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err, preexec_fn=ends_with_us()
        )
        try:
            size, since = 0, time.monotonic()
            while True:
                try:
                    code = process.wait(CHECK_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    now = written.stat().st_size if written.is_file() else 0
                if now >= most_bytes:
                    code = 0
                    break
                if now > size:
                    size, since = now, time.monotonic()
                elif time.monotonic() - since > STUCK_SECONDS:
                    raise UserError(f"fluidsynth has written nothing for {STUCK_SECONDS} seconds: is the disk full?")
        finally:
            process.kill()
            process.wait()
        err.seek(0)
        lines = err.read(100_000).decode("utf-8", "replace").strip().splitlines()
    return code, (lines or ["no reason given"])[-1]


GRID = 64
"""fluidsynth starts notes on multiples of this many samples."""
# One tick is one sample: 22 050 ticks per beat at 120 beats per minute.
TICKS_PER_BEAT = 22_050


def _tick(sample: int) -> int:
    """Give the tick at which fluidsynth starts what is meant for the grid point nearest to `sample`.

    Its player looks at the clock once per 64 samples and in whole milliseconds, rounded down; the tick of that
    millisecond is therefore due at this grid point and at none before. (fluid_midi.c, fluid_player_callback)
    """
    milliseconds = round(sample / GRID) * GRID * 1000 // RATE
    return milliseconds * RATE // 1000


def render(messages: list[tuple[int, int, mido.Message]], font: Path) -> Sound:
    """Play messages at (sample, order among equals): float32, (n,), mono, 44 100 Hz.

    Notes start on the nearest multiple of 64 samples, exactly. Raises UserError if fluidsynth is missing or fails.
    """
    messages.sort(key=lambda entry: entry[:2])
    track, now = mido.MidiTrack(), 0
    for sample, _, message in messages:
        tick = _tick(sample)
        track.append(message.copy(time=tick - now))
        now = tick
    midi = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT)
    midi.tracks.append(track)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notes.mid"
        midi.save(path)
        left, right = play(path, font, reverb=False).T
        return (left + right) / np.float32(2)  # the mean, which numpy takes thirty times as long for


PROGRAMS = tuple(program for program in range(109) if program not in (47, 55, 86, *range(96, 104)))
"""Of General MIDI those that play the note asked for: no kettledrum, hits that are chords, leads in fifths, effects."""
PITCHES = tuple(range(28, 101, 4))
VELOCITIES = (50, 85, 112)
HELD = 1.3
LENGTH = 1.6
KITS = (0, 8, 16, 24, 25, 32, 40)
DRUM_KEYS = tuple(key for key in range(35, 82) if key not in (71, 72, 73, 74, 78, 79, 80, 81))
"""Without whistles, guiros, cuicas, triangles: they are percussion, but hold a tone."""
DRUM_LENGTH = 0.9
SILENT = 1e-3


def program_bank(font: Path, program: int, pitches: Sequence[int] = PITCHES) -> Bank | None:
    """Play one program's notes, each at one of VELOCITIES in turn; None if it is silent. Raises UserError."""
    stride = round(LENGTH * RATE / GRID) * GRID
    messages: list[tuple[int, int, mido.Message]] = []
    for number, pitch in enumerate(pitches):
        at = number * stride
        velocity = VELOCITIES[number % len(VELOCITIES)]
        messages.append((at, 0, mido.Message("control_change", control=120, value=0)))
        messages.append((at, 1, mido.Message("program_change", program=program)))
        messages.append((at + GRID, 2, mido.Message("note_on", note=pitch, velocity=velocity)))
        messages.append((at + GRID + round(HELD * RATE), 3, mido.Message("note_off", note=pitch)))
    sound = render(messages, font)
    notes = []
    for number, samples in _audible(sound, len(pitches), stride):
        notes.append(Note(float(pitches[number]), VELOCITIES[number % len(VELOCITIES)], HELD, samples))
    return Bank(f"{font.stem}-{program:03d}", tuple(notes)) if notes else None


def drum_hits(font: Path) -> dict[str, Sound]:
    """Play every drum of every kit once, by name; those that are silent are left out. Raises UserError."""
    stride = round(DRUM_LENGTH * RATE / GRID) * GRID
    wanted = [(kit, key) for kit in KITS for key in DRUM_KEYS]
    messages: list[tuple[int, int, mido.Message]] = []
    for number, (kit, key) in enumerate(wanted):
        at = number * stride
        messages.append((at, 0, mido.Message("control_change", channel=9, control=120, value=0)))
        messages.append((at, 1, mido.Message("program_change", channel=9, program=kit)))
        messages.append((at + GRID, 2, mido.Message("note_on", channel=9, note=key, velocity=100)))
    sound = render(messages, font)
    hits = {}
    for number, samples in _audible(sound, len(wanted), stride):
        samples[-882:] *= np.linspace(1, 0, 882, dtype=np.float32)
        kit, key = wanted[number]
        hits[f"{font.stem}-kit{kit}-{key}"] = samples
    return hits


def _audible(sound: Sound, count: int, stride: int) -> Iterator[tuple[int, Sound]]:
    """Give those of `count` sounds, one every `stride` samples, that are there and not silent, each with its number."""
    for number in range(count):
        samples = sound[number * stride + GRID : (number + 1) * stride].copy()
        if len(samples) > stride // 2 and np.max(np.abs(samples)) > SILENT:
            yield number, samples
