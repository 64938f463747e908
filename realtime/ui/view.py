"""What a view of a running session is, and how one that fails is kept from ending the session.

The view runs in the main thread beside the audio. One that fails, in what it draws or because its terminal has gone,
goes silent: a session must not end because nobody watches.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from samplechop.realtime.core.events import Event
from samplechop.realtime.core.standard_streams import PATIENCE_SECONDS
from samplechop.realtime.ui.formatting import printable
from samplechop.realtime.ui.snapshot import Snapshot

_log = logging.getLogger(__name__)
_STEP_SECONDS = 0.01


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
        """[main] Leave the terminal as it was found, the last picture still readable. It must not wait for ever."""


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
        self._begun = False

    def start(self) -> None:
        """[main] Begin."""
        self._try(lambda _: None)

    def show(self, make: Callable[[], Snapshot], new: Sequence[Event], last: bool = False) -> None:
        """[main] Show the snapshot that `make` gives. last: nothing comes after it, so it is worth a moment's wait."""
        self._new += new if self._view is not None else ()

        def show(view: View) -> None:
            view.show(make(), self._new)
            self._new = []

        self._try(show, PATIENCE_SECONDS if last else 0.0)

    def stop(self) -> None:
        """[main] Leave the terminal as it was found."""
        if self._begun:
            self._try(lambda view: view.stop(), PATIENCE_SECONDS, anyway=True)
        self._view = None

    def _try(self, call: Callable[[View], None], patience: float = 0.0, anyway: bool = False) -> None:
        """Call with the view once it is ready, within so many seconds; else not, or `anyway`."""
        view = self._view
        if view is None:
            return
        try:
            latest = time.monotonic() + patience
            while not (ready := view.ready()) and time.monotonic() < latest:
                time.sleep(_STEP_SECONDS)
            if ready and not self._begun:
                view.start()
                self._begun = True
            if ready or anyway:
                call(view)
        except Exception as error:
            self._view = None
            _log.warning("the view stopped; the session goes on", exc_info=True)
            with suppress(Exception):  # the cursor that it hid
                view.stop()
            with suppress(Exception):
                why = printable(str(error))
                self._say(f"samplechop: the view stopped ({type(error).__name__}: {why}); the session goes on")
