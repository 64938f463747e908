"""The net of sounds on the sounds of an atlas, and the data set it is trained on."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest, SoundFeatures
from samplechop.offline.atlas import descriptions
from samplechop.offline.atlas.store import Atlas, Sound
from samplechop.offline.augmentation.effects import augment_sound
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.common.progress import Progress
from samplechop.offline.nets.sound_net import BATCH, Encoder, Predictions, at_rate, image
from samplechop.offline.training.tasks.tags import Images, Tagged
from samplechop.realtime.core.errors import UserError


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
