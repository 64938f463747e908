"""Evaluation of harmony: a detector that names chords, pitch classes and the key, beside chroma and templates."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.common.palette import BACK, FAINT, GREEN, INK, LINE, RED, YELLOW
from samplechop.offline.evaluate import chord_measures, peers, svg, systems
from samplechop.offline.evaluate.chord_measures import (
    BEGINS,
    DECIDED,
    DETECTED_LABELS,
    DETECTED_ROOTS,
    INTERVALS,
    NAMES,
    REFERENCE_LABELS,
    Harmony,
    name_of,
)
from samplechop.offline.evaluate.chord_references import (
    CHORDS_WANTED,
    UNKNOWN,
    ChordReferences,
    Segment,
    chord_references_for,
    key_name,
)
from samplechop.offline.evaluate.measures import Measures
from samplechop.offline.evaluate.rows import Row, least_size, ms, share, signed_ms, whole
from samplechop.offline.evaluate.runner import Pooled, Result, SystemResult, Task, TrackResult
from samplechop.offline.evaluate.svg import FIGURE, GREY, LEFT, PLOT, WAVE, confusion
from samplechop.offline.evaluate.systems import title
from samplechop.realtime.core.events import CHORD, KEY, NO_CHORD, PITCHES, Event
from samplechop.realtime.detectors.harmony.detector import HarmonyDetector, HarmonySettings
from samplechop.realtime.detectors.harmony.harte import parse, shorthand

PEERS = ("librosa",)


@lru_cache(maxsize=8)
def open_system(system: str) -> Callable[[Sound], Harmony]:
    """Make ready a system by name: a peer, "detector:NAME", or a harmony model's name or manifest path.

    Raises UserError or models.ModelError if it cannot be used.
    """
    if system in PEERS:
        return peers.nearest_templates
    detector = systems.detector_of(system, lambda model: HarmonyDetector(HarmonySettings(model=model)))
    return systems.live(detector, harmony_of)


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


def evaluate(references: ChordReferences, samples: Sound, system: str) -> SystemResult:
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


STRIP, GAP = 18, 4
LETTER = 7.8
"""Pixels of a letter's width: a name is written where it fits."""
HEADS = (("name", "name"), ("pitches_f", "notes F"), ("root", "root"))
WIDTH = LEFT + PLOT + FIGURE * len(HEADS) + 4


def draw_recording(one: TrackResult, systems: Sequence[str]) -> str:
    """Draw the waveform, the chords known, and those detected: green where the name is right, red where it is not."""
    scale = PLOT / max(one.seconds, 1e-9)
    known = [part for part in one.track.references.segments if part.start < one.seconds]
    height = WAVE + (STRIP + GAP) * (1 + len(systems)) + 44
    drawn = [svg.seconds(one.seconds, height - 22), svg.wave(one.outline)]
    y: float = WAVE + 20
    drawn += [svg.text(svg.column(at), y - 4, head, FAINT, "end") for at, (_, head) in enumerate(HEADS)]
    drawn.append(svg.label("known", y + 2, FAINT))
    drawn += [_strip(part, y, scale, GREY if part.label == UNKNOWN else YELLOW) for part in known]
    for system in systems:
        y += STRIP + GAP
        result = one.by_system[system]
        drawn.append(svg.label(title(system), y + 2, INK))
        for part in result.found.segments(one.seconds):
            drawn += [_strip(piece, y, scale, colour, bare=True) for piece, colour in _compared(part, known)]
            drawn.append(_name(part, y, scale))
        drawn.append(svg.figures([result.measures.get(key) for key, _ in HEADS], y + 2))
    return svg.picture(f"{one.track.name}: waveform, chords known and detected", WIDTH, height, drawn)


def _compared(part: Segment, known: Sequence[Segment]) -> list[tuple[Segment, str]]:
    """Cut a detected chord where those known change, and give each piece its colour."""
    pieces = []
    for reference in known:
        start, stop = max(part.start, reference.start), min(part.stop, reference.stop)
        if stop <= start:
            continue
        right = name_of(part.chord) == name_of(reference.chord)
        colour = GREY if reference.label == UNKNOWN else GREEN if right else RED
        pieces.append((Segment(start, stop, part.label), colour))
    return pieces


