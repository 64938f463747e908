"""Evaluation of harmony: a detector that names chords, pitch classes and the key, beside chroma and templates."""

import time
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate import chord_measures, systems
from samplechop.offline.evaluate.chord_measures import BEGINS, DECIDED, INTERVALS, Harmony
from samplechop.offline.evaluate.chord_references import ChordReferences, key_name
from samplechop.offline.evaluate.measures import Measures
from samplechop.offline.evaluate.runner import Pooled, Row, SystemResult, Task, least_size, ms, share, signed_ms, whole
from samplechop.realtime.core.events import CHORD, KEY, NO_CHORD, PITCHES, Event
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.detectors.harmony.chord_vocabulary import PRIORS
from samplechop.realtime.detectors.harmony.detector import HarmonyDetector, HarmonySettings
from samplechop.realtime.detectors.harmony.harte import Chord, parse

KINDS = ("harmony",)
"""Of models that detect harmony."""
PEERS = ("librosa",)


@lru_cache(maxsize=8)
def open_system(system: str) -> Callable[[Sound], Harmony]:
    """Make ready a system by name: a peer, "detector:NAME", or a harmony model's name or manifest path.

    Raises UserError or models.ModelError if it cannot be used.
    """
    if system in PEERS:
        return nearest_templates
    return live_harmony(systems.detector_of(system, lambda model: HarmonyDetector(HarmonySettings(model=model))))


def live_harmony(detector: Detector) -> Callable[[Sound], Harmony]:
    """Run a detector on harmony as the live host does."""
    process = systems.live_events(detector)
    latency_ms = systems.stated_latency_ms(detector)

    def run(samples: Sound) -> Harmony:
        events, seconds = process(samples)
        return harmony_of(events, seconds, latency_ms)

    return run


def harmony_of(events: Sequence[Event], seconds: float = 0.0, latency_ms: float | None = None) -> Harmony:
    """Read events as chords, pitch classes and the key, in the order of their places.

    Raises ValueError for a label that is no chord or no key.
    """
    kept = sorted(events, key=lambda one: one.sample)
    chords = [one for one in kept if one.kind == CHORD]
    sets = [one for one in kept if one.kind == PITCHES]
    keys = [one.label for one in kept if one.kind == KEY and one.label]
    pitches = np.zeros((len(sets), 12), bool)
    for row, one in zip(pitches, sets, strict=True):
        row[[note % 12 for note in one.notes or ()]] = True
    for one in chords:
        parse(one.label or NO_CHORD)
    return Harmony(
        np.array([one.sample / RATE for one in chords]),
        tuple(one.label or NO_CHORD for one in chords),
        np.array([one.emitted / RATE for one in chords]),
        np.array([one.sample / RATE for one in sets]) if sets else None,
        pitches if sets else None,
        key_name(keys[-1]) if keys else None,
        seconds,
        latency_ms,
    )


def judge(references: ChordReferences, samples: Sound, system: str) -> SystemResult:
    """Run a system on a recording and measure what it says of the harmony."""
    detected, length = open_system(system)(samples), len(samples) / RATE
    return SystemResult(
        detected,
        chord_measures.measure(references, detected, length),
        chord_measures.counted(references, detected, length),
        chord_measures.listed(references, detected),
    )


def false_alarms(system: str, sounds: Sequence[Sound]) -> float:
    """Give the share of time in which a system claims a chord."""
    claimed = 0.0
    for sound in sounds:
        parts = open_system(system)(sound).segments(len(sound) / RATE)
        claimed += sum(one.stop - one.start for one in parts if one.label != NO_CHORD)
    return claimed * RATE / sum(len(sound) for sound in sounds)


def pooled_measures(pooled: Pooled) -> Measures:
    """Give what only all recordings together show: how soon chords are found, and by how much roots are wrong."""
    found: Measures = {}
    counts, lists = pooled.counts, pooled.lists
    for name in (BEGINS, DECIDED):
        if len(lists.get(name, ())):
            found |= {
                f"{name}_ms": float(np.median(lists[name])),
                f"{name}_p95_ms": float(np.percentile(lists[name], 95)),
            }
    intervals = counts.get(INTERVALS, np.zeros(1))
    if (detected := float(np.sum(intervals[:-1]))) > 0:
        found["root_off_by_one"] = float(intervals[1] + intervals[11]) / detected
        found["root_off_by_fifth"] = float(intervals[5] + intervals[7]) / detected
    return found


