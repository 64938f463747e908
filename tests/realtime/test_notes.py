"""Notes of chops, beats and what plug-ins find."""

from realtime.events import Event
from realtime.notes import METRONOME_BELL, METRONOME_CLICK, NoteAssigner
from realtime.pads import PadAssigner

CHOP, DOWNBEAT, BEAT = Event("chop", 0, 0, 1.0), Event("beat", 0, 0, 0.5, "1"), Event("beat", 0, 0, 0.5, "3")


def test_beats_take_no_pads_from_the_chops() -> None:
    assigner = NoteAssigner(PadAssigner("cycle"), beats=True)
    notes = [assigner.assign(event).note for event in (CHOP, DOWNBEAT, CHOP, BEAT, CHOP)]
    assert notes == [36, METRONOME_BELL, 37, METRONOME_CLICK, 38]


def test_beats_have_no_note_unless_asked() -> None:
    event = NoteAssigner(PadAssigner("cycle")).assign(BEAT)
    assert (event.note, event.velocity) == (None, None)


def test_an_event_of_a_plug_in_has_the_note_it_brings_or_none() -> None:
    assigner = NoteAssigner(PadAssigner("cycle"))
    assert assigner.assign(Event("clap", 0, 0, 1.0)).note is None
    brought = assigner.assign(Event("clap", 0, 0, 1.0, note=39))
    assert (brought.note, brought.velocity) == (39, 127)
