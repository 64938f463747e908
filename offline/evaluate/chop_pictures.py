"""A recording with all its markers, as SVG for the page."""

from collections.abc import Sequence

import numpy as np

from offline.evaluate import strokes
from offline.evaluate.data import RELIABILITY
from offline.evaluate.listeners import title
from offline.evaluate.measures import OPEN, RIGHT, WRONG, marks
from offline.evaluate.page import Look
from offline.evaluate.reliability import reliability
from offline.evaluate.runs import Judged, Result
from offline.evaluate.strokes import FIGURE, GREY, LEFT, PLOT, ROW, WAVE
from offline.evaluate.truths import References
from offline.look import CYAN, FAINT, GREEN, INK, MAGENTA, RED, YELLOW

CHOP, STRONG, BEAT, ATTACK = YELLOW, MAGENTA, CYAN, FAINT
MARK_COLOURS = {RIGHT: GREEN, WRONG: RED, OPEN: GREY}
FIGURES = (("chops_f", "chops F"), ("strong_f", "strong F"), ("beats_f", "beats F"), ("onsets_p", "attack P"))
"""What stands beside the markers."""
WIDTH = LEFT + PLOT + FIGURE * len(FIGURES) + 4


def recording(one: Judged, systems: Sequence[str]) -> str:
    """Draw the waveform, what is known, and each system's markers: green right, red wrong, grey where nobody knows."""
    known = _known(one.track.references)
    height = WAVE + ROW * (len(known) + len(systems)) + 30
    scale = PLOT / max(one.seconds, 1e-9)
    drawn = [strokes.seconds(one.seconds, height - 22), strokes.wave(one.outline), _unsure(one.track.references, scale)]
    y = WAVE + 8
    for name, colour, times in known:
        drawn += [strokes.label(name, y, FAINT), strokes.ticks(times * scale, y, ROW - 6, colour)]
        if name == "beats" and one.track.references.downbeats is not None:
            drawn.append(strokes.ticks(one.track.references.downbeats * scale, y - 3, ROW, colour, 2.5))
        y += ROW
    shown = [key for key, _ in FIGURES if any(one.heard[system].measures.get(key) is not None for system in systems)]
    heads = [name for key, name in FIGURES if key in shown]
    drawn += [strokes.text(strokes.column(at), y - 6, name, FAINT, "end") for at, name in enumerate(heads)]
    for system in systems:
        heard = one.heard[system]
        said = marks(one.track.references, heard.found)
        drawn.append(strokes.label(title(system), y, INK))
        for kind, colour in MARK_COLOURS.items():
            drawn.append(strokes.ticks(heard.found.times[said == kind] * scale, y, ROW - 5, colour, 2))
        drawn.append(strokes.figures([heard.measures.get(key) for key in shown], y))
        y += ROW
    return strokes.picture(f"{one.track.name}: waveform, truth and markers", WIDTH, height, drawn)


def _known(references: References) -> list[tuple[str, str, np.ndarray]]:
    rows = (
        ("chops", CHOP, references.chops),
        ("strong hits", STRONG, references.strong),
        ("beats", BEAT, references.beats),
        ("attacks", ATTACK, references.onsets),
    )
    return [(name, colour, times) for name, colour, times in rows if times is not None and len(times)]


def _unsure(references: References, scale: float) -> str:
    """Shade, behind the waveform, the longer passages in which nobody knows where a chop belongs."""
    shades = [(start, stop) for start, stop in references.unsure if stop - start > 0.1]
    return "".join(
        f'<rect x="{LEFT + start * scale:.1f}" y="0" width="{(stop - start) * scale:.1f}" height="{WAVE + 4}" '
        f'fill="{INK}" opacity=".07"/>'
        for start, stop in shades
    )


def key() -> str:
    """Give what the colours mean, as HTML."""
    kinds = ((GREEN, "right"), (RED, "wrong"), (GREY, "nobody knows"))
    return f"Markers:{strokes.colour_key(kinds)}. Beside them F, and P: the share on a real attack."


def figures(result: Result) -> list[tuple[str, str]]:
    """Give (heading, picture) of what all recordings tell together."""
    lines = {title(system): result.counts(system)[RELIABILITY] for system in result.systems}
    return [("How far strengths can be trusted", reliability(lines))]


LOOK = Look(recording, key, figures)
