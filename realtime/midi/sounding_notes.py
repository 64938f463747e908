"""The notes that sound on a MIDI port that may vanish and come back. Knows no clock.

What is sent while there is no port is lost, as a late note is worse than none.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.messages import note_off, note_on
from samplechop.realtime.midi.ports import MidiPort

RETRY_SECONDS = 0.5
_log = logging.getLogger(__name__)


class ReconnectingPort:
    """Sends to a port, notices when it is gone, and opens it again on a thread of its own, as both may take their time.

    reopen: opens the port anew; it is called every half second until it no longer raises UserError or OSError.
    greeting: messages for a port that was opened again, such as an end to the notes that hung when it vanished.
    number: how many ports there were so far; what sounded on an earlier one sounds no more.
    """

    def __init__(self, port: MidiPort, reopen: Callable[[], MidiPort] | None, greeting: Sequence[bytes]) -> None:
        """Take over an open port; it is watched from `start()` on."""
        self.number = 1
        self._port: MidiPort | None = port
        self._reopen = reopen
        self._greeting = tuple(greeting)
        self._lost: list[MidiPort] = []
        self._losing = threading.Lock()
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="midi port keeper", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether there is a port now."""
        return self._port is not None

    def start(self) -> None:
        """[main] Start watching."""
        self._keeper.start()

    def send(self, message: bytes) -> bool:
        """[one thread] Send now. False if there is no port or it is lost just now."""
        port = self._port
        if port is None:
            return False
        try:
            port.send(message)
        except OSError:
            self._lose(port)
            return False
        return True

    def close(self) -> None:
        """[main] Stop watching and close the port; twice is harmless."""
        self._over.set()
        if self._keeper.ident is not None:
            self._keeper.join()
        port, self._port = self._port, None
        if port is not None:
            port.close()
        self._close_lost()

    def _lose(self, port: MidiPort) -> None:
        """Do without the port from now on; the keeper closes it, as that may take a second."""
        with self._losing:
            if self._port is port:
                self._port = None
                self._lost.append(port)
                _log.warning("MIDI port lost: notes are dropped until it is back")

    def _close_lost(self) -> None:
        while self._lost:
            with suppress(OSError):
                self._lost.pop().close()

    def _keep(self) -> None:
        while not self._over.wait(RETRY_SECONDS):
            port = self._port
            if port is not None and not port.is_there():
                self._lose(port)
            # Before opening anew: libjack crashes when it looks for a server while a client of a dead one is open.
            self._close_lost()
            if self._port is None and self._reopen is not None:
                with suppress(UserError, OSError):
                    self._greet(self._reopen())

    def _greet(self, port: MidiPort) -> None:
        try:
            for message in self._greeting:
                port.send(message)
        except OSError:  # gone again already
            self._lost.append(port)
        else:
            self.number += 1
            self._port = port
            _log.info("MIDI port opened again")


@dataclass(frozen=True, slots=True, eq=False)
class Notes:
    """Notes that begin together. No two are equal: each has note-offs of its own.

    kind: they sound until the next notes of this kind of event, () for none; None: for one gate.
    """

    channel: int
    notes: tuple[int, ...]
    velocity: int
    kind: str | None = None


def notes_of(event: Event, channel: int) -> Notes:
    """Give what an event plays on a channel, 1..16. Raises ValueError if it is nothing that MIDI can play."""
    if event.velocity is None or (event.note is None and event.notes is None):
        raise ValueError(f"an event needs a note and a velocity to be sent, got {event.note} and {event.velocity}")
    if event.notes is not None:
        notes = Notes(channel, event.notes, event.velocity, event.kind)
    else:
        assert event.note is not None
        notes = Notes(channel, (event.note,), event.velocity)
    for note in notes.notes:
        note_on(channel, note, event.velocity)  # refuse now, not in a thread, what is out of range
    return notes


class SoundingNotes:
    """The notes that sound on a port, each with its owner: notes of one gate, or a kind of event that sustains it.

    A note has one owner at a time: whoever plays it anew ends it first, and the former owner's note-off no longer
    counts.
    """

    def __init__(self, port: ReconnectingPort) -> None:
        """Play on this port."""
        self._port = port
        # (channel, note) -> (owner, number of the port that took it)
        self._owners: dict[tuple[int, int], tuple[Notes | str, int]] = {}

    def play(self, notes: Notes) -> tuple[int, int]:
        """End what their kind sustained and no longer does, then play what is new; give how many were taken and not."""
        owner = notes if notes.kind is None else notes.kind
        wanted = {(notes.channel, note) for note in notes.notes}
        for place, (former, port) in list(self._owners.items()):
            # What sounded on a port that has vanished since does not sound any more, though it is wanted.
            if former == owner and (place not in wanted or port != self._port.number):
                self._end(place)
        new = [place for place in sorted(wanted) if self._owners.get(place, ("", 0))[0] != owner]
        taken = sum(self._begin(place, notes.velocity, owner) for place in new)
        return taken, len(new) - taken

    def release(self, notes: Notes) -> None:
        """End notes of one gate but those that another has played since."""
        for place in [place for place, (owner, _) in self._owners.items() if owner is notes]:
            self._end(place)

    def end(self) -> None:
        """End all that sounds."""
        for place in list(self._owners):
            self._end(place)

    def _begin(self, place: tuple[int, int], velocity: int, owner: Notes | str) -> bool:
        if place in self._owners:
            self._end(place)
        number = self._port.number
        sent = self._port.send(note_on(*place, velocity))
        if sent:
            self._owners[place] = (owner, number)
        return sent

    def _end(self, place: tuple[int, int]) -> None:
        del self._owners[place]
        self._port.send(note_off(*place))
