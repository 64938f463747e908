"""Folders of labelled audio, a crate or one's own records, become shards of features of a task."""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from samplechop.offline.audio.reading import SUFFIXES, read_audio
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.training import shards
from samplechop.offline.training.prepare import BLOCK, Heard, hear
from samplechop.offline.training.targets import SAMPLE_RATE
from samplechop.offline.training.task import FeatureSource, Task
from samplechop.realtime.core.errors import UserError

PER_SHARD = 32
VALIDATION_PART = 5
"""Of one's own records every fifth, in the order of a hash of their names, is kept for validation."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled recording: the audio, where its labels are, and to which split it belongs."""

    audio: Path
    labels: Path
    split: str


def find(task: Task, folders: Sequence[Path]) -> list[Example]:
    """Find every recording with labels of the task, sorted by name.

    A crate's truth says its split; of other records every fifth is for validation, and at least one if there are two.
    Raises UserError for a missing folder, or if there is nothing to train on.
    """
    examples = []
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"no folder {str(folder)!r}: give one with recordings and their labels beside them")
        for audio in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
            labels = task.labels(audio)
            if labels is not None:
                examples.append(Example(audio, labels, task.split(labels)))
    if not examples:
        names = ", ".join(repr(str(folder)) for folder in folders)
        raise UserError(f"no labelled recordings in {names}: put {task.example} beside name.wav")
    own = sorted((one for one in examples if not one.split), key=lambda one: _shuffled(one.audio))
    splits = {one: "train" if (place + 1) % VALIDATION_PART else "validation" for place, one in enumerate(own)}
    examples = [replace(one, split=splits.get(one, one.split)) for one in examples]
    if len(examples) > 1 and len({one.split for one in examples}) == 1:
        last = examples[-1]
        other = "validation" if last.split == "train" else "train"
        examples[-1] = Example(last.audio, last.labels, other)
    return examples


def _shuffled(audio: Path) -> bytes:
    return hashlib.sha256(audio.stem.encode()).digest()


@cache
def _source(make: Callable[[int], FeatureSource]) -> FeatureSource:
    return make(BLOCK)


def _hear(job: tuple[Task, Example, int, int]) -> list[tuple[str, str, Heard]]:
    """Hear one recording as it is and, for training, changed a little in `versions - 1` more ways."""
    task, example, seed, versions = job
    samples, asked = read_audio(example.audio), task.wanted(example.labels, example.audio)
    source = _source(task.source)
    made = [(example.audio.stem, example.split, hear(task, samples, asked, source))]
    rng = np.random.default_rng([seed, zlib.crc32(example.audio.name.encode())])
    for _ in range(versions - 1 if example.split == "train" else 0):
        changed, shift = task.augmented(samples, rng)
        later = asked.moved(shift / SAMPLE_RATE)
        made.append((example.audio.stem, example.split, hear(task, changed, later, source)))
    return made


def prepare(
    task: Task,
    folders: Sequence[Path],
    out: Path,
    versions: int = 2,
    seed: int = 1,
    jobs: int = 2,
    on_record: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Hear every labelled recording in the folders and write shards to `out`; what is there already is kept.

    versions: how often a training record is heard, the second time on with another level, noise and offset.
    on_record: told (done, of all). Gives how many recordings each split has. Raises UserError.
    """
    examples = find(task, folders)
    counts = {split: sum(one.split == split for one in examples) for split in ("train", "validation")}
    files = [(e, e.audio.stat(), e.labels.stat()) for e in examples]
    state = [(str(e.audio), a.st_size, a.st_mtime_ns, labels.st_mtime_ns, e.split) for e, a, labels in files]
    made_of = hashlib.sha256(repr((task.name, task.names, task.offset, state, versions, seed)).encode()).hexdigest()
    if shards.is_made_of(out, made_of):
        return counts
    shards.clear(out)
    rows: list[shards.Row] = []
    work = [(task, example, seed, versions) for example in examples]
    heard: list[tuple[str, str, Heard]] = []
    for done, made in enumerate(in_order(_hear, work, jobs), 1):
        heard += made
        if len(heard) >= PER_SHARD or done == len(work):
            rows += shards.write_shard(out, 1 + (rows[-1].shard if rows else -1), heard)
            heard = []
        if on_record is not None:
            on_record(done, len(work))
    shards.write_index(out, rows, made_of)
    return counts
