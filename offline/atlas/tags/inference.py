"""A trained net of sounds at work: tags and encodings of many sounds, through whichever TFLite runtime works here."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest, ModelError, SoundFeatures
from samplechop.offline.atlas.tags.input_image import SECONDS, image
from samplechop.realtime.nets.tflite import open_interpreter

BATCH = 32
"""Sounds per call, also in the file: a net converted for another number cannot be run."""
TAGS, ENCODING = "output_0", "output_1"
"""What the converter calls the net's outputs, in the order in which they were built."""
Answers = tuple[NDArray[np.float32], NDArray[np.float32]]


class Encoder:
    """The net of one manifest. Not for two threads at once: each opens its own."""

    def __init__(self, manifest: Manifest) -> None:
        """Open it. Raises ModelError if it does not hear whole sounds, or its tensors are not the manifest's."""
        where = f"model {str(manifest.path)!r}"
        if not isinstance(manifest.features, SoundFeatures):
            raise ModelError(f"{where} does not hear whole sounds: train one with samplechop train tags")
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

    def answers(self, images: NDArray[np.float32]) -> Answers:
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
    """Give the part of a sound that the net hears, float32 (n,), at its rate. rate: of `samples`, Hz."""
    part = np.asarray(samples[: int(SECONDS * rate) + 1], np.float32)
    if rate == features.sample_rate:
        return part
    import soxr

    return np.asarray(soxr.resample(part, rate, features.sample_rate), np.float32)


def encode(
    manifest: Manifest, sounds: NDArray[np.float32], lengths: Sequence[int], rate: int, threads: int = 2
) -> Iterator[tuple[int, int, Answers]]:
    """Answer for many sounds: float32 (n, width), a sound's length in samples each. rate: Hz.

    Yields (first, last + 1, answers) in order. Neither the transform nor the runtime holds Python's lock for long.
    """
    encoders = [Encoder(manifest) for _ in range(threads)]

    def part(encoder: Encoder, first: int, end: int) -> Answers:
        images = np.zeros((end - first, encoder.features.n_inputs), np.float32)
        for row, place in zip(images, range(first, end), strict=True):
            row[:] = image(at_rate(sounds[place, : lengths[place]], rate, encoder.features), encoder.features)
        return encoder.answers(images)

    step = 4 * BATCH
    spans = [(at, min(at + step, len(lengths))) for at in range(0, len(lengths), step)]
    with ThreadPoolExecutor(threads) as pool:
        for at in range(0, len(spans), threads):
            some = spans[at : at + threads]
            for span, answered in zip(some, pool.map(part, encoders, *zip(*some, strict=True)), strict=True):
                yield *span, answered
