"""The views of a running session: a live screen on a terminal, plain lines anywhere else, or nothing.

Notes are named as Ableton Live and the MPC name them: 36 is C1, so 60 is C3.

The view runs in the main thread beside the audio, so it has no thread of its own, and lays its rows out itself: one
picture costs about a millisecond of the interpreter's lock. A view that cannot write any more (a closed terminal, a
broken pipe) goes silent: a session must not end because nobody looks.
"""

import os
import sys
from collections import deque
from collections.abc import Sequence
from functools import cache
from typing import Protocol, TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style

from samplechop.realtime.core.events import CHORD, Event
from samplechop.realtime.ui.layout import screen_rows
from samplechop.realtime.ui.meters import LevelMeter, Row
from samplechop.realtime.ui.plain import PlainView
from samplechop.realtime.ui.snapshot import OTHER_KINDS, Snapshot


class View(Protocol):
    """Something that shows a session. All calls come from the main thread."""

    def start(self) -> None:
        """[main] Begin; called once, before anything else."""

    def show(self, snapshot: Snapshot, new: Sequence[Event]) -> None:
        """[main] Show the session as it is, about 12 times a second; `new` holds the events since the last call."""

    def stop(self) -> None:
        """[main] Leave the terminal as it was found, the last picture still readable."""


def choose_view(stream: TextIO, quiet: bool) -> View:
    """Pick the view that suits `stream`: none when quiet, a live screen on a capable terminal, otherwise lines."""
    if quiet:
        return NoView()
    console = PatientConsole(file=stream)
    capable = console.is_terminal and not console.is_dumb_terminal and not console.legacy_windows
    if capable and console.encoding.startswith("utf") and stream.isatty():
        return TerminalView(console)
    return PlainView(stream)


class NoView:
    """Shows nothing."""

    def start(self) -> None:
        """Do nothing."""

    def show(self, snapshot: Snapshot, new: Sequence[Event]) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


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


class PatientConsole(Console):
    """A console that falls silent when its stream breaks; rich's own ends the program."""

    def on_broken_pipe(self) -> None:
        """Write no more."""
        self.quiet = True


class TerminalView:
    """The live screen: levels, drums, chord and key, chop probability, track delay, chops, the session's health."""

    def __init__(self, console: PatientConsole) -> None:
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
        self._silent = False

    def start(self) -> None:
        """Hide the cursor and begin below what is on the screen."""
        try:
            self._live.start()
        except (OSError, ValueError):
            self._silent = True

    def show(self, snapshot: Snapshot, new: Sequence[Event]) -> None:
        """Draw the session in place of the last picture."""
        if self._silent:
            return
        size = self._console.size
        try:
            if size != self._size:
                # A terminal that changes its width folds the old picture: there is no going back to its first line.
                self._console.clear()
                self._size = size
            # The last line stays free for what a Ctrl-C echoes.
            self._live.update(self.picture(snapshot, new, size.width, size.height - 1), refresh=True)
        except (OSError, ValueError):
            self._silent = True

    def stop(self) -> None:
        """Show the cursor again under the last picture."""
        try:
            self._live.stop()
        except (OSError, ValueError):
            self._silent = True

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
