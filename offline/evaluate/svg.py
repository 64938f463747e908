"""Building blocks of figures of recordings, as SVG: rows of ticks under a waveform, with figures beside them."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.palette import CYAN, FAINT, GREEN, INK, LINE, MAGENTA, RED, YELLOW
from samplechop.offline.evaluate.measures import BINS

GREY = "#6d7480"
SYSTEMS = (GREEN, YELLOW, CYAN, MAGENTA, "#b18cf0", "#ef8f5f")
"""One colour for each line in a diagram, in their order; they come round."""
LEFT, PLOT, FIGURE = 96, 780, 62
WAVE, ROW = 56, 19


def column(number: int) -> float:
    """Give where the n-th column of figures ends, pixels."""
    return LEFT + PLOT + FIGURE * (number + 1)


def figures(values: Sequence[float | None], y: float) -> str:
    """Draw shares beside the plot, a dash where one is unknown."""
    shown = ["–" if value is None else f"{value:.2f}".removeprefix("0") for value in values]
    return "".join(text(column(at), y + 11, figure, INK, "end") for at, figure in enumerate(shown))


def text(x: float, y: float, words: str, colour: str, anchor: str = "start") -> str:
    """Draw text at a place, pixels."""
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{colour}" text-anchor="{anchor}" xml:space="preserve">{escape(words)}</text>'
    )


def label(name: str, y: float, colour: str) -> str:
    """Draw the name of a row, left of the plot."""
    return text(LEFT - 8, y + 11, name if len(name) <= 13 else f"{name[:12]}…", colour, "end")


def ticks(places: np.ndarray, y: float, height: float, colour: str, width: float = 1.3) -> str:
    """Draw one upright line at each place, pixels from the left of the plot, as a single path."""
    if not len(places):
        return ""
    path = "".join(f"M{LEFT + place:.1f} {y:g}v{height:g}" for place in places)
    return f'<path d="{path}" stroke="{colour}" stroke-width="{width:g}"/>'


def wave(peaks: np.ndarray) -> str:
    """Draw the waveform from its peaks, float32 (n,), 0..1."""
    middle, step = WAVE / 2 + 2, PLOT / len(peaks)
    sizes = np.maximum(peaks * (WAVE / 2 - 2), 0.3)
    upper = "".join(f"L{LEFT + step * at:.1f} {middle - size:.1f}" for at, size in enumerate(sizes))
    lower = "".join(f"L{LEFT + step * at:.1f} {middle + sizes[at]:.1f}" for at in range(len(sizes) - 1, -1, -1))
    return f'<path d="M{upper[1:]}{lower}Z" fill="{FAINT}" opacity=".75"/>'


def seconds(length: float, bottom: float) -> str:
    """Rule the plot at every five seconds, or less often where it is long."""
    step = next((one for one in (5, 10, 30, 60, 300, 600) if length / one <= 16), 3600)
    drawn = []
    for second in range(0, int(length) + 1, step):
        x = LEFT + PLOT * second / max(length, 1e-9)
        drawn.append(f'<path d="M{x:.1f} 0V{bottom:g}" stroke="{LINE}"/>')
        drawn.append(text(x, bottom + 15, f"{second} s", FAINT, "middle"))
    return "".join(drawn)


def picture(name: str, width: float, height: float, drawn: Sequence[str], fixed: bool = False) -> str:
    """Put together a picture; name: what it shows, for those who cannot see it; fixed: not as wide as the page."""
    size = f' width="{width:g}"' if fixed else ""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}"{size} role="img" aria-label="{escape(name, quote=True)}">'
        f"{''.join(drawn)}</svg>"
    )


def colour_key(kinds: Iterable[tuple[str, str]]) -> str:
    """Give (colour, what it means) of each kind of mark, as HTML for the class "key"."""
    return "".join(f'<b style="background:{colour}"></b>{escape(meaning)}' for colour, meaning in kinds)


Bins = NDArray[np.float64]
"""(BINS, 3): events, right ones and the sum of their strengths in each tenth of strength."""


def reliability(lines: Mapping[str, Bins]) -> str:
    """Draw the share of right events over their strength, a line for each name with events."""
    size, margin, top = 300, 46, 10
    side = size - margin - top

    def at(strength: float, share: float) -> str:
        return f"{margin + side * strength:.1f} {top + side * (1 - share):.1f}"

    drawn = [
        f'<rect x="{margin}" y="{top}" width="{side}" height="{side}" stroke="{LINE}"/>',
        f'<path d="M{at(0, 0)}L{at(1, 1)}" stroke="{FAINT}" stroke-dasharray="4 4"/>',
        text(margin + side / 2, size - 6, "strength", FAINT, "middle"),
        f'<g transform="rotate(-90 14 {size / 2:g})">{text(14, size / 2, "share that is right", FAINT, "middle")}</g>',
    ]
    for value in (0, 0.5, 1):
        drawn.append(text(margin + side * value, top + side + 16, _mark(value), FAINT, "middle"))
        drawn.append(text(margin - 6, top + side * (1 - value) + 4, _mark(value), FAINT, "end"))
    drawn_lines = 0
    for number, (name, bins) in enumerate(lines.items()):
        points = _points(bins)
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
        drawn.append(f'<circle cx="{size + 6}" cy="{top + 8 + 20 * drawn_lines}" r="5" fill="{colour}"/>')
        drawn.append(text(size + 18, top + 12 + 20 * drawn_lines, name, INK))
        drawn_lines += 1
    return picture("reliability diagram", size + 140, size, drawn, fixed=True)


def _mark(value: float) -> str:
    return f"{value:g}".removeprefix("0") or "0"


def _points(bins: Bins) -> list[tuple[float, float, int]]:
    """Give (mean strength, share that is right, events) of each tenth that holds events."""
    assert bins.shape == (BINS, 3)
    return [(strength / count, right / count, int(count)) for count, right, strength in bins.tolist() if count]


HIGH, LETTER = 26, 7
"""Pixels of a row, and of a letter at most."""


def confusion(
    counts: NDArray[np.float64], rows: Sequence[str], columns: Sequence[str], name: str, unit: str = ""
) -> str:
    """Draw counts, (rows, columns): the fuller the colour, the larger the share of its row; green where names agree.

    name: what it shows. unit: what is counted, written under it.
    """
    left = 12 + LETTER * max(map(len, rows))
    cell = max(58, 6 + LETTER * max(map(len, columns)))
    width, height = max(left + cell * len(columns), left + LETTER * len(unit)) + 4, HIGH * (len(rows) + 1) + 24
    drawn = [text(left + cell * (column + 0.5), HIGH - 9, label, INK, "middle") for column, label in enumerate(columns)]
    for row, label in enumerate(rows):
        y = HIGH * (row + 1)
        drawn.append(text(left - 8, y + 17, label, INK, "end"))
        total = max(float(np.sum(counts[row])), 1e-9)
        for column, called in enumerate(columns):
            value = float(counts[row, column])
            colour = GREEN if called == label else RED
            drawn.append(
                f'<rect x="{left + cell * column:g}" y="{y:g}" width="{cell - 2}" height="{HIGH - 2}" stroke="{LINE}" '
                f'fill="{colour}" fill-opacity="{0.75 * value / total:.2f}"/>'
            )
            if value:
                drawn.append(text(left + cell * (column + 0.5) - 1, y + 17, f"{value:.0f}", INK, "middle"))
    drawn.append(text(left, height - 6, unit, FAINT))
    return picture(name, width, height, drawn, fixed=True)
