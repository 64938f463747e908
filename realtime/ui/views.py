"""The views of a running session: a live screen on a terminal, plain lines anywhere else, or nothing.

The view runs in the main thread beside the audio, so it has no thread of its own, and lays its rows out itself: one
picture costs about a millisecond of the interpreter's lock. A view that fails, in what it draws or because its terminal
has gone, goes silent: a session must not end because nobody watches.
"""

import logging
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import cache
from math import inf
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style

from samplechop.realtime.audio.source import RUNNING
from samplechop.realtime.core.events import BEAT, CHORD, KEY, Event
from samplechop.realtime.core.process import say, takes_output
from samplechop.realtime.ui.formatting import clock, note_name, pad_name, printable
from samplechop.realtime.ui.layout import screen_rows
from samplechop.realtime.ui.meters import LevelMeter, Row
from samplechop.realtime.ui.panels import chord_name, key_name, latency_texts, own_latency_texts
from samplechop.realtime.ui.snapshot import OTHER_KINDS, Snapshot

_log = logging.getLogger(__name__)
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


class View:
    """Something that shows a session; this one shows nothing. All calls come from the main thread.

    reported: warnings that need not be said at the end.
    """

    reported: Collection[str] = ()

    def ready(self) -> bool:
        """[main] Tell whether it can show something without waiting for whoever takes it."""
        return True

    def start(self) -> None:
        """[main] Begin; called once, before anything else."""

    def show(self, snapshot: Snapshot, new: Sequence[Event]) -> None:
        """[main] Show the session as it is, about 12 times a second; `new` holds the events since the last call."""

    def stop(self) -> None:
        """[main] Leave the terminal as it was found, the last picture still readable."""


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


class GuardedView:
    """Shows what another view shows, until that fails: then nothing more, after one sentence about it.

    Nothing waits for a view that is not ready; it gets what it missed later.

    say: takes the sentence; it goes to the log, too.
    """

    def __init__(self, view: View, say: Callable[[str], None]) -> None:
        """Guard a view."""
        self._view: View | None = view
        self._say = say
        self._new: list[Event] = []  # not shown yet

    def start(self) -> None:
        """[main] Begin."""
        self._try(lambda view: view.start())

    def show(self, make: Callable[[], Snapshot], new: Sequence[Event]) -> None:
        """[main] Show the snapshot that `make` gives."""
        self._new += new if self._view is not None else ()

        def show(view: View) -> None:
            view.show(make(), self._new)
            self._new = []

        self._try(show)

    def stop(self) -> None:
        """[main] Leave the terminal as it was found."""
        self._try(lambda view: view.stop())
        self._view = None

    def _try(self, call: Callable[[View], None]) -> None:
        view = self._view
        if view is None:
            return
        try:
            if view.ready():
                call(view)
        except Exception as error:
            self._view = None
            _log.warning("the view stopped; the session goes on", exc_info=True)
            with suppress(Exception):  # the cursor that it hid
                view.stop()
            with suppress(Exception):
                why = printable(str(error))
                self._say(f"samplechop: the view stopped ({type(error).__name__}: {why}); the session goes on")


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
        if self._shown is not None:
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
    line = f"{clock(event.sample, sample_rate)}  {event.label or event.kind}  strength {event.strength:.2f}"
    if event.note is None:
        return line
    pad = pad_name(event.note)
    return f"{line}  note {event.note} ({note_name(event.note)}{', pad ' + pad if pad else ''})"


def choose_view(stream: TextIO, quiet: bool) -> View:
    """Pick the view that suits `stream`: warnings when quiet, a live screen on a capable terminal, otherwise lines."""
    if quiet:
        return QuietView(say)
    console = LenientConsole(file=stream)
    capable = console.is_terminal and not console.is_dumb_terminal and not console.legacy_windows
    if capable and console.encoding.startswith("utf") and stream.isatty():
        return TerminalView(console)
    return PlainView(stream)


@cache
def _style(name: str) -> Style:
    return Style.parse(name)


class Picture:
    """Rows as rich prints them: no wrapping, no markup, one line each. Cheap: there is nothing left to lay out."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Keep the rows."""
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give one segment per part."""
        for at, row in enumerate(self._rows):
            if at:
                yield Segment.line()
            yield from (Segment(text, _style(style)) for text, style in row)


class LenientConsole(Console):
    """A console that passes on that its stream is broken; rich's own ends the program."""

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError, which is being handled."""
        self.quiet = True
        raise BrokenPipeError


class TerminalView(View):
    """The live screen: levels, drums, chord and key, chop probability, track delay, chops, the session's health."""

    def __init__(self, console: LenientConsole) -> None:
        """Draw on `console`, which must be a terminal; its size is asked anew for every picture."""
        self._console = console
        # Redirecting a stream that is a file or a pipe would move its lines to the terminal.
        self._live = Live(
            console=console,
            auto_refresh=False,
            transient=False,
            redirect_stdout=_is_terminal(sys.stdout),
            redirect_stderr=_is_terminal(sys.stderr),
            vertical_overflow="crop",
        )
        self._meters: list[LevelMeter] = []
        self._marks: deque[Event] = deque(maxlen=64)
        self._chords: deque[Event] = deque(maxlen=16)
        self._position = 0
        self._size = console.size
        self._stream = console.file  # which is another while rich shows something

    def ready(self) -> bool:
        """Tell whether the terminal takes a picture."""
        return takes_output(self._stream)

    def start(self) -> None:
        """Hide the cursor and begin below what is on the screen."""
        self._live.start()

    def show(self, snapshot: Snapshot, new: Sequence[Event]) -> None:
        """Draw the session in place of the last picture."""
        size = self._console.size
        if size != self._size:
            # A terminal that changes its width folds the old picture: there is no going back to its first line.
            self._console.clear()
            self._size = size
        # The last line stays free for what a Ctrl-C echoes.
        self._live.update(self.picture(snapshot, new, size.width, size.height - 1), refresh=True)

    def stop(self) -> None:
        """Show the cursor again under the last picture."""
        self._live.stop()

    def picture(self, snapshot: Snapshot, new: Sequence[Event], width: int, height: int) -> Picture:
        """Take in a snapshot and the events since the last one, and lay them out in `width` x `height` cells."""
        seconds = max(0, snapshot.position - self._position) / snapshot.sample_rate
        self._position = snapshot.position
        if len(self._meters) != len(snapshot.peaks):
            self._meters = [LevelMeter() for _ in snapshot.peaks]
        for meter, peak in zip(self._meters, snapshot.peaks, strict=True):
            meter.update(peak, seconds)
        self._marks.extend(event for event in new if event.kind not in OTHER_KINDS)
        self._chords.extend(event for event in new if event.kind == CHORD)
        return Picture(screen_rows(snapshot, self._meters, self._marks, width, height, self._chords))


def _is_terminal(stream: TextIO) -> bool:
    try:
        return os.isatty(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return False
