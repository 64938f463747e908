"""How well chords agree with those known: by name, by what sounds, by mir_eval's vocabularies, and how soon.

Shares of time are of the time in which a chord is known to sound, unless said. A chord's name is its root and quality,
by their spelling: C:maj6 for A:min7/b3 is wrong, though the same notes sound; what sounds is measured by pitch classes.
"""

from dataclasses import dataclass

import mir_eval
import numpy as np
from numpy.typing import NDArray

from samplechop.offline.evaluate.chord_references import UNKNOWN, ChordReferences, Segment
from samplechop.offline.evaluate.measures import Measures
from samplechop.offline.evaluate.references import Seconds
from samplechop.realtime.core.events import NO_CHORD
from samplechop.realtime.detectors.harmony.harte import QUALITIES, Chord, parse

VOCABULARIES = ("root", "majmin", "sevenths", "mirex", "majmin_inv", "sevenths_inv")
"""Of mir_eval.chord, each share of all time whose chord, or its absence, is in the vocabulary."""
EARLY = 0.25
"""Seconds before a chord's begin from which an event may name it."""
INTERVALS, NAMES = "intervals", "names"
DETECTED_ROOTS = (*(f"+{step}" for step in range(12)), "none")
"""Columns of the root errors: semitones from the true root up to the one detected."""
REFERENCE_LABELS = (*QUALITIES, "other")
DETECTED_LABELS = (*REFERENCE_LABELS, "other root", "none")
BEGINS, DECIDED = "begins", "decided"


@dataclass(frozen=True, slots=True)
class Harmony:
    """What a system detected in one recording.

    times: float64 (n,), seconds, rising. labels: of the chord from each on. decided: float64 (n,), seconds, when each
    was decided; None for one that takes whole files. pitch_times: float64 (m,), seconds, and pitches: bool (m, 12), C
    first, what sounds from each on; None for a system that gives only chords. key: the last one given, as mir_eval
    writes it. seconds: how long the system took. latency_ms: as it states it, None where there is none.
    """

    times: Seconds
    labels: tuple[str, ...]
    decided: Seconds | None = None
    pitch_times: Seconds | None = None
    pitches: NDArray[np.bool_] | None = None
    key: str | None = None
    seconds: float = 0.0
    latency_ms: float | None = None

    def segments(self, length: float) -> list[Segment]:
        """Give the chords detected one after the other over `length` seconds, "N" before the first."""
        edges = np.clip([0.0, *self.times, length], 0, length)
        rows = zip(edges[:-1], edges[1:], (NO_CHORD, *self.labels), strict=True)
        return [Segment(float(start), float(stop), label) for start, stop, label in rows if stop > start]


Name = tuple[int, str] | None


