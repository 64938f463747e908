"""The tracker on trains of activations, as the net would give them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.detectors.beats.tracker import (
    AGO,
    BEAT,
    CONFIDENCE,
    MOVED,
    P_BEAT,
    PERIOD,
    PULSE_RANGE,
    TEMPO_RANGE,
    TRUST,
    BeatTracker,
    pulse_range,
)

FRAME_RATE = 44_100 / 512


def train(places: np.ndarray, seconds: float) -> np.ndarray:
    """Beat activations, float32 (n,), with a bump at each place in seconds."""
    frames = np.arange(round(seconds * FRAME_RATE))
    bumps = np.exp(-0.5 * (frames[:, None] - places[None, :] * FRAME_RATE) ** 2)
    return (0.02 + 0.75 * bumps.max(axis=1)).astype(np.float32)


def even(bpm: float, seconds: float) -> np.ndarray:
    return np.arange(0.3, seconds, 60 / bpm)


def found(rows: np.ndarray) -> np.ndarray:
    """Give the places of beats in seconds."""
    at = np.flatnonzero(rows[:, BEAT])
    return (at - rows[at, AGO]) / FRAME_RATE


@pytest.fixture(scope="module")
def tracker() -> BeatTracker:
    return BeatTracker(FRAME_RATE)


def track(tracker: BeatTracker, beat: np.ndarray, sizes: tuple[int, ...] = (64,)) -> np.ndarray:
    tracker.reset()
    rows, at, turn = [], 0, 0
    while at < len(beat):
        size = sizes[turn % len(sizes)]
        rows.append(tracker.push(beat[at : at + size]))
        at, turn = at + size, turn + 1
    return np.concatenate(rows)


@pytest.mark.parametrize(("low", "high", "bpm"), [(120, 200, 174), (55, 110, 87)])
def test_of_a_tempo_and_its_half_the_one_in_the_range_is_taken(low: float, high: float, bpm: float) -> None:
    every, strong = train(even(174, 20), 20), train(even(87, 20), 20)  # a two-step: every other beat is strong
    rows = track(BeatTracker(FRAME_RATE, low, high), np.maximum(0.5 * every, strong))
    assert 60 * FRAME_RATE / rows[-1, PERIOD] == pytest.approx(bpm, rel=0.02)
    assert np.median(np.diff(found(rows)[4:])) == pytest.approx(60 / bpm, abs=0.01)


@pytest.mark.parametrize("bpm", [70, 92.3, 120, 141])
def test_the_tempo_of_clicks_is_found(tracker: BeatTracker, bpm: float) -> None:
    rows = track(tracker, train(even(bpm, 20), 20))
    assert 60 * FRAME_RATE / rows[-1, PERIOD] == pytest.approx(bpm, rel=0.03)


@pytest.mark.parametrize("bpm", [58, 70, 92.3, 120, 141])
def test_after_some_seconds_every_click_is_a_beat_in_its_place(tracker: BeatTracker, bpm: float) -> None:
    clicks = even(bpm, 20)
    beats = found(track(tracker, train(clicks, 20)))
    late = clicks[(clicks > 8) & (clicks < 19)]
    assert np.abs(beats[:, None] - late[None, :]).min(axis=0).max() < 0.01
    between = beats[(beats > late[0] - 0.1) & (beats < late[-1] + 0.1)]
    assert len(between) == len(late)


def test_a_change_of_tempo_is_followed(tracker: BeatTracker) -> None:
    first, second = even(100, 15), 15 + np.arange(0.2, 15, 60 / 118)
    clicks = np.concatenate([first, second])
    rows = track(tracker, train(clicks, 30))
    assert 60 * FRAME_RATE / rows[-1, PERIOD] == pytest.approx(118, rel=0.03)
    late = clicks[(clicks > 24) & (clicks < 29)]
    assert np.abs(found(rows)[:, None] - late[None, :]).min(axis=0).max() < 0.02


@pytest.mark.parametrize("level", [0.0, 0.02, 0.08])
def test_where_nothing_beats_there_is_no_confidence(tracker: BeatTracker, level: float) -> None:
    noise = np.random.default_rng(0).uniform(0, level, 2000).astype(np.float32)
    rows = track(tracker, noise)
    assert rows[:, CONFIDENCE].max() < 0.1
    assert rows[:, TRUST].max() < 0.2


@given(sizes=st.lists(st.integers(1, 200), min_size=1, max_size=6))
def test_rows_do_not_depend_on_how_frames_are_pushed(sizes: list[int]) -> None:
    rng = np.random.default_rng(3)
    beat = rng.uniform(0, 1, 600).astype(np.float32) ** 3
    one = BeatTracker(FRAME_RATE)
    whole = one.push(beat)
    np.testing.assert_array_equal(track(one, beat, tuple(sizes)), whole)


def test_rows_stay_within_their_ranges(tracker: BeatTracker) -> None:
    rng = np.random.default_rng(4)
    rows = track(tracker, rng.uniform(0, 1, 3000).astype(np.float32))
    assert np.isfinite(rows).all()
    for column in (P_BEAT, CONFIDENCE, TRUST):
        assert rows[:, column].min() >= 0 and rows[:, column].max() <= 1 + 1e-6
    beats = rows[rows[:, BEAT] > 0]
    assert beats[:, AGO].min() >= 0 and beats[:, AGO].max() <= 4


@pytest.mark.parametrize(("low", "high"), [(0, 100), (100, 100), (120, 60), (60, float("inf"))])
def test_tempi_out_of_range_are_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="low_bpm < high_bpm"):
        BeatTracker(FRAME_RATE, low, high)


@pytest.mark.parametrize("part", [0.0, 0.5])
def test_of_even_eighths_those_are_beats_that_were_tapped(part: float) -> None:
    tracker, seconds = BeatTracker(FRAME_RATE, 55, 110), 10.0
    beat = train(even(200, seconds), seconds)
    tracker.push(beat)
    place = 0.3 + (10 + part) * 0.6
    tracker.steer(0.6 * FRAME_RATE, (len(beat) - 1) - place * FRAME_RATE)
    beats = len(beat) / FRAME_RATE + found(tracker.push(train(np.arange(0.2, seconds, 0.3), seconds)))
    off = (beats[1:] - place) / 0.6
    assert len(off) > 10
    assert np.abs(off - np.round(off)).max() < 0.1


def test_a_pulse_that_moves_is_moved_once(tracker: BeatTracker) -> None:
    first = even(120, 15)
    clicks = np.concatenate([first, first[-1] + 0.75 + np.arange(0, 14, 0.5)])  # half a beat late from there on
    rows = track(tracker, train(clicks, 30))
    late = found(rows)[(found(rows) > 20) & (found(rows) < clicks[-1])]
    assert np.abs(late[:, None] - clicks[None, :]).min(axis=1).max() < 0.01
    assert rows[round(3 * FRAME_RATE) :, MOVED].sum() == 1
    steps = np.diff(found(rows)[4:])
    assert np.sum(np.abs(steps - 0.5) > 0.05) == 1


def test_one_beat_that_is_early_moves_nothing(tracker: BeatTracker) -> None:
    clicks = even(120, 20)
    moved = clicks.copy()
    moved[20] -= 0.2
    rows = track(tracker, train(moved, 20))
    assert rows[round(3 * FRAME_RATE) :, MOVED].sum() == 0
    late = found(rows)[8:]
    assert np.abs(late[:, None] - clicks[None, :]).min(axis=1).max() < 0.06


@pytest.mark.parametrize(
    ("beats", "pulse"), [(TEMPO_RANGE, PULSE_RANGE), ((55, 110), (55, 110)), ((120, 250), (120, 250))]
)
def test_the_pulse_is_sought_in_two_octaves_unless_beats_are_bound_to_other_tempi(beats: tuple, pulse: tuple) -> None:
    assert pulse_range(beats) == pulse


def test_activations_of_another_type_are_refused(tracker: BeatTracker) -> None:
    with pytest.raises(TypeError, match="float32"):
        tracker.push(np.zeros(4))


def test_an_activation_that_is_no_number_counts_as_none(tracker: BeatTracker) -> None:
    beats = train(even(120, 20), 20)
    there = slice(900, 904)
    rows = []
    for value in (0.0, np.nan, -np.nan):
        tracker.reset()
        beats[there] = value
        rows.append(tracker.push(beats))
    np.testing.assert_array_equal(rows[1], rows[0])
    np.testing.assert_array_equal(rows[2], rows[0])
