"""What the terminal view looks like: one snapshot laid out as rows that fit a terminal of any size."""

import textwrap
from collections.abc import Iterable, Sequence
from math import inf, isfinite

from rich.cells import cell_len, set_cell_size

from realtime.events import Event
from realtime.gauges import FLOOR_DB, LevelMeter, Plot, Row, bar, line_row, meter, runs
from realtime.names import clock, note_name, pad_name, printable
from realtime.status import Snapshot

PLOT_SECONDS = 6.0
"""How much the plot shows; a snapshot should carry that many seconds of frames."""

_METERS = 4
_GUTTER = 5  # cells left of the plot, for its scale
_BEATS_SHOWN = 4  # beats after its place that a beat is shown when no other follows
_NARROW = 58  # below this the session's numbers go under the chops, not beside them


def screen_rows(
    snapshot: Snapshot, meters: Sequence[LevelMeter], marks: Iterable[Event], width: int, height: int
) -> list[Row]:
    """Lay out a session in at most `height` rows of at most `width` cells.

    meters: one per channel of the snapshot. marks: the chops to mark in the plot; those outside it are left out.
    What a small terminal has no room for goes in this order: the plot's time axis, the warnings, then from below.
    """
    inner = width - 2
    narrow = inner < _NARROW
    head = [_head(snapshot, inner), _position(snapshot, inner), *_levels(meters, inner)]
    delay = _delay(snapshot, inner)
    warnings = _warnings(snapshot, inner)
    # Four single rows: the rule above the plot, the plot's marks and its axis, the rule above the chops.
    spare = height - len(head) - len(delay) - 4 - narrow
    warnings = warnings[: max(0, spare - 7)]
    spare -= len(warnings)
    axis = spare >= 8
    spare += not axis
    chop_rows = max(1, min(16, spare // 2))
    plot_rows = max(1, min(14, spare - chop_rows))
    rows = head + _plot(snapshot, marks, inner, plot_rows, axis) + delay
    rows += _chops(snapshot, inner, chop_rows, narrow) + warnings
    return [[(" ", ""), *row] for row in rows[:height]]


def _cut(text: str, width: int) -> str:
    """Shorten a name from outside to `width` cells; wide characters count two."""
    text = printable(text)
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…" * (width > 0)


def _ends(left: Row, right: Row, width: int) -> Row:
    gap = width - sum(cell_len(text) for text, _ in left + right)
    return [*left, (" " * gap, ""), *right]


def _rule(title: str, note: str, width: int) -> Row:
    if len(title) + len(note) + 10 > width:
        note = ""
    line = "─" * (width - len(title) - 4 - (len(note) + 4 if note else 0))
    return [("── ", "dim"), (title, "bold"), (" " + line, "dim"), *([(f" {note} ──", "dim")] if note else [])]


def _head(snapshot: Snapshot, width: int) -> Row:
    well = snapshot.state in {"listening", "playing"}
    state = _cut(snapshot.state, width // 2)
    left: Row = [("samplechop ", "bold"), ("●" if well else "○", "green" if well else "yellow")]
    left.append((f" {state}", "" if well else "yellow"))
    rate = f" · {snapshot.sample_rate:,} Hz" if width >= _NARROW else ""
    room = width - sum(cell_len(text) for text, _ in left) - len(rate) - 2
    return _ends(left, [(_cut(snapshot.source, max(0, room)) + rate, "")], width)


def _position(snapshot: Snapshot, width: int) -> Row:
    at = clock(snapshot.position, snapshot.sample_rate)
    total = "Ctrl-C ends" if snapshot.duration is None else clock(snapshot.duration, snapshot.sample_rate)
    beat = _beat(snapshot)
    if len(at) + len(beat) + len(total) + 2 > width:
        beat = ""
    left: Row = [(at, "bold"), (beat, "magenta")]
    if snapshot.duration is None:
        return _ends(left, [(total, "dim")], width)
    room = max(0, width - len(at) - len(beat) - len(total) - 2)
    done = room * min(snapshot.position, snapshot.duration) // max(1, snapshot.duration)
    return [*left, (" " + "━" * done, "green"), ("─" * (room - done), "dim"), (f" {total}", "")]


def _beat(snapshot: Snapshot) -> str:
    """Write the tempo and the place in the bar, "" before the first beat."""
    beat = snapshot.beat
    if beat is None or not beat.tempo:
        return ""
    due = beat.sample + snapshot.latency + _BEATS_SHOWN * 60 / beat.tempo * snapshot.sample_rate
    return f"  {beat.tempo:5.1f} BPM, beat {beat.label}" if snapshot.position <= due else "  no pulse"


def _levels(meters: Sequence[LevelMeter], width: int) -> list[Row]:
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


def _plot(snapshot: Snapshot, marks: Iterable[Event], width: int, height: int, axis: bool) -> list[Row]:
    hop = snapshot.frame_seconds * snapshot.sample_rate
    newest = int(snapshot.scored // hop)
    room = width - _GUTTER
    plot = Plot(snapshot.probability, newest, round(PLOT_SECONDS / snapshot.frame_seconds), room)
    found = [(plot.peak_column(event.sample / hop), event) for event in marks]
    columns = [(column, event) for column, event in found if column is not None]
    rows = plot.rows(height, snapshot.threshold)
    line = line_row(height, snapshot.threshold)
    scale = {0: "1.0", height - 1: "0.0"} | {line: f"{snapshot.threshold:.2f}"}
    rows = [[(f"{scale.get(at, ''):>4} ", "yellow" if at == line else "dim"), *row] for at, row in enumerate(rows)]
    marked, times = [" "] * room, [" "] * room
    for column, _ in columns:
        marked[column] = "▲"
    for column, event in columns:
        if event.note is not None:
            _write(marked, column + 1, pad_name(event.note))
    heard = int(newest * snapshot.frame_seconds)
    for second in range(max(0, heard - int(PLOT_SECONDS)), heard + 1):
        place = plot.column(second / snapshot.frame_seconds)
        if place is not None:
            _write(times, place, f"╵{second // 60}:{second % 60:02d}")
    rows.insert(0, _rule("Chop probability", f"threshold {snapshot.threshold:.2f}", width))
    rows.append([(" " * _GUTTER, ""), ("".join(marked), "bold magenta")])
    if axis:
        rows.append([(" " * _GUTTER, ""), ("".join(times), "dim")])
    return rows


def _write(cells: list[str], start: int, text: str) -> None:
    """Write a label if there is room for it and for a space after it."""
    end = start + len(text)
    if end <= len(cells) and not "".join(cells[start : end + 1]).strip():
        cells[start:end] = text


def delay_words(snapshot: Snapshot) -> tuple[str, str, str]:
    """Say the latency as what a producer enters in the DAW: the delay, the same in samples, and what to do with it."""
    late = f"{1000 * snapshot.latency / snapshot.sample_rate:.1f} ms"
    samples = f"{snapshot.latency:,} samples at {snapshot.sample_rate:,} Hz"
    return f"−{late}", samples, f"Notes come {late} late: give the MIDI track this delay."


def _delay(snapshot: Snapshot, width: int) -> list[Row]:
    delay, samples, what = delay_words(snapshot)
    if len(delay) + len(samples) + 4 > width:
        samples = samples.partition(" at ")[0]
    rows: list[Row] = [_rule("Track delay", "", width), [(f" {delay} ", "bold reverse"), (f"  {samples}", "")]]
    return rows + [[(line, "")] for line in textwrap.wrap(what, width)]


def _chops(snapshot: Snapshot, width: int, height: int, narrow: bool) -> list[Row]:
    beside = min(40, max(25, width // 3))
    table = width if narrow else width - beside - 2
    count = f"{snapshot.chop_count:,} so far"
    rows = [_rule("Last chops", count, table)]
    length = max(0, min(24, table - 31))
    for event in reversed(snapshot.chops[-height:]):
        note = pad = ""
        if event.note is not None:
            pad, note = pad_name(event.note), f"{note_name(event.note):<3} {event.note:>3}"
        rows.append(
            [
                (f"{clock(event.sample, snapshot.sample_rate):>10}  ", ""),
                (f"{pad:<3}  ", "bold magenta"),
                (f"{note:<7}  ", ""),
                (bar(event.strength, length), "cyan"),
                (f" {event.strength:.2f}" if isfinite(event.strength) else "     ", ""),
            ]
        )
    if not snapshot.chops:
        rows.append([("none yet", "dim")])
    rows += [[] for _ in range(height + 1 - len(rows))]
    if narrow:
        brief = f"xruns {snapshot.overflows}/{snapshot.underflows} · lost {snapshot.lost} · CPU {_cpu(snapshot)}"
        if snapshot.taps is not None:
            brief = f"taps {snapshot.taps} · {brief}"
        if snapshot.recording.folder is not None:
            brief = f"rec · {brief}"
        return [*rows, [(_cut(f"{brief} · late {snapshot.late_notes}", width), "")]]
    side = [_rule("Session", "", beside), *_session(snapshot, beside - 7, height)]
    side += [[] for _ in range(len(rows) - len(side))]
    return [[*_ends(left, [], table), ("  ", ""), *right] for left, right in zip(rows, side, strict=False)]


def _cpu(snapshot: Snapshot) -> str:
    return f"{100 * snapshot.cpu:.0f} %" if isfinite(snapshot.cpu) else "?"


def _session(snapshot: Snapshot, room: int, height: int) -> list[Row]:
    """Show the session's health in at most `height` rows; where they are few, what is as it should be goes first."""
    xruns, lost, late = snapshot.overflows + snapshot.underflows, snapshot.lost, snapshot.late_notes
    lines = [
        ("xruns", f"{snapshot.overflows} in, {snapshot.underflows} out", "yellow" if xruns else ""),
        ("lost", f"{lost:,} samples", "yellow" if lost else ""),
        ("CPU", _cpu(snapshot), "yellow" if snapshot.cpu > 0.8 else ""),
        ("MIDI", snapshot.midi or "off", "" if snapshot.midi else "dim"),
        ("late", f"{late:,} notes", "yellow" if late else ""),
    ]
    if snapshot.beat_count:
        lines.append(("beats", f"{snapshot.beat_count:,} so far", ""))
    if snapshot.recording.key:
        lines.insert(0, ("kept", f"{len(snapshot.recording.kept)}; {snapshot.recording.key}", "bold"))
    if snapshot.recording.folder is not None:
        lines.insert(0, ("rec", snapshot.recording.folder.name, "bold red"))
    if snapshot.taps is not None:
        lines.insert(0, ("taps", f"{snapshot.taps:,} on {snapshot.pad}", "bold"))
    while len(lines) > max(1, height):
        lines.remove(next((line for line in reversed(lines) if line[0] != "MIDI" and not line[2]), lines[-1]))
    return [[(f"{name:<7}", "dim"), (_cut(text, room), style)] for name, text, style in lines]


def _warnings(snapshot: Snapshot, width: int) -> list[Row]:
    """Show the newest warning in full, up to three rows, and how many came before it."""
    if not snapshot.warnings:
        return []
    earlier = len(snapshot.warnings) - 1
    text = printable(snapshot.warnings[-1]) + (f" ({earlier} more before)" if earlier else "")
    lines = textwrap.wrap(text, width - 2, max_lines=3, placeholder=" …")
    return [[("! " if at == 0 else "  ", "bold red"), (_cut(line, width - 2), "red")] for at, line in enumerate(lines)]
