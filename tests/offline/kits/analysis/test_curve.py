"""The curve has a value for each frame of a record, and its peaks lie where the chops do."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits.analysis import detection
from samplechop.offline.kits.analysis.curve import Curve, curve_in, joined
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from tests.support.signals import record

VALUES = np.random.default_rng(1).integers(0, 256, 100).astype(np.uint8)


@given(size=st.sampled_from([1, 4, 16, 64]), first=st.integers(0, 120), count=st.integers(0, 120))
def test_the_highest_are_those_of_whole_groups(size: int, first: int, count: int) -> None:
    found = Curve(VALUES, 0.0, 512.0).highest(size, first, first + count)
    groups = range(first // size, -(-(first + count) // size))
    assert found.tolist() == [VALUES[at * size : (at + 1) * size].max() for at in groups if at * size < len(VALUES)]


def test_what_was_kept_without_a_curve_is_read() -> None:
    assert curve_in({"beats": np.zeros(3)}) is None


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_chops_lie_under_peaks(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "record.wav", record(8.0)[0], rate)
    taken = open_record(tmp_path / "record.wav", tmp_path)
    parts: list[Curve] = []
    heard = detection.detect(taken, ChopOptions(choose="attacks"), 0, taken.length, drawn=parts.append)
    curve = heard.curve
    assert curve is not None
    assert curve.hop == 512 * rate / 44_100
    assert 0 <= curve.at < curve.hop and abs(curve.at + len(curve.values) * curve.hop - taken.length) <= curve.hop
    frames = np.rint((heard.heard.samples - curve.at) / curve.hop).astype(int)
    assert len(frames) > 5
    assert min(curve.values[max(0, frame - 2) : frame + 4].max() for frame in frames) > 0.65 * 255
    told = joined(parts)
    assert np.array_equal(told.values, curve.values[: len(told.values)])
