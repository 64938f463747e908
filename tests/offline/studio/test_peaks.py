"""The picture of a waveform has the lowest and highest sample of every so many."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.studio.peaks import LEVELS, part, peaks_of
from tests.support.records import record


def extremes(samples: np.ndarray, size: int) -> np.ndarray:
    """Give lowest and highest by numpy alone: (n, channels, 2)."""
    parts = [samples[begin : begin + size] for begin in range(0, len(samples), size)]
    return np.array([np.stack([one.min(0), one.max(0)], -1) for one in parts])


@given(
    length=st.one_of(st.integers(1, 600), st.integers(60_000, 140_000)),
    channels=st.integers(1, 3),
    seed=st.integers(0, 9),
    where=st.tuples(st.integers(0, 150_000), st.integers(0, 150_000)),
)
def test_peaks_are_numpys_min_and_max(length: int, channels: int, seed: int, where: tuple[int, int]) -> None:
    samples = np.random.default_rng(seed).integers(-(2**15), 2**15, (length, channels), np.int16)
    with TemporaryDirectory() as folder:
        made = peaks_of(record(Path(folder), samples))
    for level in LEVELS:
        expected = extremes(samples, level)
        assert np.array_equal(part(made, length, level, 0, length), expected)
        first, last = where
        assert np.array_equal(part(made, length, level, first, last), expected[first // level : -(-last // level)])


@pytest.mark.parametrize("subtype", ["PCM_24", "FLOAT", "PCM_U8"])
def test_other_sample_formats_are_rounded_to_16_bits(tmp_path: Path, subtype: str) -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, (5_000, 2))
    samples[100] = -1.5  # beyond full scale, in floats
    one = record(tmp_path, samples, subtype=subtype)
    exact = np.concatenate(list(one.blocks(1_000))) * 2.0**15
    found = part(peaks_of(one), one.length, 64, 0, one.length)
    assert np.abs(found - np.clip(extremes(exact, 64), -(2**15), 2**15 - 1)).max() <= 1


def test_peaks_are_kept(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).integers(-99, 99, (10_000, 1), np.int16)
    one = record(tmp_path, samples).with_cache(ArrayCache(tmp_path / "cache"))
    made = np.array(peaks_of(one))
    told: list[int] = []
    assert np.array_equal(peaks_of(one, told.append), made)
    assert told == []
