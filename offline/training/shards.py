"""Features of many records on disk: plain .npy files of some records each, read as they are needed.

A folder of shards holds `shards.json` (the records in order: name, split, length, shard, first row) and, per shard,
`NNN.x.npy`, `NNN.target.npy` and `NNN.weight.npy`: float16, rows of frames. Nothing is pickled; a shard is mapped into
memory, so that a crate of any size trains in little of it.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from samplechop.offline.training.prepare import Heard
from samplechop.realtime.core.errors import UserError

INDEX = "shards.json"
SCHEMA = 1
PARTS = ("x", "target", "weight")


@dataclass(frozen=True, slots=True)
class Row:
    """Where one record lies: its name, split ("train" or "validation"), shard, first row and number of rows."""

    name: str
    split: str
    shard: int
    first: int
    rows: int


def clear(folder: Path) -> None:
    """Take away the index, before any shard is written over: from here on the folder is not finished."""
    (folder / INDEX).unlink(missing_ok=True)


def write_shard(folder: Path, shard: int, records: Sequence[tuple[str, str, Heard]]) -> list[Row]:
    """Write records (name, split, heard) as one shard; gives where each lies.

    Raises UserError if the disk does not take it.
    """
    rows, first = [], 0
    for name, split, heard in records:
        rows.append(Row(name, split, shard, first, len(heard.x)))
        first += len(heard.x)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            whole = np.concatenate([getattr(heard, part) for _, _, heard in records])
            np.save(folder / f"{shard:03d}.{part}.npy", whole, allow_pickle=False)
    except OSError as error:
        raise UserError(f"features cannot be written to {str(folder)!r}: {error.strerror or error}") from None
    return rows


def write_index(folder: Path, rows: Sequence[Row], made_of: str) -> None:
    """Write the index, last of all: a folder without one is not finished. made_of: what the shards were made from."""
    record = {"schema": SCHEMA, "made_of": made_of, "records": [asdict(row) for row in rows]}
    temporary = folder / (INDEX + ".part")
    temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    temporary.replace(folder / INDEX)


def is_made_of(folder: Path, made_of: str) -> bool:
    """Tell whether the folder holds finished shards of just that."""
    try:
        record = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(record.get("schema") == SCHEMA and record.get("made_of") == made_of)


def read(folder: Path, split: str) -> list[Heard]:
    """Open the records of one split, as views into files mapped into memory.

    Raises UserError if the folder holds no finished shards.
    """
    try:
        record = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        rows = [Row(**row) for row in record["records"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{str(folder)!r} holds no finished features ({error}); run samplechop train again") from None
    return list(_open(folder, [row for row in rows if row.split == split]))


def _open(folder: Path, rows: Sequence[Row]) -> Iterator[Heard]:
    maps: dict[int, tuple[np.ndarray, ...]] = {}
    for row in rows:
        if row.shard not in maps:
            files = (folder / f"{row.shard:03d}.{part}.npy" for part in PARTS)
            maps[row.shard] = tuple(np.load(file, mmap_mode="r", allow_pickle=False) for file in files)
        yield Heard(*(whole[row.first : row.first + row.rows] for whole in maps[row.shard]))
