"""Pictures of drum hits: one of each recording, and of what all show together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.palette import FAINT, GREEN, INK, LINE, RED, YELLOW
from samplechop.offline.evaluate import svg
from samplechop.offline.evaluate.drum_measures import CONFUSION, DETECTED_LABELS, REFERENCE_LABELS, Hits, marks
from samplechop.offline.evaluate.drum_references import DrumReferences
from samplechop.offline.evaluate.measures import OPEN, RELIABILITY, RIGHT, WINDOWS, WRONG, pairs
from samplechop.offline.evaluate.references import together
from samplechop.offline.evaluate.runner import Result, TrackResult
from samplechop.offline.evaluate.svg import FIGURE, GREY, LEFT, PLOT, WAVE, confusion, reliability
from samplechop.offline.evaluate.systems import title
from samplechop.realtime.core.events import DRUMS

LANE, TICK = 27, 10
COLOURS = {RIGHT: GREEN, WRONG: RED, OPEN: GREY}
HEADS = (("f", "F"), ("p", "precision"), ("r", "recall"))
WIDTH = LEFT + PLOT + FIGURE * len(HEADS) + 4


def draw_recording(one: TrackResult, systems: Sequence[str]) -> str:
    """Draw the waveform and a lane for each drum: above what was struck, below what was detected, green where right."""
    references, scale = one.track.references, PLOT / max(one.seconds, 1e-9)
    lanes = [
        (name, system, label) for system in systems for name, label in _lanes(references, one.by_system[system].found)
    ]
    several = sum(one.by_system[system].found.labelled for system in systems) > 1
    height = WAVE + LANE * len(lanes) + 44
    drawn = [svg.seconds(one.seconds, height - 22), svg.wave(one.outline)]
    y: float = WAVE + 22
    drawn += [svg.text(svg.column(at), y - 8, head, FAINT, "end") for at, (_, head) in enumerate(HEADS)]
    before = systems[0]
    for name, system, label in lanes:
        result = one.by_system[system]
        if label is None:
            true_times, places, verdicts = _onsets(references, result.found)
            drawn.append(svg.label(title(system), y, INK))
        else:
            mine = result.found.of(label)
            true_times, places, verdicts = (
                references.times[label],
                result.found.times[mine],
                marks(references, result.found)[mine],
            )
            drawn.append(svg.label(f"{title(system)} {name}" if several else name, y, INK))
        if system != before:
            drawn.append(f'<path d="M{LEFT} {y - 3:g}h{PLOT}" stroke="{LINE}" stroke-width="2"/>')
            before = system
        drawn.append(svg.ticks(true_times * scale, y, TICK, YELLOW, 1.5))
        for kind, colour in COLOURS.items():
            drawn.append(svg.ticks(places[verdicts == kind] * scale, y + TICK + 1, TICK, colour, 1.8))
        values = [result.measures.get(f"{name}_{part}") for part, _ in HEADS]
        drawn.append(svg.figures(values, y))
        y += LANE
    return svg.picture(f"{one.track.name}: waveform, drums struck and detected", WIDTH, height, drawn)


def _lanes(references: DrumReferences, hits: Hits) -> list[tuple[str, str | None]]:
    """Give (name, drum) of each lane: the drums struck or detected; "onsets" and None where drums are not named."""
    if not hits.labelled:
        return [("onsets", None)]
    return [(label, label) for label in DRUMS if len(references.times[label]) or hits.of(label).any()]


def _onsets(references: DrumReferences, hits: Hits) -> tuple[NDArray, NDArray, NDArray[np.int8]]:
    known = references.all
    verdicts = np.full(len(hits.times), OPEN if known is None else WRONG, np.int8)
    struck = np.concatenate([*references.times.values(), references.other]) if known is None else known
    true_times = together(struck.tolist())
    verdicts[[j for _, j in pairs(true_times, hits.times, WINDOWS[0])]] = RIGHT
    return true_times, hits.times, verdicts


def key() -> str:
    """Give what the colours mean, as HTML."""
    kinds = (
        (YELLOW, "struck"),
        (GREEN, "detected, right"),
        (RED, "detected, wrong"),
        (GREY, "detected where nobody knows"),
    )
    return f"In each lane:{svg.colour_key(kinds)}."


def figures(result: Result) -> list[tuple[str, str]]:
    """Give (heading, picture) of what all recordings show together: what was mistaken, and how sure it was."""
    shown = []
    for system in result.systems:
        counts = result.counts(system)
        if CONFUSION not in counts:
            continue
        name, note = title(system), "rows: what was struck; columns: what was detected; hits within ±50 ms"
        drawn = confusion(counts[CONFUSION], REFERENCE_LABELS, DETECTED_LABELS, f"confusion of {name}", note)
        shown.append((f"{name}: what each hit was taken for", drawn))
        if RELIABILITY in counts:
            lines = {label: counts[f"{RELIABILITY}_{label}"] for label in DRUMS}
            shown.append((f"{title(system)}: how far strengths can be trusted", reliability(lines)))
    return shown
