"""Tracked beats at another level: twice, half as fast, or about at a tempo."""

import numpy as np
import pytest

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.beats.metrical_level import Beat, MetricalLevel, Tempo, wanted_tempo

FRAME_RATE = 86.0
PERIOD = 43.0  # frames: 120 BPM


def given(level: MetricalLevel, first: int = 0, last: int = 24, period: float = PERIOD) -> list[Beat]:
    """Track the beats first..last, of which even ones weigh more; give those of the level, in order."""
    out: list[Beat] = []
    for number in range(first, last):
        place = number * period
        out += level.due(place + 2)
        out += level.take(Beat(place, period, 0.9), 0.8 if number % 2 == 0 else 0.3)
    return out


@pytest.mark.parametrize(("octave", "ratio"), [(-2, 0.25), (-1, 0.5), (0, 1), (1, 2), (2, 4)])
def test_beats_are_even_at_every_octave(octave: int, ratio: float) -> None:
    beats = given(MetricalLevel(FRAME_RATE, Tempo(octave)))
    assert np.diff([beat.place for beat in beats]) == pytest.approx(PERIOD / ratio)
    assert {beat.period for beat in beats} == {PERIOD / ratio}


def test_half_as_fast_the_beats_that_weigh_more_are_kept() -> None:
    beats = given(MetricalLevel(FRAME_RATE, Tempo(-1)), first=1)[2:]  # begins on a weak one
    assert all(beat.place % (2 * PERIOD) == 0 for beat in beats)


def test_a_tempo_takes_the_nearest_octave() -> None:
    for bpm, octave in ((118, 0), (250, 1), (61, -1), (30, -2), (400, 2)):
        level = MetricalLevel(FRAME_RATE, Tempo(bpm=bpm))
        given(level)
        assert level.octave == octave, bpm


def test_an_octave_that_is_asked_for_while_beats_come_leaves_none_out_and_moves_none() -> None:
    level = MetricalLevel(FRAME_RATE)
    places = [beat.place for beat in given(level, 0, 8)]
    level.tempo = level.tempo.shifted(1)
    places += [beat.place for beat in given(level, 8, 16)]
    level.tempo = level.tempo.shifted(-2)
    places += [beat.place for beat in given(level, 16, 25)]
    steps = np.diff(places)
    assert set(steps) == {PERIOD, PERIOD / 2, 2 * PERIOD}
    assert np.count_nonzero(np.diff(steps)) == 2


def test_a_beat_that_comes_before_one_that_was_predicted_takes_its_place() -> None:
    level = MetricalLevel(FRAME_RATE, Tempo(1))
    assert [beat.place for beat in level.take(Beat(0.0, 43.0, 0.9))] == [0.0]
    assert [beat.place for beat in level.take(Beat(20.0, 43.0, 0.9))] == [20.0]
    assert [beat.place for beat in level.due(100.0)] == [41.5]


@pytest.mark.parametrize("number", [4, 5])
def test_a_beat_that_was_tapped_is_kept_whatever_the_others_weigh(number: int) -> None:
    level = MetricalLevel(FRAME_RATE)
    given(level, 0, 8)
    level.keep_beat_at(number * PERIOD + 3)
    level.tempo = Tempo(-1)
    kept = {round(beat.place / PERIOD) % 2 for beat in given(level, 8, 40)}
    assert kept == {number % 2}


def test_what_is_wanted_outlasts_a_gap() -> None:
    level = MetricalLevel(FRAME_RATE)
    level.tempo = level.tempo.shifted(1)
    level.reset()
    assert len(given(level, 0, 10)) == 20 - 1


@pytest.mark.parametrize(
    ("text", "tempo"),
    [("x2", Tempo(1)), ("/2", Tempo(-1)), ("*4", Tempo(2)), ("174", Tempo(bpm=174.0)), (None, Tempo())],
)
def test_the_option_is_read(text: str | None, tempo: Tempo) -> None:
    assert wanted_tempo(text) == tempo


@pytest.mark.parametrize("text", ["", "x3", "2", "nan", "inf", "1e9", "fast", "-120"])
def test_what_is_no_tempo_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--tempo must be x2, /2 or beats per minute in"):
        wanted_tempo(text)
