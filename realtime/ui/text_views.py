"""The views that write lines: what happens, or with --quiet only what goes wrong."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import TextIO

from samplechop.realtime.audio.source import RUNNING
from samplechop.realtime.core.events import BEAT, CHORD, KEY, Event
from samplechop.realtime.core.standard_streams import takes_output
from samplechop.realtime.ui.formatting import clock, note_name, pad_name, printable
from samplechop.realtime.ui.panels import chord_name, key_name, latency_texts, own_latency_texts
from samplechop.realtime.ui.snapshot import OTHER_KINDS, Snapshot
from samplechop.realtime.ui.view import View

_COUNT_SECONDS = 10  # losses, drum hits and what differs in numbers alone are reported at most this often
_OTHER_TEMPO = 0.04  # a tempo that differs by more than this share is reported


class NewWarnings:
    """Picks the warnings to report: what is new at once, what only counts on now and then.

    reported: each that was picked.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.reported: set[str] = set()
        self._last: dict[str, float] = {}  # by what a warning says without its numbers, position in seconds

    def pick(self, snapshot: Snapshot, final: bool = False) -> list[str]:
        """Give the warnings that are to be reported now; final: all that were not."""
        now, picked = snapshot.position / snapshot.sample_rate, []
        for warning in snapshot.warnings:
            kind = re.sub(r"\d+", "", warning)
            due = final or now - self._last.get(kind, -inf) >= _COUNT_SECONDS
            if warning not in self.reported and due:
                self.reported.add(warning)
                self._last[kind] = now
                picked.append(warning)
        return picked


class QuietView(View):
    """Only what goes wrong, each as a sentence at once: while a record plays nobody waits for the summary.

    say: takes the sentence.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        """Begin with nothing said."""
        self._say, self._warnings = say, NewWarnings()
        self._state, self.reported = "", self._warnings.reported

    def ready(self) -> bool:
        """Tell whether standard error takes a line."""
        return takes_output(sys.stderr)

    def show(self, snapshot: Snapshot, new: Sequence[Event]) -> None:  # noqa: ARG002 (not shown here)
        """Say what is new."""
        for warning in self._warnings.pick(snapshot):
            self._say(f"samplechop: {printable(warning)}")
        if snapshot.state != self._state and snapshot.state not in RUNNING:
            self._say(f"samplechop: {printable(snapshot.state)}")
        self._state = snapshot.state


class PlainView(View):
    """One line per chop, chord, key, change of state, warning or loss, under a header that says source and track delay.

    Beats, drums and losses are too many for a line each: of beats each new tempo is a line, the others are counted.
    Written in plain ASCII where `stream` knows nothing better.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._shown: Snapshot | None = None
        self._warnings = NewWarnings()
        self._counts: dict[str, tuple[str, float]] = {}  # by kind, what was written last, and at which position
        self._tempo = 0.0

    def ready(self) -> bool:
        """Tell whether the stream takes lines."""
        return takes_output(self._stream)

    def show(self, snapshot: Snapshot, new: Sequence[Event]) -> None:
        """Write what is new."""
        lines: list[str] = []
        before = self._shown
        self._shown = snapshot
        now = clock(snapshot.position, snapshot.sample_rate)
        if before is None:
            lines.append(f"samplechop  {snapshot.source}, {snapshot.sample_rate} Hz, {snapshot.state}")
            if snapshot.realtime:
                title, delay, samples, what = latency_texts(snapshot)
                lines.append(f"{title} {delay} ({samples}). {what}")
                lines += [", ".join(own_latency_texts(snapshot))] if snapshot.latencies else []
            lines.append(f"MIDI {snapshot.midi or 'off'}")
            if snapshot.taps is not None:
                lines.append(f"Taps on {snapshot.pad}")
            recording = snapshot.recording
            lines += [f"Recording to {recording.folder}"] if recording.folder is not None else []
            lines += [f"Key {recording.key}"] if recording.key else []
            lines += [f"Tempo: {snapshot.tempo_keys}"] if snapshot.tempo_keys else []
        elif snapshot.state != before.state:
            lines.append(f"{now}  {snapshot.state}")
        kept = len(before.recording.kept) if before else 0
        lines += [f"{now}  kept  {folder}" for folder in snapshot.recording.kept[kept:]]
        lines += [f"{now}  warning  {warning}" for warning in self._warnings.pick(snapshot)]
        lines += [line for event in new if (line := self._line(event, snapshot.sample_rate))]
        if snapshot.taps and (before is None or snapshot.taps != before.taps):
            lines.append(f"{now}  taps {snapshot.taps}")
        self._write([*lines, *self._counted(snapshot, now)])

    def stop(self) -> None:
        """Write what was hit and lost since the last lines about it."""
        if self._shown is not None and self.ready():
            now = clock(self._shown.position, self._shown.sample_rate)
            self._write(self._counted(self._shown, now, final=True))

    def _line(self, event: Event, sample_rate: int) -> str:
        """Describe an event, "" for one that has no line of its own."""
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

    def _counted(self, snapshot: Snapshot, now: str, final: bool = False) -> list[str]:
        """Give the counts that have changed, if they are due or it is the end."""
        hits = ", ".join(f"{label} {count}" for label, count in snapshot.drum_counts.items() if count)
        losses = (snapshot.overflows, snapshot.underflows, snapshot.lost)
        lost = "{} in, {} out, {} samples lost".format(*losses) if any(losses) else ""
        lines = []
        for kind, text in (("drums", hits), ("xruns", lost)):
            before, position = self._counts.get(kind, ("", -inf))
            if text != before and (final or snapshot.position - position >= _COUNT_SECONDS * snapshot.sample_rate):
                self._counts[kind] = text, snapshot.position
                lines.append(f"{now}  {kind}{'  ' if kind == 'drums' else ' '}{text} so far")
        return lines

    def _write(self, lines: Iterable[str]) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        for line in lines:
            text = printable(line)
            if text.encode(encoding, "replace").decode(encoding) != text:
                text = text.replace("−", "-").encode(encoding, "replace").decode(encoding)
            self._stream.write(text + "\n")
        self._stream.flush()


def _chop_line(event: Event, sample_rate: int) -> str:
    way = f" ({event.way})" if event.way else ""
    line = f"{clock(event.sample, sample_rate)}  {event.label or event.kind}{way}  strength {event.strength:.2f}"
    if event.note is None:
        return line
    pad = pad_name(event.note)
    return f"{line}  note {event.note} ({note_name(event.note)}{', pad ' + pad if pad else ''})"
