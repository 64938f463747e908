"""The lower rows: the last chops, and how the session fares."""

from math import isfinite

from rich.cells import set_cell_size

from samplechop.realtime.ui.formatting import clock, note_name, pad_name
from samplechop.realtime.ui.meters import Row, bar
from samplechop.realtime.ui.parts import cut, ends, rule
from samplechop.realtime.ui.snapshot import OTHER_KINDS, Snapshot


def chop_rows(snapshot: Snapshot, width: int, height: int, narrow: bool) -> list[Row]:
    """List the last chops in `height` rows under a title, with the session beside or, if narrow, under them."""
    beside = min(40, max(25, width // 3))
    table = width if narrow else width - beside - 2
    chops = "chop" in snapshot.detectors
    rows = [rule("Last chops", f"{snapshot.chop_count:,} so far", table) if chops else rule("Last events", "", table)]
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
        return [*rows, [(cut(f"{brief} · late {snapshot.late_notes}", width), "")]]
    side = [rule("Session", "", beside), *_session(snapshot, beside - 7, height)]
    side += [[] for _ in range(len(rows) - len(side))]
    return [[*ends(left, [], table), ("  ", ""), *right] for left, right in zip(rows, side, strict=False)]


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
    return [[(f"{name:<7}", "dim"), (cut(text, room), style)] for name, text, style in lines]
