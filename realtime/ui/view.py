"""What a view of a running session is, and how one that fails is kept from ending the session.

The view runs in the main thread beside the audio. One that fails, in what it draws or because its terminal has gone,
goes silent: a session must not end because nobody watches.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from samplechop.realtime.core.events import Event
from samplechop.realtime.ui.formatting import printable
from samplechop.realtime.ui.snapshot import Snapshot

_log = logging.getLogger(__name__)


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
