"""Beats of made drums of many tempi, against the true ones: continuity by mir_eval, which is not ours."""

from collections.abc import Callable

import numpy as np
import pytest

from samplechop.realtime.core.events import DOWNBEAT, Event
from samplechop.realtime.core.plugin import ProcessSpec
from samplechop.realtime.detectors.beats.detector import BeatDetector
from tests.support.made_drums import (
    RATE,
    ROCK,
    SIX_EIGHT,
    WALTZ,
    Pattern,
    Times,
    drifting,
    drums,
    even,
)

mir_eval = pytest.importorskip("mir_eval")
BLOCK, SECONDS = 16_384, 20.0
SETTLED = 8.0
"""Seconds after which tempo and octave have to be known."""


@pytest.fixture(scope="module")
def detect() -> Callable[[np.ndarray], list[Event]]:
    detector = BeatDetector()
    detector.prepare(ProcessSpec(RATE, BLOCK))

    def of(samples: np.ndarray) -> list[Event]:
        detector.reset()
        found: list[Event] = []
        for start in range(0, len(samples) - BLOCK, BLOCK):
            detector.process(samples[start : start + BLOCK], start, found.append)
        return found

    return of


def continuity(beats: Times, found: list[Event], since: float = SETTLED) -> tuple[float, float]:
    """Give CMLt and AMLt of what lies after some seconds."""
    places = np.array([beat.sample / RATE for beat in found])
    _, right, _, any_level = mir_eval.beat.continuity(beats[beats >= since], np.sort(places[places >= since]))
    return float(right), float(any_level)


def downbeats(true: Times, found: list[Event]) -> float:
    """Give the F-measure of downbeats after SETTLED."""
    places = np.array(
        [beat.sample / RATE for beat in found if beat.label == DOWNBEAT and beat.sample >= SETTLED * RATE]
    )
    return float(mir_eval.beat.f_measure(true[true >= SETTLED], np.sort(places)))


@pytest.mark.parametrize("bpm", [60, 80, 110, 125, 150, 175])
def test_a_rock_beat_is_followed_at_its_tempo_and_in_bars_of_four(detect: Callable, bpm: float) -> None:
    beats = even(bpm, SECONDS)
    found = detect(drums(beats, ROCK, 4, SECONDS))
    assert continuity(beats, found)[0] > 0.9
    meters = [int(beat.label or 0) for beat in found if beat.sample > 14 * RATE]
    assert max(meters) == 4


@pytest.mark.parametrize("bpm", [45, 200, 225, 250])
def test_the_slowest_and_the_fastest_are_followed_at_some_level(detect: Callable, bpm: float) -> None:
    beats = even(bpm, SECONDS)
    assert continuity(beats, detect(drums(beats, ROCK, 4, SECONDS)))[1] > 0.75


@pytest.mark.parametrize(
    ("pattern", "meter", "bpm"), [(WALTZ, 3, 95), (WALTZ, 3, 120), (SIX_EIGHT, 2, 75), (SIX_EIGHT, 2, 90)]
)
def test_threes_are_neither_counted_nor_followed_as_twos_or_fours(
    detect: Callable, pattern: Pattern, meter: int, bpm: float
) -> None:
    beats = even(bpm, SECONDS)
    found = detect(drums(beats, pattern, meter, SECONDS))
    assert continuity(beats, found)[0] > 0.9
    assert downbeats(beats[::meter], found) > 0.8


@pytest.mark.parametrize(("bpm", "to_bpm"), [(100, 112), (130, 118), (90, 84), (160, 172)])
def test_a_drummer_who_drifts_is_followed(detect: Callable, bpm: float, to_bpm: float) -> None:
    beats = drifting(bpm, to_bpm, SECONDS)
    found = detect(drums(beats, ROCK, 4, SECONDS))
    assert continuity(beats, found)[0] > 0.9
    assert not any(beat.rephased for beat in found if beat.sample > SETTLED * RATE)


def test_a_jump_of_the_needle_moves_the_beats_once_and_they_say_so(detect: Callable) -> None:
    beats = np.concatenate([even(100, 10.0), even(100, SECONDS, 10.38)])
    found = detect(drums(beats, ROCK, 4, SECONDS))
    moved = [beat for beat in found if beat.rephased and beat.sample > SETTLED * RATE]
    assert len(moved) == 1 and 10.0 < moved[0].sample / RATE < 14.0
    assert continuity(beats, found, 14.0)[0] > 0.9
