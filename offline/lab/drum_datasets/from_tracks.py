"""Drum labels of whole tracks: onset-centred clips named by a classifier, or the pulse of four-on-the-floor music.

Four on the floor: tempo and phase are those of the beat detector. A stretch of beats is believed if nearly every beat
has an attack in the kick's band, all alike: each is a kick there, moved to its attack. If every second one, and less
the others, has an attack in the snare's band, again all alike, these are snares. Attacks of either band beside the
pulse are unsure, and so is all of the rest; of hats, toms and cymbals nothing is said.
"""

import bisect
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.lab.drum_datasets.clip_classifier import APART, ONSET_DB, ClipClassifier, features
from samplechop.offline.labels.drum_labels import (
    KICK_HZ,
    SNARE_HZ,
    DrumHit,
    DrumLabels,
    Rise,
    Unsure,
    highest_rise,
    nearest,
    peaks,
    rise,
)
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import BEAT, DRUMS, Event
from samplechop.realtime.core.plugin import ProcessSpec
from samplechop.realtime.core.programs import ends_with_us
from samplechop.realtime.detectors.beats.detector import BeatDetector

SOFT_DB = 3.0
"""How sharply any band rises at what may be a drum and is left open."""
HALF = 0.04
"""Seconds before and after an attack of which nobody knows what it is."""
STROKE = 4096
"""Samples after an onset whose level says how hard the drum was struck."""
BLOCK = 4096
REACH = 0.04
"""Seconds from a beat within which its attack may lie."""
ATTACK_DB = 6.0
KICKS = 0.85
"""Share of a stretch's beats that have a kick's attack."""
EVEN_DB = 5.0
"""By how much the rises of a stretch's kicks, or snares, may differ (standard deviation): a loop's are all alike."""
BETWEEN_DB = 8.0
"""How sharply the kick's band may rise halfway between two beats, in the mean; more is a bass that plays eighths."""
SNARE_DB = 12.0
CLEAR_DB = 4.0
"""How sharply the snare's band rises at two and four, and by how much more than at one and three, in the mean."""
STRETCH = 16
"""Beats that are compared together."""
STEADY = 0.06
"""How far two beats' distance may lie from the stretch's, as a share."""
STRAY_APART = 0.09
NARROW = 0.05
VELOCITY = 0.8


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
        command += ["-o", folder, str(audio)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=ends_with_us())
        stems = sorted(Path(folder).rglob("drums.wav"))
        if done.returncode != 0 or not stems:
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"demucs could not separate {str(audio)!r}: {why}")
        return read_audio(stems[0])


def label_clips(samples: Sound, net: ClipClassifier) -> DrumLabels:
    """Label a track or its drums, float32 (n,), 44 100 Hz: hits where the net is sure, else that nobody knows.

    Attacks softer than the onsets are unsure too.
    """
    highest = highest_rise(samples)
    times = peaks(highest, ONSET_DB, APART)
    hits: list[DrumHit] = []
    unsure = [Unsure(*_around(time)) for time in peaks(highest, SOFT_DB, HALF) if not _near(time, times)]
    levels = _levels_db(samples, times)
    for time, row, level in zip(times, net.predict(features(samples, times)), levels, strict=True):
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


def read_track(audio: Path) -> Sound:
    """Read the track itself: float32, (n,), mono, 44 100 Hz. Raises UserError if it cannot be read or is empty."""
    if not audio.is_file():
        raise UserError(f"No recording at {str(audio)!r}: give an audio file.")
    samples = read_audio(audio)
    if len(samples) < RATE // 2:
        raise UserError(f"{str(audio)!r} is shorter than half a second: give a whole track.")
    if soundfile.info(audio).samplerate < 22_050:
        raise UserError(f"{str(audio)!r} has {soundfile.info(audio).samplerate} Hz: hats need at least 22 050 Hz.")
    return samples


@dataclass(frozen=True, slots=True)
class Believed:
    """A stretch of beats: times in seconds; which should carry a snare (none: nobody knows of snares here); how sharply
    both bands rise there, in dB.
    """

    beats: tuple[float, ...]
    backbeat: tuple[bool, ...]
    low_db: tuple[float, ...]
    high_db: tuple[float, ...]


def beats_of(samples: Sound, progress: Callable[[int, int], None] | None = None) -> list[float]:
    """Find the beats with the live beat detector: seconds, sorted. progress: takes (done, of) samples."""
    detector = BeatDetector()
    detector.prepare(ProcessSpec(RATE, BLOCK))
    found: list[Event] = []
    padded = np.concatenate([samples, np.zeros(detector.latency + BLOCK, np.float32)])
    for start in range(0, len(padded), BLOCK):
        detector.process(padded[start : start + BLOCK], start, found.append)
        if progress is not None:
            progress(min(start + BLOCK, len(samples)), len(samples))
    return sorted(event.sample / RATE for event in found if event.kind == BEAT and event.sample < len(samples))


