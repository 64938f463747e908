"""The notes that sound on a MIDI port, and who ends them. Knows no thread and no clock."""

from dataclasses import dataclass

from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.messages import note_off, note_on
from samplechop.realtime.midi.reconnecting_port import KeptPort


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
