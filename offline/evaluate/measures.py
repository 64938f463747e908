"""How well markers agree with what is known, by mir_eval (Raffel et al., mir_eval: a transparent implementation of
common MIR metrics, ISMIR 2014).

Every measure is a plain number or None where nothing can be said. Times are seconds, F, precision and recall 0..1.
Markers in places where nobody knows whether a chop belongs count neither way against the chops.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import mir_eval
import numpy as np
from numpy.typing import NDArray

from samplechop.offline.evaluate.references import References, Seconds

WINDOWS = (0.05, 0.025)
"""Seconds a marker may lie from the reference, either way."""
CUT_WINDOW = 0.03
"""Seconds within which two people cut at the same place, and a marker is where a person would cut."""
KINDS = ("chops", "strong", "beats", "downbeats", "onsets", "drums")
SPARSE = ("strong", "beats")
"""Kinds of which each is a part of all attacks: the strongest markers of a system should be of it."""
TOP = (8, 16, 32)
BINS = 10
RELIABILITY = "reliability"
"""The name under which a task counts (events, right ones, sum of their strengths) by tenths of strength."""
Measures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Markers:
    """What a system found in one recording.

    times: float64 (n,), seconds, rising. strengths: float64 (n,), 0..1, or None for a system that gives none.
    downbeats: bool (n,), or None for a system without them. seconds: how long the system took. wants: which of KINDS
    it is after; None for whatever a marker should hit.
    """

    times: Seconds
    strengths: Seconds | None = None
    downbeats: np.ndarray | None = None
    seconds: float = 0.0
    wants: str | None = None


def _known(markers: Seconds, places: Seconds, unsure: Sequence[tuple[float, float]], window: float) -> np.ndarray:
    """Say, bool (n,), which markers can be right or wrong about the places: those near one, or where nobody is unsure.

    unsure: (start, stop) in seconds.
    """
    scored = np.ones(len(markers), bool)
    for start, stop in unsure:
        scored[np.searchsorted(markers, start - window) : np.searchsorted(markers, stop + window, "right")] = False
    if len(places):
        near = np.searchsorted(places, markers)
        for index in (near - 1, near):
            scored |= np.abs(places[np.clip(index, 0, len(places) - 1)] - markers) <= window
    return scored


def _scored(kind: str, references: References, markers: Seconds, window: float) -> np.ndarray:
    """Say, bool (n,), which markers can be right or wrong about one of KINDS."""
    reference = getattr(references, kind)
    if reference is None or kind in ("beats", "downbeats"):
        return np.ones(len(markers), bool)
    unsure = list(references.unsure) if kind == "chops" else []
    neither = [references.faint, references.half_strong if kind == "strong" else None]
    unsure += [(float(time), float(time)) for times in neither if times is not None for time in times]
    return _known(markers, reference, unsure, window)


def f_precision_recall(reference: Seconds, found: Seconds, window: float) -> tuple[float, float, float]:
    """Give F, precision and recall of one-to-one matches within `window` seconds."""
    if not len(reference) or not len(found):
        return 0.0, 0.0, 0.0
    f, precision, recall = mir_eval.onset.f_measure(reference, found, window=window)
    return float(f), float(precision), float(recall)


def pairs(reference: Seconds, found: Seconds, window: float) -> list[tuple[int, int]]:
    """Give the largest set of one-to-one matches as (index in reference, index in found)."""
    if not len(reference) or not len(found):
        return []
    return [(int(i), int(j)) for i, j in mir_eval.util.match_events(reference, found, window)]


def agreement(references: References, markers: Markers) -> Measures:
    """Give KIND_f, KIND_p, KIND_r at ±50 ms, KIND_f25, ... at ±25 ms and KIND_f30, ... at ±30 ms.

    For every kind that is known and not empty.
    """
    scores: Measures = {}
    for kind in KINDS:
        reference = getattr(references, kind)
        for window, suffix in zip((*WINDOWS, CUT_WINDOW), ("", "25", "30"), strict=True):
            times = markers.times
            if kind == "downbeats" and markers.downbeats is not None:
                times = times[markers.downbeats]
            times = times[_scored(kind, references, times, window)]
            empty = reference is None or not len(reference)
            values = (None,) * 3 if empty else f_precision_recall(reference, times, window)
            scores |= {f"{kind}_{part}{suffix}": value for part, value in zip("fpr", values, strict=True)}
            if not len(times):
                # Nothing said is nothing wrong: a system that is silent where the truth is known has no precision.
                scores[f"{kind}_p{suffix}"] = None
    return scores


def strongest(references: References, markers: Markers, kind: str = "") -> float | None:
    """Give F at ±30 ms of the N strongest markers, N being the number of places of a kind; None without strengths.

    What a person gets who asks for that many. kind: of KINDS; by default the chops where known, else all attacks.
    """
    kind = kind or ("chops" if references.chops is not None else "onsets")
    places = getattr(references, kind)
    if places is None or not len(places) or markers.strengths is None:
        return None
    scored = _scored(kind, references, markers.times, CUT_WINDOW)
    times, strengths = markers.times[scored], markers.strengths[scored]
    chosen = np.sort(times[np.argsort(-strengths, kind="stable")[: len(places)]])
    return f_precision_recall(places, chosen, CUT_WINDOW)[0]


def replayed(first: Seconds, second: Seconds) -> float | None:
    """Give the share of a first play's markers, mapped to a second play's time, that lie within 30 ms of one there."""
    return len(pairs(first, second, CUT_WINDOW)) / len(first) if len(first) else None


def offsets(references: References, markers: Markers) -> Measures:
    """Give the median signed offset, marker minus attack, and the 95th percentile of its size, in ms.

    Attacks are all onsets, else all drum hits, else the target.
    """
    attacks = next(
        (one for one in (references.onsets, references.drums, references.target) if one is not None and len(one)), None
    )
    if attacks is None:
        return {"offset_ms": None, "offset_p95_ms": None}
    matched = pairs(attacks, markers.times, WINDOWS[0])
    if not matched:
        return {"offset_ms": None, "offset_p95_ms": None}
    off = 1000 * np.array([markers.times[j] - attacks[i] for i, j in matched])
    return {"offset_ms": float(np.median(off)), "offset_p95_ms": float(np.percentile(np.abs(off), 95))}


RIGHT, WRONG, OPEN = 1, 0, -1


def marks(references: References, markers: Markers) -> NDArray[np.int8]:
    """Say of each marker, int8 (n,), whether it hits the target within ±50 ms: RIGHT, WRONG, or OPEN: nobody knows.

    The target is what the system wants; of one that gives downbeats the beats, where these are known.
    """
    follows_beats = markers.downbeats is not None and references.beats is not None
    kind = markers.wants or ("beats" if follows_beats else references.aim)
    target: Seconds | None = None if kind is None else getattr(references, kind)
    if kind is None or target is None:
        return np.full(len(markers.times), OPEN, np.int8)
    said = np.where(_scored(kind, references, markers.times, WINDOWS[0]), WRONG, OPEN).astype(np.int8)
    said[[j for _, j in pairs(target, markers.times, WINDOWS[0])]] = RIGHT
    return said


def verdicts(references: References, markers: Markers) -> tuple[Seconds, NDArray[np.bool_]]:
    """Give (strengths, right) of the markers of which is known whether they hit the target within ±50 ms.

    float64 (n,) and bool (n,); empty for a system without strengths.
    """
    if markers.strengths is None:
        return np.zeros(0), np.zeros(0, bool)
    said = marks(references, markers)
    return markers.strengths[said != OPEN], said[said != OPEN] == RIGHT


def precision_at(strengths: Seconds, right: np.ndarray, n: int) -> float | None:
    """Give the share of right markers among the n strongest, or among all if there are fewer; None if there are none.

    Of equally strong ones the earlier counts first.
    """
    if not len(strengths):
        return None
    return float(np.mean(right[np.argsort(-strengths, kind="stable")[:n]]))


def reliability(strengths: Seconds, right: np.ndarray) -> list[tuple[int, int, float]]:
    """Give (markers, right ones, sum of their strengths) for each tenth of strength 0..1."""
    place = np.clip((strengths * BINS).astype(int), 0, BINS - 1)
    return [
        (int(np.sum(place == one)), int(np.sum(right[place == one])), float(np.sum(strengths[place == one])))
        for one in range(BINS)
    ]


def calibration_error(bins: Sequence[tuple[int, int, float]]) -> float | None:
    """Give the expected calibration error: the mean of |mean strength - share right| over bins, weighted by markers.

    Naeini et al., Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015. None without markers.
    """
    total = sum(count for count, _, _ in bins)
    return sum(abs(strength - hits) for _, hits, strength in bins) / total if total else None


def measure(references: References, markers: Markers, length: float) -> Measures:
    """Give every measure of one recording of `length` seconds."""
    strengths, right = verdicts(references, markers)
    return {
        **agreement(references, markers),
        **offsets(references, markers),
        "per_minute": 60 * len(markers.times) / length if length else None,
        "strongest_f": strongest(references, markers),
        **{f"strongest_{kind}_f": strongest(references, markers, kind) for kind in SPARSE},
        **{f"top{n}": precision_at(strengths, right, n) for n in TOP},
        "speed": length / markers.seconds if markers.seconds else None,
    }


def _known_values(rows: Sequence[Mapping[str, float | None]]) -> Iterator[tuple[str, list[float], bool]]:
    """Give each measure's name, what is known of it, and whether its median stands for it and not its mean."""
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [value for row in rows if (value := row.get(name)) is not None]
        yield name, values, name.startswith("offset") or name == "speed"


def mean_of(rows: Sequence[Mapping[str, float | None]]) -> Measures:
    """Average the measures of recordings, each over those it is known for: offsets and speed by their median."""
    found = _known_values(rows)
    return {name: float((np.median if middle else np.mean)(some)) if some else None for name, some, middle in found}


def standard_error(values: Sequence[float]) -> float:
    """Give the standard error of a mean: the standard deviation (n - 1) over the root of n; nan under two values."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def errors_of(rows: Sequence[Mapping[str, float | None]]) -> Measures:
    """Give the standard error of each mean that mean_of gives, over the recordings: None of fewer than two."""
    found = _known_values(rows)
    return {name: standard_error(some) if len(some) > 1 and not middle else None for name, some, middle in found}
