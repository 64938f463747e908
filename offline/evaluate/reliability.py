"""How far strengths can be trusted, as a diagram."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.palette import FAINT, INK, LINE
from samplechop.offline.evaluate import svg
from samplechop.offline.evaluate.measures import BINS
from samplechop.offline.evaluate.svg import SYSTEMS, text

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
    return svg.picture("reliability diagram", size + 140, size, drawn, fixed=True)


def _mark(value: float) -> str:
    return f"{value:g}".removeprefix("0") or "0"


def _points(bins: Bins) -> list[tuple[float, float, int]]:
    """Give (mean strength, share that is right, events) of each tenth that holds events."""
    assert bins.shape == (BINS, 3)
    return [(strength / count, right / count, int(count)) for count, right, strength in bins.tolist() if count]
