"""Judging harmony: a live ear that names chords, pitch classes and the key, beside chroma and templates."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate import chord_measures, chroma_templates, systems
from samplechop.offline.evaluate.chord_measures import BEGINS, DECIDED, INTERVALS, Harmony
from samplechop.offline.evaluate.chord_references import ChordReferences, key_name
from samplechop.offline.evaluate.measures import Measures
from samplechop.offline.evaluate.rows import Row, least_size, ms, share, signed_ms, times
from samplechop.offline.evaluate.runner import Heard, Pooled, Task
from samplechop.realtime import detectors
from samplechop.realtime.core.events import CHORD, KEY, NO_CHORD, PITCHES, Event
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.detectors.harmony.harte import parse

KINDS = ("harmony",)
"""Of models that hear harmony."""
PEERS = ("librosa",)


@lru_cache(maxsize=8)
def listener(system: str) -> Callable[[Sound], Harmony]:
    """Make ready a system by name: a peer, "detector:NAME", or a harmony model's name or manifest path.

    Raises UserError or models.ModelError if it cannot be used.
    """
    if system in PEERS:
        return chroma_templates.hear
    return live_harmony(_detector(system))


def _detector(system: str) -> Detector:
    if system.startswith("detector:"):
        return detectors.make(system.removeprefix("detector:"))
    from samplechop.realtime.detectors.harmony.detector import HarmonyDetector, HarmonySettings

    return HarmonyDetector(HarmonySettings(model=system))


def live_harmony(detector: Detector) -> Callable[[Sound], Harmony]:
    """Hear harmony with a detector as the live host does."""
    hear = systems.live_events(detector)
    latency_ms = systems.stated_latency_ms(detector)

    def listen(samples: Sound) -> Harmony:
        events, seconds = hear(samples)
        return harmony_of(events, seconds, latency_ms)

    return listen


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


def judge(references: ChordReferences, samples: Sound, system: str) -> Heard:
    """Let a system hear a recording and measure what it says of the harmony."""
    heard, length = listener(system)(samples), len(samples) / RATE
    return Heard(
        heard,
        chord_measures.measure(references, heard, length),
        chord_measures.counted(references, heard, length),
        chord_measures.listed(references, heard),
    )


def false_alarms(system: str, sounds: Sequence[Sound]) -> float:
    """Give the share of time in which a system claims a chord."""
    claimed = 0.0
    for sound in sounds:
        parts = listener(system)(sound).segments(len(sound) / RATE)
        claimed += sum(one.stop - one.start for one in parts if one.label != NO_CHORD)
    return claimed * RATE / sum(len(sound) for sound in sounds)


def together(pooled: Pooled) -> Measures:
    """Give what only all recordings together tell: how soon chords are told, and by how much roots are wrong."""
    told: Measures = {}
    counts, lists = pooled.counts, pooled.lists
    for name in (BEGINS, DECIDED):
        if len(lists.get(name, ())):
            told |= {
                f"{name}_ms": float(np.median(lists[name])),
                f"{name}_p95_ms": float(np.percentile(lists[name], 95)),
            }
    intervals = counts.get(INTERVALS, np.zeros(1))
    if (heard := float(np.sum(intervals[:-1]))) > 0:
        told["root_off_by_one"] = float(intervals[1] + intervals[11]) / heard
        told["root_off_by_fifth"] = float(intervals[5] + intervals[7]) / heard
    return told


def data(heard: Harmony) -> dict[str, Any]:
    """Give the chords: seconds from which each sounds, and label; and the key."""
    chords = [
        {"time": round(float(time), 4), "label": label} for time, label in zip(heard.times, heard.labels, strict=True)
    ]
    return {"chords": chords, "key_heard": heard.key}


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
    Row("told after the begin, median", "decided_ms", signed_ms, min),
    Row("  95 % before", "decided_p95_ms", signed_ms, min),
    Row("latency, stated", "latency_ms", ms, min),
    Row("× real time", "speed", times, None),
)
TASK = Task(
    judge,
    false_alarms,
    together,
    data,
    ROWS,
    principal=("name", "claimed", "speed"),
    noise="share of time with a chord named on noise",
    noise_text=share,
    note="shares of time",
)
