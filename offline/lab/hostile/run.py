"""`samplechop bench hostile`: many mutated inputs of every format, and what became of them.

    tried      | refused: UserError, a sentence for the user
               | accepted: read, perhaps as something else than it was
               | wrong: any other exception, a hang, a process that died, or a file outside the input's own folder

Each input is made of the seed, the format and its number alone, so that any of them can be made again.
"""

import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from samplechop.offline.common.process_pool import surviving
from samplechop.offline.lab.hostile.attempt import Outcome, try_inputs
from samplechop.offline.lab.hostile.formats import formats
from samplechop.realtime.core.errors import UserError

MOST_MEMORY = 500e6
_TOGETHER = 200
"""Inputs that a process is given at once."""


def _in_memory() -> str | None:
    """Give a folder that lies in memory, where there is one: much is written and removed."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def shares(names: Sequence[str], inputs: int) -> dict[str, int]:
    """Part a number of inputs among formats by their shares; each has one at least."""
    known = formats()
    whole = sum(known[name].share for name in names)
    return {name: max(1, round(inputs * known[name].share / whole)) for name in names}


def run(
    names: Sequence[str],
    inputs: int,
    seed: int,
    jobs: int,
    first: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """Try so many inputs of some formats; gives what became of them, format by format.

    first: number of the first input of each format. progress: called with (done, of all). After Ctrl-C that is what was
    tried until then.
    Raises UserError for a format that there is none of.
    """
    unknown = [name for name in names if name not in formats()]
    if unknown:
        raise UserError(f"--formats {unknown[0]!r}: there are {', '.join(formats())}")
    found = {name: Outcome(name) for name in names}
    chunks = [
        (name, at, min(_TOGETHER, first + count - at))
        for name, count in shares(names, inputs).items()
        for at in range(first, first + count, _TOGETHER)
    ]
    chunks.sort(key=lambda chunk: zlib.crc32(repr(chunk).encode()))  # slow formats and fast ones at once
    whole, done = sum(count for *_, count in chunks), 0
    with tempfile.TemporaryDirectory(dir=_in_memory()) as place, suppress(KeyboardInterrupt):
        calls = [partial(try_inputs, name, seed, at, count, Path(place)) for name, at, count in chunks]
        for number, outcome in surviving(calls, jobs):
            name, at, count = chunks[number]
            if outcome is None:
                outcome = Outcome(name, tried=count)
                outcome.blame(f"a process died among the {count} inputs from", at)
            found[name].add(outcome)
            done += count
            if progress is not None:
                progress(done, whole)
    return list(found.values())


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Give the table, and what was wrong, line by line."""
    heads = ("tried", "refused", "accepted", "wrong", "slowest", "per 1000", "memory", "input")
    yield "format      " + "".join(f"{head:>10s}" for head in heads)
    total = Outcome("all")
    for one in [*outcomes, total]:
        if one is not total:
            total.add(one)
        each = one.seconds / max(1, one.tried) * 1000
        yield (
            f"{one.format:12s}{one.tried:10d}{one.refused:10d}{one.accepted:10d}{one.wrong:10d}"
            f"{one.slowest[0]:8.2f} s{each:8.2f} s{one.memory[0] / 1e6:7.0f} MB{one.memory[1]:10d}"
        )
    yield f"memory at most: {total.memory[0] / 1e6:.0f} MB"
    for one in outcomes:
        for what, (number, count) in sorted(one.faults.items()):
            yield f"{one.format}, input {number}, {count} in all: {what}"


def passed(outcomes: Sequence[Outcome]) -> bool:
    """Say whether nothing was wrong and memory stayed within its bound."""
    return not any(one.wrong for one in outcomes) and max(one.memory for one in outcomes)[0] < MOST_MEMORY


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Give everything as one JSON object by format."""
    return json.dumps({one.format: asdict(one) for one in outcomes}, indent=1)
