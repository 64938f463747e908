"""Labels for tracks with a kick on every beat: from the pulse alone, and only where the recording agrees.

Tempo and phase are those of the beat detector. A stretch of beats is believed if nearly every beat has an attack in the
kick's band, all alike: each is a kick there, moved to its attack. If every second one, and less the others, has an
attack in the snare's band, again all alike, these are snares. Attacks of either band beside the pulse are unsure, and
so is all of the rest; of hats, toms and cymbals nothing is said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.labels.drum_labels import DrumHit, DrumLabels, Unsure
from samplechop.offline.labels.drum_onsets import KICK_HZ, SNARE_HZ, Rise, nearest, peaks, rise
from samplechop.realtime.core.events import BEAT, Event
from samplechop.realtime.core.plugin import ProcessSpec
from samplechop.realtime.detectors.beats.detector import BeatDetector

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
"""Beats that are judged together."""
STEADY = 0.06
"""How far two beats' distance may lie from the stretch's, as a share."""
APART = 0.09
NARROW = 0.05
VELOCITY = 0.8
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Believed:
    """A stretch of beats: times in seconds; which should carry a snare (none: nobody knows of snares here); how sharply
    both bands rise there, in dB.
    """

    beats: tuple[float, ...]
    backbeat: tuple[bool, ...]
    low_db: tuple[float, ...]
    high_db: tuple[float, ...]


def beats_of(samples: Sound, told: Told | None = None) -> list[float]:
    """Hear the beats of a recording with the live beat detector: seconds, sorted. told: hears (done, of) samples."""
    detector = BeatDetector()
    detector.prepare(ProcessSpec(RATE, BLOCK))
    found: list[Event] = []
    padded = np.concatenate([samples, np.zeros(detector.latency + BLOCK, np.float32)])
    for start in range(0, len(padded), BLOCK):
        detector.process(padded[start : start + BLOCK], start, found.append)
        if told is not None:
            told(min(start + BLOCK, len(samples)), len(samples))
    return sorted(event.sample / RATE for event in found if event.kind == BEAT and event.sample < len(samples))


def label(samples: Sound, beats: Sequence[float]) -> DrumLabels:
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
                    # Left out by the drummer, or not to be heard: nobody knows.
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
        for time in peaks(risen, ATTACK_DB, APART)
        if np.min(np.abs(known - time)) > NARROW
    ]
