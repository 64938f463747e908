"""Judging drums: a live ear that tells kick, snare, hat, tom and cymbal apart, beside onset detectors that do not."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate import drum_measures, systems
from samplechop.offline.evaluate.drum_measures import DELAYS, HEADLINE, OFFSETS, UNTOLD, VELOCITIES, Hits, headline
from samplechop.offline.evaluate.drum_references import DrumReferences
from samplechop.offline.evaluate.json_results import RELIABILITY
from samplechop.offline.evaluate.measures import Measures, calibration_error
from samplechop.offline.evaluate.rows import Row, least_size, ms, rate, share, signed_ms, times
from samplechop.offline.evaluate.runner import Heard, Pooled, Task
from samplechop.realtime import detectors
from samplechop.realtime.core.events import DRUM, DRUMS, Event
from samplechop.realtime.core.plugin import Detector

KINDS = ("drums",)
"""Of models that hear drums."""


@lru_cache(maxsize=8)
def listener(system: str) -> Callable[[Sound], Hits]:
    """Make ready a system by name: a peer, "detector:NAME", or a drum model's name or manifest path.

    Raises UserError or models.ModelError if it cannot be used.
    """
    if system in systems.PEERS:
        return lambda samples: _untold(systems.listener(system)(samples))
    return live_hits(_detector(system))


def _detector(system: str) -> Detector:
    if system.startswith("detector:"):
        return detectors.make(system.removeprefix("detector:"))
    from samplechop.realtime.detectors.drums.detector import DrumDetector, DrumSettings

    return DrumDetector(DrumSettings(model=system))


def live_hits(detector: Detector) -> Callable[[Sound], Hits]:
    """Hear drums with a detector as the live host does."""
    hear = systems.live_events(detector)
    latency_ms = systems.stated_latency_ms(detector)

    def listen(samples: Sound) -> Hits:
        events, seconds = hear(samples)
        return hits_of(events, seconds, latency_ms)

    return listen


def hits_of(events: Sequence[Event], seconds: float = 0.0, latency_ms: float | None = None) -> Hits:
    """Read events as hits, in the order of their places; what is no drum is left out."""
    kept = sorted((one for one in events if one.kind == DRUM and one.label in DRUMS), key=lambda one: one.sample)
    return Hits(
        np.array([one.sample / RATE for one in kept]),
        np.array([DRUMS.index(one.label or "") for one in kept], np.int8),
        np.array([one.strength for one in kept]),
        np.array([np.nan if one.velocity is None else one.velocity / 127 for one in kept]),
        np.array([(one.emitted - one.sample) / RATE for one in kept]),
        seconds,
        latency_ms,
    )


def _untold(markers: systems.Markers) -> Hits:
    n = len(markers.times)
    strengths = np.full(n, np.nan) if markers.strengths is None else markers.strengths
    labels = np.full(n, UNTOLD, np.int8)
    return Hits(markers.times, labels, strengths, np.full(n, np.nan), np.zeros(n), markers.seconds)


def judge(references: DrumReferences, samples: Sound, system: str) -> Heard:
    """Let a system hear a recording and measure its hits."""
    hits = listener(system)(samples)
    return Heard(
        hits,
        drum_measures.measure(references, hits, len(samples) / RATE),
        drum_measures.counted(references, hits),
        drum_measures.listed(references, hits),
    )


def false_alarms(system: str, sounds: Sequence[Sound]) -> float:
    """Give a system's hits per minute."""
    minutes = sum(len(sound) for sound in sounds) / RATE / 60
    return sum(len(listener(system)(sound).times) for sound in sounds) / minutes


def together(pooled: Pooled) -> Measures:
    """Give what only all recordings together tell: the headline from the means by drum, offsets, velocities, trust."""
    counts, lists = pooled.counts, pooled.lists
    told: Measures = {f"headline_f{suffix}": headline(pooled.means, suffix) for suffix in ("", "25")}
    for name, key in ((OFFSETS, "offset"), *((f"{OFFSETS}_{label}", f"{label}_offset") for label in DRUMS)):
        off = lists.get(name, np.zeros(0))
        if len(off):
            told |= {f"{key}_ms": float(np.median(off)), f"{key}_p95_ms": float(np.percentile(np.abs(off), 95))}
    heard, true = lists.get(VELOCITIES, np.zeros((2, 0)))
    if len(heard):
        told["velocity_error"] = float(np.mean(np.abs(heard - true)))
        if min(np.std(heard), np.std(true)) > 1e-6:
            told["velocity_r"] = float(np.corrcoef(heard, true)[0, 1])
    if len(lists.get(DELAYS, ())):
        told["delay_p95_ms"] = float(np.percentile(lists[DELAYS], 95))
    for name, key in ((RELIABILITY, "ece"), *((f"{RELIABILITY}_{label}", f"{label}_ece") for label in DRUMS)):
        if name in counts:
            told[key] = calibration_error([tuple(row) for row in counts[name]])
    return told


def data(hits: Hits) -> dict[str, Any]:
    """Give the hits: seconds, label, strength, velocity (0..1)."""
    columns = (hits.times, hits.labels, hits.strengths, hits.velocities)
    return {
        "hits": [
            {
                "time": round(time, 4),
                "label": None if label == UNTOLD else DRUMS[label],
                "strength": _number(strength),
                "velocity": _number(velocity),
            }
            for time, label, strength, velocity in zip(*(column.tolist() for column in columns), strict=True)
        ]
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _rows_of(label: str) -> tuple[Row, ...]:
    return (
        Row(f"{label} F", f"{label}_f", share),
        Row("  precision", f"{label}_p", share),
        Row("  recall", f"{label}_r", share),
        Row("  F at ±25 ms", f"{label}_f25", share),
        Row("  offset, median", f"{label}_offset_ms", signed_ms, least_size),
        Row("  calibration error", f"{label}_ece", share, min),
        Row("  a minute where none is", f"{label}_false", rate, min),
    )


ROWS = (
    Row(f"mean F of {', '.join(HEADLINE)}", "headline_f", share),
    Row("  at ±25 ms", "headline_f25", share),
    *(row for label in DRUMS for row in _rows_of(label)),
    Row("drum onsets F", "onsets_f", share),
    Row("  precision", "onsets_p", share),
    Row("  recall", "onsets_r", share),
    Row("  F at ±25 ms", "onsets_f25", share),
    Row("offset, median", "offset_ms", signed_ms, least_size),
    Row("offset, 95 % within", "offset_p95_ms", ms, min),
    Row("velocity, correlation", "velocity_r", share),
    Row("velocity, mean error", "velocity_error", share, min),
    Row("calibration error", "ece", share, min),
    Row("hits per minute", "per_minute", rate, None),
    Row("latency, stated", "latency_ms", ms, min),
    Row("  decided, 95 % within", "delay_p95_ms", ms, min),
    Row("× real time", "speed", times, None),
)
TASK = Task(
    judge,
    false_alarms,
    together,
    data,
    ROWS,
    principal=("headline_f", "onsets_f", "per_minute"),
    noise="false hits per minute",
    noise_text=rate,
    note="±50 ms unless said",
)
