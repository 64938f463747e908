"""The MIDI clock as a user of it sees it: beats go in when they are known, pulses come out when they are due."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.clock_generator import (
    CLOCK,
    CONTINUE,
    LIMIT,
    LOST_BEATS,
    PULSES,
    START,
    STEADY_BEATS,
    STOP,
    MidiClock,
)

RATE = 44_100
AHEAD = 0.03  # seconds by which a beat is known before its own pulse is due

Sent = list[tuple[int, bytes]]


def beats_at(seconds: list[float], strength: float = 0.9, period: float | None = None) -> list[Event]:
    """Give beats in bars of four, each with the tempo of the distance to the one before."""
    steps = np.diff(seconds, prepend=2 * seconds[0] - seconds[1]) if period is None else [period] * len(seconds)
    return [
        Event("beat", round(place * RATE), 0, strength, str(k % 4 + 1), tempo=60 / step)
        for k, (place, step) in enumerate(zip(seconds, steps, strict=True))
    ]


def play(beats: list[Event], until: float, ahead: float = AHEAD) -> Sent:
    """Run the clock as the sender does, from each beat's being known to the next."""
    clock, sent = MidiClock(RATE), []
    for known, beat in [*((beat.sample - ahead * RATE, beat) for beat in beats), (until * RATE, None)]:
        while clock.next is not None and clock.next[0] <= known:
            sent.append(clock.next)
            clock.advance()
        if beat is not None:
            clock.follow(beat)
    return sent


def pulses(sent: Sent) -> np.ndarray:
    return np.array([position for position, message in sent if message == CLOCK])


def even(bpm: float, n: int, start: float = 1.0) -> list[float]:
    return [start + k * 60 / bpm for k in range(n)]


def test_the_clock_starts_a_millisecond_before_a_downbeat() -> None:
    beats = beats_at(even(120, 24))
    sent = play(beats, 10.0)
    assert [message for _, message in sent[:2]] == [START, CLOCK]
    assert sent[1][0] in {beat.sample for beat in beats if beat.label == "1"}
    assert sent[1][0] - sent[0][0] == pytest.approx(RATE / 1000, abs=1)


@given(bpm=st.floats(55, 200))
def test_a_constant_tempo_gives_even_pulses(bpm: float) -> None:
    seconds = even(bpm, 32)
    steps = np.diff(pulses(play(beats_at(seconds), seconds[-1])))
    assert len(steps) > 20 * PULSES
    assert np.abs(steps - 60 * RATE / bpm / PULSES).max() <= 2


@given(
    bpm=st.floats(55, 200),
    jitter=st.lists(st.floats(-0.06, 0.06), min_size=40, max_size=40),
    drift=st.floats(-0.01, 0.01),
)
def test_every_beat_gets_its_24_pulses_whatever_the_player_does(bpm: float, jitter: list[float], drift: float) -> None:
    steps = 60 / bpm * (1 + drift) ** np.arange(40)
    places = 1 + np.cumsum(steps)
    found = places + np.array(jitter) * steps
    beats = [
        Event("beat", round(place * RATE), 0, 0.9, str(k % 4 + 1), tempo=60 / step)
        for k, (place, step) in enumerate(zip(found, steps, strict=True))
    ]
    at = pulses(play(beats, found[-1])) / RATE
    first = int(np.abs(places - at[0]).argmin())
    for k, pulse in enumerate(at[::PULSES]):
        # A pulse too many or too few would show as a whole beat in the end. The drift alone is followed by a tenth of a
        # beat late, which is drift / BETA, and what the player is off comes on top of it.
        assert abs(pulse - places[first + k]) < steps[first + k] / 3


@given(
    steps=st.lists(st.floats(0.25, 1.2), min_size=8, max_size=40),
    tempi=st.lists(st.floats(55, 200), min_size=40, max_size=40),
    labels=st.lists(st.integers(1, 4), min_size=40, max_size=40),
)
def test_whatever_beats_come_pulses_rise_and_never_burst(
    steps: list[float], tempi: list[float], labels: list[int]
) -> None:
    places = itertools.accumulate([1.0, *[0.6] * 9, *steps])
    beats = [
        Event("beat", round(place * RATE), 0, 0.9, "1" if k < 10 else str(label), tempo=100 if k < 10 else tempo)
        for k, (place, tempo, label) in enumerate(
            zip(places, itertools.cycle(tempi), itertools.cycle(labels), strict=False)
        )
    ]
    sent = play(beats, beats[-1].sample / RATE + 20)
    positions = [position for position, _ in sent]
    assert positions == sorted(positions)
    fastest = 60 * RATE / 200 / PULSES / LIMIT
    clocks = pulses(sent)
    assert len(clocks) > PULSES
    assert np.diff(clocks).min() >= fastest * 0.8 - 1


