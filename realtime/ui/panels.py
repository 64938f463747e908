"""The panels of the live screen: chops and session, drums, chord and key, track delay, the plot of a curve."""

import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from math import isfinite

from rich.cells import cell_len, set_cell_size

from samplechop.realtime.core.events import CHOP, NO_CHORD, Event
from samplechop.realtime.detectors.harmony.harte import shorthand
from samplechop.realtime.ui.formatting import clock, cut, ends, note_name, pad_name, printable, rule
from samplechop.realtime.ui.meters import Plot, Row, bar, line_row
from samplechop.realtime.ui.snapshot import OTHER_KINDS, Curve, Snapshot

WAYS = {"attacks": "every attack", "both": "hits and beats"}
"""How the screen names ways to choose chops; others by themselves."""


def chop_rows(snapshot: Snapshot, width: int, height: int, narrow: bool) -> list[Row]:
    """List the last chops in `height` rows under a title, with the session beside or, if narrow, under them."""
    beside = min(40, max(25, width // 3))
    table = width if narrow else width - beside - 2
    chops = "chop" in snapshot.detectors
    said = f"{snapshot.chop_count:,} so far{way_text(snapshot)}"
    rows = [rule("Last chops", said, table) if chops else rule("Last events", "", table)]
    length = max(0, min(24, table - 31))
    for event in reversed(snapshot.chops[-height:]):
        note = pad = ""
        if event.note is not None:
            pad, note = pad_name(event.note), f"{note_name(event.note):<3} {event.note:>3}"
        if event.kind in OTHER_KINDS:
            pad, note = "", cut(event.label or event.kind, 7)
        rows.append(
            [
                (f"{clock(event.sample, snapshot.sample_rate):>10}  ", ""),
                (f"{pad:<3}  ", "bold magenta"),
                (set_cell_size(note, 7) + "  ", ""),
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
        elif snapshot.recording.ended:
            brief = f"rec ENDED · {brief}"
        return [*rows, [(cut(f"{brief} · late {snapshot.late_notes}", width), "")]]
    side = [rule("Session", "", beside), *_session(snapshot, beside - 7, height)]
    side += [[] for _ in range(len(rows) - len(side))]
    return [[*ends(left, [], table), ("  ", ""), *right] for left, right in zip(rows, side, strict=False)]


def way_text(snapshot: Snapshot) -> str:
    """Say by which way the last chop was chosen, "" where no model says so."""
    way = next((event.way for event in reversed(snapshot.chops) if event.kind == CHOP), None)
    return f": {WAYS.get(way, way)}" if way else ""


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
    if snapshot.tempo_keys:
        lines.append(("tempo", snapshot.tempo_keys, ""))
    if snapshot.recording.key:
        lines.insert(0, ("kept", f"{len(snapshot.recording.kept)}; {snapshot.recording.key}", "bold"))
    if snapshot.recording.folder is not None:
        lines.insert(0, ("rec", snapshot.recording.folder.name, "bold red"))
    elif snapshot.recording.ended:
        lines.insert(0, ("rec", f"ENDED: {snapshot.recording.ended}", "bold red"))
    if snapshot.taps is not None:
        lines.insert(0, ("taps", f"{snapshot.taps:,} on {snapshot.pad}", "bold"))
    while len(lines) > max(1, height):
        lines.remove(next((line for line in reversed(lines) if line[0] != "MIDI" and not line[2]), lines[-1]))
    return [[(f"{name:<7}", "dim"), (cut(text, room), style)] for name, text, style in lines]


_PAD = 6  # cells of the smallest pad: the longest of the five names
_CHORD = 14  # cells of the chord's field, so that nothing moves when its name is longer
_MODES = {"maj": "major", "min": "minor"}


def chord_name(label: str | None) -> str:
    """Write a chord in Harte's syntax as people do, "A:min7" as "Am7"; what is no chord in it stays as it is."""
    if label is None or label == NO_CHORD:
        return "no chord"
    try:
        return shorthand(label)
    except ValueError:  # a detector of somebody else may have names of its own
        return printable(label)


def key_name(label: str | None) -> str:
    """Write a key as people do, "A:min" as "A minor"; what has no mode stays as it is."""
    tonic, colon, mode = printable(label or "").partition(":")
    return f"{tonic} {_MODES.get(mode, mode)}" if colon else tonic


def drum_row(snapshot: Snapshot, width: int) -> Row:
    """Draw one pad per drum, filled as far as it is present, with the count of its hits where there is room.

    Pads are as many as fit, of one width, in the order of the snapshot.
    """
    shown = min(len(snapshot.drums), (width + 1) // (_PAD + 1))
    pad = (width + 1) // max(1, shown) - 1
    counted = [_short(snapshot.drum_counts.get(label, 0)) for label in snapshot.drums]
    room = all(
        cell_len(printable(name)) + 3 + len(count) <= pad for name, count in zip(snapshot.drums, counted, strict=True)
    )
    row: Row = []
    for (label, level), count in list(zip(snapshot.drums.items(), counted, strict=True))[:shown]:
        name = set_cell_size(f" {printable(label)}" if pad > _PAD else printable(label), pad)
        text = name[: len(name) - len(count) - 1] + f"{count} " if room else name
        lit = round(pad * min(1.0, max(0.0, level))) if isfinite(level) else 0
        if row:
            row.append((" ", ""))
        row += [(text[:lit], "bold reverse yellow"), (text[lit:], "yellow" if lit else "dim")]
    return row


def _short(count: int) -> str:
    """Write a count in at most four characters as long as it is below ten million."""
    if count < 10_000:
        return str(count)
    return f"{count // 1000}k" if count < 1_000_000 else f"{count // 1_000_000}M"


def harmony_row(snapshot: Snapshot, chords: Sequence[Event], width: int) -> Row:
    """Write the chord so that it can be read from afar, the key, and the chords before it, the newest first."""
    now = snapshot.chord
    sounds = now is not None and now.label != NO_CHORD
    name = cut(chord_name(now.label) if now is not None else "", _CHORD - 2)
    left = (_CHORD - cell_len(name)) // 2
    field = " " * left + name + " " * (_CHORD - left - cell_len(name))
    row: Row = [(field, "bold reverse cyan" if sounds else "dim"), ("  ", "")]
    if snapshot.key is not None:
        row.append((f"key {key_name(snapshot.key.label)}  ", "bold"))
    used = sum(cell_len(text) for text, _ in row)
    if used > width:
        return row[:2]
    earlier = [event for event in reversed(chords) if event is not now and event.label != NO_CHORD]
    trail = ""
    for name, _ in groupby(chord_name(event.label) for event in earlier):  # one that paused is the same one
        longer = f"{trail} ← {name}"
        if used + cell_len(longer) > width:
            break
        trail = longer
    return [*row, (trail, "dim")]


def latency_texts(snapshot: Snapshot) -> tuple[str, str, str, str]:
    """Say the latency as a title, the value, the same in samples, and a sentence that says what to do with it.

    Over a MIDI port notes leave that late, and the value is what a producer enters in the DAW.
    """
    late = _milliseconds(snapshot.latency, snapshot)
    samples = f"{snapshot.latency:,} samples at {snapshot.sample_rate:,} Hz"
    if snapshot.latencies and set(snapshot.detectors) <= set(snapshot.latencies):  # none waits for the others
        advice = "Each has a delay of its own: give it to the MIDI track it plays on."
        return "Track delay" if snapshot.port else "Latency", f"{'−' * snapshot.port}{late}", samples, advice
    what = "Chops" if snapshot.latencies else "Notes"  # notes of others must not be shifted so far
    if not snapshot.port:
        return "Latency", late, samples, f"Chops are known {late} late."
    return "Track delay", f"−{late}", samples, f"{what} come {late} late: give the MIDI track this delay."


def own_latency_texts(snapshot: Snapshot) -> list[str]:
    """Say how late each detector is that does not wait for the others, such as "drums 21.3 ms late"."""
    return [f"{printable(name)} {_milliseconds(late, snapshot)} late" for name, late in snapshot.latencies.items()]


def delay_rows(snapshot: Snapshot, width: int) -> list[Row]:
    """Show the track delay and what to do with it; detectors with one of their own stand beside it or below.

    Nothing is late, and no row shown, where a file runs as fast as it can.
    """
    if not snapshot.realtime:
        return []
    title, delay, samples, what = latency_texts(snapshot)
    own = " · ".join(own_latency_texts(snapshot))
    room = width - len(delay) - 4
    tellings = [f"{samples}   {own}", f"{samples.partition(' at ')[0]}   {own}"] if own else []
    beside = next((one for one in tellings if cell_len(one) <= room), "")
    below = [] if beside or not own else textwrap.wrap(own, width)
    beside = beside or (samples if len(samples) <= room else samples.partition(" at ")[0])
    rows: list[Row] = [rule(title, "", width), [(f" {delay} ", "bold reverse"), (f"  {beside}", "")]]
    return rows + [[(line, "")] for line in [*textwrap.wrap(what, width), *below]]


def _milliseconds(samples: int, snapshot: Snapshot) -> str:
    return f"{1000 * samples / snapshot.sample_rate:.1f} ms"


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
    now = int(newest * curve.frame_seconds)
    for second in range(max(0, now - int(PLOT_SECONDS)), now + 1):
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
