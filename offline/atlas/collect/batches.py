"""Sharing the making of sounds out to processes, and taking what they made in order."""

import shutil
from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.collect.find_files import Item
from samplechop.offline.atlas.collect.normalise import Made, Part, Recipe
from samplechop.offline.kits.batch_workers import in_processes

DEAD = "the process that read it died (out of memory?)"
_TOGETHER = 64
"""Files that a worker is given at once, at most; fewer where there are few, so that all workers have some."""
_ROUNDS = 4
_LARGE_BYTES = 16_000_000
"""A file from here on comes last and alone."""

Work = Callable[[Sequence[Item], Recipe, Path], list[Made]]
"""See samplechop.offline.atlas.collect.normalise.make. Picklable."""
Result = tuple[Item, Made, NDArray[np.float32]]
"""An item, what was made of it, and the samples of its sounds, one after the other."""


def made(work: Work, items: Sequence[Item], recipe: Recipe, scratch: Path, jobs: int) -> Generator[Result]:
    """Give what is made of each item, small files first, else in order. scratch: a folder for what workers write.

    What kills its process is tried again alone, and then given up.
    """
    small = [item for item in items if item.size < _LARGE_BYTES]
    large = [item for item in items if item.size >= _LARGE_BYTES]
    together = max(1, min(_TOGETHER, len(small) // (_ROUNDS * jobs)))
    chunks = [small[at : at + together] for at in range(0, len(small), together)] + [[item] for item in large]
    yield from _shared(work, chunks, recipe, scratch, jobs)


def _shared(
    work: Work, chunks: Sequence[Sequence[Item]], recipe: Recipe, scratch: Path, jobs: int
) -> Generator[Result]:
    tasks = [
        (number, partial(work, chunk, recipe, scratch / f"{number}.f32"), scratch / str(number))
        for number, chunk in enumerate(chunks)
    ]
    ready: dict[int, list[Made] | None] = {}
    turn = 0
    for number, result in in_processes(tasks, jobs):
        ready[number] = result
        while turn in ready:
            yield from _taken(work, chunks[turn], ready.pop(turn), recipe, scratch, turn)
            turn += 1


def _taken(
    work: Work, chunk: Sequence[Item], result: list[Made] | None, recipe: Recipe, scratch: Path, number: int
) -> Generator[Result]:
    path = scratch / f"{number}.f32"
    if result is None:
        if len(chunk) == 1:
            yield chunk[0], (DEAD, []), np.zeros(0, np.float32)
            return
        alone = scratch / f"alone-{number}"
        alone.mkdir()
        yield from _shared(work, [[item] for item in chunk], recipe, alone, 1)
        shutil.rmtree(alone)
        return
    samples = np.memmap(path, "<f4", "r") if path.stat().st_size else np.zeros(0, np.float32)
    at = 0
    for item, (reason, parts) in zip(chunk, result, strict=True):
        length = sum(Part(*part).length for part in parts)
        yield item, (reason, parts), samples[at : at + length]
        at += length
    path.unlink()
