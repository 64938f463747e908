import numpy as np

from samplechop.realtime.ui.score_trace import LONGEST, ScoreTrace


def test_the_newest_scores_are_kept_as_they_were() -> None:
    trace, block = ScoreTrace(0.01, 1000), np.zeros(3, np.float32)
    assert trace.newest().shape == (0,)
    for turn in range(LONGEST):
        block[:] = np.arange(3) + 3 * turn
        trace.keep(block)
    assert trace.newest().tolist() == list(range(2 * LONGEST, 3 * LONGEST))
    assert trace.position == 3 * LONGEST * 10


def test_a_position_goes_on_after_a_gap() -> None:
    trace = ScoreTrace(0.01, 1000)
    trace.restart(5000)
    trace.keep(np.zeros(2, np.float32))
    assert trace.position == 5020


def test_a_position_does_not_drift() -> None:
    trace = ScoreTrace(256 / 44_100, 48_000)
    for _ in range(4410):
        trace.keep(np.zeros(1, np.float32))
    assert trace.position == 4410 * 256 * 48_000 // 44_100
