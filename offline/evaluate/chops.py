"""Judging chops: how well markers agree with where a producer would cut, with strong hits, with beats."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate import measures, systems
from samplechop.offline.evaluate.json_results import RELIABILITY
from samplechop.offline.evaluate.measures import Markers, Measures
from samplechop.offline.evaluate.references import References
from samplechop.offline.evaluate.rows import Row, least_size, ms, rate, share, signed_ms, times
from samplechop.offline.evaluate.runner import Heard, Pooled, Task


def judge(references: References, samples: Sound, system: str) -> Heard:
    """Let a system hear a recording and measure its markers."""
    markers = systems.listener(system)(samples)
    bins = np.array(measures.reliability(*measures.verdicts(references, markers)), np.float64)
    return Heard(markers, measures.measure(references, markers, len(samples) / RATE), {RELIABILITY: bins})


def false_alarms(system: str, sounds: Sequence[Sound]) -> float:
    """Give a system's markers per minute."""
    minutes = sum(len(sound) for sound in sounds) / RATE / 60
    return sum(len(systems.listener(system)(sound).times) for sound in sounds) / minutes


def together(pooled: Pooled) -> Measures:
    """Give the calibration error over the markers of all recordings."""
    return {"ece": measures.calibration_error([tuple(row) for row in pooled.counts[RELIABILITY]])}


def data(markers: Markers) -> dict[str, Any]:
    """Give the markers' times, seconds."""
    return {"markers": [round(float(time), 4) for time in markers.times]}


ROWS = (
    Row("chosen chops F", "chops_f", share),
    Row("  precision", "chops_p", share),
    Row("  recall", "chops_r", share),
    Row("  F at ±25 ms", "chops_f25", share),
    Row("strong hits F", "strong_f", share),
    Row("  precision", "strong_p", share),
    Row("  recall", "strong_r", share),
    Row("  F at ±25 ms", "strong_f25", share),
    Row("beats F", "beats_f", share),
    Row("  F at ±25 ms", "beats_f25", share),
    Row("downbeats F", "downbeats_f", share),
    Row("on a real attack", "onsets_p", share),
    Row("  recall", "onsets_r", share),
    Row("  at ±25 ms", "onsets_p25", share),
    Row("drum onsets F", "drums_f", share),
    Row("  F at ±25 ms", "drums_f25", share),
    Row("right among the top 8", "top8", share),
    Row("right among the top 16", "top16", share),
    Row("right among the top 32", "top32", share),
    Row("calibration error", "ece", share, min),
    Row("offset, median", "offset_ms", signed_ms, least_size),
    Row("offset, 95 % within", "offset_p95_ms", ms, min),
    Row("markers per minute", "per_minute", rate, None),
    Row("× real time", "speed", times, None),
)
TASK = Task(
    judge,
    false_alarms,
    together,
    data,
    ROWS,
    principal=("chops_f", "strong_f", "beats_f", "onsets_p", "drums_f", "per_minute"),
    noise="false markers per minute",
    noise_text=rate,
    note="±50 ms unless said",
)
