"""Let fluidsynth play what the plans ask for: many records in one pass, and the drum kits of the soundfont."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np

from offline.demo import soundfont
from offline.training.plans import Tone
from offline.training.sounds import RATE, Shot, Sound, is_held_out, trimmed

# General MIDI programs, counted from 0, whose attack is at the note: pianos, mallets, organs, guitars, plucked strings,
# brass, reeds. Pads and bowed strings speak late, so nothing is labelled on them.
QUICK = (*range(8), *range(8, 14), *range(16, 19), *range(24, 31), 45, 46, 55, *range(56, 64), 80, 81, 104, 107)
BASSES = tuple(range(32, 40))
PADS = (*range(48, 54), *range(88, 96))
LEADS = (*range(14), *range(24, 32), *range(56, 80), 80, 81)
CHANNELS = {"chord": (0, QUICK), "bass": (1, BASSES), "lead": (2, LEADS), "pad": (3, PADS)}
KITS = (0, 8, 16, 24, 25, 32, 40)
KIT_KEYS = {"kick": (35, 36), "snare": (38, 40), "hat": (42, 44, 46), "cymbal": (49, 51), "tom": (41, 45, 48)}
# One tick is one sample: 22 050 ticks per beat at 120 beats per minute.
TICKS_PER_BEAT = 22_050


def _render(messages: list[tuple[int, int, mido.Message]], font: Path) -> Sound:
    messages.sort(key=lambda entry: entry[:2])
    track, now = mido.MidiTrack(), 0
    for sample, _, message in messages:
        track.append(message.copy(time=sample - now))
        now = sample
    midi = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT)
    midi.tracks.append(track)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notes.mid"
        midi.save(path)
        return np.asarray(soundfont.play(path, font, reverb=False).mean(axis=1), dtype=np.float32)


def play(parts: Sequence[Sequence[Tone]], length: float, font: Path, rng: np.random.Generator) -> list[Sound]:
    """Play the tones of several records: one float32 array of round(length * RATE) samples each.

    Each part of each record gets an instrument of its own by chance. fluidsynth starts notes on its 64-sample grid.
    """
    stride = round((length + 1.0) * RATE)
    messages: list[tuple[int, int, mido.Message]] = []
    for number, tones in enumerate(parts):
        origin = number * stride
        for part, (channel, programs) in CHANNELS.items():
            program = int(rng.choice(programs))
            volume = {"chord": 110, "bass": 110, "lead": 80, "pad": 70}[part]
            for order, message in enumerate(
                (
                    mido.Message("control_change", channel=channel, control=120, value=0),
                    mido.Message("program_change", channel=channel, program=program),
                    mido.Message("control_change", channel=channel, control=7, value=volume),
                )
            ):
                messages.append((origin, order, message))
        for tone in tones:
            channel = CHANNELS[tone.part][0]
            start, stop = round(tone.time * RATE), round((tone.time + tone.length) * RATE)
            if start >= length * RATE:
                continue
            for key in tone.keys:
                on = mido.Message("note_on", channel=channel, note=key, velocity=tone.velocity)
                off = mido.Message("note_off", channel=channel, note=key)
                messages += [(origin + start, 5, on), (origin + min(stop, stride - 1), 4, off)]
    sound = _render(messages, font)
    sound = np.pad(sound, (0, max(0, len(parts) * stride - len(sound))))
    return [sound[i * stride : i * stride + round(length * RATE)] for i in range(len(parts))]


def kit_shots(font: Path) -> list[Shot]:
    """Play every drum of the soundfont's kits alone, at two velocities, as one-shots."""
    wanted = [
        (kit, role, key, velocity)
        for kit in KITS
        for role, keys in KIT_KEYS.items()
        for key in keys
        for velocity in (80, 120)
    ]
    stride = 2 * RATE
    messages: list[tuple[int, int, mido.Message]] = []
    for number, (kit, _, key, velocity) in enumerate(wanted):
        at = number * stride
        messages.append((at, 0, mido.Message("control_change", channel=9, control=120, value=0)))
        messages.append((at, 1, mido.Message("program_change", channel=9, program=kit)))
        messages.append((at, 2, mido.Message("note_on", channel=9, note=key, velocity=velocity)))
        messages.append((at + stride - 1, 3, mido.Message("note_off", channel=9, note=key)))
    sound = _render(messages, font)
    shots = []
    for number, (kit, role, key, velocity) in enumerate(wanted):
        samples = trimmed(sound[number * stride : (number + 1) * stride].copy())
        if len(samples) > 400:
            shots.append(Shot(f"kit{kit}/{role}{key}/{velocity}", role, samples, is_held_out(f"kit{kit}/{role}{key}")))
    return shots
