"""The picture of a kit, as PNG and SVG: one look says whether the kit is good.

    name, how many chops, tempo, key
    waveform, coloured by slice, with the pads' names
    strengths: chosen chops, and candidates left out
    pads as they lie | how alike the slices are | figures beside simpler ways to choose, or names where none was chosen

The same kit gives the same bytes.
"""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.palette import BACK, FAINT, INK, LINE
from samplechop.offline.kits.core.model import Kit
from samplechop.offline.kits.picture import drawing, panels
from samplechop.offline.kits.picture.drawing import envelope
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.ui.formatting import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 1800
"""Columns of the waveform."""
PAD_COLUMNS, MOST_PER_PAD, LEAST_PER_PAD = 2400, 120, 24
"""Columns that all pads share, most and least for each."""
LONGEST_NAME = 70

_STYLE: dict[Any, Any] = {
    "font.family": "monospace",
    "font.monospace": ["DejaVu Sans Mono"],
    "font.size": 9.5,
    "text.color": INK,
    "axes.facecolor": BACK,
    "axes.edgecolor": LINE,
    "figure.facecolor": BACK,
    "savefig.facecolor": BACK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "text.parse_math": False,  # a record's name may hold dollars
    "path.simplify": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "samplechop",
}


def draw(kit: Kit, similarity: NDArray[np.float32] | None = None) -> list[Path]:
    """Write NAME.png (1600 x 900) and NAME.svg into the kit's folder; give their paths.

    similarity: of the slices to each other, float32 (n, n), 0..1; left out of the picture if None.
    Raises UserError if the record or its slices cannot be read or the picture not written.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    outline = envelope(kit.audio, kit.first, kit.last, COLUMNS)
    columns = max(LEAST_PER_PAD, min(MOST_PER_PAD, PAD_COLUMNS // len(kit.slices)))
    cut = [envelope(kit.path(part), 0, part.frames, columns) for part in kit.slices]
    with rc_context(_STYLE), warnings.catch_warnings():
        # The font has no Japanese; the SVG says it all the same.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = Figure(figsize=(drawing.WIDTH, drawing.HEIGHT), dpi=drawing.DPI)
        _head(figure, kit)
        time = panels.waveform(figure, kit, outline)
        panels.strengths(figure, kit, time)
        panels.pads(figure, kit.slices, cut, kit.slice_rate)
        if similarity is not None and len(similarity) > 1:
            panels.alike(figure, kit.slices, similarity)
        if kit.redundancy:
            panels.figures(figure, kit.redundancy)
        else:
            panels.names(figure, kit.slices)
        paths = [kit.folder / f"{kit.name}.png", kit.folder / f"{kit.name}.svg"]
        try:
            figure.savefig(paths[0], metadata={"Software": None}, pil_kwargs={"compress_level": 4})
            figure.savefig(paths[1], metadata={"Date": None, "Title": f"samplechop: {kit.name}"})
        except OSError as error:
            raise UserError(
                f"the picture cannot be written to {str(kit.folder)!r}: {error.strerror or error}"
            ) from None
    return paths


def _head(figure: "Figure", kit: Kit) -> None:
    counts = (("slice", len(kit.slices)), ("candidate", len(kit.candidates)))
    known = [f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in counts]
    if kit.tempo:
        known.append(f"{round(float(kit.tempo.value))} bpm")
    if kit.key:
        known.append(kit.key.value)
    known += [panels.clock(kit.seconds(kit.last - kit.first)), f"{kit.sample_rate:,} Hz"]
    name = printable(kit.source.name)
    name = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    figure.text(drawing.LEFT, 0.957, name, size=17, weight="bold", va="center")
    figure.text(drawing.LEFT, 0.922, " · ".join(known), size=11.5, color=FAINT, va="center")
    figure.text(drawing.RIGHT, 0.957, "samplechop", size=11.5, color=FAINT, va="center", ha="right")
