"""Kits of made audio for the tests of writers: tones of known pitch, whose slices lie in their folder as wav files."""

from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.kits.core.model import SLICES, Candidate, Guess, Kit, Slice
from samplechop.offline.kits.core.tempo_map import Meter, Stretch, TempoMap

FIRST_NOTE = 36
TEMPO, KEY = Guess("92.0", 0.9), Guess("A minor", 0.8)
REDUNDANCY = {"kit": {"repeats": 0.0, "distance": 1.4}, "grid": {"repeats": 0.5, "distance": 0.6}}
CHANGING = TempoMap(
    44_100,
    (Stretch(0.0, 0, 250.0), Stretch(10_584.0, 1, 300.0), Stretch(28_224.0, 3, 201.7)),
    (Meter(0, 1), Meter(1, 3)),
)
"""Of a kit of 1.5 seconds: a beat before the first bar, two of 300 a minute, others."""
SETTINGS = {"count": 16, "diversity": 0.5, "until": "chosen", "lock": (1.5,), "end": None}


def tone(number: int, length: int, rate: int) -> np.ndarray:
    """Give float64 (length,): a decaying tone of slice `number`, 220 Hz and a semitone more for each one after it."""
    seconds = np.arange(length) / rate
    pitch = 220.0 * 2 ** ((number - 1) % 24 / 12)
    return 0.6 * np.sin(2 * np.pi * pitch * seconds) * np.exp(-3.0 * seconds)


def make_kit(
    folder: Path,
    *,
    slices: int = 4,
    channels: int = 2,
    subtype: str = "PCM_16",
    sample_rate: int = 44_100,
    slice_length: int = 4_001,
    source_name: str = "record.wav",
    name: str = "record",
    slice_rate: int | None = None,
    slice_channels: int | None = None,
    first_note: int = FIRST_NOTE,
    gap: int = 0,
    first: int = 0,
    tail: int = 0,
    tempo: Guess | None = TEMPO,
    key: Guess | None = KEY,
) -> Kit:
    """Make a kit in `folder`/kit whose source is `folder`/source_name; both are written, formats are not.

    slices: how many, of slice_length samples each. slice_rate, slice_channels: of the slice files, the record's by
    default; made anew rather than resampled. gap: samples of the record between a slice's end and the next one's start.
    first, tail: samples of the record before the first and after the last slice, which were not to be chopped.
    """
    rate, width = slice_rate or sample_rate, slice_channels or channels
    pan = np.linspace(1.0, 0.5, channels)
    step = slice_length + gap
    audio = np.zeros((first + slices * step - gap + tail, channels))
    home = folder / "kit"
    (home / SLICES).mkdir(parents=True, exist_ok=True)
    parts = []
    for number in range(1, slices + 1):
        start = first + (number - 1) * step
        stop = start + slice_length
        audio[start:stop] = tone(number, slice_length, sample_rate)[:, None] * pan
        frames = round(slice_length * rate / sample_rate)
        stem = f"{number:02d}_0m{start / sample_rate:06.3f}_Am_92bpm_{90 - number % 50}"
        strength = 0.0 if start == 0 else round(0.9 - 0.005 * (number % 50), 3)
        file = f"{SLICES}/{stem}.wav"
        parts.append(Slice(number, start, stop, strength, first_note + number - 1, stem, file, frames))
    source = folder / source_name
    soundfile.write(source, audio, sample_rate, subtype=subtype, format="WAV")
    stored, _ = soundfile.read(source, always_2d=True, dtype="float64")
    for part in parts:
        if rate == sample_rate and width == channels:
            samples = stored[part.start : part.stop]
        else:
            samples = tone(part.number, part.frames, rate)[:, None] * np.linspace(1.0, 0.5, width)
        soundfile.write(home / part.file, samples, rate, subtype=subtype)
    chosen = [Candidate(part.start, part.strength) for part in parts if part.strength]
    missed = [Candidate(part.start + slice_length // 2, 0.25) for part in parts]
    return Kit(
        name=name,
        folder=home,
        source=source,
        audio=source,
        sample_rate=sample_rate,
        channels=channels,
        length=len(audio),
        subtype=subtype,
        slice_rate=rate,
        slice_channels=width,
        first=first,
        last=len(audio) - tail,
        slices=tuple(parts),
        candidates=tuple(sorted([*chosen, *missed], key=lambda candidate: candidate.sample)),
        tempo=tempo,
        key=key,
        downbeats=tuple(range(first, len(audio) - tail, 2 * step)),
        model=("chop", "0" * 64),
        settings=SETTINGS,
        redundancy=REDUNDANCY,
    )
