"""From features to positions in a map: principal components, then t-SNE by openTSNE, of all sounds or of new ones.

Blocks of numbers a sound (fingerprints, labels, encodings) are brought to a common scale and few dimensions; t-SNE lays
out all sounds at once, or places new ones among those that are there. van der Maaten and Hinton, "Visualizing data
using t-SNE", 2008; Poličar, Stražar and Zupan, "openTSNE: a modular Python library for t-SNE dimensionality reduction
and embedding", 2024.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.fingerprints import COMMAND as FINGERPRINT
from samplechop.offline.atlas.store import Atlas, read_rows
from samplechop.offline.common.arrays import read_arrays
from samplechop.offline.common.atomic import replacing
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from openTSNE.affinity import Affinities

TAGS_COMMAND = "samplechop atlas tags"
BLOCKS = {
    "fingerprints": ("fingerprints.npy", "fingerprint", FINGERPRINT),
    "labels": ("labels.npy", "tags", TAGS_COMMAND),
    "encoding": ("encodings.npy", "tags", TAGS_COMMAND),
}
"""Each block's file, the step of the atlas that makes it, and the command."""
DIMENSIONS = 50
"""Most that are kept of each block: what lies beyond is noise to neighbours, and costs time."""

Blocks = Mapping[str, NDArray[np.float32]]
"""By name: float32 (n, d)."""


def block_names(atlas: Atlas, mode: str) -> list[str]:
    """Give the blocks that a mode takes: all there are, for `combined`.

    Raises UserError, saying what to run, if it takes one that is not there.
    """
    if mode != "combined":
        if mode != "fingerprints" and not (atlas.folder / BLOCKS[mode][0]).exists():
            what = BLOCKS[mode][0].removesuffix(".npy")
            raise UserError(f"there are no {what} in {str(atlas.folder)!r}: run {TAGS_COMMAND} first")
        return [mode]
    there = [name for name, (file, _, _) in BLOCKS.items() if (atlas.folder / file).exists()]
    if not there:
        raise UserError(
            f"there is nothing to combine in {str(atlas.folder)!r}: run {FINGERPRINT} and {TAGS_COMMAND} first"
        )
    return there


def block_origins(atlas: Atlas, blocks: Sequence[str]) -> dict[str, Any]:
    """Give the settings with which each block was made: blocks made with others can be compared no more."""
    made = {name: atlas.made(BLOCKS[name][1]) for name in blocks}
    return {name: None if one is None else one[0] for name, one in made.items()}