def _strip(part: Segment, y: float, scale: float, colour: str, bare: bool = False) -> str:
    if part.label == NO_CHORD and colour != RED:
        return ""
    x, wide = LEFT + part.start * scale, max((part.stop - part.start) * scale - 0.6, 0.4)
    # Silence where a chord is known is wrong as well, and shown as a line: nothing was said.
    tall, low = (STRIP, 0.0) if part.label != NO_CHORD else (2.0, STRIP - 2.0)
    drawn = (
        f'<rect x="{x:.1f}" y="{y + low:g}" width="{wide:.1f}" height="{tall:g}" fill="{colour}">'
        f"<title>{escape(part.label)} {part.start:.2f} s</title></rect>"
    )
    return drawn if bare else drawn + _name(part, y, scale)


def _name(part: Segment, y: float, scale: float) -> str:
    name, wide = shorthand(part.label), (part.stop - part.start) * scale
    if part.label in (NO_CHORD, UNKNOWN) or len(name) * LETTER > wide:
        return ""
    return svg.text(LEFT + (part.start + part.stop) / 2 * scale, y + 13, name, BACK, "middle")


def key() -> str:
    """Give what the colours mean, as HTML."""
    kinds = (
        (YELLOW, "known"),
        (GREEN, "detected, root and quality right"),
        (RED, "detected, wrong (a line: no chord detected)"),
        (GREY, "nobody knows"),
    )
    return f"{svg.colour_key(kinds)}."


def figures(result: Result) -> list[tuple[str, str]]:
    """Give (heading, picture) of what all recordings show together: roots and qualities that were mistaken."""
    shown = []
    for system in result.systems:
        counts = result.counts(system)
        if not counts or not counts[INTERVALS].any():
            continue
        shown.append((f"{title(system)}: roots detected", intervals(counts[INTERVALS].tolist(), title(system))))
        rows = [at for at in range(len(REFERENCE_LABELS)) if counts[NAMES][at].any()]
        columns = [at for at in range(len(DETECTED_LABELS)) if counts[NAMES][:, at].any()]
        shown.append(
            (
                f"{title(system)}: what each quality was taken for",
                confusion(
                    counts[NAMES][np.ix_(rows, columns)],
                    [REFERENCE_LABELS[at] for at in rows],
                    [DETECTED_LABELS[at] for at in columns],
                    f"qualities of {title(system)}",
                    "rows: known; columns: detected for the longest part, on the right root; segments",
                ),
            )
        )
    return shown


def intervals(counts: Sequence[float], name: str) -> str:
    """Draw how many segments have their root detected how many semitones too high; counts: by DETECTED_ROOTS."""
    bar, tall, total = 34, 130, max(sum(counts), 1)
    drawn = [f'<path d="M0 {tall + 18}h{bar * len(counts)}" stroke="{LINE}"/>']
    for at, (count, step) in enumerate(zip(counts, DETECTED_ROOTS, strict=True)):
        size = tall * count / total
        colour = GREEN if at == 0 else RED
        if count:
            drawn.append(
                f'<rect x="{bar * at + 3}" y="{tall + 18 - size:.1f}" width="{bar - 6}" height="{max(size, 1):.1f}" '
                f'fill="{colour}"/>'
            )
            drawn.append(svg.text(bar * (at + 0.5), tall + 13 - size, f"{count:g}", INK, "middle"))
        drawn.append(svg.text(bar * (at + 0.5), tall + 34, step, FAINT, "middle"))
    drawn.append(svg.text(0, tall + 54, "semitones above the true root; segments", FAINT))
    return svg.picture(f"roots detected by {name}", bar * len(counts), tall + 60, drawn, fixed=True)


TASK = Task(
    "harmony",
    ("harmony",),
    PEERS,
    chord_references_for,
    CHORDS_WANTED,
    evaluate,
    false_alarms,
    pooled_measures,
    data,
    ROWS,
    principal=("name", "claimed", "speed"),
    noise="share of time with a chord named on noise",
    noise_text=share,
    note="shares of time",
    draw=draw_recording,
    key=key,
    figures=figures,
)
