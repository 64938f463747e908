"""A recording's chords as strips, those known above those detected, as SVG for the page; and what was mistaken."""

from collections.abc import Sequence
from html import escape

import numpy as np

from samplechop.offline.common.palette import BACK, FAINT, GREEN, INK, LINE, RED, YELLOW
from samplechop.offline.evaluate import svg
from samplechop.offline.evaluate.chord_measures import (
    DETECTED_LABELS,
    DETECTED_ROOTS,
    INTERVALS,
    NAMES,
    REFERENCE_LABELS,
    name_of,
)
from samplechop.offline.evaluate.chord_references import UNKNOWN, Segment
from samplechop.offline.evaluate.report import Drawing
from samplechop.offline.evaluate.runner import Result, TrackResult
from samplechop.offline.evaluate.svg import FIGURE, GREY, LEFT, PLOT, WAVE, confusion
from samplechop.offline.evaluate.systems import title
from samplechop.realtime.core.events import NO_CHORD
from samplechop.realtime.detectors.harmony.harte import shorthand

STRIP, GAP = 18, 4
LETTER = 7.8
"""Pixels of a letter's width: a name is written where it fits."""
HEADS = (("name", "name"), ("pitches_f", "notes F"), ("root", "root"))
WIDTH = LEFT + PLOT + FIGURE * len(HEADS) + 4


def recording(one: TrackResult, systems: Sequence[str]) -> str:
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
            drawn += [_strip(piece, y, scale, colour, bare=True) for piece, colour in _judged(part, known)]
            drawn.append(_name(part, y, scale))
        drawn.append(svg.figures([result.measures.get(key) for key, _ in HEADS], y + 2))
    return svg.picture(f"{one.track.name}: waveform, chords known and detected", WIDTH, height, drawn)


def _judged(part: Segment, known: Sequence[Segment]) -> list[tuple[Segment, str]]:
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


DRAWING = Drawing(recording, key, figures)
