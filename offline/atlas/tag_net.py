"""The net of sounds: what it takes, its tags and encodings of many sounds, and the data set it is trained on.

Its input is one picture of a whole sound, fine at its attack and ever coarser behind it. A tag or a likeness rests on
the attack, on what comes after it, and on how long that lasts. Segments that grow with their distance from the start,
as a constant-Q transform's filters do with frequency, hold all three in few numbers.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest, ModelError, SoundFeatures
from samplechop.offline.atlas import descriptions
from samplechop.offline.atlas.store import Atlas, Sound
from samplechop.offline.augmentation.effects import augment_sound
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.common.progress import Progress
from samplechop.offline.training.tasks.tags import TFLITE_BATCH as BATCH
from samplechop.offline.training.tasks.tags import Images, Tagged
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.nets.tflite import open_interpreter

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
    import librosa
    from scipy import sparse

    filters = librosa.filters.mel(
        sr=features.sample_rate, n_fft=features.n_fft, n_mels=features.n_bands, fmin=LOWEST_HZ, fmax=HIGHEST_HZ
    )
    return sparse.csr_array(filters.astype(np.float32))


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


def encode(
    manifest: Manifest, sounds: NDArray[np.float32], lengths: Sequence[int], rate: int, threads: int = 2
) -> Iterator[tuple[int, int, Predictions]]:
    """Predict for many sounds: float32 (n, width), a sound's length in samples each. rate: Hz.

    Yields (first, last + 1, predictions) in order. Neither the transform nor the runtime holds Python's lock for long.
    """
    encoders = [Encoder(manifest) for _ in range(threads)]

    def part(encoder: Encoder, first: int, end: int) -> Predictions:
        images = np.zeros((end - first, encoder.features.n_inputs), np.float32)
        for row, place in zip(images, range(first, end), strict=True):
            row[:] = image(at_rate(sounds[place, : lengths[place]], rate, encoder.features), encoder.features)
        return encoder.predict(images)

    step = 4 * BATCH
    spans = [(at, min(at + step, len(lengths))) for at in range(0, len(lengths), step)]
    with ThreadPoolExecutor(threads) as pool:
        for at in range(0, len(spans), threads):
            some = spans[at : at + threads]
            for span, answered in zip(some, pool.map(part, encoders, *zip(*some, strict=True)), strict=True):
                yield *span, answered


VERSIONS = 2
"""Images of each sound to learn from: as it is, and augmented. The net makes more of them as it learns."""
VALIDATION_SHARE = 0.2
MOST_SHARE = 0.35
FEWEST_SOUNDS = 20
FEWEST_OF_PACK = 10
"""Tagged sounds a pack must have, to be held out."""
_TOGETHER = 32


def find(atlas: Atlas, paths: Sequence[Path], synonyms: Path | None, fewest: int, held: Sequence[str]) -> Tagged:
    """Find the tagged sounds of an atlas. paths, synonyms: as of tags.tag. fewest: sounds of each tag.

    held: packs to measure on; none: see `split`. Raises UserError where there is too little to learn from.
    """
    meant = descriptions.synonyms_with(synonyms)
    words = [descriptions.tags_of(one, meant) for one in descriptions.describe(atlas.sounds, paths)]
    tags = descriptions.choose(words, fewest)
    labels = np.array([[tag in some for tag in tags] for some in words], np.float32)
    rows = np.flatnonzero(labels.any(axis=1))
    if len(rows) < FEWEST_SOUNDS:
        raise UserError(f"tags are learned from {FEWEST_SOUNDS} tagged sounds at least, got {len(rows)}: tag more")
    chosen, how = split(_packs(atlas.sounds, rows.tolist(), words), held)
    return Tagged(tuple(rows.tolist()), tags, labels[rows], chosen, how, meant)


def _packs(sounds: Sequence[Sound], rows: Sequence[int], words: Sequence[tuple[str, ...]]) -> list[str]:
    """Give the pack of each row; where a pack is all of one kind, as PACK/snares/1.wav is, the folder above it."""
    packs = [sounds[row].pack for row in rows]
    kinds = {(pack, words[row]) for pack, row in zip(packs, rows, strict=True)}
    if len(kinds) > len(set(packs)):
        return packs
    return [Path(sounds[row].path).parent.parent.name for row in rows]


def split(packs: Sequence[str], named: Sequence[str]) -> tuple[NDArray[np.bool_], str]:
    """Choose the sounds that only measure how well the net does: whole packs, bool (n,), and a sentence on how.

    packs: of each sound. named: packs to hold out; none: those first in the order of a hash of their names, until a
    fifth is held. Where no pack is of a size to be held out, every fifth sound is. Raises UserError for a name that no
    pack has, or if nothing were left to learn from.
    """
    counts = Counter(packs)
    sizes = {pack: counts[pack] for pack in sorted(counts, key=_hash)}
    unknown = [pack for pack in named if pack not in sizes]
    if unknown:
        raise UserError(
            f"--held-out {unknown[0]!r}: no tagged sound is of that pack; there are {_listed(sorted(sizes))}"
        )
    if named and set(named) == set(sizes):
        raise UserError("--held-out must leave packs to learn from, got all there are")
    held = set(named)
    for pack, size in sizes.items() if not named else ():
        together = sum(sizes[one] for one in held)
        if together < VALIDATION_SHARE * len(packs) and size >= FEWEST_OF_PACK:
            held |= {pack} if together + size <= MOST_SHARE * len(packs) else set()
    if held:
        return np.array([pack in held for pack in packs]), f"packs held out: {_listed(sorted(held))}"
    order = sorted(range(len(packs)), key=lambda place: _hash(f"{packs[place]}/{place}"))
    out = np.zeros(len(packs), bool)
    out[order[: max(1, len(packs) // 5)]] = True
    why = "there is one pack only" if len(sizes) == 1 else "no pack is of a size to hold out"
    return out, f"{why}: every fifth sound is held out, which makes the figures too good"


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def images_of(
    atlas: Atlas, rows: Sequence[int], features: SoundFeatures, seed: int, jobs: int, progress: Progress
) -> Images:
    """Make images of sounds of an atlas, as they are and augmented, in `jobs` processes."""
    spans = [tuple(rows[at : at + _TOGETHER]) for at in range(0, len(rows), _TOGETHER)]
    out = np.zeros((len(rows), VERSIONS, features.n_inputs), np.float16)
    work = [(atlas.folder, span, features, seed) for span in spans]
    for number, part in enumerate(in_order(_images, work, jobs)):
        out[number * _TOGETHER : number * _TOGETHER + len(part)] = part
        progress("processing recordings", number + 1, len(work))
    return out


def _images(job: tuple[Path, tuple[int, ...], SoundFeatures, int]) -> Images:
    folder, rows, features, seed = job
    atlas = Atlas(folder)
    samples, sounds = atlas.samples(), atlas.sounds
    out = np.zeros((len(rows), VERSIONS, features.n_inputs), np.float16)
    for versions, row in zip(out, rows, strict=True):
        sound = at_rate(samples[row, : sounds[row].length], atlas.rate, features)
        rng = np.random.default_rng([0x7A65, seed, row])
        versions[0] = image(sound, features)
        for version in range(1, VERSIONS):
            versions[version] = image(augment_sound(sound, rng), features)
    return out
