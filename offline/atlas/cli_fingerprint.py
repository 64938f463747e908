"""The command `samplechop atlas fingerprint`."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from realtime.errors import UserError


def fingerprint(
    atlas: Annotated[Path, typer.Argument(help="An atlas, made with samplechop atlas collect.")],
    kind: Annotated[str, typer.Option(help="Constant-Q, short-time Fourier transform or mel: cqt, stft, mel.")] = "cqt",
    size: Annotated[str, typer.Option(help="Bands x frames.")] = "32x32",
    first: Annotated[str, typer.Option(help="How much of each sound, from its beginning.")] = "1s",
    floor: Annotated[float, typer.Option(help="How far below each sound's loudest place to reach, dB.")] = 50.0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Threads (default: one for each core).")] = None,
) -> None:
    """Make a small picture of the beginning of every sound, by which sounds are compared; only of new ones.

    \b
    samplechop atlas fingerprint drums
    samplechop atlas fingerprint drums --kind mel --size 64x32 --first 500ms

    fingerprints.png shows them all, in the order of filenames.txt.
    """
    from offline.atlas.fingerprints import PICTURE, FingerprintSettings
    from offline.atlas.fingerprints import fingerprint as make
    from offline.atlas.folder import Atlas
    from offline.atlas.times import seconds
    from offline.progress import progress

    sizes = re.fullmatch(r"(\d{1,4})\s*[x×]\s*(\d{1,4})", size.strip())
    if sizes is None:
        raise UserError(f"--size takes bands and frames such as 32x32, got {size!r}")
    settings = FingerprintSettings(kind, int(sizes[1]), int(sizes[2]), seconds(first, "--first"), floor)
    opened = Atlas(atlas)
    with progress() as told, opened.held():
        make(opened, settings, told, jobs or os.cpu_count() or 1)
    typer.echo(f"{len(opened)} fingerprints in {atlas}; {PICTURE} shows them")
