"""The plot of a curve, such as the chop probability, with the chops marked under it."""

from collections.abc import Iterable

from samplechop.realtime.core.events import Event
from samplechop.realtime.ui.formatting import pad_name, printable
from samplechop.realtime.ui.meters import Plot, Row, line_row
from samplechop.realtime.ui.parts import rule
from samplechop.realtime.ui.snapshot import Curve

PLOT_SECONDS = 6.0
"""How much the plot shows; a curve should carry that many seconds of frames."""

_GUTTER = 5  # cells left of the plot, for its scale


def plot_rows(curve: Curve, sample_rate: int, marks: Iterable[Event], width: int, height: int, axis: bool) -> list[Row]:
    """Draw the plot in `height` rows, its title, the marks, and the axis of time if that is wanted."""
    hop = curve.frame_seconds * sample_rate
    newest = int(curve.position // hop)
    room = width - _GUTTER
    plot = Plot(curve.values, newest, round(PLOT_SECONDS / curve.frame_seconds), room)
    found = [(plot.peak_column(event.sample / hop), event) for event in marks]
    columns = [(column, event) for column, event in found if column is not None]
    rows = plot.rows(height, curve.threshold)
    line = line_row(height, curve.threshold)
    scale = {0: "1.0", height - 1: "0.0"} | {line: f"{curve.threshold:.2f}"}
    rows = [[(f"{scale.get(at, ''):>4} ", "yellow" if at == line else "dim"), *row] for at, row in enumerate(rows)]
    marked, times = [" "] * room, [" "] * room
    for column, _ in columns:
        marked[column] = "▲"
    for column, event in columns:
        if event.note is not None:
            _write(marked, column + 1, pad_name(event.note))
    heard = int(newest * curve.frame_seconds)
    for second in range(max(0, heard - int(PLOT_SECONDS)), heard + 1):
        place = plot.column(second / curve.frame_seconds)
        if place is not None:
            _write(times, place, f"╵{second // 60}:{second % 60:02d}")
    rows.insert(0, rule(printable(curve.name).capitalize(), f"threshold {curve.threshold:.2f}", width))
    rows.append([(" " * _GUTTER, ""), ("".join(marked), "bold magenta")])
    if axis:
        rows.append([(" " * _GUTTER, ""), ("".join(times), "dim")])
    return rows


def _write(cells: list[str], start: int, text: str) -> None:
    """Write a label if there is room for it and for a space after it."""
    end = start + len(text)
    if end <= len(cells) and not "".join(cells[start : end + 1]).strip():
        cells[start:end] = text
