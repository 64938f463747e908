"""What other programs take to find onsets in a file, in the same run: aubioonset, and a Python that imports librosa."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from samplechop.offline.lab.bench import Figure, cpu_seconds_of

AUBIO, LIBROSA = "aubioonset", "librosa.onset"
_BY_LIBROSA = """
import librosa, sys
samples, rate = librosa.load(sys.argv[1], sr=None)
librosa.onset.onset_detect(y=samples, sr=rate)
"""


def there() -> list[str]:
    """Name those that are installed."""
    found = {AUBIO: shutil.which(AUBIO) is not None, LIBROSA: find_spec("librosa") is not None}
    return [name for name, installed in found.items() if installed]


def missing() -> Iterator[str]:
    """Give a sentence for each that is not."""
    ways = {AUBIO: "apt install aubio-tools", LIBROSA: "pip install librosa"}
    for name in sorted(ways.keys() - there()):
        yield f"{name} is not installed ({ways[name]}): nothing is compared with it"


def cpu_seconds(name: str, path: Path, repeats: int) -> float:
    """Give the CPU time of a whole process of one of them, for a file."""
    by_librosa = [sys.executable, "-c", _BY_LIBROSA]
    return cpu_seconds_of([*([AUBIO, "-i"] if name == AUBIO else by_librosa), str(path)], repeats)


def beside(
    file: str, what: str, took: float, path: Path, repeats: int, goals: Mapping[str, float] = {}
) -> Iterator[Figure]:
    """Give the CPU time of each that is installed for a file, and that of samplechop over it.

    file, what: words for the file and for what was done with it. took: by that, s.
    """
    for name in there():
        theirs = cpu_seconds(name, path, repeats)
        yield Figure(f"{file}, {name}", theirs, "s of CPU")
        yield Figure(f"{file}{what} ÷ {name}", took / theirs, "×").at_most(goals.get(name))
