"""A recording's drums with all that was heard, a lane for each drum, as SVG for the page; and what was mistaken."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.palette import FAINT, GREEN, INK, LINE, RED, YELLOW
from samplechop.offline.evaluate import svg
from samplechop.offline.evaluate.confusion_svg import confusion
from samplechop.offline.evaluate.drum_measures import CALLED, CONFUSION, TRULY, Hits, marks
from samplechop.offline.evaluate.drum_references import DrumReferences
from samplechop.offline.evaluate.html_report import Look
from samplechop.offline.evaluate.json_results import RELIABILITY
from samplechop.offline.evaluate.measures import OPEN, RIGHT, WINDOWS, WRONG, pairs
from samplechop.offline.evaluate.references import together
from samplechop.offline.evaluate.reliability import reliability
from samplechop.offline.evaluate.runner import Judged, Result
from samplechop.offline.evaluate.svg import FIGURE, GREY, LEFT, PLOT, WAVE
from samplechop.offline.evaluate.systems import title
from samplechop.realtime.core.events import DRUMS

LANE, TICK = 27, 10
COLOURS = {RIGHT: GREEN, WRONG: RED, OPEN: GREY}
HEADS = (("f", "F"), ("p", "precision"), ("r", "recall"))
WIDTH = LEFT + PLOT + FIGURE * len(HEADS) + 4


def recording(one: Judged, systems: Sequence[str]) -> str:
    """Draw the waveform and a lane for each drum: above what was struck, below what was heard, green where right."""
    references, scale = one.track.references, PLOT / max(one.seconds, 1e-9)
    lanes = [(name, system, label) for system in systems for name, label in _lanes(references, one.heard[system].found)]
    several = sum(one.heard[system].found.tells for system in systems) > 1
    height = WAVE + LANE * len(lanes) + 44
    drawn = [svg.seconds(one.seconds, height - 22), svg.wave(one.outline)]
    y: float = WAVE + 22
    drawn += [svg.text(svg.column(at), y - 8, head, FAINT, "end") for at, (_, head) in enumerate(HEADS)]
    before = systems[0]
    for name, system, label in lanes:
        heard = one.heard[system]
        if label is None:
            truth, places, said = _onsets(references, heard.found)
            drawn.append(svg.label(title(system), y, INK))
        else:
            mine = heard.found.of(label)
            truth, places, said = references.times[label], heard.found.times[mine], marks(references, heard.found)[mine]
            drawn.append(svg.label(f"{title(system)} {name}" if several else name, y, INK))
        if system != before:
            drawn.append(f'<path d="M{LEFT} {y - 3:g}h{PLOT}" stroke="{LINE}" stroke-width="2"/>')
            before = system
        drawn.append(svg.ticks(truth * scale, y, TICK, YELLOW, 1.5))
        for kind, colour in COLOURS.items():
            drawn.append(svg.ticks(places[said == kind] * scale, y + TICK + 1, TICK, colour, 1.8))
        values = [heard.measures.get(f"{name}_{part}") for part, _ in HEADS]
        drawn.append(svg.figures(values, y))
        y += LANE
    return svg.picture(f"{one.track.name}: waveform, drums struck and heard", WIDTH, height, drawn)


def _lanes(references: DrumReferences, hits: Hits) -> list[tuple[str, str | None]]:
    """Give (name, drum) of each lane: the drums struck or heard; "onsets" and None for a system that tells none."""
    if not hits.tells:
        return [("onsets", None)]
    return [(label, label) for label in DRUMS if len(references.times[label]) or hits.of(label).any()]


def _onsets(references: DrumReferences, hits: Hits) -> tuple[NDArray, NDArray, NDArray[np.int8]]:
    known = references.all
    said = np.full(len(hits.times), OPEN if known is None else WRONG, np.int8)
    struck = np.concatenate([*references.times.values(), references.other]) if known is None else known
    truth = together(struck.tolist())
    said[[j for _, j in pairs(truth, hits.times, WINDOWS[0])]] = RIGHT
    return truth, hits.times, said


def key() -> str:
    """Give what the colours mean, as HTML."""
    kinds = ((YELLOW, "struck"), (GREEN, "heard, right"), (RED, "heard, wrong"), (GREY, "heard where nobody knows"))
    return f"In each lane:{svg.colour_key(kinds)}."


def figures(result: Result) -> list[tuple[str, str]]:
    """Give (heading, picture) of what all recordings tell together: what was mistaken, and how sure it was."""
    shown = []
    for system in result.systems:
        counts = result.counts(system)
        if CONFUSION not in counts:
            continue
        shown.append(
            (
                f"{title(system)}: what each hit was taken for",
                confusion(
                    counts[CONFUSION],
                    TRULY,
                    CALLED,
                    f"confusion of {title(system)}",
                    "rows: what was struck; columns: what was heard; hits within ±50 ms",
                ),
            )
        )
        lines = {label: counts[f"{RELIABILITY}_{label}"] for label in DRUMS}
        shown.append((f"{title(system)}: how far strengths can be trusted", reliability(lines)))
    return shown


LOOK = Look(recording, key, figures)
