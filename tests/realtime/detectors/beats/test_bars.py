"""Bars: cues of beats out of activations and harmony, and the count that they give."""

import numpy as np
import pytest

from samplechop.realtime.detectors.beats.bars import CUES, HEADS, METERS, BarCues, BarTracker
from samplechop.realtime.detectors.beats.weights import beat_weights
from samplechop.realtime.nets.features import N_BINS, STACK

PERIOD = 40
MODEL = ("beat", "downbeat", "kick", "snare", "onset", "hit")


def played(meter: int, beats: int) -> tuple[np.ndarray, np.ndarray]:
    """Activations, float32 (n, heads), of kick and snare; and a chord a bar, constant-Q float32 (2 n, N_BINS)."""
    n = (beats + 1) * PERIOD
    rows, harmony = np.zeros((n, len(MODEL)), np.float32), np.zeros((STACK * n, N_BINS), np.float32)
    for beat in range(beats):
        at, place = beat * PERIOD + 10, beat % meter
        struck = {"beat": 0.8, "onset": 0.9, "hit": 0.8, "downbeat": 0.35 if place == 0 else 0.15}
        struck["kick" if (place in (0, 2) and meter == 4) or place == 0 else "snare"] = 0.8
        for name, height in struck.items():
            rows[at - 1 : at + 2, MODEL.index(name)] = height * np.array([0.5, 1, 0.5])
    for bar in range(beats // meter + 1):
        first = STACK * max(0, bar * meter * PERIOD + 10)
        harmony[first:, :] = 0
        harmony[first:, [12 + (bar * 5 + step) % 24 for step in (0, 4, 7)]] = 1
    return rows, harmony


def counted(meter: int, beats: int = 64, skip: int = 0) -> list[tuple[int, int]]:
    """Give (position, meter) of each beat, the first `skip` left out."""
    rows, harmony = played(meter, beats)
    cues, tracker = BarCues(MODEL), BarTracker(beat_weights().bars)
    cues.push_harmony(harmony[: STACK * 20])
    found = []
    for beat in range(beats):
        until = beat * PERIOD + 14
        first = max(0, until - PERIOD) if beat else 0
        cues.push(rows[first:until])
        cues.push_harmony(harmony[STACK * (first + 20) : STACK * (until + 20)] if beat else harmony[40 : STACK * 34])
        one = cues.take(float(beat * PERIOD + 10))
        if beat >= skip:
            found.append(tracker.take(one))
    return found


@pytest.mark.parametrize("skip", [0, 1, 2, 3])
def test_bars_of_four_are_counted_wherever_the_first_beat_lies(skip: int) -> None:
    late = counted(4, skip=skip)[24:]
    assert [position for position, _ in late] == [(skip + 24 + beat) % 4 + 1 for beat in range(len(late))]


def test_bars_of_three_are_counted() -> None:
    late = counted(3, 96, skip=1)[48:]
    assert [position for position, _ in late] == [(1 + 48 + beat) % 3 + 1 for beat in range(len(late))]


def test_a_cue_is_the_height_at_the_beat_and_zero_where_the_model_lacks_the_head() -> None:
    rows, harmony = played(4, 8)
    cues = BarCues(MODEL)
    cues.push_harmony(harmony)
    cues.push(rows)
    cues.take(float(3 * PERIOD + 10))
    found = dict(zip(CUES, cues.take(float(4 * PERIOD + 11)), strict=True))
    assert found["kick"] == pytest.approx(0.8) and found["snare"] == 0
    assert found["downbeat"] == pytest.approx(0.35)
    assert found["cymbal"] == found["change"] == 0
    assert found["change of pitch classes"] > 0.3
    assert set(HEADS) <= set(CUES)


def test_cues_do_not_depend_on_how_frames_are_pushed() -> None:
    rng = np.random.default_rng(1)
    rows = rng.uniform(0, 1, (700, len(MODEL))).astype(np.float32)
    harmony = rng.uniform(0, 1, (1500, N_BINS)).astype(np.float32)
    one, other = BarCues(MODEL), BarCues(MODEL)
    one.push_harmony(harmony)
    one.push(rows)
    for first in range(0, 1500, 7):
        other.push_harmony(harmony[first : first + 7])
    for first in range(0, 700, 3):
        other.push(rows[first : first + 3])
    np.testing.assert_array_equal(one.take(650.0), other.take(650.0))


def test_positions_stay_within_the_meter_whatever_is_seen() -> None:
    rng = np.random.default_rng(2)
    tracker = BarTracker(beat_weights().bars)
    for _ in range(300):
        position, meter = tracker.take(rng.uniform(0, 1, len(CUES)))
        assert meter in METERS and 1 <= position <= meter
        if rng.random() < 0.05:
            tracker.lose_count()


def struck(parts: tuple[float, ...]) -> BarCues:
    """Beats every 24 frames, with attacks at some parts of each."""
    rows = np.zeros((24 * 20, len(MODEL)), np.float32)
    for beat in range(20):
        for part in parts:
            rows[round(24 * (beat + part)), MODEL.index("onset")] = 0.9
    cues = BarCues(MODEL)
    cues.push(rows)
    return cues


@pytest.mark.parametrize(
    ("parts", "thirds"),
    [((0, 1 / 3, 2 / 3), 0.9), ((0, 0.5), -0.9), ((0, 0.25, 0.5, 0.75), -0.9), ((0, 2 / 3), 0), ((0,), 0)],
)
def test_a_beat_that_is_divided_in_three_is_told_from_one_in_two(parts: tuple[float, ...], thirds: float) -> None:
    cues = struck(parts)
    for beat in (10, 11):
        cues.take(24.0 * beat)
    assert cues.thirds == pytest.approx(thirds)


def test_bars_have_two_beats_where_beats_are_divided_in_three() -> None:
    strong, weak = (beat_weights().bars.usual.copy() for _ in range(2))
    strong[CUES.index("downbeat")] += 0.3
    strong[CUES.index("kick")] += 0.5
    weak[CUES.index("snare")] += 0.5
    for thirds, between, meters in ((0.7, 0.9, {2}), (-0.7, 0.9, {4}), (0.0, 0.05, {4})):
        tracker = BarTracker(beat_weights().bars)
        counted = [tracker.take(cues, thirds, between)[1] for _ in range(16) for cues in (strong, weak)]
        assert set(counted[-16:]) == meters


def test_kick_and_snare_in_turn_with_nothing_between_are_counted_in_fours_without_a_jump() -> None:
    kick, snare = (beat_weights().bars.usual.copy() for _ in range(2))
    kick[CUES.index("kick")] += 0.9
    kick[CUES.index("downbeat")] += 0.5
    snare[CUES.index("snare")] += 0.9
    tracker = BarTracker(beat_weights().bars)
    counted = [tracker.take(cues, 0.0, 0.05)[0] for _ in range(24) for cues in (kick, snare)][16:]
    assert counted == [(counted[0] + beat - 1) % 4 + 1 for beat in range(32)]
