"""The likeliest pulse of a whole record, by trains of activations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits.analysis import pulse_path
from samplechop.offline.kits.analysis.pulse_path import likeliest_path
from samplechop.realtime.detectors.beats.bar_pointer import BAND, LEAST, MOST, ZONE, tempi
from samplechop.realtime.detectors.beats.tracker import USUAL_BPM, USUAL_OCTAVES

FRAME_RATE = 44_100 / 512
PULSE = 55.0, 200.0


def bumps(places: np.ndarray, n: int, height: float = 0.75) -> np.ndarray:
    """Activations, float32 (n,), with a bump at each place in frames."""
    frames = np.arange(n)
    return (0.02 + height * np.exp(-0.5 * (frames[:, None] - places[None, :]) ** 2).max(axis=1)).astype(np.float32)


def test_the_path_is_the_likeliest_of_all_by_a_table_of_every_state() -> None:
    rng, tempo_range = np.random.default_rng(5), (170.0, 200.0)
    periods, chance = tempi(FRAME_RATE, *tempo_range, pulse_path.STEADY)
    starts = np.concatenate([[0], np.cumsum(periods)[:-1]])
    octaves = np.log2(60 * FRAME_RATE / periods / USUAL_BPM) / USUAL_OCTAVES
    for _ in range(5):
        beat = (0.25 * rng.random(300)).astype(np.float32)
        score = np.repeat(-0.5 * octaves**2 - np.log(periods), periods)
        before = np.zeros((len(beat), len(score)), np.int64)
        for at, value in enumerate(np.clip(beat.astype(np.float64), LEAST, MOST)):
            came = np.arange(len(score)) - 1
            moved = score[came]
            for j, start in enumerate(starts):
                sums = [
                    score[starts[i] + periods[i] - 1] + np.log(chance[i - j + BAND, j])
                    for i in range(len(periods))
                    if abs(i - j) <= BAND
                ]
                best = int(np.argmax(sums)) + max(0, j - BAND)
                moved[start], came[start] = max(sums), starts[best] + periods[best] - 1
                full, rest = divmod(int(periods[j]), ZONE)
                inside = np.array([1.0] * full + [rest / ZONE])
                moved[start : start + full + 1] += inside * np.log(value * (ZONE - 1) / (1 - value))
            score, before[at] = moved, came
        state, beats = int(score.argmax()), []
        for at in range(len(beat) - 1, -1, -1):
            if state in starts:
                beats.append(at)
            state = before[at, state]
        path = likeliest_path(beat, FRAME_RATE, tempo_range)
        assert path.frames.tolist() == beats[::-1]
        assert not path.anew.any()


@given(period=st.integers(27, 90), phase=st.floats(0, 1))
def test_an_even_pulse_is_found_from_the_first_beat_to_the_last(period: int, phase: float) -> None:
    places = np.arange(round(phase * period), 1500, period)
    path = likeliest_path(bumps(places, 1500), FRAME_RATE, PULSE)
    inner = path.frames[1:-1]
    assert np.abs(inner[:, None] - places).min(axis=1).max() <= 2
    assert not path.anew.any()


def test_a_break_without_any_attack_is_counted_through() -> None:
    places = np.arange(20, 3000, 43)
    played = places[(places < 900) | (places > 2000)]
    path = likeliest_path(bumps(played, 3000), FRAME_RATE, PULSE)
    assert len(path.frames) == len(places)
    assert np.abs(path.frames - places).max() <= 3
    assert not path.anew.any()


@pytest.mark.parametrize("period", [34, 46, 50, 66])
def test_silence_changes_no_tempo(period: int) -> None:
    path = likeliest_path(bumps(np.arange(20, 1500, period), 4000), FRAME_RATE, PULSE)
    assert set(path.periods[path.frames > 1500].tolist()) <= {period, period + 1}


@pytest.mark.parametrize("period", [43, 55])
def test_where_a_record_is_cut_the_pulse_is_that_of_what_comes_within_three_beats(period: int) -> None:
    before, after = np.arange(10, 1500, 43), np.arange(1500 + 18, 3000, period)
    path = likeliest_path(bumps(np.concatenate([before, after]), 3000), FRAME_RATE, PULSE)
    far = path.frames[(path.frames < 1500 - 3 * 43) | (path.frames > 1500 + 3 * period)]
    assert np.abs(far[:, None] - np.concatenate([before, after])).min(axis=1).max() <= 3
    assert len(path.frames) == pytest.approx(len(before) + len(after), abs=2)


def test_a_player_who_slows_down_by_a_tenth_is_followed() -> None:
    places = np.cumsum(np.linspace(40, 44.4, 60))
    path = likeliest_path(bumps(places, 2600), FRAME_RATE, PULSE)
    inside = path.frames[(path.frames > places[0] - 9) & (path.frames < places[-1] + 9)]
    assert len(inside) == len(places)
    assert np.abs(inside - places).max() <= 3


@pytest.mark.parametrize("n", [0, 1, 20])
def test_what_is_shorter_than_a_beat_may_have_none(n: int) -> None:
    path = likeliest_path(np.full(n, 0.1, np.float32), FRAME_RATE, PULSE)
    assert len(path.frames) <= 1
    assert len(path.periods) == len(path.anew) == len(path.frames)
