"""Which MIDI notes an event gets: a chop takes a pad, a beat the metronome; nothing takes a pad from a chop."""

from dataclasses import replace

from samplechop.realtime.core.events import BEAT, CHORD, DOWNBEAT, PITCHES, Event
from samplechop.realtime.midi.messages import velocity_of
from samplechop.realtime.midi.pad_allocation import PadAssigner

METRONOME_CLICK, METRONOME_BELL = 33, 34
"""Of the percussion set of General MIDI 2 (and Roland GS before it): a beat, a downbeat."""

HARMONY = (CHORD, PITCHES)
"""Two kinds of one thing, of which at most one is played."""


class NoteAssigner:
    """Gives each event its note and velocity, or none: then it goes to no MIDI port or file.

    What an event brings itself stays: a drum its note and velocity, a chord its notes. Notes without a velocity are not
    played.
    """

    def __init__(self, pads: PadAssigner, beats: bool = False, harmony: str | None = CHORD) -> None:
        """Use the pads for chops. beats: whether beats get notes too. harmony: which kind of HARMONY is played."""
        self._pads, self._beats, self._harmony = pads, beats, harmony

    def assign(self, event: Event) -> Event:
        """Give the event with its note and velocity."""
        if event.kind in HARMONY and event.kind != self._harmony:
            return event if event.velocity is None else replace(event, velocity=None)
        note, velocity = event.note, event.velocity
        if event.kind == "chop":
            note = self._pads.assign(event)
        elif event.kind == BEAT and self._beats:
            note = METRONOME_BELL if event.label == DOWNBEAT else METRONOME_CLICK
        if note is None and event.notes is None:
            return event
        return replace(event, note=note, velocity=velocity_of(event.strength) if velocity is None else velocity)
