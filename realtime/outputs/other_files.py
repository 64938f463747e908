"""That files to write are no other's: neither the recording that is played, nor one that something else writes."""

import os
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

from samplechop.realtime.core.errors import UserError


def check_other_files(outputs: Mapping[str, Path], played: Path | None = None) -> None:
    """Refuse a file that would be lost, before any is opened.

    outputs: the files to write, by the option that names each. played: the recording. A pipe or a device, /dev/null
    say, loses nothing. Raises UserError.
    """
    files = {option: path for option, path in outputs.items() if path.is_file() or not path.exists()}
    for option, path in files.items():
        if played is not None and _is_same(path, played):
            raise UserError(f"{option} {str(path)!r} is the recording that is played: give it another name")
    for (option, path), (other, second) in combinations(files.items(), 2):
        if _is_same(path, second):
            raise UserError(f"{option} and {other} are one file, {str(path)!r}: give one of them another name")


def _is_same(path: Path, other: Path) -> bool:
    """Whether two names lead to one file, also where it is not there yet."""
    try:
        return path.samefile(other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)
