"""Folders of labelled audio, a synthetic training set or one's own recordings, become shards of features on disk.

A folder of shards holds `shards.json` (the records in order: name, split, length, shard, first row) and, per shard,
`NNN.x.npy`, `NNN.target.npy` and `NNN.weight.npy`: float16, rows of frames. Nothing is pickled; a shard is mapped into
memory, so that a training set of any size needs little of it.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from samplechop.offline.audio.reading import SUFFIXES, read_audio
from samplechop.offline.common.arrays import map_array, write_array
from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.paths import ends_in
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.labels.files import fingerprint
from samplechop.offline.training.streaming_targets import (
    BLOCK,
    SAMPLE_RATE,
    FeatureSource,
    Record,
    StreamSpec,
    record_of,
)
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

PER_SHARD = 32
VALIDATION_PART = 5
"""Of one's own recordings every fifth, in the order of a hash of their names, is kept for validation."""
NOTHING_HELD_OUT = (
    "with one labelled recording nothing is held out to measure on: training needs at least two, of different names; "
    "ten or more are advised"
)
NOT_MIXED = (
    "--mixing says how much is drawn from the first of several folders, and it and the others need recordings that are "
    "not held out: name another folder"
)
INDEX = "shards.json"
SCHEMA = 1
PARTS = ("x", "target", "weight")
COMPARISON = "comparison"
"""The split of recordings that models are compared on afterwards."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled recording: the audio, its labels, the split it belongs to, and the number of the folder it is from."""

    audio: Path
    labels: Path
    split: str
    source: int = 0


def find(spec: StreamSpec, folders: Sequence[Path], set_apart: bool = False) -> list[Example]:
    """Find every recording with labels of the spec, sorted by name.

    The truth of a synthetic recording says its split; of others every fifth is for validation, and at least one if
    there are two. Those of one name, such as song.wav and song.flac, are of the same split. set_apart: whether every
    second one for validation is of the split "comparison" instead, which no training touches.

    Raises UserError for a missing folder, or if there is nothing to train on, or nothing to set apart.
    """
    examples = []
    for source, folder in enumerate(folders):
        if not folder.is_dir():
            raise UserError(f"no folder {str(folder)!r}: give one with recordings and their labels beside them")
        for audio in sorted(path for path in folder.rglob("*") if ends_in(path, SUFFIXES)):
            labels = spec.labels(audio)
            if labels is not None:
                examples.append(Example(audio, labels, spec.split(labels), source))
    if not examples:
        names = ", ".join(repr(str(folder)) for folder in folders)
        raise UserError(f"no labelled recordings in {names}: put {spec.example} beside name.wav")
    own = sorted({one.audio.stem for one in examples if not one.split}, key=_shuffled)
    splits = {name: "train" if (place + 1) % VALIDATION_PART else "validation" for place, name in enumerate(own)}
    examples = [replace(one, split=one.split or splits[one.audio.stem]) for one in examples]
    last = examples[-1]
    if len({one.audio.stem for one in examples}) > 1 and len({one.split for one in examples}) == 1:
        other = "validation" if last.split == "train" else "train"
        examples = [replace(one, split=other) if one.audio.stem == last.audio.stem else one for one in examples]
    return _with_some_apart(examples) if set_apart else examples


def can_be_mixed(examples: Sequence[Example]) -> bool:
    """Say whether there is something to train on in the first folder and in another."""
    return len({one.source == 0 for one in examples if one.split == "train"}) == 2


def learned_from(spec: StreamSpec, folders: Sequence[Path], set_apart: bool = False) -> list[str]:
    """Give the fingerprints of the recordings that a training learns from, but for synthetic ones; raises UserError."""
    some = [one for one in find(spec, folders, set_apart) if one.split == "train" and not spec.split(one.labels)]
    return sorted({fingerprint(one.audio) for one in some})


def _with_some_apart(examples: list[Example]) -> list[Example]:
    held_out = sorted({one.audio.stem for one in examples if one.split == "validation"}, key=_shuffled)
    if len(held_out) < 2:
        raise UserError(
            f"a comparison needs two recordings held out, one to steer by and one to compare on, and there "
            f"{'is one' if held_out else 'is none'}: label ten or more"
        )
    apart = set(held_out[1::2])
    chosen = (one.split == "validation" and one.audio.stem in apart for one in examples)
    return [replace(one, split=COMPARISON) if is_apart else one for one, is_apart in zip(examples, chosen, strict=True)]


