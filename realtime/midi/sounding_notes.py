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


class KeptPort:
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
class Strike:
    """A note that sounds for one gate. Two strikes are never equal: each has a note-off of its own."""

    channel: int
    note: int
    velocity: int

    @property
    def notes(self) -> tuple[int, ...]:
        """What is played."""
        return (self.note,)


@dataclass(frozen=True, slots=True)
class Hold:
    """The notes that sound from now on until the next hold of this kind of event; () for none."""

    kind: str
    channel: int
    notes: tuple[int, ...]
    velocity: int


def turn_of(event: Event, channel: int) -> Strike | Hold:
    """Say what an event asks for on a channel, 1..16. Raises ValueError if it is nothing that MIDI can play."""
    if event.velocity is not None and event.notes is not None:
        for note in event.notes:
            note_on(channel, note, event.velocity)  # refuse now, not in a thread, what is out of range
        return Hold(event.kind, channel, event.notes, event.velocity)
    if event.velocity is not None and event.note is not None:
        note_on(channel, event.note, event.velocity)
        return Strike(channel, event.note, event.velocity)
    raise ValueError(f"an event needs a note and a velocity to be sent, got {event.note} and {event.velocity}")


class Sounding:
    """The notes that sound on a port, each with who struck it: a strike, or a kind of event that holds it.

    A note is struck by one of them at a time: whoever strikes it anew ends it first, and the former owner's note-off
    no longer counts.
    """

    def __init__(self, port: KeptPort) -> None:
        """Play on this port."""
        self._port = port
        # (channel, note) -> (who struck it, number of the port that took it)
        self._notes: dict[tuple[int, int], tuple[Strike | str, int]] = {}

    def strike(self, strike: Strike) -> bool:
        """Play a note; False if there is no port to take it."""
        return self._play(strike.channel, strike.note, strike.velocity, strike)

    def hold(self, hold: Hold) -> tuple[int, int]:
        """End what this kind held and holds no longer, then strike what is new; gives how many were taken and not."""
        wanted = {(hold.channel, note) for note in hold.notes}
        for place, (owner, port) in list(self._notes.items()):
            # What sounded on a port that has vanished since does not sound any more, though it is wanted.
            if owner == hold.kind and (place not in wanted or port != self._port.number):
                self._end(place)
        new = [place for place in sorted(wanted) if self._owner(place) != hold.kind]
        taken = sum(self._play(channel, note, hold.velocity, hold.kind) for channel, note in new)
        return taken, len(new) - taken

    def release(self, strike: Strike) -> None:
        """End a strike, unless another has taken its note."""
        place = (strike.channel, strike.note)
        if self._owner(place) is strike:
            self._end(place)

    def end(self) -> None:
        """End all that sounds."""
        for place in list(self._notes):
            self._end(place)

    def _owner(self, place: tuple[int, int]) -> Strike | str | None:
        owner, _ = self._notes.get(place, (None, 0))
        return owner

    def _play(self, channel: int, note: int, velocity: int, owner: Strike | str) -> bool:
        place = (channel, note)
        if place in self._notes:
            self._end(place)
        number = self._port.number
        if not self._port.send(note_on(channel, note, velocity)):
            return False
        self._notes[place] = (owner, number)
        return True

    def _end(self, place: tuple[int, int]) -> None:
        del self._notes[place]
        self._port.send(note_off(*place))
