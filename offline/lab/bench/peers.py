"""What other programs take to find onsets in a file, in the same run: aubioonset, and a Python that imports librosa."""

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from samplechop.offline.lab.bench import Figure, cpu_seconds_of, least_in_turns

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
    file: str, what: str, command: Sequence[str], path: Path, repeats: int, goals: Mapping[str, float] = {}
) -> Iterator[Figure]:
    """Give the CPU time of a command for a file, and over that of each that is installed, taken in turns.

    file, what: words for the file and for what the command does with it.
    """
    measures = [partial(cpu_seconds_of, command, 1), *(partial(cpu_seconds, name, path, 1) for name in there())]
    ours, *theirs = least_in_turns(measures, repeats)
    yield Figure(f"{file}{what}", ours, "s of CPU")
    for name, took in zip(there(), theirs, strict=True):
        yield Figure(f"{file}, {name}", took, "s of CPU")
        yield Figure(f"{file}{what} ÷ {name}", ours / took, "×").at_most(goals.get(name))
