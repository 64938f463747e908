"""Which MIDI note an event gets: a chop takes a pad, a beat the metronome; nothing takes a pad from a chop."""

from dataclasses import replace

from realtime.events import BEAT, DOWNBEAT, Event
from realtime.midi import velocity_of
from realtime.pads import PadAssigner

METRONOME_CLICK, METRONOME_BELL = 33, 34
"""Of the percussion set of General MIDI 2 (and Roland GS before it): a beat, a downbeat."""


class NoteAssigner:
    """Gives each event its note and velocity, or none: then it goes to no MIDI port or file."""

    def __init__(self, pads: PadAssigner, beats: bool = False) -> None:
        """Use the pads for chops. beats: whether beats get notes too."""
        self._pads, self._beats = pads, beats

    def assign(self, event: Event) -> Event:
        """Give the event with its note and velocity. A note that a detector chose itself stays."""
        note = event.note
        if event.kind == "chop":
            note = self._pads.assign(event)
        elif event.kind == BEAT and self._beats:
            note = METRONOME_BELL if event.label == DOWNBEAT else METRONOME_CLICK
        if note is None:
            return event
        return replace(event, note=note, velocity=velocity_of(event.strength))