def _shuffled(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


@cache
def _source(make: Callable[[int], FeatureSource]) -> FeatureSource:
    return make(BLOCK)


def _records(job: tuple[StreamSpec, Example, int, int]) -> list[tuple[str, str, Record]]:
    """[worker] Process one recording as it is and, for training, augmented in `versions - 1` more ways."""
    spec, example, seed, versions = job
    samples, annotation = read_audio(example.audio), spec.annotation(example.labels, example.audio)
    source = _source(spec.source)
    made = [(example.audio.stem, example.split, record_of(spec, samples, annotation, source))]
    rng = np.random.default_rng([seed, zlib.crc32(example.audio.name.encode())])
    for _ in range(versions - 1 if example.split == "train" else 0):
        augmented, shift = spec.augment(samples, rng)
        later = annotation.shifted(shift / SAMPLE_RATE)
        made.append((example.audio.stem, example.split, record_of(spec, augmented, later, source)))
    return made


def prepare(
    spec: StreamSpec,
    folders: Sequence[Path],
    out: Path,
    versions: int = 2,
    seed: int = 1,
    jobs: int = 2,
    on_record: Callable[[int, int], None] | None = None,
    held_out: bool = False,
    set_apart: bool = False,
) -> dict[str, int]:
    """Process every labelled recording in the folders and write shards to `out`; what is there already is kept.

    versions: of each training recording, all but the first augmented: with another level, noise and offset.
    on_record: called with (done, of all). held_out: whether both splits must have a recording. set_apart: as of `find`;
    recordings for comparison are not processed.

    Gives how many recordings each split has. Raises UserError.
    """
    examples = [one for one in find(spec, folders, set_apart) if one.split != COMPARISON]
    counts = {split: sum(one.split == split for one in examples) for split in ("train", "validation")}
    if held_out and not all(counts.values()):
        raise UserError(NOTHING_HELD_OUT)
    files = [(e, e.audio.stat(), e.labels.stat()) for e in examples]
    state = [(str(e.audio), a.st_size, a.st_mtime_ns, labels.st_mtime_ns, e.split) for e, a, labels in files]
    offset = spec.answers.offset
    made_of = hashlib.sha256(repr((spec.name, spec.columns, offset, state, versions, seed)).encode()).hexdigest()
    if is_made_of(out, made_of):
        return counts
    (out / INDEX).unlink(missing_ok=True)  # from here on the folder is not finished
    rows: list[Row] = []
    work = [(spec, example, seed, versions) for example in examples]
    waiting: list[tuple[str, str, Record]] = []
    sources: list[int] = []
    for done, (example, made) in enumerate(zip(examples, in_order(_records, work, jobs), strict=True), 1):
        waiting += made
        sources += len(made) * [example.source]
        if len(waiting) >= PER_SHARD or done == len(work):
            rows += write_shard(out, 1 + (rows[-1].shard if rows else -1), waiting)
            waiting = []
        if on_record is not None:
            on_record(done, len(work))
    write_index(out, rows, made_of, sources)
    return counts


@dataclass(frozen=True, slots=True)
class Row:
    """Where one record lies: its name, split ("train" or "validation"), shard, first row and number of rows."""

    name: str
    split: str
    shard: int
    first: int
    rows: int


def write_shard(folder: Path, shard: int, records: Sequence[tuple[str, str, Record]]) -> list[Row]:
    """Write (name, split, record) of many as one shard; gives where each lies.

    Raises UserError if the disk does not take it.
    """
    rows, first = [], 0
    for name, split, record in records:
        rows.append(Row(name, split, shard, first, len(record.x)))
        first += len(record.x)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            whole = np.concatenate([getattr(record, part) for _, _, record in records])
            write_array(folder / f"{shard:03d}.{part}.npy", whole)
    except OSError as error:
        raise UserError(f"features cannot be written to {str(folder)!r}: {reason_of(error)}") from None
    return rows


def write_index(folder: Path, rows: Sequence[Row], made_of: str, sources: Sequence[int] = ()) -> None:
    """Write the index, last of all: a folder without one is not finished. made_of: what the shards were made from.
    sources: of each record the number of its folder.
    """
    record = {"schema": SCHEMA, "made_of": made_of, "records": [asdict(row) for row in rows], "sources": list(sources)}
    write_text(folder / INDEX, json.dumps(record, indent=1) + "\n")


def read_sources(folder: Path, split: str) -> list[int]:
    """Give of each record of a split, in the order of `read`, from which of the folders it came; 0 where nobody knows.

    Raises UserError if the folder holds no finished shards.
    """
    rows, sources = _read_index(folder)
    return [source for row, source in zip(rows, sources, strict=True) if row.split == split]


def _read_index(folder: Path) -> tuple[list[Row], list[int]]:
    """Read what `write_index` wrote: rows, and of each the number of its folder, 0 where nobody knows."""
    try:
        record = documents.read_json(folder / INDEX)
        rows, sources = [Row(**row) for row in record["records"]], [int(one) for one in record.get("sources", ())]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{str(folder)!r} holds no finished features ({reason_of(error)}); run samplechop train again"
        ) from None
    return rows, sources if len(sources) == len(rows) else [0] * len(rows)


def is_made_of(folder: Path, made_of: str) -> bool:
    """Tell whether the folder holds finished shards of just that."""
    try:
        record = documents.read_json(folder / INDEX)
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("schema") == SCHEMA and record.get("made_of") == made_of


def read(folder: Path, *splits: str) -> list[Record]:
    """Open the records of some splits, one after the other, as views into files mapped into memory.

    Raises UserError if the folder holds no finished shards.
    """
    rows, _ = _read_index(folder)
    try:
        return list(_open(folder, [row for split in splits for row in rows if row.split == split]))
    except (OSError, ValueError, TypeError, IndexError) as error:
        raise UserError(
            f"{str(folder)!r} holds damaged features ({reason_of(error)}); run samplechop train again"
        ) from None


def _open(folder: Path, rows: Sequence[Row]) -> Iterator[Record]:
    maps: dict[int, tuple[np.ndarray, ...]] = {}
    for row in rows:
        if row.shard not in maps:
            files = (folder / f"{row.shard:03d}.{part}.npy" for part in PARTS)
            maps[row.shard] = tuple(map_array(file) for file in files)
        yield Record(*(whole[row.first : row.first + row.rows] for whole in maps[row.shard]))
