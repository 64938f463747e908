import librosa
import numpy as np
import pytest

from samplechop.offline.audio.mel import mel_filters


@pytest.mark.parametrize(
    ("rate", "size", "bands", "low", "high"),
    [(22_050, 4096, 40, 0.0, 11_025.0), (44_100, 2048, 64, 30.0, 16_000.0), (48_000, 1024, 20, 1500.0, 20_000.0)],
)
def test_the_mel_bands_are_those_of_librosa(rate: int, size: int, bands: int, low: float, high: float) -> None:
    bins = np.arange(size // 2 + 1) * rate / size
    expected = librosa.filters.mel(sr=rate, n_fft=size, n_mels=bands, fmin=low, fmax=high)
    np.testing.assert_allclose(mel_filters(bins, bands, low, high), expected.T, atol=1e-8)
