"""Labels for whole tracks: their drums taken out, cut at the onsets, each shred named where that is sure."""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from offline.crate.sounds import RATE, Sound, read
from offline.drums.attacks import peaks, rise
from offline.drums.labels import DrumHit, DrumLabels, Unsure
from offline.drums.shreds import ABSENT, LENGTH, ShredNet
from realtime.errors import UserError
from realtime.events import DRUMS

ONSET_DB = 6.0
APART = 0.045
BANDS_HZ = ((30.0, 150.0), (150.0, 1000.0), (1000.0, 5000.0), (5000.0, 16_000.0))
LEAD = 250
"""Samples a shred begins before its onset; the net has learned with such."""
NARROW = 0.04
SOFTEST_DB = -45.0
"""Below the track's loudest shreds: what is softer is unsure."""


def drum_stem(audio: Path, models: Path | None, model: str) -> Sound:
    """Take the drums out of a track: float32, (n,), mono, 44 100 Hz.

    models: a folder of demucs models (its --repo) of which `model` is used; nothing is downloaded. None: the percussive
    part of librosa's harmonic/percussive split (D. Fitzgerald, DAFx 2010; J. Driedger et al., ISMIR 2014, margin 2).
    Raises UserError if demucs is missing or fails, or the track cannot be read.
    """
    if models is None:
        import librosa

        return np.asarray(librosa.effects.percussive(read(audio), margin=2.0), np.float32)
    if importlib.util.find_spec("demucs") is None:
        raise UserError("--demucs needs the package demucs: install it, or leave the option away for the simple split.")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "demucs", "--repo", str(models), "-n", model, "--two-stems", "drums"]
        done = subprocess.run([*command, "-o", folder, str(audio)], capture_output=True, text=True, check=False)
        stems = sorted(Path(folder).rglob("drums.wav"))
        if done.returncode != 0 or not stems:
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"demucs could not separate {str(audio)!r}: {why}")
        return read(stems[0])


def onsets(drums: Sound) -> list[float]:
    """Find where any of four bands rises by ONSET_DB: seconds, sorted, APART seconds from each other."""
    highest = np.max([rise(drums, band, 0.02) for band in BANDS_HZ], axis=0)
    return peaks(highest, ONSET_DB, APART)


def shreds_at(samples: Sound, times: Sequence[float]) -> np.ndarray:
    """Cut the shred at each onset: float32, (n, LENGTH); silent after the next onset, as if that had ended it."""
    padded = np.concatenate([np.zeros(LEAD, np.float32), samples, np.zeros(LENGTH, np.float32)])
    rows = np.zeros((len(times), LENGTH), np.float32)
    for row, time, after in zip(rows, times, [*times[1:], np.inf], strict=True):
        at = round(time * RATE)
        stop = LENGTH if np.isinf(after) else min(LENGTH, round((after - time) * RATE))
        row[:stop] = padded[at : at + stop]
    return rows


def label(drums: Sound, net: ShredNet) -> DrumLabels:
    """Label a drum stem, float32 (n,), 44 100 Hz: hits where the net is sure, else that nobody knows."""
    times = onsets(drums)
    if not times:
        return DrumLabels(())
    shreds = shreds_at(drums, times)
    said = net.hear(shreds)
    power = 10 * np.log10(np.mean(np.square(shreds), axis=1) + 1e-12)
    loud = power - np.percentile(power, 95)
    hits, unsure = [], []
    for time, row, level in zip(times, said, loud, strict=True):
        span = max(0.0, time - NARROW), time + NARROW
        named = {name for name, probability in zip(DRUMS, row, strict=True) if probability >= net.sure[name]}
        if level < SOFTEST_DB or not named:
            unsure.append(Unsure(*span))
            continue
        velocity = float(np.clip(1 + level / 40, 0.1, 1.0))
        for name, probability in zip(DRUMS, row, strict=True):
            if name in named:
                hits.append(DrumHit(time, name, velocity))
            elif probability > ABSENT:
                unsure.append(Unsure(*span, name))
    return DrumLabels(tuple(hits), frozenset(DRUMS), tuple(unsure))


def mono(audio: Path) -> Sound:
    """Read the track itself: float32, (n,), mono, 44 100 Hz. Raises UserError if it cannot be read or is empty."""
    samples = read(audio)
    if len(samples) < RATE // 2:
        raise UserError(f"{str(audio)!r} is shorter than half a second: give a whole track.")
    if soundfile.info(audio).samplerate < 22_050:
        raise UserError(f"{str(audio)!r} has {soundfile.info(audio).samplerate} Hz: hats need at least 22 050 Hz.")
    return samples
