"""What a map is made from: one or several blocks of numbers a sound, brought to a common scale and few dimensions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.features.spectrogram_fingerprints import COMMAND as FINGERPRINT
from samplechop.offline.atlas.features.spectrogram_fingerprints import read_fingerprints
from samplechop.offline.atlas.store.atlas import Atlas, read_rows
from samplechop.realtime.core.errors import UserError

MODES = ("fingerprints", "labels", "encoding", "combined")
TAGS = "samplechop atlas tags"
FILES = {"fingerprints": "fingerprints.npy", "labels": "labels.npy", "encoding": "encodings.npy"}
STEPS = {"fingerprints": "fingerprint", "labels": "tags", "encoding": "tags"}
"""For each block, the step of the atlas that makes it."""
DIMENSIONS = 50
"""Most that are kept of each block: what lies beyond is noise to neighbours, and costs time."""

Blocks = Mapping[str, NDArray[np.float32]]
"""By name: float32 (n, d)."""


def names(atlas: Atlas, mode: str) -> list[str]:
    """Give the blocks that a mode takes: all there are, for `combined`.

    Raises UserError, saying what to run, if it takes one that is not there.
    """
    if mode == "combined":
        there = [name for name, file in FILES.items() if (atlas.folder / file).exists()]
        if not there:
            raise UserError(f"there is nothing to combine in {str(atlas.folder)!r}: run {FINGERPRINT} and {TAGS} first")
        return there
    if mode != "fingerprints" and not (atlas.folder / FILES[mode]).exists():
        raise UserError(f"there are no {FILES[mode].removesuffix('.npy')} in {str(atlas.folder)!r}: run {TAGS} first")
    return [mode]


def origin(atlas: Atlas, blocks: Sequence[str]) -> dict[str, Any]:
    """Give the settings with which each block was made: blocks made with others can be compared no more."""
    steps = {name: atlas.made(STEPS[name]) for name in blocks}
    return {name: None if made is None else made[0] for name, made in steps.items()}


def read(atlas: Atlas, blocks: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Read blocks, float32 (n, d) each. Raises UserError if one is damaged or does not cover all sounds."""
    found = {}
    for name in blocks:
        block = read_fingerprints(atlas) if name == "fingerprints" else read_rows(atlas, FILES[name], TAGS)
        found[name] = block.reshape(len(block), -1)
    return found


@dataclass(frozen=True, slots=True)
class Basis:
    """How blocks become features. means: (d,) each. directions: (d, k) each, so long that all blocks weigh the same."""

    means: Mapping[str, NDArray[np.float32]]
    directions: Mapping[str, NDArray[np.float32]]

    @classmethod
    def of(cls, blocks: Blocks, seed: int) -> "Basis":
        """Find the directions in which each block varies most, by principal components.

        The variance of each block becomes 1 in all, so none drowns another by its units or its number of dimensions.
        On 142 real one-shots other weights, of a half to two, move the map's agreement by no more than 0.02.
        """
        from sklearn.decomposition import PCA

        means, directions = {}, {}
        for name, block in blocks.items():
            kept = min(DIMENSIONS, *block.shape)
            with np.errstate(invalid="ignore"):  # of sounds that are all the same no share is explained
                found = PCA(kept, random_state=seed).fit(block)
            spread = float(np.sqrt(np.mean(np.sum((block - found.mean_) ** 2, axis=1))))
            means[name] = found.mean_.astype(np.float32)
            directions[name] = (found.components_.T / max(spread, 1e-9)).astype(np.float32)
        return cls(means, directions)

    def apply(self, blocks: Blocks) -> NDArray[np.float32]:
        """Give features of sounds, float32 (n, dimensions of all blocks together)."""
        parts = [(blocks[name] - mean) @ self.directions[name] for name, mean in self.means.items()]
        return np.concatenate(parts, axis=1).astype(np.float32)