def test_within_a_beat_pulses_are_even() -> None:
    rng = np.random.default_rng(1)
    seconds = np.array(even(97, 40)) + rng.normal(0, 0.008, 40)
    at = pulses(play(beats_at(list(seconds), period=60 / 97), seconds[-1]))
    for first in range(0, len(at) - PULSES, PULSES):
        steps = np.diff(at[first : first + PULSES + 1])
        assert steps.max() - steps.min() <= 2


@pytest.mark.parametrize("to", [96, 126, 60, 180])
def test_a_new_tempo_is_followed_within_two_bars(to: float) -> None:
    slow = even(112, 20)
    seconds = slow + even(to, 24, slow[-1] + 60 / to)
    at = pulses(play(beats_at(seconds), seconds[-1]))
    steps = np.diff(at)
    assert steps.min() >= 60 * RATE / max(112, to) / PULSES / LIMIT - 1
    assert steps[-2 * PULSES :] == pytest.approx(60 * RATE / to / PULSES, rel=0.01)
    beats_near = [np.abs(np.array(seconds) * RATE - pulse).min() / RATE for pulse in at[::PULSES]]
    assert max(beats_near[-16:]) < 0.01


def test_a_missed_beat_is_bridged() -> None:
    seconds = even(120, 40)
    whole, gap = beats_at(seconds), beats_at(seconds)
    del gap[20:23]
    assert play(gap, seconds[-1]) == play(whole, seconds[-1])


def test_it_stops_at_the_end_of_a_bar_when_the_pulse_is_lost_and_continues_at_a_downbeat() -> None:
    before, after = even(120, 17), even(90, 17, 30.0)
    sent = play(beats_at(before) + beats_at(after), 40.0)
    words = [(position, message) for position, message in sent if message != CLOCK]
    assert [message for _, message in words] == [START, STOP, CONTINUE, STOP][: len(words)]
    start, stop = words[0][0], words[1][0]
    count = sum(start < position < stop for position, _ in sent)
    assert count % (4 * PULSES) == 0
    assert LOST_BEATS * 0.5 < stop / RATE - before[-1] < (LOST_BEATS + 5) * 0.5
    first = next(position for position, message in sent if position > words[2][0] and message == CLOCK)
    assert first in {round(after[k] * RATE) for k in (4, 8)}


@pytest.mark.parametrize("change", [{"strength": 0.2}, {"n": STEADY_BEATS - 1}, {"label": "2"}])
def test_without_a_sure_steady_downbeat_nothing_is_sent(change: dict) -> None:
    beats = beats_at(even(120, change.get("n", 20)), change.get("strength", 0.9))
    if "label" in change:
        beats = [Event("beat", beat.sample, 0, 0.9, "2", tempo=120.0) for beat in beats]
    assert play(beats, 12.0) == []


def test_what_cannot_be_sent_in_time_stops_the_clock_until_a_downbeat() -> None:
    clock = MidiClock(RATE)
    for beat in beats_at(even(120, 6)):
        clock.follow(beat)
    for _ in range(5):
        clock.advance()
    clock.lose()
    assert clock.next is not None and clock.next[1] == STOP
    clock.advance()
    assert clock.next is None
    for beat in beats_at(even(120, 8, 10.0)):
        clock.follow(beat)
    assert clock.next is not None and clock.next[1] == CONTINUE


def test_a_beat_without_a_tempo_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a tempo"):
        MidiClock(RATE).follow(Event("beat", 0, 0, 0.9, "1"))


@pytest.mark.parametrize("octave", [2.0, 0.5])
def test_a_tempo_doubled_or_halved_goes_on_without_a_jump(octave: float) -> None:
    first, step = even(100, 16), 0.6 / octave
    second = [first[-1] + k * step for k in range(1, 24)]
    sent = play([*beats_at(first), *beats_at(second, period=step)], second[-1])
    assert [message for _, message in sent if message != CLOCK] == [START]
    places = pulses(sent)
    steps = np.diff(places) / RATE * PULSES
    assert steps.max() <= max(0.6, step) * LIMIT + 0.01
    assert np.abs(steps[-6 * PULSES :] - step).max() < 0.01
    on_beats = np.abs(places[-6 * PULSES :, None] / RATE - np.array(second)[None, :]).min(axis=0)
    assert on_beats[-6:-1].max() < 0.005


def test_a_pulse_that_is_announced_to_have_moved_is_met_within_two_beats() -> None:
    before = even(120, 20)
    after = even(120, 20, before[-1] + 0.75)
    beats = beats_at(before, period=0.5) + beats_at(after, period=0.5)
    beats[20] = replace(beats[20], rephased=True)
    at = pulses(play(beats, after[-1])) / RATE
    steps = np.diff(at)
    assert steps.min() >= 0.5 / PULSES / LIMIT - 1e-4 and steps.max() <= 0.5 / PULSES * LIMIT + 1e-4
    assert max(np.abs(at - place).min() for place in after[4:-1]) < 0.005
