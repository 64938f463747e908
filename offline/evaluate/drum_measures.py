"""How well drum hits agree with those known: per drum by mir_eval's onset measure, and all of them together.

A hit found where unknown knows, or at a hit of something that is none of our drums, counts neither way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.evaluate import measures
from samplechop.offline.evaluate.drum_references import DrumReferences
from samplechop.offline.evaluate.measures import (
    OPEN,
    RELIABILITY,
    RIGHT,
    WINDOWS,
    WRONG,
    Measures,
    f_precision_recall,
    pairs,
)
from samplechop.offline.evaluate.references import Seconds, together
from samplechop.offline.labels.recording_truth import FAMILIES
from samplechop.realtime.core.events import DRUMS

HEADLINE = ("kick", "snare", "hat")
"""The drums whose mean F is the headline."""
UNLABELLED = -1
CONFUSION = "confusion"
REFERENCE_LABELS = (*DRUMS, "nothing")
"""Rows of the confusion: what there was."""
DETECTED_LABELS = (*DRUMS, "missed")
"""Columns of the confusion: what it was taken for."""
OFFSETS, VELOCITIES, DELAYS = "offsets", "velocities", "delays"


@dataclass(frozen=True, slots=True)
class Hits:
    """What a system found in one recording, each (n,), in order of time.

    times: float64, seconds. labels: int8, places in DRUMS, UNLABELLED for a system that does not name drums.
    strengths: float64, 0..1. velocities: float64, 0..1, nan where there is none. decided: float64, seconds from
    each until it was decided. seconds: how long the system took. latency_ms: as it states it, None for one that
    takes whole files. fine: float64 (n,), seconds, by label of FINE, of those that the system tells apart; not among
    the others.
    """

    times: Seconds
    labels: NDArray[np.int8]
    strengths: Seconds
    velocities: Seconds
    decided: Seconds
    seconds: float = 0.0
    latency_ms: float | None = None
    fine: Mapping[str, Seconds] = field(default_factory=dict)

    @property
    def labelled(self) -> bool:
        """Whether the system names drums (so does one that found nothing)."""
        return not np.any(self.labels == UNLABELLED)

    def of(self, label: str) -> NDArray[np.bool_]:
        """Tell, bool (n,), which hits are of one drum."""
        return self.labels == DRUMS.index(label)


def _near(times: Seconds, places: Seconds, window: float) -> NDArray[np.bool_]:
    """Tell, bool (n,), which times have one of the places within `window` seconds."""
    return np.any(np.abs(times[:, None] - places) <= window, axis=1) if len(places) else np.zeros(len(times), bool)


def _within(times: Seconds, spans: Iterable[tuple[float, float]], window: float) -> NDArray[np.bool_]:
    """Tell, bool (n,), which times lie in one of the spans, or within `window` seconds of it."""
    inside = np.zeros(len(times), bool)
    for start, stop in spans:
        inside |= (times >= start - window) & (times <= stop + window)
    return inside


def marks(references: DrumReferences, hits: Hits, window: float = WINDOWS[0]) -> NDArray[np.int8]:
    """Say of each hit, int8 (n,), whether it is RIGHT, WRONG, or OPEN: unknown knows."""
    said = np.full(len(hits.times), OPEN, np.int8)
    for label in references.known:
        mine = np.flatnonzero(hits.of(label))
        times = hits.times[mine]
        said[mine] = WRONG
        unknown = _within(times, references.unsure.get(label, ()), window)
        said[mine[unknown | _near(times, references.other, window)]] = OPEN
        said[mine[[j for _, j in pairs(references.times[label], times, window)]]] = RIGHT
    return said


def _by_label(references: DrumReferences, hits: Hits, minutes: float) -> Measures:
    """Give LABEL_f, _p, _r, and _f25, ... where the drum is struck; LABEL_false, a minute, where it never is."""
    scores: Measures = {}
    for window, suffix in zip(WINDOWS, ("", "25"), strict=True):
        scored = marks(references, hits, window) != OPEN
        for label in sorted(references.known, key=DRUMS.index):
            found, known = hits.times[hits.of(label) & scored], references.times[label]
            if len(known):
                scores |= _agreement(label, known, found, window, suffix)
            elif not suffix:
                scores[f"{label}_false"] = len(found) / minutes
        scores[f"headline_f{suffix}"] = headline(scores, suffix)
    return scores


def _agreement(label: str, known: Seconds, found: Seconds, window: float, suffix: str) -> Measures:
    values: tuple[float | None, ...] = f_precision_recall(known, found, window)
    if not len(found):  # nothing said is nothing wrong
        values = (values[0], None, values[2])
    return {f"{label}_{part}{suffix}": value for part, value in zip("fpr", values, strict=True)}


def _fine(references: DrumReferences, hits: Hits) -> Measures:
    """Give LABEL_f, _p, _r, and _f25, ... of what is struck, and told apart by the system, beyond the drums."""
    scores: Measures = {}
    for label in [name for name in references.fine if name in hits.fine]:
        known, every = references.fine[label], hits.fine[label]
        for window, suffix in zip(WINDOWS, ("", "25"), strict=True):
            kept = ~_within(every, references.unsure.get(FAMILIES[label], ()), window) | _near(every, known, window)
            scores |= _agreement(label, known, every[kept], window, suffix)
    return scores


def headline(scores: Measures, suffix: str = "") -> float | None:
    """Give the mean F of kick, snare and hat, of those that are known."""
    known = [value for label in HEADLINE if (value := scores.get(f"{label}_f{suffix}")) is not None]
    return float(np.mean(known)) if known else None


def _onsets(references: DrumReferences, hits: Hits) -> Measures:
    """Give onsets_f, _p, _r: all drums together, hits within 30 ms being one; where every drum is known."""
    known = references.all
    if known is None or not len(known):
        return {}
    reference, found = together(known.tolist()), together(hits.times.tolist())
    scores: Measures = {}
    for window, suffix in zip(WINDOWS, ("", "25"), strict=True):
        unknown = _within(found, {span for spans in references.unsure.values() for span in spans}, window)
        unknown[[j for _, j in pairs(reference, found, window)]] = False
        values = f_precision_recall(reference, found[~unknown], window)
        scores |= {f"onsets_{part}{suffix}": value for part, value in zip("fpr", values, strict=True)}
    return scores


def confusion(references: DrumReferences, hits: Hits) -> NDArray[np.float64]:
    """Count what was there (rows REFERENCE_LABELS) against what it was called (columns DETECTED_LABELS), within ±50 ms.

    A right hit is counted on the diagonal. A false one stands for the nearest hit of another drum, of those that were
    missed before those that were found; for "nothing" if there is none. A true hit that its own drum did not find is
    in "missed" as well.
    """
    counts = np.zeros((len(REFERENCE_LABELS), len(DETECTED_LABELS)))
    said = marks(references, hits)
    missed: dict[str, Seconds] = {}
    for row, label in enumerate(DRUMS):
        found = {i for i, _ in pairs(references.times[label], hits.times[hits.of(label)], WINDOWS[0])}
        if label in references.known:
            missed[label] = np.delete(references.times[label], sorted(found))
            counts[row, row] = len(found)
            counts[row, -1] = len(missed[label])
    for time, column in zip(hits.times[said == WRONG], hits.labels[said == WRONG], strict=True):
        counts[_truly(references, missed, float(time), DRUMS[column]), column] += 1
    return counts


def _truly(references: DrumReferences, missed: dict[str, Seconds], time: float, called: str) -> int:
    for known in (missed, references.times):
        others = {label: times for label, times in known.items() if label != called and len(times)}
        distances = {label: float(np.min(np.abs(times - time))) for label, times in others.items()}
        if distances and (nearest := min(distances, key=distances.__getitem__)) and distances[nearest] <= WINDOWS[0]:
            return REFERENCE_LABELS.index(nearest)
    return REFERENCE_LABELS.index("nothing")


def measure(references: DrumReferences, hits: Hits, length: float) -> Measures:
    """Give every measure of one recording of `length` seconds."""
    minutes = max(length, 1e-9) / 60
    return {
        **(_by_label(references, hits, minutes) if hits.labelled else {}),
        **_fine(references, hits),
        **_onsets(references, hits),
        "per_minute": len(hits.times) / minutes,
        "latency_ms": hits.latency_ms,
        "speed": length / hits.seconds if hits.seconds else None,
    }


def counted(references: DrumReferences, hits: Hits) -> dict[str, NDArray[np.float64]]:
    """Give what adds up over recordings: the confusion, and strengths by tenths, of all drums and of each."""
    if not hits.labelled:
        return {}
    said = marks(references, hits)
    scored = said != OPEN

    def tenths(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.array(measures.reliability(hits.strengths[chosen], said[chosen] == RIGHT), np.float64)

    if np.any(np.isnan(hits.strengths)):
        return {CONFUSION: confusion(references, hits)}
    of_each = {f"{RELIABILITY}_{label}": tenths(scored & hits.of(label)) for label in DRUMS}
    return {CONFUSION: confusion(references, hits), RELIABILITY: tenths(scored), **of_each}


def listed(references: DrumReferences, hits: Hits) -> dict[str, NDArray[np.float64]]:
    """Give what is joined over recordings.

    offsets: (n,), ms, hit minus truth, of right hits, or of all hits of a system that does not name drums; also
    offsets_LABEL. velocities: (2, n), detected and true, 0..1. delays: (n,), ms from a hit until it was decided.
    """
    if not hits.labelled:
        known = references.all
        return {} if known is None else {OFFSETS: _offsets(together(known.tolist()), hits.times)}
    matched = {label: _matched(references, hits, label) for label in DRUMS if label in references.known}
    offsets = {
        label: 1000 * (hits.times[found] - references.times[label][true]) for label, (true, found) in matched.items()
    }
    velocities = [
        np.stack([hits.velocities[found], references.velocities[label][true]])
        for label, (true, found) in matched.items()
    ]
    both = np.concatenate([np.zeros((2, 0)), *velocities], axis=1)
    return {
        OFFSETS: np.concatenate([np.zeros(0), *offsets.values()]),
        **{f"{OFFSETS}_{label}": values for label, values in offsets.items()},
        VELOCITIES: both[:, np.isfinite(both).all(axis=0)],
        DELAYS: 1000 * hits.decided,
    }


def _matched(references: DrumReferences, hits: Hits, label: str) -> tuple[list[int], list[int]]:
    mine = np.flatnonzero(hits.of(label))
    found = pairs(references.times[label], hits.times[mine], WINDOWS[0])
    return [i for i, _ in found], [int(mine[j]) for _, j in found]


def _offsets(reference: Seconds, found: Seconds) -> NDArray[np.float64]:
    return 1000 * np.array([found[j] - reference[i] for i, j in pairs(reference, found, WINDOWS[0])])
