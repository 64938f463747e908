"""Damage to a folder of files: in the content of some, and links, pipes and folders in the place of others."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from samplechop.offline.lab.hostile.content import OUTSIDE, Random, mutate

_SPARSE_BYTES, _SPARSE_AUDIO = 10 << 30, 16 << 20


def write_mutated(rng: Random, files: Mapping[str, bytes], folder: Path, links: int = 1) -> None:
    """Write files into an existing folder, one to three of them mutated; one in twelve times the folder is, too.

    links: how deep a folder in it must lie to become a link.
    """
    names = sorted(files)
    chosen = set(rng.choice(names, size=min(len(names), int(rng.integers(1, 4))), replace=False).tolist())
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutate(rng, name, files[name]) if name in chosen else files[name])
    if rng.random() < 1 / 12:
        mutate_folder(rng, folder, names, links)


def mutate_folder(rng: Random, folder: Path, names: Sequence[str], links: int) -> None:
    """Put something in the place of a file: a link out of the folder, a pipe, a folder, 10 GB of zeros, or nothing."""
    name = names[int(rng.integers(len(names)))]
    path = folder / name
    outside = folder.parent / OUTSIDE / path.name
    match int(rng.integers(8)):
        case 0 | 1:
            path.replace(outside)
            path.symlink_to(os.path.relpath(outside, path.parent) if rng.random() < 0.5 else outside)
        case 2:
            path.unlink()
            path.symlink_to(str(rng.choice(["/etc/passwd", "/dev/zero", path.name, "/dev/null", ".", "/"])))
        case 3:
            path.unlink()
            os.mkfifo(path)
        case 4:
            path.unlink()
            path.mkdir()
        case 5:
            path.unlink()
        case 6:
            with path.open("rb+") as file:
                most = _SPARSE_AUDIO if path.suffix in (".wav", ".flac") else _SPARSE_BYTES  # audio may be large
                file.truncate(int(rng.choice([0, 1, most])))
        case _ if name.count("/") >= links:
            path.parent.rename(outside.parent / path.parent.name)
            path.parent.symlink_to(outside.parent / path.parent.name)
        case _:
            path.chmod(0)
