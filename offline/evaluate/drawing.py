"""Pictures as SVG for the page: a recording with all that was found in it, and how far strengths can be trusted."""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from offline.evaluate.listeners import title
from offline.evaluate.measures import BINS, OPEN, RIGHT, WRONG, marks
from offline.evaluate.runs import Judged, Result
from offline.evaluate.truths import References
from offline.look import CYAN, FAINT, GREEN, INK, LINE, MAGENTA, RED, YELLOW

GREY = "#6d7480"
CHOP, STRONG, BEAT, ATTACK = YELLOW, MAGENTA, CYAN, FAINT
SYSTEMS = (GREEN, YELLOW, CYAN, MAGENTA, "#b18cf0", "#ef8f5f")
"""One colour for each system in the diagram, in their order; they come round."""
LEFT, PLOT, FIGURE = 96, 780, 62
WAVE, ROW = 56, 19
MARK_COLOURS = {RIGHT: GREEN, WRONG: RED, OPEN: GREY}
FIGURES = (("chops_f", "chops F"), ("strong_f", "strong F"), ("beats_f", "beats F"), ("onsets_p", "attack P"))
"""What stands beside the markers."""
WIDTH = LEFT + PLOT + FIGURE * len(FIGURES) + 4


def recording(one: Judged, systems: Sequence[str]) -> str:
    """Draw the waveform, what is known, and each system's markers: green right, red wrong, grey where nobody knows."""
    known = _known(one.track.references)
    height = WAVE + ROW * (len(known) + len(systems)) + 30
    scale = PLOT / max(one.seconds, 1e-9)
    drawn = [_seconds(one.seconds, height - 22), _wave(one.outline), _unsure(one.track.references, scale)]
    y = WAVE + 8
    for name, colour, times in known:
        drawn += [_label(name, y, FAINT), _ticks(times * scale, y, ROW - 6, colour)]
        if name == "beats" and one.track.references.downbeats is not None:
            drawn.append(_ticks(one.track.references.downbeats * scale, y - 3, ROW, colour, 2.5))
        y += ROW
    shown = [key for key, _ in FIGURES if any(one.heard[system].measures.get(key) is not None for system in systems)]
    heads = [name for key, name in FIGURES if key in shown]
    drawn += [_text(_column(at), y - 6, name, FAINT, "end") for at, name in enumerate(heads)]
    for system in systems:
        heard = one.heard[system]
        said = marks(one.track.references, heard.markers)
        drawn.append(_label(title(system), y, INK))
        for kind, colour in MARK_COLOURS.items():
            drawn.append(_ticks(heard.markers.times[said == kind] * scale, y, ROW - 5, colour, 2))
        drawn.append(_figures([heard.measures.get(key) for key in shown], y))
        y += ROW
    named = escape(f"{one.track.name}: waveform, truth and markers", quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{named}">{"".join(drawn)}</svg>'


def _known(references: References) -> list[tuple[str, str, np.ndarray]]:
    rows = (
        ("chops", CHOP, references.chops),
        ("strong hits", STRONG, references.strong),
        ("beats", BEAT, references.beats),
        ("attacks", ATTACK, references.onsets),
    )
    return [(name, colour, times) for name, colour, times in rows if times is not None and len(times)]


def _column(number: int) -> float:
    return LEFT + PLOT + FIGURE * (number + 1)


def _figures(values: Sequence[float | None], y: float) -> str:
    shown = ["–" if value is None else f"{value:.2f}".removeprefix("0") for value in values]
    return "".join(_text(_column(at), y + 11, text, INK, "end") for at, text in enumerate(shown))


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{colour}" text-anchor="{anchor}" xml:space="preserve">{escape(text)}</text>'
    )


def _label(text: str, y: float, colour: str) -> str:
    return _text(LEFT - 8, y + 11, text if len(text) <= 13 else f"{text[:12]}…", colour, "end")


def _ticks(places: np.ndarray, y: float, height: float, colour: str, width: float = 1.3) -> str:
    """Draw one upright line at each place, pixels from the left of the plot, as a single path."""
    if not len(places):
        return ""
    path = "".join(f"M{LEFT + place:.1f} {y:g}v{height:g}" for place in places)
    return f'<path d="{path}" stroke="{colour}" stroke-width="{width:g}"/>'


