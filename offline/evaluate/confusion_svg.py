"""What was taken for what, as a diagram of counts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.palette import FAINT, GREEN, INK, LINE, RED
from samplechop.offline.evaluate import svg

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
    drawn = [
        svg.text(left + cell * (column + 0.5), HIGH - 9, label, INK, "middle") for column, label in enumerate(columns)
    ]
    for row, label in enumerate(rows):
        y = HIGH * (row + 1)
        drawn.append(svg.text(left - 8, y + 17, label, INK, "end"))
        total = max(float(np.sum(counts[row])), 1e-9)
        for column, called in enumerate(columns):
            value = float(counts[row, column])
            colour = GREEN if called == label else RED
            drawn.append(
                f'<rect x="{left + cell * column:g}" y="{y:g}" width="{cell - 2}" height="{HIGH - 2}" stroke="{LINE}" '
                f'fill="{colour}" fill-opacity="{0.75 * value / total:.2f}"/>'
            )
            if value:
                drawn.append(svg.text(left + cell * (column + 0.5) - 1, y + 17, f"{value:.0f}", INK, "middle"))
    drawn.append(svg.text(left, height - 6, unit, FAINT))
    return svg.picture(name, width, height, drawn, fixed=True)
