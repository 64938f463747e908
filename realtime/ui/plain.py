"""The view of a running session where there is no terminal: plain lines."""

from collections.abc import Iterable, Sequence
from typing import TextIO

from samplechop.realtime.core.events import BEAT, CHORD, KEY, Event
from samplechop.realtime.ui.formatting import clock, note_name, pad_name, printable
from samplechop.realtime.ui.latency_line import delay_words, own_words
from samplechop.realtime.ui.music import chord_name, key_name
from samplechop.realtime.ui.snapshot import OTHER_KINDS, Snapshot

_COUNT_SECONDS = 10  # losses and drum hits are reported at most this often
_OTHER_TEMPO = 0.04  # a tempo that differs by more than this share is reported


class PlainView:
    """One line per chop, chord, key, change of state, warning or loss, under a header that says source and track delay.

    Beats, drums and losses are too many for a line each: of beats each new tempo is told, the others are counted.
    Written in plain ASCII where `stream` knows nothing better.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._shown: Snapshot | None = None
        self._silent = False
        self._losses = (0, 0, 0)
        self._losses_at = 0
        self._drums: dict[str, int] = {}
        self._drums_at = 0
        self._tempo = 0.0

    def start(self) -> None:
        """Do nothing: the header needs a snapshot."""

    def show(self, snapshot: Snapshot, new: Sequence[Event]) -> None:
        """Write what is new."""
        lines: list[str] = []
        before = self._shown
        self._shown = snapshot
        now = clock(snapshot.position, snapshot.sample_rate)
        if before is None:
            lines.append(f"samplechop  {snapshot.source}, {snapshot.sample_rate} Hz, {snapshot.state}")
            if snapshot.realtime:
                title, delay, samples, what = delay_words(snapshot)
                lines.append(f"{title} {delay} ({samples}). {what}")
                lines += [", ".join(own_words(snapshot))] if snapshot.latencies else []
            lines.append(f"MIDI {snapshot.midi or 'off'}")
            if snapshot.taps is not None:
                lines.append(f"Taps on {snapshot.pad}")
            if snapshot.recording.folder is not None:
                lines.append(f"Recording to {snapshot.recording.folder}")
            if snapshot.recording.key:
                lines.append(f"Key {snapshot.recording.key}")
        elif snapshot.state != before.state:
            lines.append(f"{now}  {snapshot.state}")
        if before is not None and snapshot.midi != before.midi:
            lines.append(f"{now}  MIDI {snapshot.midi or 'off'}")
        kept = len(before.recording.kept) if before else 0
        lines += [f"{now}  kept  {folder}" for folder in snapshot.recording.kept[kept:]]
        seen = before.warnings if before else ()
        lines += [f"{now}  warning  {warning}" for warning in snapshot.warnings if warning not in seen]
        lines += [line for event in new if (line := self._line(event, snapshot.sample_rate))]
        if snapshot.taps and (before is None or snapshot.taps != before.taps):
            lines.append(f"{now}  taps {snapshot.taps}")
        lines += self._hits(snapshot, now)
        lines += self._lost(snapshot, now)
        self._write(lines)

    def stop(self) -> None:
        """Write what was hit and lost since the last lines about it."""
        if self._shown is not None:
            self._losses_at = self._drums_at = -_COUNT_SECONDS * self._shown.sample_rate
            now = clock(self._shown.position, self._shown.sample_rate)
            self._write([*self._hits(self._shown, now), *self._lost(self._shown, now)])

    def _line(self, event: Event, sample_rate: int) -> str:
        """Say what an event is, "" for one that is not told by itself."""
        at = clock(event.sample, sample_rate)
        if event.kind == CHORD:
            return f"{at}  chord  {chord_name(event.label)}"
        if event.kind == KEY:
            return f"{at}  key  {key_name(event.label)}"
        if event.kind not in OTHER_KINDS:
            return _chop_line(event, sample_rate)
        tempo = event.tempo or 0.0
        if event.kind != BEAT or abs(tempo - self._tempo) <= _OTHER_TEMPO * self._tempo:
            return ""
        self._tempo = tempo
        return f"{at}  beat  {tempo:.1f} BPM"

    def _hits(self, snapshot: Snapshot, now: str) -> list[str]:
        hits = {label: count for label, count in snapshot.drum_counts.items() if count}
        due = not self._drums or snapshot.position - self._drums_at >= _COUNT_SECONDS * snapshot.sample_rate
        if hits == self._drums or not due:
            return []
        self._drums, self._drums_at = hits, snapshot.position
        return [f"{now}  drums  {', '.join(f'{label} {count}' for label, count in hits.items())} so far"]

    def _lost(self, snapshot: Snapshot, now: str) -> list[str]:
        losses = (snapshot.overflows, snapshot.underflows, snapshot.lost)
        due = not any(self._losses) or snapshot.position - self._losses_at >= _COUNT_SECONDS * snapshot.sample_rate
        if losses == self._losses or not due:
            return []
        self._losses, self._losses_at = losses, snapshot.position
        return [f"{now}  xruns {losses[0]} in, {losses[1]} out, {losses[2]} samples lost so far"]

    def _write(self, lines: Iterable[str]) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            for line in lines if not self._silent else ():
                text = printable(line)
                if text.encode(encoding, "replace").decode(encoding) != text:
                    text = text.replace("−", "-").encode(encoding, "replace").decode(encoding)
                self._stream.write(text + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: the stream was closed
            self._silent = True


def _chop_line(event: Event, sample_rate: int) -> str:
    line = f"{clock(event.sample, sample_rate)}  {event.label or event.kind}  strength {event.strength:.2f}"
    if event.note is None:
        return line
    pad = pad_name(event.note)
    return f"{line}  note {event.note} ({note_name(event.note)}{', pad ' + pad if pad else ''})"