def name_of(chord: Chord | None) -> Name:
    """Give root and quality; None where no chord sounds."""
    return None if chord is None else (chord.root, chord.quality)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was detected in a segment with a known chord.

    shares: of its time, by what was detected: the chord, None for none. longest: the chord whose name was detected for
    the longest part, and its most detected bass. pitches: 0..11, detected for half of the time or more; None: unknown.
    """

    segment: Segment
    chord: Chord
    shares: dict[Chord | None, float]
    longest: Chord | None
    pitches: frozenset[int] | None


def compare(references: ChordReferences, detected: Harmony, length: float) -> list[Comparison]:
    """Compare each segment in which a chord is known to sound with what was detected there."""
    parts, made = detected.segments(length), []
    for segment in references.segments:
        chord, stop = segment.chord, min(segment.stop, length)
        if chord is None or stop <= segment.start:
            continue
        shares: dict[Chord | None, float] = {}
        names: dict[Name, float] = {}
        for part in parts:
            overlap = (min(part.stop, stop) - max(part.start, segment.start)) / (stop - segment.start)
            if overlap > 0:
                shares[part.chord] = shares.get(part.chord, 0.0) + overlap
                names[name_of(part.chord)] = names.get(name_of(part.chord), 0.0) + overlap
        name = max(names, key=names.__getitem__)
        longest = max((one for one in shares if name_of(one) == name), key=shares.__getitem__)
        made.append(Comparison(segment, chord, shares, longest, _pitches(detected, segment.start, stop)))
    return made


def _pitches(detected: Harmony, start: float, stop: float) -> frozenset[int] | None:
    if detected.pitch_times is None or detected.pitches is None:
        return None
    edges = np.clip([*detected.pitch_times, np.inf], start, stop)
    sounding = np.diff(edges) @ detected.pitches if len(detected.pitches) else np.zeros(12)
    return frozenset(np.flatnonzero(sounding >= 0.5 * (stop - start)).tolist())


def _share(compared: list[Comparison], right: list[float]) -> float:
    return float(np.average(right, weights=[one.segment.stop - one.segment.start for one in compared]))


def _f(pairs: list[tuple[frozenset[int], frozenset[int]]]) -> float | None:
    """Give F over all (true, detected) sets of pitch classes, each class of each segment counting once."""
    shared, all_of_them = sum(len(a & b) for a, b in pairs), sum(len(a) + len(b) for a, b in pairs)
    return 2 * shared / all_of_them if all_of_them else None


def _by_segment(references: ChordReferences, compared: list[Comparison]) -> Measures:
    if not compared:
        return {}
    true = [frozenset(one.chord.pitch_classes) for one in compared]
    named = [frozenset(one.longest.pitch_classes if one.longest else ()) for one in compared]
    exact = [sum(s for c, s in one.shares.items() if name_of(c) == name_of(one.chord)) for one in compared]
    same = [
        sum(s for c, s in one.shares.items() if c is not None and set(c.pitch_classes) == notes)
        for one, notes in zip(compared, true, strict=True)
    ]
    bass = [sum(s for c, s in one.shares.items() if c is not None and c.bass == one.chord.bass) for one in compared]
    detected = [one.pitches for one in compared]
    return {
        "name": _share(compared, exact),
        "same_notes": _share(compared, same),
        "name_segments": float(np.mean([name_of(one.longest) == name_of(one.chord) for one in compared])),
        "bass": _share(compared, bass) if references.has_bass else None,
        "silent": _share(compared, [one.shares.get(None, 0.0) for one in compared]),
        "named_f": _f(list(zip(true, named, strict=True))),
        "pitches_f": _f([(a, b) for a, b in zip(true, detected, strict=True) if b is not None]),
    }


def _by_vocabulary(references: ChordReferences, detected: Harmony, length: float) -> Measures:
    """Give mir_eval's comparisons, weighted by time, and the share of the time without a chord that has one claimed."""
    known = [Segment(one.start, min(one.stop, length), one.label) for one in references.segments if one.start < length]
    if not known:
        return {}
    sounding = any(one.chord is not None for one in known)
    edges = np.array([[one.start, one.stop] for one in known])
    found = detected.segments(length)
    intervals, labels = mir_eval.util.adjust_intervals(
        np.array([[one.start, one.stop] for one in found]),
        [one.label for one in found],
        edges[0, 0],
        edges[-1, 1],
        NO_CHORD,
        NO_CHORD,
    )
    merged, true, estimated = mir_eval.util.merge_labeled_intervals(
        edges, [one.label for one in known], intervals, labels
    )
    seconds = mir_eval.util.intervals_to_durations(merged)
    scores: Measures = {}
    for vocabulary in VOCABULARIES:
        right = getattr(mir_eval.chord, vocabulary)(true, estimated)
        scored = right >= 0
        total = float(np.sum(seconds[scored]))
        agreed = float(np.sum(seconds[scored] * right[scored]))
        # Of a recording without any chord `claimed` says all there is to say.
        scores[vocabulary] = agreed / total if total and sounding else None
    none = np.array([label == NO_CHORD for label in true])
    claimed = np.array([label != NO_CHORD for label in estimated])
    scores["claimed"] = float(np.sum(seconds[none & claimed]) / np.sum(seconds[none])) if none.any() else None
    return scores


def measure(references: ChordReferences, detected: Harmony, length: float) -> Measures:
    """Give every measure of one recording of `length` seconds."""
    key = None
    if references.key is not None:
        key = 0.0 if detected.key is None else float(mir_eval.key.weighted_score(references.key, detected.key))
    return {
        **_by_segment(references, compare(references, detected, length)),
        **_by_vocabulary(references, detected, length),
        "key": key,
        "latency_ms": detected.latency_ms,
        "speed": length / detected.seconds if detected.seconds else None,
    }


def counted(references: ChordReferences, detected: Harmony, length: float) -> dict[str, NDArray[np.float64]]:
    """Count segments: intervals, (13,), by DETECTED_ROOTS; names, by true quality (REFERENCE_LABELS) and that detected
    (DETECTED_LABELS).
    """
    intervals, names = np.zeros(len(DETECTED_ROOTS)), np.zeros((len(REFERENCE_LABELS), len(DETECTED_LABELS)))
    for one in compare(references, detected, length):
        row = _place(one.chord.quality)
        if one.longest is None:
            intervals[-1] += 1
            names[row, DETECTED_LABELS.index("none")] += 1
            continue
        step = (one.longest.root - one.chord.root) % 12
        intervals[step] += 1
        names[row, DETECTED_LABELS.index("other root") if step else _place(one.longest.quality)] += 1
    return {INTERVALS: intervals, NAMES: names}


def _place(quality: str) -> int:
    return REFERENCE_LABELS.index(quality) if quality in REFERENCE_LABELS else REFERENCE_LABELS.index("other")


def listed(references: ChordReferences, detected: Harmony) -> dict[str, NDArray[np.float64]]:
    """Give begins and decided, each (n,), ms from a chord's begin to the place, and to the decision, of its event.

    Its event is the first that names it from a quarter of a second before it begins until it ends. A chord that goes on
    from the segment before, and one that is never named, has none.
    """
    named = [name_of(parse(label)) for label in detected.labels]
    begins, decided = [], []
    before: Name = None
    for segment in references.segments:
        name = name_of(segment.chord)
        if name is not None and name != before:
            inside = (detected.times >= segment.start - EARLY) & (detected.times < segment.stop)
            at = next((int(i) for i in np.flatnonzero(inside) if named[i] == name), None)
            if at is not None:
                begins.append(1000 * (detected.times[at] - segment.start))
                if detected.decided is not None:
                    decided.append(1000 * (detected.decided[at] - segment.start))
        before = None if segment.label == UNKNOWN else name
    return {BEGINS: np.array(begins), DECIDED: np.array(decided)}
