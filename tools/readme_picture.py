"""A picture of the terminal view as SVG, for the README: `python -m tools.readme_picture OUT.svg`.

Not rich's `export_svg`: that names a web font, and any other font leaves gaps between block characters. Here blocks and
lines are drawn as shapes, text falls back to whatever monospace font there is, and the file fetches nothing.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from samplechop.offline.common.palette import BACK, CYAN, FAINT, GREEN, INK, MAGENTA, RED, YELLOW
from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.events import CHORD, Event
from samplechop.realtime.session import Session
from samplechop.realtime.session_parts import make_detectors
from samplechop.realtime.settings import LiveSettings
from samplechop.realtime.ui.layout import screen_rows
from samplechop.realtime.ui.meters import LevelMeter, Row
from samplechop.realtime.ui.snapshot import OTHER_KINDS, Snapshot
from samplechop.realtime.ui.view import View

SECONDS = 12
DETECT = "chops,drums,harmony"
CPU = 0.05
"""Share of a core that the demo takes in real time, start-up left out; measured on a 2-core virtual machine."""
COLUMNS, ROWS = 92, 27
_CELL, _LINE, _MARGIN, _BAR = 8.4, 18, 16, 30  # pixels: a character's width, a row's height, the frame, the title bar
_COLOURS = {"green": GREEN, "yellow": YELLOW, "red": RED, "cyan": CYAN, "magenta": MAGENTA}
_BLOCKS = " ▁▂▃▄▅▆▇█"
_FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"


def picture(snapshot: Snapshot, events: Sequence[Event], path: Path, levels: Sequence[float] | None = None) -> None:
    """Write the terminal view of a snapshot to `path` as SVG.

    events: what was heard: chops to mark in the plot, chords to name. levels: magnitudes (full scale 1) that the peak
    hold shows, one per channel; the snapshot's own peaks by default.
    """
    meters = [LevelMeter() for _ in snapshot.peaks]
    for meter, held, now in zip(meters, levels or snapshot.peaks, snapshot.peaks, strict=True):
        meter.update(held, 0.0)
        meter.update(now, 1.0)
    marks = [event for event in events if event.kind not in OTHER_KINDS]
    chords = [event for event in events if event.kind == CHORD]
    path.write_text(svg(screen_rows(snapshot, meters, marks, COLUMNS, ROWS, chords), COLUMNS), encoding="utf-8")


def svg(rows: Sequence[Row], columns: int) -> str:
    """Draw rows of (text, style) parts, `columns` cells wide, as one SVG document in a window's frame."""
    width, height = columns * _CELL + 2 * _MARGIN, len(rows) * _LINE + _MARGIN + _BAR + 6
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'font-family="{_FONT}" font-size="14" fill="{INK}">',
        "<title>samplechop listening to a record: levels, chop probability, the last chops and the track delay</title>",
        f'<rect width="{width:g}" height="{height:g}" rx="10" fill="{BACK}"/>',
        *(f'<circle cx="{18 + 18 * at}" cy="17" r="5.5" fill="{FAINT}" opacity=".55"/>' for at in range(3)),
    ]
    for line, row in enumerate(rows):
        left = 0
        for text, style in row:
            drawn += _part(text, style, _MARGIN + left * _CELL, _BAR + line * _LINE)
            left += len(text)
    return "\n".join([*drawn, "</svg>", ""])


def _part(text: str, style: str, x: float, y: float) -> list[str]:
    words = style.split()
    ink = next((_COLOURS[word] for word in words if word in _COLOURS), FAINT if "dim" in words else INK)
    drawn: list[str] = []
    if text and "reverse" in words:
        drawn.append(_rect(x, y, len(text) * _CELL, _LINE, ink))
        ink = BACK
    weight = ' font-weight="bold"' if "bold" in words else ""
    start = 0
    while start < len(text):
        end = start + 1
        shape = _is_shape(text[start])
        while end < len(text) and _is_shape(text[end]) == shape and (not shape or text[end] == text[start]):
            end += 1
        run = text[start:end]
        left = x + start * _CELL
        if shape:
            drawn += _shapes(run[0], len(run), left, y, ink)
        elif run.strip():
            lead = len(run) - len(run.lstrip())
            run = run.strip()
            drawn.append(
                f'<text x="{left + lead * _CELL:.1f}" y="{y + 13.5:g}" textLength="{len(run) * _CELL:.1f}" '
                f'lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="{ink}"{weight}>{escape(run)}</text>'
            )
        start = end
    return drawn


def _is_shape(char: str) -> bool:
    return char in "─━╸╌╵▲●○▁▂▃▄▅▆▇█"


def _shapes(char: str, count: int, x: float, y: float, ink: str) -> list[str]:
    """Draw `count` equal characters side by side."""
    wide, middle = count * _CELL, y + _LINE / 2
    if char == "─":
        return [_rect(x, middle - 0.5, wide, 1, ink)]
    if char in "━╸":
        return [_rect(x, middle - 2, wide if char == "━" else _CELL / 2, 4, ink)]
    cells = [x + at * _CELL for at in range(count)]
    if char == "╌":
        return [_rect(left + 1.5, middle - 0.75, _CELL - 3, 1.5, ink) for left in cells]
    if char == "╵":
        return [_rect(left + _CELL / 2 - 0.5, y, 1, _LINE / 2, ink) for left in cells]
    if char == "▲":
        return [f'<path d="M{left + 0.4:.1f} {y + 13:g}h7.6l-3.8 -9z" fill="{ink}"/>' for left in cells]
    if char in "●○":
        inside = ink if char == "●" else "none"
        dot = f'cy="{middle:g}" r="3.6" stroke="{ink}" fill="{inside}"'
        return [f'<circle cx="{left + _CELL / 2:.1f}" {dot}/>' for left in cells]
    high = _LINE * _BLOCKS.index(char) / 8
    return [_rect(x, y + _LINE - high, wide, high, ink)]


def _rect(x: float, y: float, width: float, height: float, ink: str) -> str:
    # Crisp edges: neighbouring shapes must not show a seam where they share a pixel.
    return (
        f'<rect x="{x:.1f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{ink}" '
        'shape-rendering="crispEdges"/>'
    )


class _LastView(View):
    """A view that keeps what it was shown last, and every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def show(self, snapshot: Snapshot, new: Sequence[Event]) -> None:
        """Keep it."""
        self.snapshot = snapshot
        self.events += new


def example() -> tuple[Snapshot, list[Event]]:
    """Run the demo record for some seconds, as `samplechop live --demo` does; give the last look at it."""
    settings, view = LiveSettings(detect=DETECT, pads="similar", duration=SECONDS), _LastView()
    Session(settings, FileSource(DEMO, realtime=False), make_detectors(settings), view).run()
    # The levels and the load of a run in real time: this one was over before they could be taken.
    now: dict[str, Any] = {
        "cpu": CPU,
        "peaks": (0.42, 0.36),
        "realtime": True,
        "port": True,
        "midi": "samplechop:chops",
    }
    events = [event for event in view.events if event.notes != ()]  # without those that end the chord with the input
    chord = next(event for event in reversed(events) if event.kind == CHORD)
    return replace(view.snapshot, chord=chord, **now), events


def main(arguments: Sequence[str]) -> int:
    """Write the README's picture to the path given."""
    if len(arguments) != 1:
        print("usage: python -m tools.readme_picture OUT.svg", file=sys.stderr)
        return 2
    snapshot, events = example()
    picture(snapshot, events, Path(arguments[0]), levels=(0.71, 0.63))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
