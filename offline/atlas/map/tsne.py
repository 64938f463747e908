"""The step that makes maps: sounds that are alike lie near each other.

A map is laid out once. Sounds that come later are placed into it, and those that are there stay, until the atlas has
more than doubled: a map that most of its sounds had no part in would mean little, and is laid out anew. What placing
needs is the training record, one .npz beside the map's .tsv.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.map import map_files, scatter_plot, tsne_layout
from samplechop.offline.atlas.map import tsne_layout as features
from samplechop.offline.atlas.map.tsne_layout import BLOCK_FILES, Basis
from samplechop.offline.atlas.settings import EmbedSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.common.atomic import replacing
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core.errors import UserError


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
        cls,
        settings: Mapping[str, Any],
        basis: Basis,
        features: NDArray[np.float32],
        positions: NDArray[np.float64],
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
        arrays = {f"mean {name}": mean for name, mean in self.basis.means.items()}
        arrays |= {f"directions {name}": part for name, part in self.basis.directions.items()}
        with replacing(path) as part, part.open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                settings=np.array(json.dumps(dict(self.settings))),
                features=self.features,
                positions=self.positions,
                corner=self.corner,
                extent=np.array(self.extent),
                **arrays,
            )

    @classmethod
    def read(cls, path: Path) -> "TrainingRecord | None":
        """Read it; None if there is none, or none that can be used: the map is then laid out anew."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                blocks = [name for name in BLOCK_FILES if f"mean {name}" in arrays]
                basis = Basis(
                    {name: arrays[f"mean {name}"] for name in blocks},
                    {name: arrays[f"directions {name}"] for name in blocks},
                )
                found = cls(
                    json.loads(str(arrays["settings"])),
                    basis,
                    arrays["features"],
                    arrays["positions"],
                    arrays["corner"],
                    float(arrays["extent"]),
                )
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
            return None
        dims = sum(part.shape[1] for part in basis.directions.values())
        fits = found.features.shape == (len(found.positions), dims) and found.corner.shape == found.positions.shape[1:]
        return found if fits and blocks else None


def map_name(mode: str, dims: int, perplexity: float) -> str:
    """Give the name of a map, such as fingerprints-2d-p30."""
    return f"{mode}-{dims}d-p{perplexity:g}"


def embed(
    atlas: Atlas, settings: EmbedSettings, progress: Progress, jobs: int | None = None, again: bool = False
) -> list[str]:
    """Make the maps wanted, or place new sounds in them; give sentences for people, such as a perplexity lowered.

    jobs: threads, by default one for each core. again: lay maps out anew, even if that moves sounds.
    Raises UserError if what the maps are made of is not there, damaged, or the disk does not take them.
    """
    if not len(atlas):
        raise UserError(f"the atlas {str(atlas.folder)!r} holds no sounds: samplechop atlas collect adds some")
    blocks = features.block_names(atlas, settings.mode)
    origin = features.block_origins(atlas, blocks)
    made = atlas.made(map_files.STEP)
    noted: dict[str, Any] = {map_files.DEFAULT: None, map_files.MAPS: {}} | (made[0] if made else {})
    work: _Work | None = None
    for perplexity in settings.perplexities:
        name = map_name(settings.mode, settings.dims, perplexity)
        there = map_files.names(atlas)
        entry = asdict(settings) | {"perplexities": [perplexity], "of": origin, "rows": len(atlas)}
        if not again and name in there and noted[map_files.MAPS].get(name) == entry:
            continue
        work = work or _Work(atlas, settings, blocks, origin, progress, jobs or os.cpu_count() or 1, again)
        work.make(name, settings.dims, perplexity)
        first = noted[map_files.DEFAULT] if noted[map_files.DEFAULT] in there else name
        noted = {map_files.DEFAULT: first, map_files.MAPS: noted[map_files.MAPS] | {name: entry}}
        atlas.note(map_files.STEP, noted)
    return work.notes if work else []


