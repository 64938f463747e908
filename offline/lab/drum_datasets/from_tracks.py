"""Labels for whole tracks: cut at the onsets, the drums of each shred named where that is sure."""

import bisect
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.lab.drum_datasets.clip_classifier import ShredNet, features
from samplechop.offline.labels.drum_labels import DrumHit, DrumLabels, Unsure
from samplechop.offline.labels.drum_onsets import Rise, peaks, rise
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS

ONSET_DB = 6.0
SOFT_DB = 3.0
"""How sharply any band rises at an onset, and at what may be a drum and is left open."""
APART = 0.045
BANDS_HZ = ((30.0, 150.0), (150.0, 1000.0), (1000.0, 5000.0), (5000.0, 16_000.0))
HALF = 0.04
"""Seconds before and after an attack of which nobody knows what it is."""
STROKE = 4096
"""Samples after an onset whose level says how hard the drum was struck."""


def check_demucs(models: Path) -> None:
    """Refuse, before any work, what drum_stem could not use. Raises UserError."""
    if not models.is_dir():
        raise UserError(f"No folder of demucs models at {str(models)!r}: give the one with the .th and .yaml files.")
    if importlib.util.find_spec("demucs") is None:
        raise UserError("--demucs needs the package demucs: install it, or leave the option away.")


def drum_stem(audio: Path, models: Path, model: str) -> Sound:
    """Take the drums out of a track with demucs: float32, (n,), mono, 44 100 Hz.

    models: a folder of its models (its --repo) of which `model` is used; nothing is downloaded.
    Raises UserError if it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "demucs", "--repo", str(models), "-n", model, "--two-stems", "drums"]
        done = subprocess.run([*command, "-o", folder, str(audio)], capture_output=True, text=True, check=False)
        stems = sorted(Path(folder).rglob("drums.wav"))
        if done.returncode != 0 or not stems:
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"demucs could not separate {str(audio)!r}: {why}")
        return read_audio(stems[0])


def onsets(samples: Sound) -> list[float]:
    """Find where any of four bands rises by ONSET_DB: seconds, sorted, APART seconds from each other."""
    return peaks(_highest(samples), ONSET_DB, APART)


def _highest(samples: Sound) -> Rise:
    return np.asarray(np.max([rise(samples, band, 0.02) for band in BANDS_HZ], axis=0))


def label(samples: Sound, net: ShredNet) -> DrumLabels:
    """Label a track or its drums, float32 (n,), 44 100 Hz: hits where the net is sure, else that nobody knows.

    Attacks softer than the onsets are unsure too.
    """
    highest = _highest(samples)
    times = peaks(highest, ONSET_DB, APART)
    hits: list[DrumHit] = []
    unsure = [Unsure(*_around(time)) for time in peaks(highest, SOFT_DB, HALF) if not _near(time, times)]
    levels = _levels_db(samples, times)
    for time, row, level in zip(times, net.hear(features(samples, times)), levels, strict=True):
        for name, probability in zip(DRUMS, row.tolist(), strict=True):
            if probability >= net.sure[name]:
                hits.append(DrumHit(time, name, float(np.clip(1 + level / 40, 0.1, 1.0))))
            elif probability > net.absent[name]:
                unsure.append(Unsure(*_around(time), name))
    return DrumLabels(tuple(hits), frozenset(DRUMS), tuple(unsure))


def _around(time: float) -> tuple[float, float]:
    return max(0.0, time - HALF), time + HALF


def _near(time: float, times: Sequence[float]) -> bool:
    at = bisect.bisect(times, time)
    return any(abs(time - one) < HALF for one in times[max(0, at - 1) : at + 1])


def _levels_db(samples: Sound, times: Sequence[float]) -> list[float]:
    """Measure how loud the moment after each onset is, in dB under the track's loud ones."""
    if not times:
        return []
    starts = [round(time * RATE) for time in times]
    power = [float(np.mean(np.square(samples[at : at + STROKE]))) if at < len(samples) else 0.0 for at in starts]
    level = 10 * np.log10(np.array(power) + 1e-12)
    return (level - np.percentile(level, 95)).tolist()


def mono(audio: Path) -> Sound:
    """Read the track itself: float32, (n,), mono, 44 100 Hz. Raises UserError if it cannot be read or is empty."""
    if not audio.is_file():
        raise UserError(f"No recording at {str(audio)!r}: give an audio file.")
    samples = read_audio(audio)
    if len(samples) < RATE // 2:
        raise UserError(f"{str(audio)!r} is shorter than half a second: give a whole track.")
    if soundfile.info(audio).samplerate < 22_050:
        raise UserError(f"{str(audio)!r} has {soundfile.info(audio).samplerate} Hz: hats need at least 22 050 Hz.")
    return samples
