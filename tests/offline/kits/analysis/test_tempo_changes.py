"""The tempo map of beats: where they lie on its timeline, and how few changes of tempo that takes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits.analysis.corrected_grid import corrected
from samplechop.offline.kits.analysis.tempo_changes import TOLERANCE, tempo_map
from samplechop.offline.kits.core.model import Guess
from samplechop.offline.kits.core.tempo_map import TempoMap
from samplechop.offline.project.model import Grid, TempoChange
from samplechop.realtime.core.events import BEAT, Event

RATE = 44_100


def beats(seconds: np.ndarray, meter: int = 4, first: int = 1) -> list[Event]:
    """Give beats at rising times; first: the place of the first in its bar."""
    periods = np.append(np.diff(seconds), seconds[-1] - seconds[-2])
    places = np.round(seconds * RATE).astype(int).tolist()
    labels = [str((first - 1 + number) % meter + 1) for number in range(len(places))]
    return [
        Event(BEAT, at, at, 0.9, label, tempo=60 / period)
        for at, label, period in zip(places, labels, periods.tolist(), strict=True)
    ]


def mapped(found: list[Event], bpm: float) -> TempoMap:
    made = tempo_map(found, Guess(f"{bpm:.1f}", 0.9), RATE)
    assert made is not None
    return made


def off(made: TempoMap, found: list[Event]) -> np.ndarray:
    """Give by how many seconds beats lie beside the timeline's, which must be one more from each to the next."""
    at = np.array([made.beat(beat.sample) for beat in found])
    assert np.diff(np.round(at)).tolist() == [1] * (len(found) - 1)
    return np.array([made.sample(float(beat)) for beat in np.round(at)]) / RATE - [beat.sample / RATE for beat in found]


def bars(made: TempoMap, last: int) -> list[int]:
    """Give the beats of the timeline with which its bars begin, up to the beat `last`."""
    starts = []
    for one, then in zip(made.meters, [*(each.beat for each in made.meters[1:]), last + 1], strict=True):
        starts += range(one.beat, then, one.beats_per_bar)
    return starts


phases = st.floats(0, 3)
meters = st.integers(2, 7)


@given(st.floats(40, 250), phases, meters, st.integers(1, 7), st.integers(8, 60))
def test_even_beats_and_bars_are_those_of_the_timeline(
    bpm: float, phase: float, meter: int, first: int, count: int
) -> None:
    bpm = round(bpm, 1)
    found = beats(phase + np.arange(count) * 60 / bpm, meter, min(first, meter))
    made = mapped(found, bpm)
    late = [beat for beat in found if beat.sample >= 0.5 * RATE * 60 / bpm]
    assert np.abs(off(made, late)).max() < 1e-3
    assert len(made.stretches) <= 2 and made.stretches[-1].bpm == bpm
    ones = [round(made.beat(beat.sample)) for beat in late if beat.label == "1"]
    assert set(ones) <= set(bars(made, round(made.beat(found[-1].sample))))


def test_beats_that_are_detected_some_hundredths_off_have_one_tempo() -> None:
    rng = np.random.default_rng(1)
    seconds = np.arange(200) * 60 / 93 + rng.normal(0, 0.012, 200)
    seconds[[40, 41, 90]] += 0.1
    assert [one.bpm for one in mapped(beats(seconds + 0.3), 93).stretches][1:] == [93.0]


@given(st.integers(0, 9), st.floats(0.03, 0.12))
def test_a_drummer_who_drifts_is_followed_with_few_changes(seed: int, drift: float) -> None:
    rng = np.random.default_rng(seed)
    periods = 0.6 * (1 + drift * np.sin(np.arange(160) / 40))
    found = beats(0.5 + np.cumsum(periods) + rng.normal(0, 0.005, 160))
    made = mapped(found, 100)
    assert np.abs(off(made, found)).max() < TOLERANCE + 0.02
    assert len(made.stretches) < len(found) / 6


@given(st.integers(1, 30), st.integers(4, 30), st.floats(70, 170))
def test_beats_of_another_tempo_are_followed_however_few_they_are(before: int, count: int, bpm: float) -> None:
    periods = [0.5] * (before + 4) + [60 / bpm] * count + [0.5] * 8
    found = beats(1 + np.cumsum(periods))
    assert np.abs(off(mapped(found, 120), found)).max() < 0.1


@given(st.integers(5 * RATE, 20 * RATE), st.floats(60, 200))
def test_a_tempo_that_was_said_begins_where_it_was_said(at: int, bpm: float) -> None:
    grid = Grid(changes=(TempoChange(at, round(bpm, 1)),))
    found, tempo = corrected(beats(np.arange(60) * 0.5), Guess("120.0", 0.9), grid, 0, 30 * RATE, 0, RATE)
    made = tempo_map(found, tempo, RATE, changes=(at,))
    assert made is not None
    assert abs(made.sample(round(made.beat(at))) - at) < 1e-3 * RATE
    after = made.stretches[-1]
    assert abs(after.sample - at) < 1e-3 * RATE or round(bpm, 1) == 120.0
    assert after.bpm == round(bpm, 1)


@given(st.integers(RATE, 25 * RATE))
def test_a_bar_begins_where_that_was_said(one: int) -> None:
    rng = np.random.default_rng(0)
    grid = Grid(ones=(one,))
    given_beats = beats(np.arange(60) * 0.5 + rng.normal(0, 0.005, 60).clip(0))
    found, tempo = corrected(given_beats, Guess("120.0", 0.9), grid, 0, 30 * RATE, 0, RATE)
    made = tempo_map(found, tempo, RATE, ones=(one,))
    assert made is not None
    beat = round(made.beat(one))
    assert abs(made.sample(beat) - one) < 1e-3 * RATE and beat in bars(made, beat + 8)


def test_without_a_tempo_there_is_no_map() -> None:
    assert tempo_map(beats(np.arange(9) * 0.5), None, RATE) is None
