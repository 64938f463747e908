"""Arrays beside the sounds of an atlas: row i belongs to sound i."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.tsv import replaced
from samplechop.realtime.core.errors import UserError


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write a .npy file, whole or not at all. Raises UserError if the disk does not take it."""
    with replaced(path) as part, part.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def read_array(path: Path, made_by: str) -> NDArray[np.float32]:
    """Read numbers, (n, …), as float32. made_by: the command that makes the file.

    Raises UserError if it is not there, damaged, or holds what is no finite number.
    """
    again = f"run {made_by} {str(path.parent)!r}"
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise UserError(f"there is no {path.name} in {str(path.parent)!r}: {again} first") from None
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{str(path)!r} is damaged ({error}): remove it and {again}") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.ndim < 2 or not np.isfinite(array).all():
        raise UserError(f"{str(path)!r} is damaged (no table of numbers): remove it and {again}")
    return array.astype(np.float32, copy=False)


def read_rows(atlas: Atlas, name: str, made_by: str) -> NDArray[np.float32]:
    """Read an array of the atlas, float32 (n, …), with a row for each sound. made_by: the command that makes it.

    Raises UserError as `read_array` does, and if there are sounds that it does not cover.
    """
    array = read_array(atlas.folder / name, made_by)
    if len(array) != len(atlas):
        raise UserError(
            f"{str(atlas.folder / name)!r} covers {len(array)} of {len(atlas)} sounds: "
            f"run {made_by} {str(atlas.folder)!r} first"
        )
    return array
