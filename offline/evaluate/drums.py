"""Evaluation of drums: detectors that distinguish kick, snare, hat, tom and cymbal, beside onset detectors."""

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from samplechop import models
from samplechop.models import StreamFeatures
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate import drum_measures, drum_pictures, peers, systems
from samplechop.offline.evaluate.drum_decisions import decision_of, never_given
from samplechop.offline.evaluate.drum_measures import (
    DELAYS,
    HEADLINE,
    OFFSETS,
    UNLABELLED,
    VELOCITIES,
    Hits,
    headline,
)
from samplechop.offline.evaluate.drum_references import FINE, WANTED, DrumReferences, drum_references_for
from samplechop.offline.evaluate.measures import RELIABILITY, Measures, calibration_error
from samplechop.offline.evaluate.rows import Row, f_rows, least_size, ms, rate, share, signed_ms, whole
from samplechop.offline.evaluate.runner import Pooled, SystemResult, Task
from samplechop.realtime.core.events import CONFIRMED, DRUM, DRUMS, Event
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.detectors.drums.confirmed import ConfirmedDrumDetector, ConfirmedDrumSettings
from samplechop.realtime.detectors.drums.detector import DrumDetector, DrumSettings

PEERS = ("librosa", "aubio", "adtof")


@lru_cache(maxsize=8)
def open_system(system: str) -> Callable[[Sound], Hits]:
    """Make ready a system by name: a peer, "detector:NAME", or a model's name or manifest path.

    A drum model gives its early hits, and so does the early stage of a streaming one, NAME@early; a streaming one gives
    those that it confirms with the lookahead of chops.

    Raises UserError or models.ModelError if it cannot be used.
    """
    if system == "adtof":
        return peers.drum_hits
    if system in PEERS:
        return lambda samples: _unlabelled(systems.open_system(system)(samples))
    decision = decision_of(system)
    told = FINE if decision is None else [name for name in FINE if name in decision.drums]
    return systems.live(systems.detector_of(system, _detector), partial(hits_of, told=told))


def usual_systems(wanted: Sequence[str] | None = None) -> list[str]:
    """Name what models are asked for: drum models, and of streaming ones the early stage and what is confirmed.

    wanted: models by name or manifest path; None for those released. Raises models.ModelError for one that cannot be
    read.
    """
    found = []
    for name in wanted or systems.released(("drums", "stream")):
        manifest = models.load(name)
        if isinstance(manifest.features, StreamFeatures) and manifest.features.early is not None:
            found.append(f"{name}{systems.WAY}{systems.EARLY}")
        if wanted or manifest.kind == "drums" or "confirmed" in manifest.decision:
            found.append(name)
    return found


def _detector(system: str) -> Detector:
    model, stage = systems.parted(system)
    if models.load(model).kind == "stream" and stage != systems.EARLY:
        return ConfirmedDrumDetector(ConfirmedDrumSettings(model=model))
    return DrumDetector(DrumSettings(model=model))


def hits_of(
    events: Sequence[Event], seconds: float = 0.0, latency_ms: float | None = None, told: Collection[str] = ()
) -> Hits:
    """Read early or confirmed events as hits, in the order of their places; what is no drum is left out.

    told: of FINE those that the system tells apart.
    """
    struck = sorted((one for one in events if one.kind in (DRUM, CONFIRMED)), key=lambda one: one.sample)
    kept = [one for one in struck if one.label in DRUMS]
    return Hits(
        np.array([one.sample / RATE for one in kept]),
        np.array([DRUMS.index(one.label or "") for one in kept], np.int8),
        np.array([one.strength for one in kept]),
        np.array([np.nan if one.velocity is None else one.velocity / 127 for one in kept]),
        np.array([(one.emitted - one.sample) / RATE for one in kept]),
        seconds,
        latency_ms,
        {name: np.array([one.sample / RATE for one in struck if one.label == name]) for name in told},
    )


def _unlabelled(markers: systems.Markers) -> Hits:
    n = len(markers.times)
    strengths = np.full(n, np.nan) if markers.strengths is None else markers.strengths
    labels = np.full(n, UNLABELLED, np.int8)
    return Hits(markers.times, labels, strengths, np.full(n, np.nan), np.zeros(n), markers.seconds)


