"""What the terminal view looks like: one snapshot laid out as rows that fit a terminal of any size."""

import textwrap
from collections.abc import Iterable, Sequence

from samplechop.realtime.core.events import Event
from samplechop.realtime.ui.chops import chop_rows
from samplechop.realtime.ui.formatting import printable
from samplechop.realtime.ui.latency_line import delay_rows
from samplechop.realtime.ui.meters import LevelMeter, Row
from samplechop.realtime.ui.music import drum_row, harmony_row
from samplechop.realtime.ui.parts import NARROW, cut, rule
from samplechop.realtime.ui.plot import plot_rows
from samplechop.realtime.ui.snapshot import Snapshot
from samplechop.realtime.ui.transport import head, levels, position


def screen_rows(
    snapshot: Snapshot,
    meters: Sequence[LevelMeter],
    marks: Iterable[Event],
    width: int,
    height: int,
    chords: Sequence[Event] = (),
) -> list[Row]:
    """Lay out a session in at most `height` rows of at most `width` cells.

    meters: one per channel of the snapshot. marks: the chops to mark in the plot; those outside it are left out.
    chords: the last ones, oldest first, with the one that sounds.
    What a small terminal has no room for goes in this order: the titles of drums and harmony, the plot's time axis, the
    warnings, then from below.
    """
    inner = width - 2
    narrow = inner < NARROW
    top = [head(snapshot, inner), position(snapshot, inner), *levels(meters, inner)]
    delay = delay_rows(snapshot, inner)
    warnings = _warnings(snapshot, inner)
    music = _music(snapshot, chords, inner)
    # Four single rows: the rule above the plot, the plot's marks and its axis, the rule above the chops.
    spare = height - len(top) - len(music) - len(delay) - 4 - narrow
    warnings = warnings[: max(0, spare - 7)]
    spare -= len(warnings)
    titled = spare - len(music) >= 8
    spare -= titled * len(music)
    axis = spare >= 8
    spare += not axis
    chop_count = max(1, min(16, spare // 2))
    plot_height = max(1, min(14, spare - chop_count))
    if snapshot.curve is None:
        chop_count = max(1, min(16, spare + 3))
    rows = [*top, *(row for title, body in music for row in ([title, body] if titled else [body]))]
    if snapshot.curve is not None:
        rows += plot_rows(snapshot.curve, snapshot.sample_rate, marks, inner, plot_height, axis)
    rows += delay
    rows += chop_rows(snapshot, inner, chop_count, narrow) + warnings
    return [[(" ", ""), *row] for row in rows[:height]]


def _music(snapshot: Snapshot, chords: Sequence[Event], width: int) -> list[tuple[Row, Row]]:
    """Give title and row of each of the two detectors of music that listens."""
    rows = []
    if snapshot.drums:
        hits = f"{sum(snapshot.drum_counts.values()):,} hits so far"
        rows.append((rule("Drums", hits, width), drum_row(snapshot, width)))
    if snapshot.harmony:
        rows.append((rule("Harmony", "", width), harmony_row(snapshot, chords, width)))
    return rows


def _warnings(snapshot: Snapshot, width: int) -> list[Row]:
    """Show the newest warning in full, up to three rows, and how many came before it."""
    if not snapshot.warnings:
        return []
    earlier = len(snapshot.warnings) - 1
    text = printable(snapshot.warnings[-1]) + (f" ({earlier} more before)" if earlier else "")
    lines = textwrap.wrap(text, width - 2, max_lines=3, placeholder=" …")
    return [[("! " if at == 0 else "  ", "bold red"), (cut(line, width - 2), "red")] for at, line in enumerate(lines)]
