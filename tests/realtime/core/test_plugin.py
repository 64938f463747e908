"""Meters of a detector."""

import numpy as np
import pytest

from samplechop.realtime.core.plugin import LONGEST, Trace, meters_of


def test_the_newest_values_are_kept_as_they_were() -> None:
    trace, block = Trace(0.01, 0.5), np.zeros(3, np.float32)
    assert trace.newest().shape == (0,)
    for turn in range(LONGEST):
        block[:] = np.arange(3) + 3 * turn
        trace.append(block)
    assert trace.newest().tolist() == list(range(2 * LONGEST, 3 * LONGEST))
    assert trace.seconds == pytest.approx(3 * LONGEST * 0.01)


def test_after_a_restart_frames_count_anew_and_the_curve_goes_on() -> None:
    trace = Trace(0.01, 0.5)
    trace.append(np.ones(5, np.float32))
    trace.restart()
    trace.append(np.zeros(2, np.float32))
    assert (trace.seconds, len(trace.newest())) == (0.02, 7)


def test_a_position_does_not_drift() -> None:
    trace = Trace(256 / 44_100, 0.5)
    for _ in range(4410):
        trace.append(np.zeros(1, np.float32))
    assert round(trace.seconds * 48_000) == 4410 * 256 * 48_000 // 44_100


def test_a_detector_need_not_have_meters() -> None:
    assert meters_of(object()) == {}
