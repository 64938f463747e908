"""Notes of chops, beats and what plug-ins find."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.note_mapping import METRONOME_BELL, METRONOME_CLICK, NoteAssigner, PadAssigner, timbre

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


CHOP = Event("chop", 0, 0, 1.0)


def sound(seed: int, loudness: float = 1.0, noise: float = 0.0, take: int = 0) -> Event:
    """A few partials with neighbours; the seed is the sound, the take one performance of it."""
    partials = np.random.default_rng(seed)
    spectrum = np.full(48, 1e-3)
    for place, level in zip(partials.choice(48, 8, replace=False), partials.uniform(0.1, 1.0, 8), strict=True):
        spectrum[place] = level
    spectrum *= np.exp(noise * np.random.default_rng([seed, take]).standard_normal(48))
    return replace(CHOP, spectrum=(loudness * spectrum).astype(np.float32))


def test_cycle_walks_up_the_pads_and_round_again() -> None:
    pads = PadAssigner("cycle", 36, 39)
    assert [pads.assign(CHOP) for _ in range(9)] == [36, 37, 38, 39, 36, 37, 38, 39, 36]


def test_fixed_is_always_the_lowest_pad() -> None:
    pads = PadAssigner("fixed", 40, 51)
    assert {pads.assign(sound(seed)) for seed in range(5)} == {40}


def test_the_same_sound_gets_the_same_pad_however_loud() -> None:
    pads = PadAssigner("similar", 36, 51)
    order = [0, 1, 2, 1, 0, 2, 2, 0]
    notes = [pads.assign(sound(seed, loudness=10.0 ** -(i % 4), noise=0.1, take=i)) for i, seed in enumerate(order)]
    assert notes == [36 + seed for seed in order]


def test_a_new_sound_gets_the_next_pad() -> None:
    pads = PadAssigner("similar", 36, 51)
    assert [pads.assign(sound(seed)) for seed in range(16)] == list(range(36, 52))


def test_once_all_pads_are_used_a_new_sound_goes_to_the_nearest() -> None:
    pads = PadAssigner("similar", 36, 37)
    first, second = sound(0), sound(1)
    assert [pads.assign(first), pads.assign(second)] == [36, 37]
    assert first.spectrum is not None and second.spectrum is not None
    between = replace(CHOP, spectrum=second.spectrum * 0.9 + first.spectrum * 0.1)
    assert pads.assign(between) == 37
    assert pads.assign(sound(2)) in (36, 37)


@pytest.mark.parametrize(
    "spectrum",
    [None, np.zeros(48, np.float32), np.ones(48, np.float32), np.full(48, np.nan, np.float32), np.zeros(0, np.float32)],
    ids=["missing", "silent", "flat", "NaN", "empty"],
)
def test_what_cannot_be_compared_is_one_sound_of_its_own(spectrum: np.ndarray | None) -> None:
    pads = PadAssigner("similar", 36, 51)
    unheard = replace(CHOP, spectrum=spectrum)
    assert [pads.assign(event) for event in (sound(0), unheard, sound(1), unheard)] == [36, 37, 38, 37]


def test_kinds_that_cannot_be_compared_do_not_share_a_pad() -> None:
    pads = PadAssigner("similar", 36, 51)
    kick, snare = replace(CHOP, kind="drum", label="kick"), replace(CHOP, kind="drum", label="snare")
    assert [pads.assign(event) for event in (kick, snare, kick)] == [36, 37, 36]


@given(st.sampled_from(["cycle", "similar", "fixed"]), st.integers(0, 127), st.integers(0, 20), st.data())
def test_notes_stay_within_the_pads_and_equal_events_get_equal_ones(mode, low, width, data) -> None:
    high = min(127, low + width)
    seeds = data.draw(st.lists(st.one_of(st.none(), st.integers(0, 30)), max_size=40))
    events = [CHOP if seed is None else sound(seed) for seed in seeds]
    first, again = (list(map(PadAssigner(mode, low, high).assign, events)) for _ in range(2))
    assert first == again
    assert all(low <= note <= high for note in first)


def test_a_timbre_does_not_depend_on_loudness() -> None:
    quiet, loud = sound(3, loudness=1e-3).spectrum, sound(3, loudness=10.0).spectrum
    assert quiet is not None and loud is not None
    np.testing.assert_allclose(timbre(quiet), timbre(loud), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("spiral", 36, 51), "mode must be one of cycle, similar, fixed, got 'spiral'"),
        (("cycle", 52, 51), "got 52 and 51"),
        (("cycle", 36, 128), "got 36 and 128"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        PadAssigner(*arguments)
