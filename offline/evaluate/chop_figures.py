"""A recording with all its markers, as SVG for the page."""

from collections.abc import Sequence

import numpy as np

from samplechop.offline.common.palette import CYAN, FAINT, GREEN, INK, MAGENTA, RED, YELLOW
from samplechop.offline.evaluate import svg
from samplechop.offline.evaluate.html_report import Look
from samplechop.offline.evaluate.json_results import RELIABILITY
from samplechop.offline.evaluate.measures import OPEN, RIGHT, WRONG, marks
from samplechop.offline.evaluate.references import References
from samplechop.offline.evaluate.reliability import reliability
from samplechop.offline.evaluate.runner import Judged, Result
from samplechop.offline.evaluate.svg import FIGURE, GREY, LEFT, PLOT, ROW, WAVE
from samplechop.offline.evaluate.systems import title

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
    drawn = [svg.seconds(one.seconds, height - 22), svg.wave(one.outline), _unsure(one.track.references, scale)]
    y = WAVE + 8
    for name, colour, times in known:
        drawn += [svg.label(name, y, FAINT), svg.ticks(times * scale, y, ROW - 6, colour)]
        if name == "beats" and one.track.references.downbeats is not None:
            drawn.append(svg.ticks(one.track.references.downbeats * scale, y - 3, ROW, colour, 2.5))
        y += ROW
    shown = [key for key, _ in FIGURES if any(one.heard[system].measures.get(key) is not None for system in systems)]
    heads = [name for key, name in FIGURES if key in shown]
    drawn += [svg.text(svg.column(at), y - 6, name, FAINT, "end") for at, name in enumerate(heads)]
    for system in systems:
        heard = one.heard[system]
        said = marks(one.track.references, heard.found)
        drawn.append(svg.label(title(system), y, INK))
        for kind, colour in MARK_COLOURS.items():
            drawn.append(svg.ticks(heard.found.times[said == kind] * scale, y, ROW - 5, colour, 2))
        drawn.append(svg.figures([heard.measures.get(key) for key in shown], y))
        y += ROW
    return svg.picture(f"{one.track.name}: waveform, truth and markers", WIDTH, height, drawn)


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
    return f"Markers:{svg.colour_key(kinds)}. Beside them F, and P: the share on a real attack."


def figures(result: Result) -> list[tuple[str, str]]:
    """Give (heading, picture) of what all recordings tell together."""
    lines = {title(system): result.counts(system)[RELIABILITY] for system in result.systems}
    return [("How far strengths can be trusted", reliability(lines))]


LOOK = Look(recording, key, figures)