def _wave(peaks: np.ndarray) -> str:
    middle, step = WAVE / 2 + 2, PLOT / len(peaks)
    sizes = np.maximum(peaks * (WAVE / 2 - 2), 0.3)
    upper = "".join(f"L{LEFT + step * at:.1f} {middle - size:.1f}" for at, size in enumerate(sizes))
    lower = "".join(f"L{LEFT + step * at:.1f} {middle + sizes[at]:.1f}" for at in range(len(sizes) - 1, -1, -1))
    return f'<path d="M{upper[1:]}{lower}Z" fill="{FAINT}" opacity=".75"/>'


def _unsure(references: References, scale: float) -> str:
    """Shade, behind the waveform, the longer passages in which nobody knows where a chop belongs."""
    shades = [(start, stop) for start, stop in references.unsure if stop - start > 0.1]
    return "".join(
        f'<rect x="{LEFT + start * scale:.1f}" y="0" width="{(stop - start) * scale:.1f}" height="{WAVE + 4}" '
        f'fill="{INK}" opacity=".07"/>'
        for start, stop in shades
    )


def _seconds(length: float, bottom: float) -> str:
    """Rule the plot at every five seconds, or less often where it is long."""
    step = next((one for one in (5, 10, 30, 60, 300, 600) if length / one <= 16), 3600)
    drawn = []
    for second in range(0, int(length) + 1, step):
        x = LEFT + PLOT * second / max(length, 1e-9)
        drawn.append(f'<path d="M{x:.1f} 0V{bottom:g}" stroke="{LINE}"/>')
        drawn.append(_text(x, bottom + 15, f"{second} s", FAINT, "middle"))
    return "".join(drawn)


def reliability(result: Result) -> str:
    """Draw the share of right markers over their strength, a line for each system that gives strengths."""
    size, margin, top = 300, 46, 10
    side = size - margin - top

    def at(strength: float, share: float) -> str:
        return f"{margin + side * strength:.1f} {top + side * (1 - share):.1f}"

    drawn = [
        f'<rect x="{margin}" y="{top}" width="{side}" height="{side}" stroke="{LINE}"/>',
        f'<path d="M{at(0, 0)}L{at(1, 1)}" stroke="{FAINT}" stroke-dasharray="4 4"/>',
        _text(margin + side / 2, size - 6, "strength", FAINT, "middle"),
        f'<g transform="rotate(-90 14 {size / 2:g})">{_text(14, size / 2, "share that is right", FAINT, "middle")}</g>',
    ]
    for value in (0, 0.5, 1):
        drawn.append(_text(margin + side * value, top + side + 16, _mark(value), FAINT, "middle"))
        drawn.append(_text(margin - 6, top + side * (1 - value) + 4, _mark(value), FAINT, "end"))
    lines = 0
    for number, system in enumerate(result.systems):
        points = _points(result.reliability(system))
        if not points:
            continue
        colour = SYSTEMS[number % len(SYSTEMS)]
        path = "L".join(at(strength, share) for strength, share, _ in points)
        most = max(count for _, _, count in points)
        drawn.append(f'<path d="M{path}" stroke="{colour}" stroke-width="2"/>')
        for strength, share, count in points:
            place = at(strength, share).split()
            radius = 2 + 4 * (count / most) ** 0.5
            drawn.append(f'<circle cx="{place[0]}" cy="{place[1]}" r="{radius:.1f}" fill="{colour}"/>')
        drawn.append(f'<circle cx="{size + 6}" cy="{top + 8 + 20 * lines}" r="5" fill="{colour}"/>')
        drawn.append(_text(size + 18, top + 12 + 20 * lines, title(system), INK))
        lines += 1
    return (
        f'<svg viewBox="0 0 {size + 140} {size}" width="{size + 140}" role="img" aria-label="reliability diagram">'
        f"{''.join(drawn)}</svg>"
    )


def _mark(value: float) -> str:
    return f"{value:g}".removeprefix("0") or "0"


def _points(bins: Iterable[tuple[int, int, float]]) -> list[tuple[float, float, int]]:
    """Give (mean strength, share that is right, markers) of each tenth that holds markers."""
    rows = list(bins)
    assert len(rows) == BINS
    return [(strength / count, right / count, count) for count, right, strength in rows if count]
