"""MIDI bytes, read back by mido."""

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.midi import messages

channels = st.integers(1, 16)
sevens = st.integers(0, 127)


@given(channels, sevens, st.integers(1, 127))
def test_a_note_on_reads_back_as_it_was_meant(channel: int, note: int, velocity: int) -> None:
    read = mido.Message.from_bytes(messages.note_on(channel, note, velocity))
    assert (read.type, read.channel, read.note, read.velocity) == ("note_on", channel - 1, note, velocity)


@given(channels, sevens)
def test_a_note_off_reads_back_as_it_was_meant(channel: int, note: int) -> None:
    read = mido.Message.from_bytes(messages.note_off(channel, note))
    assert (read.type, read.channel, read.note) == ("note_off", channel - 1, note)


def test_all_notes_off_is_control_change_123() -> None:
    assert messages.all_notes_off(3) == bytes((0xB2, 123, 0))


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        (messages.note_on, (0, 60, 1), r"channel must be in range 1\.\.16, got 0"),
        (messages.note_on, (17, 60, 1), r"channel must be in range 1\.\.16, got 17"),
        (messages.note_on, (1, 128, 1), r"note must be in range 0\.\.127, got 128"),
        (messages.note_on, (1, 60, 0), r"velocity must be in range 1\.\.127, got 0"),
        (messages.note_off, (1, -1), r"note must be in range 0\.\.127, got -1"),
    ],
)
def test_what_does_not_fit_seven_bits_is_refused(call, arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        call(*arguments)


@given(st.floats(-1, 2), st.floats(-1, 2))
def test_a_stronger_chop_is_never_softer(first: float, second: float) -> None:
    weak, strong = sorted((first, second))
    assert messages.LOW_VELOCITY <= messages.velocity_of(weak) <= messages.velocity_of(strong) <= messages.HIGH_VELOCITY


def test_velocity_uses_its_whole_range() -> None:
    assert (messages.velocity_of(0.0), messages.velocity_of(1.0)) == (30, 127)
