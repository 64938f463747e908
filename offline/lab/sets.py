"""What is made lies in a folder: its files of sound, and the folder itself."""

import shutil
from collections.abc import Collection
from pathlib import Path

import soundfile

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.common.atomic import replacing
from samplechop.realtime.core.errors import UserError, reason_of


def write_flac(path: Path, samples: Sound) -> None:
    """Write float32, (n,), mono, 44 100 Hz, full scale ±1, as 16 bits, whole or not at all; makes its folder.

    Raises UserError if that is not possible.
    """
    try:
        with replacing(path) as part:
            soundfile.write(part, samples, RATE, format="FLAC", subtype="PCM_16")
    except soundfile.LibsndfileError as error:
        raise UserError(f"{str(path)!r} cannot be written: {reason_of(error)}") from None


def clear(folder: Path, groups: Collection[str]) -> None:
    """Make the folder, or clear it of an earlier set's groups. Raises UserError if it holds anything else."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strange = [path for path in folder.iterdir() if path.name not in groups]
        if strange:
            raise UserError(
                f"{str(folder)!r} holds something else ({strange[0].name!r}): name an empty folder, or a new one."
            )
        for group in groups:
            shutil.rmtree(folder / group, ignore_errors=True)
    except OSError as error:
        raise UserError(f"The folder {str(folder)!r} cannot be used: {reason_of(error)}") from None
