"""Tempo and bars from beats that were heard."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from offline.chop.tempo import CLEAR, downbeats, tempo
from realtime.events import Event

RATE = 48_000


def beats_at(seconds: Sequence[float], bpm: float, strength: float = 0.9, first: int = 1) -> list[Event]:
    return [
        Event("beat", round(place * RATE), 0, strength, str((first - 1 + k) % 4 + 1), tempo=bpm)
        for k, place in enumerate(seconds)
    ]


def steady(bpm: float, count: int = 40) -> np.ndarray:
    return 0.5 + np.arange(count) * 60 / bpm


@pytest.mark.parametrize("bpm", [61.7, 92.0, 173.3])
def test_a_steady_pulse_has_its_tempo(bpm: float) -> None:
    got = tempo(beats_at(steady(bpm), bpm * 1.02), RATE)
    assert got is not None
    assert got.value == f"{bpm:.1f}"
    assert got.confidence == pytest.approx(0.9)


def test_beats_that_were_left_out_change_nothing() -> None:
    places = np.delete(steady(92.0), [5, 9, 20])
    assert tempo(beats_at(places, 92.0), RATE) == tempo(beats_at(steady(92.0), 92.0), RATE)


def test_a_stretch_without_a_pulse_does_not_bend_the_tempo() -> None:
    places = np.concatenate([steady(120.0, 20), steady(120.0, 20) + 17.77])
    got = tempo(beats_at(places, 120.0), RATE)
    assert got is not None
    assert got.value == "120.0"
    assert got.confidence < 0.9


@pytest.mark.parametrize("steps", [[], [1.0], [1.0, 0.5], np.random.default_rng(1).uniform(0.2, 1.5, 60)])
def test_without_a_pulse_there_is_no_tempo(steps: Sequence[float]) -> None:
    assert tempo(beats_at(np.cumsum(steps), 120.0), RATE) is None


def test_faint_beats_tell_no_tempo() -> None:
    assert tempo(beats_at(steady(92.0), 92.0, strength=CLEAR - 0.01), RATE) is None


def test_few_beats_are_less_sure() -> None:
    few, many = (tempo(beats_at(steady(92.0, count), 92.0), RATE) for count in (6, 60))
    assert few is not None
    assert many is not None
    assert few.confidence < many.confidence


def places_of(beats: list[Event], count: int = 4) -> list[int]:
    return [beat.sample for beat in beats[(-int(beats[0].label or 1) + 1) % count :: count]]


@pytest.mark.parametrize("first", [1, 2, 4])
def test_bars_begin_at_the_first_beats(first: int) -> None:
    beats = beats_at(steady(92.0), 92.0, first=first)
    assert list(downbeats(beats)) == places_of(beats)


def test_bars_of_three_are_found() -> None:
    beats = [replace(beat, label=str(k % 3 + 1)) for k, beat in enumerate(beats_at(steady(92.0), 92.0))]
    assert list(downbeats(beats)) == [beat.sample for beat in beats[::3]]


def test_bars_go_on_where_the_detector_lost_count() -> None:
    beats = beats_at(steady(92.0), 92.0)
    lost = [replace(beat, label=str((k + 1) % 4 + 1)) if 12 <= k < 20 else beat for k, beat in enumerate(beats)]
    assert downbeats(lost) == downbeats(beats)


def test_bars_go_on_over_a_beat_that_was_left_out() -> None:
    beats = beats_at(steady(92.0), 92.0)
    assert downbeats(beats[:13] + beats[14:]) == downbeats(beats)


def test_bars_are_counted_anew_after_a_break() -> None:
    first, second = beats_at(steady(92.0, 24), 92.0), beats_at(steady(92.0, 24) + 40.13, 92.0, first=3)
    assert list(downbeats(first + second)) == places_of(first) + places_of(second)


def test_without_beats_there_are_no_bars() -> None:
    assert downbeats([]) == ()
