"""Floats over full scale: the formats of whole numbers hold them all quieter by one factor, and say by how much."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.export import PEAK_DBFS, ExportWarning, mpc, octatrack, op1
from samplechop.offline.kits.core.model import Kit
from tests.support.kits import make_kit

WRITERS = [mpc.write, octatrack.write, op1.write]
FULL = 10 ** (PEAK_DBFS / 20)


def hot(folder: Path, *peaks: float, rate: int = 44_100, channels: int = 1) -> Kit:
    """Make a kit of float slices with these peaks."""
    kit = make_kit(folder, slices=len(peaks), subtype="FLOAT", channels=channels, sample_rate=rate)
    for part, peak in zip(kit.slices, peaks, strict=True):
        samples = kit.read_slice(part)
        soundfile.write(kit.path(part), samples / np.abs(samples).max() * peak, rate, subtype="FLOAT")
    return kit


def peaks_of(kit: Kit, files: list[Path]) -> list[float]:
    """Read the peak of every slice from what was written."""
    audio = [soundfile.read(path, always_2d=True)[0] for path in files if path.suffix in (".wav", ".aif")]
    if len(audio) == 1:
        ends = np.cumsum([round(part.frames * 44_100 / kit.slice_rate) for part in kit.slices])
        audio = np.split(audio[0], ends[:-1])
    return [float(np.abs(samples).max()) for samples in audio]


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("write", WRITERS, ids=["mpc", "octatrack", "op1"])
def test_slices_over_full_scale_keep_their_balance(
    tmp_path: Path, write: Callable[[Kit], list[Path]], rate: int
) -> None:
    kit = hot(tmp_path, 3.6, 1.8, 0.36, rate=rate)
    before = [kit.path(part).read_bytes() for part in kit.slices]
    with pytest.warns(ExportWarning, match=r"11\.[1-3] dB over full scale.*11\.[4-6] dB quieter.*less gain"):
        files = write(kit)
    assert peaks_of(kit, files) == pytest.approx([FULL, FULL / 2, FULL / 10], rel=0.02)
    assert [kit.path(part).read_bytes() for part in kit.slices] == before


@pytest.mark.parametrize("write", WRITERS, ids=["mpc", "octatrack", "op1"])
def test_floats_within_full_scale_are_written_as_they_are(tmp_path: Path, write: Callable[[Kit], list[Path]]) -> None:
    kit = hot(tmp_path, 1.0, 0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ExportWarning)
        assert peaks_of(kit, write(kit)) == pytest.approx([1.0, 0.5], abs=2**-14)


def test_channels_that_cancel_each_other_need_no_scaling(tmp_path: Path) -> None:
    kit = hot(tmp_path, 1.0, channels=2)
    samples = np.linspace(-2.0, 2.0, 4_001)
    soundfile.write(kit.path(kit.slices[0]), np.stack([samples, -samples / 4], axis=1), 44_100, subtype="FLOAT")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ExportWarning)
        (peak,) = peaks_of(kit, op1.write(kit))
    assert peak == pytest.approx(0.75, abs=1e-4)