class _Work:
    """One run: what all maps of it share."""

    def __init__(
        self,
        atlas: Atlas,
        settings: EmbedSettings,
        blocks: Sequence[str],
        origin: dict[str, Any],
        progress: Progress,
        jobs: int,
        again: bool,
    ) -> None:
        self._atlas, self._settings, self._progress, self._jobs, self._again = atlas, settings, progress, jobs, again
        self._origin = origin
        self._blocks = features.read_blocks(atlas, blocks)
        self.notes: list[str] = []

    def make(self, name: str, dims: int, perplexity: float) -> None:
        """Lay out or complete one map, and write all its files."""
        settings = self._settings
        positions, reference = self._positions(name, dims, perplexity)
        labels = [sound.label for sound in self._atlas.sounds]
        if dims == 3:
            colours = scatter_plot.colours_by_position(positions)
        elif settings.colouring == "position":
            colours = scatter_plot.colours_by_position(self._in_space(perplexity))
        elif settings.colouring == "k-means":
            colours = scatter_plot.colours_by_cluster(
                reference.basis.apply(self._blocks), settings.clusters, settings.seed
            )
        else:
            colours = scatter_plot.colours_by_label(labels)
        map_files.write_colours(self._atlas, name, colours)
        by_label = dims == 2 and settings.colouring == "class"
        scatter_plot.draw_map(
            map_files.path_of(self._atlas, name, ".png"), name, positions, colours, labels if by_label else None
        )

    def _in_space(self, perplexity: float) -> NDArray[np.float32]:
        name = map_name(self._settings.mode, 3, perplexity)
        self.make(name, 3, perplexity)
        return map_files.read_map(self._atlas, name)

    def _positions(self, name: str, dims: int, perplexity: float) -> tuple[NDArray[np.float32], TrainingRecord]:
        total = len(self._atlas)
        wanted = {"perplexity": perplexity, "dims": dims, "seed": self._settings.seed, "of": self._origin}
        path = map_files.path_of(self._atlas, name, ".npz")
        before = None if self._again else TrainingRecord.read(path)
        if before is not None and self._is_of_use(before, wanted):
            there = self._there(name, before)
            if len(there) == total:
                return there, before
            self._progress(f"{name}, placing {total - len(there)} new", 0, 1)
            new = before.basis.apply({block: rows[len(there) :] for block, rows in self._blocks.items()})
            placed = tsne_layout.place(new, before.features, before.positions, self._settings.seed)
            positions = np.concatenate([there, before.scaled(placed)])
            map_files.write_map(self._atlas, name, positions)
            self._progress(f"{name}, placing {total - len(there)} new", 1, 1)
            return positions, before
        allowed = tsne_layout.allowed_perplexity(perplexity, total)
        if allowed < perplexity:
            self.notes.append(
                f"{name}: perplexity {perplexity:g} is more than {total} sounds allow, {allowed:.3g} was taken"
            )
        basis = features.Basis.of(self._blocks, self._settings.seed)
        coordinates = basis.apply(self._blocks)
        raw = tsne_layout.lay_out(
            coordinates,
            dims,
            allowed,
            self._settings.seed,
            self._jobs,
            lambda done, of: self._progress(name, done, of),
        )
        reference = TrainingRecord.of(wanted, basis, coordinates, raw)
        positions = reference.scaled(raw)
        path.unlink(missing_ok=True)  # it belongs to the positions that are now replaced
        map_files.write_map(self._atlas, name, positions)
        reference.write(path)
        return positions, reference

    def _is_of_use(self, before: TrainingRecord, wanted: dict[str, Any]) -> bool:
        known, total = len(before.positions), len(self._atlas)
        return (
            dict(before.settings) == wanted
            and known <= total
            and (known == total or (known >= tsne_layout.FEWEST and total <= 2 * known))
        )

    def _there(self, name: str, before: TrainingRecord) -> NDArray[np.float32]:
        """Give the positions of the sounds that have one: those laid out, and those placed since, if they are kept."""
        laid_out = before.scaled(before.positions)
        kept = map_files.read_known(self._atlas, name)
        if kept is None or kept.shape[1] != laid_out.shape[1] or len(kept) > len(self._atlas):
            return laid_out
        return kept if np.allclose(kept[: len(laid_out)], laid_out, atol=1e-5) else laid_out
