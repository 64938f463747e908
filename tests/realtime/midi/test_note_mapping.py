"""Notes of chops, beats and what plug-ins find."""

import pytest

from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.note_mapping import METRONOME_BELL, METRONOME_CLICK, NoteAssigner
from samplechop.realtime.midi.pad_allocation import PadAssigner

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


def test_a_drum_keeps_the_note_and_the_velocity_it_brings() -> None:
    snare = Event("drum", 0, 0, 0.9, "snare", note=38, velocity=20)
    assert NoteAssigner(PadAssigner("cycle")).assign(snare) == snare


@pytest.mark.parametrize(("harmony", "played"), [("chord", "chord"), ("pitches", "pitches"), ("off", None)])
def test_of_chords_and_pitches_one_is_played_and_both_keep_their_notes(harmony: str, played: str | None) -> None:
    assigner = NoteAssigner(PadAssigner("cycle"), harmony=harmony)
    for event in (
        Event("chord", 0, 0, 1.0, "C:5", velocity=64, notes=(48, 55)),
        Event("pitches", 0, 0, 1.0, "C,G", notes=(60, 67)),
    ):
        given = assigner.assign(event)
        assert given.notes == event.notes
        assert given.velocity == ((event.velocity or 127) if event.kind == played else None)


def test_a_key_has_no_note() -> None:
    key = Event("key", 0, 0, 1.0, "A:min")
    assert NoteAssigner(PadAssigner("cycle")).assign(key) == key
