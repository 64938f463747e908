"""What a map keeps, so that new sounds can be placed in it: one .npz beside its .tsv."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.features.basis import FILES, Basis
from samplechop.offline.common.atomic import replacing


@dataclass(frozen=True, slots=True)
class Reference:
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
    ) -> "Reference":
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
    def read(cls, path: Path) -> "Reference | None":
        """Read it; None if there is none, or none that can be used: the map is then laid out anew."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                blocks = [name for name in FILES if f"mean {name}" in arrays]
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
