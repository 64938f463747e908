"""A DAW that follows the record: an independent client takes the MIDI clock of the program as a user runs it."""

import numpy as np
import pytest

from samplechop.offline.lab.bench.jack import Session, expected
from samplechop.realtime.midi.clock_generator import CLOCK, PULSES, START, STOP
from tests.support.delivery import in_order
from tests.support.signals import RATE

pytestmark = pytest.mark.jack
PERIOD = 256


@pytest.fixture(scope="module")
def session(clocked: Session) -> Session:
    return clocked


@pytest.fixture(scope="module")
def realtime_messages(session: Session) -> list[tuple[int, bytes]]:
    return [(frame, bytes(data)) for frame, data in session.report.midi if data[0] >= 0xF8]


def test_it_starts_once_and_stops_at_the_end(realtime_messages: list[tuple[int, bytes]], session: Session) -> None:
    assert session.code == 0, session.said
    words = [message for _, message in realtime_messages]
    assert CLOCK in words
    if session.undisturbed:  # a machine that lost cycles has lost what was in them
        assert (words[0], set(words[1:-1]), words[-1]) == (START, {CLOCK}, STOP)


def test_each_beat_has_24_pulses_and_they_begin_one_latency_after_a_beat(
    realtime_messages: list[tuple[int, bytes]], session: Session, song: tuple[np.ndarray, np.ndarray]
) -> None:
    pulses = np.array([frame for frame, message in realtime_messages if message == CLOCK])
    beats = song[1] + session.start + expected(np.zeros(0, np.float32), PERIOD)[1]
    playing = pulses[pulses < beats[-1] + RATE // 10]
    if session.undisturbed:  # a machine that lost cycles has lost what was in them
        assert len(playing) > 8 * PULSES
        near = [np.abs(beats - pulse).min() for pulse in playing[::PULSES]]
        print(f"median {np.median(near) / RATE * 1e3:.1f} ms from a beat")
        assert np.median(near) < 4 * PERIOD
        assert len(playing) == pytest.approx(PULSES * np.sum(beats > playing[0] - RATE // 10), abs=PULSES)


def test_the_notes_are_those_of_the_chops_alone(session: Session) -> None:
    assert "beats in" in session.said
    played = [note for _, note in session.events if note is not None]
    arrived = [note for _, note in session.notes]
    assert arrived and in_order(arrived, played)
    if session.undisturbed:
        assert len(arrived) == len(played)
