"""What the streaming chop net is asked of a record: where a producer would cut, and what tells drums from the rest."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.labels import labels_beside, read_labels
from samplechop.offline.labels.recording_truth import Truth, read_truth
from samplechop.offline.training.targets import Wanted
from samplechop.offline.training.task import Task
from samplechop.realtime.nets.chop_features import HOP_LENGTH, N_FEATURES, STACK, FeatureStream

HOP = STACK * HOP_LENGTH
LOOKAHEAD = 15
"""Frames of 512 samples the net hears after the one it judges: 30 hops of 256, 174 ms."""
EDGE = 0.5
"""Target one frame beside an event."""
MIN_GAP = 0.1
"""Seconds within which only the stronger of two chops counts; the live host keeps the same gap."""
SOFTEST = 0.2
"""Velocity below which a drum is neither asked for nor denied."""
LEAD_SECONDS = 1.5
"""While a kick or snare is that near, the drums say where to chop."""
TOGETHER = 0.05
LONGEST_LED = 0.5
"""Seconds; where it is unknown for longer, as inside a loop, nobody knows the drums either."""
SLOW = {"pad", "strings", "voice"}
SLOW_SECONDS = 0.2


def leading(
    times: Sequence[float], strengths: Sequence[float], min_gap: float = MIN_GAP
) -> tuple[list[float], list[float]]:
    """Split times into those with no stronger one within min_gap seconds, and the rest; both in order."""
    kept: list[float] = []
    rest: list[float] = []
    for place in sorted(range(len(times)), key=lambda one: -strengths[one]):
        near = any(abs(times[place] - other) < min_gap for other in kept)
        (rest if near else kept).append(times[place])
    return sorted(kept), sorted(rest)


def wanted(labels: Path, audio: Path, min_gap: float = MIN_GAP) -> Wanted:
    """Say what is wanted at a recording. Raises UserError for labels that cannot be read."""
    if labels.suffix == ".json":
        return wanted_of_truth(read_truth(labels), min_gap)
    return Wanted({"chop": read_labels(labels, audio).times.tolist()}, {})


def split(labels: Path) -> str:
    """Say to which split labels belong: a crate's truth knows, others give ""."""
    return read_truth(labels).split if labels.suffix == ".json" else ""


def wanted_of_truth(truth: Truth, min_gap: float) -> Wanted:
    """Say what is wanted at a record whose truth is known.

    While drums play they lead: what begins without a kick or snare is then no chop, whether a chord, a tom or a bass.
    """
    struck = np.array([d.time for d in truth.drums if d.label in ("kick", "snare")])
    hits = np.array([d.time for d in truth.drums if d.label in ("kick", "snare") and d.velocity >= SOFTEST])

    def denied(start: float, stop: float) -> bool:
        led = bool(np.any(np.abs(hits - start) < LEAD_SECONDS)) and stop - start <= LONGEST_LED
        return led and not np.any((struck > start - TOGETHER) & (struck < stop + TOGETHER))

    asked = [c for c in truth.chops if c.reason == "hit" or not denied(c.time, c.time)]
    kept, rest = leading([c.time for c in asked], [c.strength for c in asked], min_gap)
    drums = {name: [d for d in truth.drums if d.label == name] for name in ("kick", "snare")}
    quick = [note.time for note in truth.notes if note.part not in SLOW]
    soft = [(d.time, d.time) for d in truth.drums if d.label in ("kick", "snare") and d.velocity < SOFTEST]
    events = {
        "chop": kept,
        "hit": hits.tolist(),
        "beat": [beat.time for beat in truth.beats],
        "downbeat": [beat.time for beat in truth.beats if beat.position == 1],
        "onset": sorted(quick + [drum.time for drum in truth.drums]),
    } | {name: [d.time for d in hits if d.velocity >= SOFTEST] for name, hits in drums.items()}
    unknown = {
        "hit": soft,
        "chop": [*(span for span in truth.unsure if not denied(*span)), *((time, time) for time in rest)],
        "onset": [(note.time, note.time + SLOW_SECONDS) for note in truth.notes if note.part in SLOW],
    } | {name: [(d.time, d.time) for d in hits if d.velocity < SOFTEST] for name, hits in drums.items()}
    return Wanted(events, unknown)


def augmented(samples: NDArray[np.float32], rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """Shift a record against the frames, change its level, add a little hiss. Gives it and the shift in samples."""
    shift = int(rng.integers(0, HOP))
    level = 10 ** (rng.uniform(-14, 2) / 20)
    hiss = 10 ** (rng.uniform(-85, -50) / 20)
    moved = np.concatenate([np.zeros(shift, np.float32), samples * np.float32(level)])
    return (moved + hiss * rng.standard_normal(len(moved)).astype(np.float32)).astype(np.float32), shift


CHOPS = Task(
    name="chops",
    source=FeatureStream,
    n_features=N_FEATURES,
    stack=STACK,
    hop_length=HOP,
    lookahead=LOOKAHEAD,
    heads={"chop": 1.0, "hit": 0.8, "beat": 1.0, "downbeat": 0.6, "kick": 0.3, "snare": 0.3, "onset": 0.3},
    beside={-1: EDGE, 1: EDGE},
    labels=labels_beside,
    example="name.txt with the chops' seconds",
    wanted=wanted,
    split=split,
    augmented=augmented,
)
"""A "hit" is a kick or a snare. Live, the first four heads are used; the others teach it what drums are."""
HEADS = CHOPS.names
