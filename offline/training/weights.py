"""The weights of a net as plain arrays, NAME.npz beside NAME.tflite: what fine-tuning starts from. Never pickled."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from samplechop.realtime.core.errors import UserError

Layers = list[tuple[np.ndarray, np.ndarray]]
"""(weights (n_in, n_out), bias (n_out,)) of each layer, normalisation folded in."""


def save(path: Path, members: list[Layers]) -> None:
    """Write every member's layers as float32 arrays named MEMBER_LAYER_w and MEMBER_LAYER_b."""
    arrays = {
        f"{number}_{place:02d}_{name}": np.asarray(array, np.float32)
        for number, layers in enumerate(members)
        for place, layer in enumerate(layers)
        for name, array in zip("wb", layer, strict=True)
    }
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load(path: Path) -> list[Layers]:
    """Read what `save` wrote. Raises UserError if that cannot be done."""
    try:
        with np.load(path, allow_pickle=False) as file:
            names = sorted(name[:-2] for name in file.files if name.endswith("_w"))
            members: dict[str, Layers] = {}
            for name in names:
                members.setdefault(name.split("_")[0], []).append((file[name + "_w"], file[name + "_b"]))
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise UserError(f"{str(path)!r} holds no weights to start from: {error}") from None
    if not members:
        raise UserError(f"{str(path)!r} holds no weights to start from")
    return list(members.values())