def data(detected: Harmony) -> dict[str, Any]:
    """Give the chords: seconds from which each sounds, and label; and the key."""
    chords = [
        {"time": round(float(time), 4), "label": label}
        for time, label in zip(detected.times, detected.labels, strict=True)
    ]
    return {"chords": chords, "key_heard": detected.key}


ROWS = (
    Row("chord name (root, quality)", "name", share),
    Row("  of whole segments", "name_segments", share),
    Row("  or the same notes", "same_notes", share),
    Row("  bass", "bass", share),
    Row("pitch classes F", "pitches_f", share),
    Row("  of the chord named", "named_f", share),
    Row("root", "root", share),
    Row("  a semitone off", "root_off_by_one", share, min),
    Row("  a fourth or fifth off", "root_off_by_fifth", share, min),
    Row("major, minor", "majmin", share),
    Row("  with inversions", "majmin_inv", share),
    Row("sevenths", "sevenths", share),
    Row("  with inversions", "sevenths_inv", share),
    Row("MIREX", "mirex", share),
    Row("no chord named where one is", "silent", share, min),
    Row("a chord named where none is", "claimed", share, min),
    Row("key", "key", share),
    Row("event after the begin, median", "begins_ms", signed_ms, least_size),
    Row("  95 % before", "begins_p95_ms", signed_ms, least_size),
    Row("found after the begin, median", "decided_ms", signed_ms, min),
    Row("  95 % before", "decided_p95_ms", signed_ms, min),
    Row("latency, stated", "latency_ms", ms, min),
    Row("× real time", "speed", whole, None),
)
TASK = Task(
    judge,
    false_alarms,
    pooled_measures,
    data,
    ROWS,
    principal=("name", "claimed", "speed"),
    noise="share of time with a chord named on noise",
    noise_text=share,
    note="shares of time",
)


HOP = 2048
SMOOTHED = 11
"""Frames of the median, about half a second."""
QUIET_DB = -66.0
"""RMS of a frame below which it says that no chord sounds, dBFS: as for our detector."""


def nearest_templates(samples: Sound) -> Harmony:
    """Name the chords of a recording by chroma and the template it is nearest to: the classic kind, to compare with.

    Fujishima, "Realtime chord recognition of musical sound" (ICMC 1999), on librosa's constant-Q chroma, smoothed by a
    median over time as in Müller, "Fundamentals of music processing" (2015), section 5.2. It takes a whole file at
    once, knows no bass, and its vocabulary is that of our detector.
    """
    import librosa
    from scipy.ndimage import median_filter

    began = time.perf_counter()
    chords = [Chord(root, quality, root) for quality in PRIORS for root in range(12)]
    templates = np.zeros((len(chords), 12))
    for row, chord in zip(templates, chords, strict=True):
        row[list(chord.pitch_classes)] = 1
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    with warnings.catch_warnings():
        # Where nothing sounds librosa says that it finds no tuning: so it should be.
        warnings.simplefilter("ignore", UserWarning)
        chroma = median_filter(librosa.feature.chroma_cqt(y=samples, sr=RATE, hop_length=HOP), (1, SMOOTHED))
    chroma = chroma / np.maximum(np.linalg.norm(chroma, axis=0), 1e-9)
    level = librosa.feature.rms(y=samples, frame_length=2 * HOP, hop_length=HOP)[0, : chroma.shape[1]]
    said = np.where(level < 10 ** (QUIET_DB / 20), len(chords), np.argmax(templates @ chroma, axis=0))
    labels = [*(chord.label for chord in chords), NO_CHORD]
    changes = np.flatnonzero(np.diff(said, prepend=len(chords)))
    times = changes * HOP / RATE
    took = time.perf_counter() - began
    return Harmony(times, tuple(labels[said[at]] for at in changes), seconds=took)