def read_blocks(atlas: Atlas, blocks: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Read blocks, float32 (n, d) each. Raises UserError if one is damaged or does not cover all sounds."""
    found = {name: read_rows(atlas, BLOCKS[name][0], BLOCKS[name][2]) for name in blocks}
    return {name: block.reshape(len(block), -1) for name, block in found.items()}


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


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """A map as it was laid out. settings: by which it was, as JSON can hold them. basis: how sounds become features.

    features: float32 (n, d). positions: float64 (n, dims), as t-SNE gave them. corner, extent: `scaled` subtracts the
    one and divides by the other.
    """

    settings: Mapping[str, Any]
    basis: Basis
    features: NDArray[np.float32]
    positions: NDArray[np.float64]
    corner: NDArray[np.float64]
    extent: float

    @classmethod
    def of(
        cls, settings: Mapping[str, Any], basis: Basis, features: NDArray[np.float32], positions: NDArray[np.float64]
    ) -> "TrainingRecord":
        """Take the scale from the positions: the widest axis fills 0..1, the others lie in the middle."""
        low, high = positions.min(axis=0), positions.max(axis=0)
        extent = float((high - low).max()) or 1.0
        return cls(settings, basis, features, positions, (low + high - extent) / 2, extent)

    def scaled(self, positions: NDArray[np.float64]) -> NDArray[np.float32]:
        """Give positions on the map's scale, float32 (n, dims), 0..1; what lies outside goes to the rim."""
        return np.clip((positions - self.corner) / self.extent, 0, 1).astype(np.float32)

    def write(self, path: Path) -> None:
        """Write plain arrays. Raises UserError if the disk does not take them."""
        arrays = {name: np.asarray(getattr(self, name)) for name in ("features", "positions", "corner", "extent")}
        arrays |= {f"mean {name}": mean for name, mean in self.basis.means.items()}
        arrays |= {f"directions {name}": part for name, part in self.basis.directions.items()}
        with replacing(path) as part, part.open("wb") as file:
            np.savez(file, allow_pickle=False, settings=np.array(json.dumps(dict(self.settings))), **arrays)

    @classmethod
    def read(cls, path: Path) -> "TrainingRecord | None":
        """Read it; None if there is none, or none that can be used: the map is then laid out anew."""
        try:
            arrays = read_arrays(path)
            settings = documents.parse_json(str(arrays.pop("settings")))
            if not all(array.dtype.kind == "f" and np.isfinite(array).all() for array in arrays.values()):
                return None
            blocks = [name for name in BLOCKS if f"mean {name}" in arrays]
            means, directions = ({name: arrays[f"{part} {name}"] for name in blocks} for part in ("mean", "directions"))
            features, positions, corner = (arrays[name] for name in ("features", "positions", "corner"))
            found = cls(settings, Basis(means, directions), features, positions, corner, float(arrays["extent"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        fits = (
            isinstance(settings, dict)
            and all(means[name].ndim == 1 and directions[name].ndim == 2 for name in blocks)
            and all(len(means[name]) == len(directions[name]) for name in blocks)
            and positions.ndim == 2
            and corner.shape == positions.shape[1:]
            and features.shape == (len(positions), sum(part.shape[1] for part in directions.values()))
            and found.extent > 0
        )
        return found if fits and blocks else None


FEWEST = 10
"""Sounds with which t-SNE begins to mean something; fewer are laid out by their principal components."""
EXACT = 40_000
"""Up to so many sounds, neighbours are found by comparing all with all; beyond, by Annoy's trees, which miss some."""
FOURIER = 4_000
"""From so many sounds on, repulsion is interpolated on a grid (2-d only); below, a tree is faster."""
THREADS_FROM = 1_000
"""Sounds; among fewer, threads only wait for each other."""
THETA = 0.5
"""How coarsely the tree sees what is far, openTSNE's default."""
INTERVAL = 2
"""Side of the grid's cells, of 3 x 3 points each, in units of the map. openTSNE's default, 1, takes more than twice as
long for 10,000 sounds, and of the 10 nearest neighbours keeps 62 % in place of 61 %."""
ROUNDS, EARLY_ROUNDS, REPORT_EVERY = 500, 250, 50
PLACING_PERPLEXITY = 5
"""As openTSNE advises for new points, which see only the old ones."""
Report = Callable[[int, int], None]


def allowed_perplexity(wanted: float, sounds: int) -> float:
    """Give the perplexity that so many sounds allow: a third of a sound's neighbours, at most."""
    return min(wanted, max(1.0, (sounds - 1) / 3))


def lay_out(
    features: NDArray[np.float32], dims: int, perplexity: float, seed: int, jobs: int, report: Report
) -> NDArray[np.float64]:
    """Give positions, float64 (n, dims), for features, (n, d). The same seed gives the same positions.

    perplexity: at most what `allowed_perplexity` says. jobs: threads. report: gets the iterations done, and all.
    """
    start = _principal(features, dims)
    if len(features) < FEWEST or not np.any(start):
        return start
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN

    jobs = jobs if len(features) >= THREADS_FROM else 1
    exact = len(features) <= EXACT
    near = PerplexityBasedNN(
        features.astype(np.float64),
        perplexity,
        method="exact" if exact else "annoy",
        knn_kwargs={"algorithm": "brute"} if exact else None,
        n_jobs=jobs,
        random_state=seed,
    )
    # Tiny noise parts sounds that are the same: from one place they could never leave each other.
    noise = np.random.default_rng(seed).normal(0, 1e-6, start.shape)
    done = count(REPORT_EVERY, REPORT_EVERY)
    embedding = TSNE(
        n_components=dims,
        perplexity=perplexity,
        n_iter=ROUNDS,
        early_exaggeration_iter=EARLY_ROUNDS,
        negative_gradient_method="fft" if dims == 2 and len(features) >= FOURIER else "bh",
        theta=THETA,
        ints_in_interval=INTERVAL,
        n_jobs=jobs,
        random_state=seed,
        callbacks=lambda *_: report(next(done), EARLY_ROUNDS + ROUNDS),
        callbacks_every_iters=REPORT_EVERY,
    ).fit(affinities=near, initialization=1e-4 * start / start[:, 0].std() + noise)
    return np.asarray(embedding, np.float64)


def place(
    features: NDArray[np.float32], among: NDArray[np.float32], positions: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Give positions, float64 (new, dims), for features of new sounds, (new, d), in a map that stays as it is.

    among: features of the sounds in the map, float32 (n, d). positions: theirs, float64 (n, dims).
    """
    from openTSNE import TSNEEmbedding

    dims = positions.shape[1]
    middle = (positions.max(axis=0) + positions.min(axis=0)) / 2  # to where openTSNE moves it
    embedding = TSNEEmbedding(
        positions - middle,
        _near(among),
        negative_gradient_method="fft" if dims == 2 else "bh",
        random_state=seed,
        n_jobs=1,  # for so few points, threads would only wait for each other
        dof=1,
        theta=THETA,
        n_interpolation_points=3,
        min_num_intervals=50,
        ints_in_interval=INTERVAL,
    )
    perplexity = allowed_perplexity(PLACING_PERPLEXITY, len(among))
    return np.asarray(embedding.transform(features.astype(np.float64), perplexity=perplexity), np.float64) + middle


def nearest(
    features: NDArray[np.float32], among: NDArray[np.float32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the nearest of `among`, (n, d), to each of `features`, (m, d), nearest first: places, distances, (m, count).

    All are compared with all, as one product of matrices: no index to build or keep.
    """
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(among.astype(np.float64))
    distances, places = found.kneighbors(features.astype(np.float64))
    return places, distances


def _near(among: NDArray[np.float32]) -> "Affinities":
    """Give what openTSNE asks how near new sounds are to those in the map."""
    from openTSNE.affinity import Affinities, joint_probabilities_nn
    from scipy.sparse import csr_matrix

    class Near(Affinities):
        def __init__(self) -> None:
            super().__init__()
            self.P = csr_matrix((len(among), len(among)))  # attraction among the old, which stay where they are

        def to_new(self, data: NDArray[Any], perplexity: float, return_distances: bool = False) -> Any:
            places, distances = nearest(data, among, min(len(among), int(3 * perplexity)))
            # Each new sound is drawn by the old ones alone, whatever else is new.
            alone = {"symmetrize": False, "normalization": "point-wise", "n_reference_samples": len(among)}
            drawn = joint_probabilities_nn(places, distances, [perplexity], **alone)
            return (drawn, places, distances) if return_distances else drawn

    return Near()


def _principal(features: NDArray[np.float32], dims: int) -> NDArray[np.float64]:
    """Give the first principal components, float64 (n, dims), each turned so that its largest value is above 0."""
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    found = centred @ directions[:, ::-1][:, :dims]
    found *= np.sign(np.take_along_axis(found, np.abs(found).argmax(axis=0)[None], axis=0)) + 0.0
    return np.pad(found, ((0, 0), (0, dims - found.shape[1])))