def evaluate(references: DrumReferences, samples: Sound, system: str) -> SystemResult:
    """Run a system on a recording and measure its hits."""
    hits = open_system(system)(samples)
    return SystemResult(
        hits,
        drum_measures.measure(references, hits, len(samples) / RATE),
        drum_measures.counted(references, hits),
        drum_measures.listed(references, hits),
    )


def false_alarms(system: str, sounds: Sequence[Sound]) -> float:
    """Give a system's hits per minute."""
    return systems.per_minute(open_system(system), sounds)


def pooled_measures(pooled: Pooled) -> Measures:
    """Give what only all recordings together show: the headline from the means by drum, offsets, velocities, trust."""
    counts, lists = pooled.counts, pooled.lists
    found: Measures = {f"headline_f{suffix}": headline(pooled.means, suffix) for suffix in ("", "25")}
    for name, key in ((OFFSETS, "offset"), *((f"{OFFSETS}_{label}", f"{label}_offset") for label in DRUMS)):
        off = lists.get(name, np.zeros(0))
        if len(off):
            found |= {f"{key}_ms": float(np.median(off)), f"{key}_p95_ms": float(np.percentile(np.abs(off), 95))}
    detected, true = lists.get(VELOCITIES, np.zeros((2, 0)))
    if len(detected):
        found["velocity_error"] = float(np.mean(np.abs(detected - true)))
        if min(np.std(detected), np.std(true)) > 1e-6:
            found["velocity_r"] = float(np.corrcoef(detected, true)[0, 1])
    if len(lists.get(DELAYS, ())):
        found["delay_p95_ms"] = float(np.percentile(lists[DELAYS], 95))
    for name, key in ((RELIABILITY, "ece"), *((f"{RELIABILITY}_{label}", f"{label}_ece") for label in DRUMS)):
        if name in counts:
            found[key] = calibration_error([tuple(row) for row in counts[name]])
    return found


def data(hits: Hits) -> dict[str, Any]:
    """Give the hits: seconds, label, strength, velocity (0..1)."""
    columns = (hits.times, hits.labels, hits.strengths, hits.velocities)
    return {
        "hits": [
            {
                "time": round(time, 4),
                "label": None if label == UNLABELLED else DRUMS[label],
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
        *f_rows(f"{label} F", label),
        Row("  offset, median", f"{label}_offset_ms", signed_ms, least_size),
        Row("  calibration error", f"{label}_ece", share, min),
        Row("  a minute where none is", f"{label}_false", rate, min),
    )


ROWS = (
    Row(f"mean F of {', '.join(HEADLINE)}", "headline_f", share),
    Row("  at ±25 ms", "headline_f25", share),
    *(row for label in DRUMS for row in _rows_of(label)),
    *f_rows("side-stick F", "stick"),
    *f_rows("open hat F", "open"),
    *f_rows("drum onsets F", "onsets"),
    Row("offset, median", "offset_ms", signed_ms, least_size),
    Row("offset, 95 % within", "offset_p95_ms", ms, min),
    Row("velocity, correlation", "velocity_r", share),
    Row("velocity, mean error", "velocity_error", share, min),
    Row("calibration error", "ece", share, min),
    Row("hits per minute", "per_minute", rate, None),
    Row("latency, stated", "latency_ms", ms, min),
    Row("  decided, 95 % within", "delay_p95_ms", ms, min),
    Row("× real time", "speed", whole, None),
)


TASK = Task(
    "drums",
    ("drums", "stream"),
    PEERS,
    drum_references_for,
    WANTED,
    evaluate,
    false_alarms,
    pooled_measures,
    data,
    ROWS,
    principal=("headline_f", "onsets_f", "per_minute"),
    noise="false hits per minute",
    noise_text=rate,
    note="±50 ms unless said",
    draw=drum_pictures.draw_recording,
    key=drum_pictures.key,
    figures=drum_pictures.figures,
    usual=usual_systems,
    remarks=never_given,
)