def label_four_on_the_floor(samples: Sound, beats: Sequence[float]) -> DrumLabels:
    """Label what is four-to-the-floor in a recording. samples: float32, (n,), 44 100 Hz; beats: seconds, sorted."""
    low, high = rise(samples, KICK_HZ, 0.03), rise(samples, SNARE_HZ)
    kept = [found for part in _stretches(beats) if (found := _judged(part, low, high)) is not None]
    if not kept:
        return DrumLabels((), frozenset({"kick", "snare"}), (Unsure(0.0, len(samples) / RATE),))
    hits: list[DrumHit] = []
    unsure = _elsewhere(kept, len(samples) / RATE)
    for part in kept:
        if not any(part.backbeat):
            unsure.append(Unsure(max(0.0, part.beats[0] - NARROW), part.beats[-1] + 2 * NARROW, "snare"))
        for beat, backbeat, *heights in zip(part.beats, part.backbeat, part.low_db, part.high_db, strict=True):
            for name, risen, height in zip(("kick", "snare"), (low, high), heights, strict=True):
                if name == "snare" and not backbeat:
                    continue
                if height >= ATTACK_DB:
                    hits.append(DrumHit(nearest(risen, beat, REACH)[0], name, VELOCITY))
                else:
                    # Left out by the drummer, or inaudible: nobody knows.
                    unsure.append(Unsure(max(0.0, beat - NARROW), beat + NARROW, name))
    unsure += _beside(hits, low, "kick") + _beside(hits, high, "snare")
    return DrumLabels(tuple(hits), frozenset({"kick", "snare"}), tuple(unsure))


def _stretches(beats: Sequence[float]) -> list[NDArray[np.float64]]:
    """Cut the beats where the pulse breaks, and then into stretches of STRETCH beats; shorter ones are left out."""
    if len(beats) < STRETCH:
        return []
    times, gaps = np.asarray(beats), np.diff(beats)
    usual = np.array([np.median(gaps[max(0, i - 8) : i + 9]) for i in range(len(gaps))])
    breaks = np.flatnonzero(np.abs(gaps / usual - 1) > STEADY) + 1
    runs = np.split(times, breaks)
    return [run[at : at + STRETCH] for run in runs for at in range(0, len(run) - STRETCH + 1, STRETCH)]


def _judged(beats: NDArray[np.float64], low: Rise, high: Rise) -> Believed | None:
    kicks = np.array([nearest(low, beat, REACH)[1] for beat in beats])
    snares = np.array([nearest(high, beat, REACH)[1] for beat in beats])
    half = float(np.median(np.diff(beats))) / 2
    between = np.mean([nearest(low, beat + half, REACH)[1] for beat in beats])
    if np.mean(kicks >= ATTACK_DB) < KICKS or np.std(kicks) > EVEN_DB or between > BETWEEN_DB:
        return None
    odd = np.arange(len(beats)) % 2 == 1
    if np.mean(snares[odd]) < np.mean(snares[~odd]):
        odd = ~odd
    louder = np.mean(snares[odd]) - np.mean(snares[~odd])
    if np.mean(snares[odd]) < SNARE_DB or louder < CLEAR_DB or np.std(snares[odd]) > EVEN_DB:
        odd = np.zeros(len(beats), bool)
    return Believed(*(tuple(row.tolist()) for row in (beats, odd, kicks, snares)))


def _elsewhere(kept: Sequence[Believed], length: float) -> list[Unsure]:
    """Be unsure about everything outside the stretches."""
    spans, now = [], 0.0
    for part in kept:
        first, last = part.beats[0] - NARROW, part.beats[-1] + 2 * NARROW
        if first > now:
            spans.append(Unsure(now, first))
        now = max(now, last)
    return [*spans, Unsure(now, length)] if now < length else spans


def _beside(hits: Sequence[DrumHit], risen: Rise, name: str) -> list[Unsure]:
    """Be unsure about the attacks of a band that no hit accounts for."""
    known = np.array([hit.time for hit in hits if hit.label == name] or [-np.inf])
    return [
        Unsure(max(0.0, time - NARROW), time + NARROW, name)
        for time in peaks(risen, ATTACK_DB, STRAY_APART)
        if np.min(np.abs(known - time)) > NARROW
    ]
