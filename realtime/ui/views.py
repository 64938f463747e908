"""The live screen of a running session.

The screen lays its rows out itself: one picture costs about a millisecond of the interpreter's lock.
"""

import os
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import IO, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style

from samplechop.realtime.core.events import CHORD, Event
from samplechop.realtime.core.standard_streams import TerminalWriter, takes_output
from samplechop.realtime.ui.layout import screen_rows
from samplechop.realtime.ui.meters import LevelMeter, Row
from samplechop.realtime.ui.snapshot import OTHER_KINDS, Snapshot
from samplechop.realtime.ui.view import View


def terminal_view(stream: TextIO) -> View | None:
    """Give the live screen for a terminal; None for one that cannot show it."""
    console = LenientConsole(file=stream)
    capable = console.is_terminal and not console.is_dumb_terminal and not console.legacy_windows
    if not capable or not console.encoding.startswith("utf"):
        return None
    with suppress(AttributeError, OSError, ValueError):  # Windows; a terminal of another user
        console.file = cast(IO[str], TerminalWriter(stream))
    return TerminalView(console)


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
        """Tell whether the terminal has taken the last picture, and takes another one."""
        self._stream.flush()
        return not getattr(self._stream, "rest", b"") and takes_output(self._stream)

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
        if isinstance(self._stream, TerminalWriter):
            self._live.stop()
            self._stream.finish()
        elif self.ready():
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
