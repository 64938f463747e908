"""Features of the drum net."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.nets.drum_features import HOP_LENGTH, N_FEATURES, DrumFeatureStream
from tests.support.signals import RATE, record

MOST = 3000
STREAM = DrumFeatureStream(MOST)


def push(audio: np.ndarray, sizes: list[int]) -> np.ndarray:
    STREAM.reset()
    rows, start, turn = [], 0, 0
    while start < len(audio):
        size = sizes[turn % len(sizes)]
        rows.append(STREAM.push(audio[start : start + size]).copy())
        start, turn = start + size, turn + 1
    return np.concatenate(rows)


@given(sizes=st.lists(st.integers(1, MOST), min_size=1, max_size=5).filter(lambda sizes: sum(sizes) >= 64))
def test_features_do_not_depend_on_how_blocks_are_cut(sizes: list[int]) -> None:
    audio, _ = record(1.5)
    np.testing.assert_array_equal(push(audio, sizes), push(audio, [MOST]))


def test_a_frame_is_there_when_its_latency_has_passed() -> None:
    frame, audio = 40, record(1.5)[0]
    needed = frame * HOP_LENGTH + STREAM.latency
    assert len(push(audio[: needed - 1], [MOST])) == frame
    assert len(push(audio[:needed], [MOST])) == frame + 1


def test_level_hardly_changes_features_of_loud_sound() -> None:
    noise = (0.3 * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32)
    loud, soft = push(noise, [MOST]), push(noise * np.float32(0.25), [MOST])
    assert loud.shape[1] == N_FEATURES
    assert np.abs(loud[20:] - soft[20:]).mean() < 0.1
