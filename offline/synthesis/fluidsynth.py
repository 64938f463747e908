"""Play a MIDI file through a General MIDI soundfont with the fluidsynth program."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.synthesis import fluidsynth
from samplechop.realtime.core.errors import UserError

SAMPLE_RATE = 44_100
USUAL_PLACES = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/share/soundfonts/default.sf2",
    "/usr/local/share/soundfonts/default.sf2",
    "/opt/homebrew/share/soundfonts/default.sf2",
)


def find(soundfont: Path | None = None) -> Path:
    """Choose the soundfont: the one given, or the first in the usual places.

    Raises UserError if there is none.
    """
    if soundfont is not None:
        if not soundfont.is_file():
            raise UserError(f"No soundfont at {str(soundfont)!r}: give the path of a General MIDI .sf2 file.")
        return soundfont
    for place in USUAL_PLACES:
        if Path(place).is_file():
            return Path(place)
    raise UserError("No General MIDI soundfont was found: install the package fluid-soundfont-gm or name an .sf2 file.")


def play(midi: Path, soundfont: Path, reverb: bool = True, gain: float = 0.5) -> NDArray[np.float32]:
    """Render a MIDI file to float32, (n, 2), 44 100 Hz, including the decay of the last note.

    reverb: a small room. gain: linear, fluidsynth's own.
    Raises UserError if the program is missing or cannot play the file.
    """
    program = shutil.which("fluidsynth")
    if program is None:
        raise UserError("The program fluidsynth is missing: install it (package fluidsynth) to render notes.")
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "notes.wav"
        room = (
            ["-R", "1", "-o", "synth.reverb.room-size=0.3", "-o", "synth.reverb.level=0.35"] if reverb else ["-R", "0"]
        )
        command = [program, "-n", "-i", "-q", *room, "-C", "0", "-g", str(gain), "-r", str(SAMPLE_RATE)]
        command += ["-o", "synth.cpu-cores=1", "-O", "float", "-T", "wav", "-F", str(wav), str(soundfont), str(midi)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not wav.is_file():
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"fluidsynth could not play {midi.name!r} with {str(soundfont)!r}: {why}")
        sound, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    return np.asarray(sound, dtype=np.float32)


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

    Notes start on the nearest multiple of 64 samples, exactly.

    Raises UserError if fluidsynth is missing or fails.
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
        return np.asarray(fluidsynth.play(path, font, reverb=False).mean(axis=1), dtype=np.float32)
