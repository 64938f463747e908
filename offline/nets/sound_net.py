"""The net of sounds: what it takes, and its tags and encodings of whole sounds.

Its input is one picture of a whole sound, fine at its attack and ever coarser behind it. A tag or a likeness rests on
the attack, on what comes after it, and on how long that lasts. Segments that grow with their distance from the start,
as a constant-Q transform's filters do with frequency, hold all three in few numbers.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest, ModelError, SoundFeatures
from samplechop.offline.audio.mel import mel_filters
from samplechop.realtime.nets.tflite import open_interpreter

BATCH = 32
"""Sounds per call, in the file: a net converted for another number cannot be run."""
LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0
LEAD = 512
"""Samples of silence ahead of the first frame, so that the window sees the attack rise."""
DENSE_SECONDS = 0.5
SPARSE = 4
"""Behind DENSE_SECONDS only every fourth frame is made: a segment still averages several."""
GROWTH = 5.0
"""Segment k of n begins at SECONDS * (exp(GROWTH * k / n) - 1) / (exp(GROWTH) - 1)."""
INPUT_SECONDS = 6.0
DEPTH_DB = 70.0
"""Below the sound's loudest band there is nothing."""
SCALE_DB = 20.0
"""One unit of the input."""
SPREAD_DB = 20.0
"""The most that counts of how far a segment's loudest frame lies above its mean."""


