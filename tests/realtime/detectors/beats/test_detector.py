"""The beat detector on made drums, while its user changes the tempo."""

import numpy as np
import pytest

from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ProcessSpec
from samplechop.realtime.detectors.beats.detector import BeatDetector

RATE, BLOCK = 44_100, 4096
STEP = 0.5  # seconds between beats: 120 BPM


@pytest.fixture(scope="module")
def drums() -> np.ndarray:
    """Sixteen seconds: kick on 1 and 3, snare on 2 and 4, hats in eighths; float32 (n,)."""
    rng, times = np.random.default_rng(0), np.arange(round(0.2 * RATE)) / RATE
    kick = np.sin(2 * np.pi * (50 * times + 8 * (1 - np.exp(-times / 0.03)))) * np.exp(-times / 0.08)
    noise = rng.standard_normal(len(times))
    snare = 0.4 * noise * np.exp(-times / 0.05) + 0.5 * np.sin(2 * np.pi * 190 * times) * np.exp(-times / 0.04)
    hat = 0.15 * np.diff(noise, prepend=0) * np.exp(-times / 0.02)
    out = np.zeros(16 * RATE + RATE, np.float32)
    for eighth in range(64):
        at = round((0.1 + eighth * STEP / 2) * RATE)
        struck = hat if eighth % 2 else hat + (kick, snare)[eighth // 2 % 2]
        out[at : at + len(times)] += struck.astype(np.float32) * 0.5
    return out


@pytest.fixture(scope="module")
def detector() -> BeatDetector:
    one = BeatDetector()
    one.prepare(ProcessSpec(RATE, BLOCK))
    return one


def beats_of(detector: BeatDetector, drums: np.ndarray, after: float, ask: object) -> list[Event]:
    """Give the beats, in order; ask for something once `after` seconds are processed."""
    found: list[Event] = []
    detector.reset()
    for start in range(0, len(drums), BLOCK):
        if start <= after * RATE < start + BLOCK:
            ask()  # type: ignore[operator]
        detector.process(drums[start : start + BLOCK], start, found.append)
    return found


@pytest.mark.parametrize(("octave", "step"), [(1, STEP / 2), (-1, 2 * STEP)])
def test_an_octave_asked_for_while_it_runs_keeps_the_phase(
    detector: BeatDetector, drums: np.ndarray, octave: int, step: float
) -> None:
    beats = beats_of(detector, drums, 8.0, lambda: detector.shift_octave(octave))
    detector.shift_octave(-octave)
    beats_of(detector, drums[:BLOCK], 0, lambda: None)
    late = [beat for beat in beats if 10 < beat.sample / RATE < 15]
    assert [beat.tempo for beat in late] == pytest.approx([60 / step] * len(late), rel=0.03)
    gaps = np.diff([beat.sample / RATE for beat in beats if 5 < beat.sample / RATE < 15.5])
    assert np.minimum(abs(gaps - STEP), abs(gaps - step)).max() < 0.03
    assert all(beat.sample <= beat.emitted and beat.emitted - beat.sample <= detector.latency for beat in beats)


def test_of_two_beats_the_one_that_was_tapped_is_kept(detector: BeatDetector, drums: np.ndarray) -> None:
    for number in (10, 11):
        place = round((0.1 + number * STEP) * RATE)
        beats = beats_of(detector, drums, 6.0, lambda place=place: detector.tap(60.0, place))
        numbers = {round((beat.sample / RATE - 0.1) / STEP) % 2 for beat in beats if 8 < beat.sample / RATE < 15.5}
        assert numbers == {number % 2}
