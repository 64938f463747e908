"""What pictures of recordings are drawn from, as SVG: rows of ticks under a waveform, with figures beside them."""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from samplechop.offline.common.palette import CYAN, FAINT, GREEN, INK, LINE, MAGENTA, YELLOW

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
