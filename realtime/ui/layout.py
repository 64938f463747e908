"""What the terminal view looks like: one snapshot laid out as rows that fit a terminal of any size."""

import textwrap
from collections.abc import Iterable, Sequence
from math import inf

from rich.cells import cell_len

from samplechop.realtime.audio.source import RUNNING
from samplechop.realtime.core.events import Event
from samplechop.realtime.ui.formatting import NARROW, clock, cropped, cut, ends, printable, rule
from samplechop.realtime.ui.meters import FLOOR_DB, LevelMeter, Row, meter, runs
from samplechop.realtime.ui.panels import chop_rows, delay_rows, drum_row, harmony_row, plot_rows
from samplechop.realtime.ui.snapshot import Snapshot

_METERS = 4
SMALLEST = 40
"""Cells in which everything has its place; a narrower terminal shows the left of it."""
_BEATS_SHOWN = 4  # beats after its place that a beat is shown when no other follows


def head(snapshot: Snapshot, width: int) -> Row:
    """Name the program, its state, the source and its rate."""
    well = snapshot.state in RUNNING
    state = cut(snapshot.state, width // 2)
    left: Row = [("samplechop ", "bold"), ("●" if well else "○", "green" if well else "yellow")]
    left.append((f" {state}", "" if well else "yellow"))
    rate = f" · {snapshot.sample_rate:,} Hz" if width >= NARROW else ""
    room = width - sum(cell_len(text) for text, _ in left) - len(rate) - 2
    return ends(left, [(cut(snapshot.source, max(0, room)) + rate, "")], width)


def position(snapshot: Snapshot, width: int) -> Row:
    """Show the time, the tempo, and how much of a file is over."""
    at = clock(snapshot.position, snapshot.sample_rate)
    total = "Ctrl-C ends" if snapshot.duration is None else clock(snapshot.duration, snapshot.sample_rate)
    beat = _beat(snapshot)
    if len(at) + len(beat) + len(total) + 2 > width:
        beat = ""
    left: Row = [(at, "bold"), (beat, "magenta")]
    if snapshot.duration is None:
        return ends(left, [(total, "dim")], width)
    room = max(0, width - len(at) - len(beat) - len(total) - 2)
    done = room * min(snapshot.position, snapshot.duration) // max(1, snapshot.duration)
    return [*left, (" " + "━" * done, "green"), ("─" * (room - done), "dim"), (f" {total}", "")]


def _beat(snapshot: Snapshot) -> str:
    """Write the tempo and the place in the bar, "" before the first beat."""
    beat = snapshot.beat
    if beat is None or not beat.tempo:
        return ""
    due = beat.sample + snapshot.latency + _BEATS_SHOWN * 60 / beat.tempo * snapshot.sample_rate
    other = f" (or {beat.tempo * 2.0**snapshot.open_octave:.0f})" if snapshot.open_octave else ""
    return f"  {beat.tempo:5.1f} BPM{other}, beat {beat.label}" if snapshot.position <= due else "  no pulse"


def levels(meters: Sequence[LevelMeter], width: int) -> list[Row]:
    """Draw a meter per channel under its scale; channels beyond the fourth row share that row."""
    shown = list(meters)
    names = ["L", "R"] if len(shown) == 2 else [str(channel + 1) for channel in range(len(shown))]
    if len(shown) > _METERS:
        # A signal on any channel has to show: the last row is the loudest of all that have none of their own.
        loudest = LevelMeter()
        loudest.level_db = max(one.level_db for one in shown[_METERS - 1 :])
        loudest.hold_db = max(one.hold_db for one in shown[_METERS - 1 :])
        names[_METERS - 1 :] = [f"{_METERS}+"]
        shown[_METERS - 1 :] = [loudest]
    room = max(0, width - 11)
    scale = list("─" * width)
    scale[3:8] = "Level"
    scale[2] = scale[8] = " "
    for db in range(-48, 1, 12):
        label = f" {db or '0 dBFS'} ".replace("-", "−")
        start = 3 + round(room * (1 - db / FLOOR_DB)) - (len(label) // 2 if db else 2)
        if start > 9 and start + len(label) <= width:
            scale[start : start + len(label)] = label
    rows: list[Row] = [runs(scale, ["dim"] * 3 + ["bold"] * 5 + ["dim"] * (width - 8))]
    for name, one in zip(names, shown, strict=True):
        held = "−∞" if one.hold_db == -inf else f"{one.hold_db:.1f}".replace("-", "−")
        over = one.hold_db >= 0
        value = (f"{'CLIP' if over else held:>7}", "bold red" if over else "")
        rows.append([(f"{name:<3}", "bold"), *meter(one.level_db, one.hold_db, room), (" ", ""), value])
    return rows


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
    Any size is drawn: what is laid out for SMALLEST cells is cropped where there are fewer.
    What a small terminal has no room for goes in this order: the titles of drums and harmony, the plot's time axis, the
    warnings, then from below.
    """
    inner = max(width, SMALLEST) - 2
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
    return [cropped([(" ", ""), *row], width) for row in rows[: max(0, height)]]


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
