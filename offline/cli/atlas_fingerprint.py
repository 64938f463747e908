"""The command `samplechop atlas fingerprint`."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from samplechop.realtime.core.errors import UserError


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
    from samplechop.offline.atlas.durations import seconds
    from samplechop.offline.atlas.features.spectrogram_fingerprints import PICTURE, FingerprintSettings
    from samplechop.offline.atlas.features.spectrogram_fingerprints import fingerprint as make
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.common.progress import progress_bars

    sizes = re.fullmatch(r"(\d{1,4})\s*[x×]\s*(\d{1,4})", size.strip())
    if sizes is None:
        raise UserError(f"--size takes bands and frames such as 32x32, got {size!r}")
    settings = FingerprintSettings(kind, int(sizes[1]), int(sizes[2]), seconds(first, "--first"), floor)
    opened = Atlas(atlas)
    with progress_bars() as progress, opened.held():
        make(opened, settings, progress, jobs or os.cpu_count() or 1)
    typer.echo(f"{len(opened)} fingerprints in {atlas}; {PICTURE} shows them")