@cache
def _mel(features: SoundFeatures) -> Any:
    """Give the mel filters, float32 (bands, bins), sparse: several times quicker, and no threads to wait for."""
    from scipy import sparse

    bins = np.arange(features.n_fft // 2 + 1) * features.sample_rate / features.n_fft
    return sparse.csr_array(mel_filters(bins, features.n_bands, LOWEST_HZ, HIGHEST_HZ).T.astype(np.float32))


@cache
def _frames(features: SoundFeatures) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the first sample of each frame, and the frame with which each segment begins and the last one ends."""
    dense = np.arange(0, int(DENSE_SECONDS * features.sample_rate), features.hop_length)
    sparse = np.arange(dense[-1], int(INPUT_SECONDS * features.sample_rate), SPARSE * features.hop_length)[1:]
    starts = np.concatenate([dense, sparse])
    places = np.expm1(GROWTH * np.arange(features.segments + 1) / features.segments) / np.expm1(GROWTH)
    edges = np.searchsorted(starts, places * INPUT_SECONDS * features.sample_rate)
    for number in range(1, len(edges)):  # near the attack a segment is one frame
        edges[number] = max(edges[number], edges[number - 1] + 1)
    edges = np.minimum(edges, len(starts))
    if edges[-2] >= len(starts):
        raise ValueError(f"features.segments must be fewer, got {features.segments}")
    return starts, edges


def image(samples: NDArray[np.float32], features: SoundFeatures) -> NDArray[np.float32]:
    """Picture one sound: float32 (n,), at features.sample_rate, from its attack on; any level.

    Returns float32 (features.n_inputs,): segment after segment, band after band, two numbers each: the mean level in
    dB under the sound's loudest, and by how much the segment's loudest frame lies above that. Silence gives the floor.
    """
    from scipy import fft

    starts, edges = _frames(features)
    count = int(np.searchsorted(starts, len(samples) + LEAD)) or 1
    padded = np.zeros(int(starts[count - 1]) + features.n_fft, np.float32)
    part = samples[: len(padded) - LEAD]
    padded[LEAD : LEAD + len(part)] = part
    window = np.hanning(features.n_fft).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, features.n_fft)[starts[:count]] * window
    spectrum = fft.rfft(frames, axis=1)
    power = (_mel(features) @ (spectrum.real**2 + spectrum.imag**2).T).T
    whole = np.zeros((features.segments, features.n_bands, 2), np.float32)
    whole[..., 0] = -DEPTH_DB
    used = int(np.searchsorted(edges[:-1], count))
    firsts = edges[:used]
    lengths = np.minimum(edges[1 : used + 1], count) - firsts
    mean = np.add.reduceat(power, firsts, axis=0) / lengths[:, None]
    # A segment that reaches behind the last frame is silent there.
    mean[-1] *= lengths[-1] / (edges[used] - firsts[-1])
    floor = max(float(mean.max(initial=0.0)), 1e-12) * 10 ** (-DEPTH_DB / 10)
    level = 10 * np.log10(np.maximum(mean, floor))
    most = 10 * np.log10(np.maximum(np.maximum.reduceat(power, firsts, axis=0), floor))
    whole[:used, :, 0] = level - level.max(initial=-np.inf)
    whole[:used, :, 1] = np.minimum(most - level, SPREAD_DB)
    whole[..., 0] = np.maximum(whole[..., 0], -DEPTH_DB) + DEPTH_DB / 2
    return (whole / np.float32(SCALE_DB)).ravel()


TAGS, ENCODING = "output_0", "output_1"
"""What the converter calls the net's outputs, in the order in which they were built."""
Predictions = tuple[NDArray[np.float32], NDArray[np.float32]]


class Encoder:
    """The net of one manifest. Not for two threads at once: each opens its own."""

    def __init__(self, manifest: Manifest) -> None:
        """Open it. Raises ModelError if its input is not whole sounds, or its tensors are not the manifest's."""
        where = f"model {str(manifest.path)!r}"
        if not isinstance(manifest.features, SoundFeatures):
            raise ModelError(f"{where} does not take whole sounds: train one with samplechop train tags")
        self.features = manifest.features
        self._interpreter: Any = open_interpreter(manifest.path.read_bytes(), BATCH, where)[0]
        inputs = self._interpreter.get_input_details()
        try:
            outputs = self._interpreter.get_signature_runner().get_output_details()
            found = {name: tuple(outputs[name]["shape"].tolist()[1:]) for name in (TAGS, ENCODING)}
        except (KeyError, ValueError):
            raise ModelError(f"{where} must give tags and encodings") from None
        wanted = {TAGS: (len(self.features.tags),), ENCODING: (self.features.encoding,)}
        n_inputs = int(np.prod(inputs[0]["shape"][1:]))
        if len(inputs) != 1 or n_inputs != self.features.n_inputs or found != wanted:
            raise ModelError(
                f"{where} takes {n_inputs} numbers and gives {found}, "
                f"its manifest says {self.features.n_inputs} and {wanted}"
            )
        self._in, self._out = inputs[0]["index"], [outputs[name]["index"] for name in (TAGS, ENCODING)]
        self._rows = np.zeros((BATCH, self.features.n_inputs), np.float32)

    def predict(self, images: NDArray[np.float32]) -> Predictions:
        """Give how likely each tag is, float32 (n, tags), and the encodings, float32 (n, dims), of float32 images."""
        tags = np.zeros((len(images), len(self.features.tags)), np.float32)
        encodings = np.zeros((len(images), self.features.encoding), np.float32)
        for at in range(0, len(images), BATCH):
            some = images[at : at + BATCH]
            self._rows[: len(some)] = some
            self._interpreter.set_tensor(self._in, self._rows)
            self._interpreter.invoke()
            for out, index in zip((tags, encodings), self._out, strict=True):
                out[at : at + len(some)] = self._interpreter.get_tensor(index)[: len(some)]
        return np.asarray(1 / (1 + np.exp(-tags)), np.float32), encodings


def at_rate(samples: NDArray[np.float32], rate: int, features: SoundFeatures) -> NDArray[np.float32]:
    """Give the part of a sound that the net takes, float32 (n,), at its rate. rate: of `samples`, Hz."""
    part = np.asarray(samples[: int(INPUT_SECONDS * rate) + 1], np.float32)
    if rate == features.sample_rate:
        return part
    import soxr

    return np.asarray(soxr.resample(part, rate, features.sample_rate), np.float32)
