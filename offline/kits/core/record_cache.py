"""What was found in a record, kept from one run to the next: detection is slow, and choosing from it is not.

It belongs to the content of the file, to how that was read, and to all settings that decide what is found. The hash is
of the file's bytes, not of the samples, as decoding takes ten times longer; a file whose size and times are as they
were is not read again.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.common.array_cache import ArrayCache, Arrays

FINDS = ("realtime", "models", "offline/kits")
"""Folders of the program that decide what is found: a change of any file of PROGRAM in them makes it another."""
PROGRAM = (".py", ".json", ".tflite", ".npz")
"""Code, and what released models and trackers were fitted to: thresholds may change while the net stays."""

_OPENED = f"opened by libsndfile {soundfile.__libsndfile_version__}"
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class RecordCache:
    """The cache of one record. sound: which samples it has, as text. read: by kind, what was read last, and its key."""

    cache: ArrayCache
    sound: str
    read: dict[str, tuple[str, Any]] = field(default_factory=dict, compare=False, repr=False)

    def arrays(self, kind: str, facts: Any, make: Callable[[], Arrays]) -> Arrays:
        """Give arrays of a kind, made where there are none. facts: all that decides them but the sound, for JSON."""
        return self.cache.arrays(self.key(kind, facts), make)

    def kept(self, kind: str, facts: Any) -> Arrays | None:
        """Give arrays of a kind that were kept; None where there are none."""
        return self.cache.kept(self.key(kind, facts))

    def value(
        self,
        kind: str,
        facts: Any,
        read: Callable[[Arrays], Value],
        make: Callable[[], Arrays] | None = None,
        among: str = "",
    ) -> Value | None:
        """Give what `read` makes of arrays of a kind; None where there are none and nothing makes them.

        What was read last is remembered as long as this cache of the record is: somebody who tries other kits of it
        need not wait for what does not change by them. among: names what is remembered beside others of the kind.
        """

        def got(key: str) -> Value | None:
            arrays = self.cache.kept(key) if make is None else self.cache.arrays(key, make)
            return None if arrays is None else read(arrays)

        return self._remembered(kind, facts, got, among)

    def array_value(
        self, kind: str, facts: Any, read: Callable[[NDArray[Any]], Value], make: Callable[[], NDArray[Any]]
    ) -> Value:
        """Give what `read` makes of one large array, remembered as by `value`."""
        found = self._remembered(kind, facts, lambda key: read(self.cache.array(key, make)))
        assert found is not None
        return found

    def array(self, kind: str, facts: Any, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """Give one large array of a kind, see `arrays`."""
        return self.cache.array(self.key(kind, facts), make)

    def _remembered(self, kind: str, facts: Any, get: Callable[[str], Value | None], among: str = "") -> Value | None:
        key, place = self.key(kind, facts), f"{kind} {among}"
        last, value = self.read.get(place, ("", None))
        if last != key:
            value = get(key)
            if value is None:
                return None
            self.read[place] = key, value
        found: Value | None = value
        return found

    def kept_array(self, kind: str, facts: Any) -> NDArray[Any] | None:
        """Give a large array of a kind that was kept; None where there is none."""
        return self.cache.kept_array(self.key(kind, facts))

    def altered(self, how: str) -> "RecordCache":
        """Give the cache of a record made of this one."""
        return RecordCache(self.cache, f"{self.sound} {how}")

    def key(self, kind: str, facts: Any) -> str:
        """Give the key of something of a kind in `cache`."""
        return program_key(self.sound, kind, facts)


def program_key(*facts: Any) -> str:
    """Give the key of what this program makes of facts, for JSON."""
    return json.dumps([_program(), *facts], sort_keys=True, allow_nan=False)


def place_of(file: Path) -> list[Any]:
    """Give what tells a file from another, and from what it was before. Raises OSError."""
    facts = file.stat()
    return [os.path.realpath(file), facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino]


@cache
def _program(root: Path = Path(__file__).parents[3]) -> str:
    """Give a hash of which program this is, by the sizes and times of its files."""
    found = hashlib.sha256()
    files = (path for folder in FINDS for path in (root / folder).rglob("*") if path.suffix in PROGRAM)
    for path in sorted(files):
        facts = path.stat()
        found.update(f"{path.relative_to(root)} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return found.hexdigest()


def record_cache(
    kept: ArrayCache, file: Path, sample_rate: int, channels: int, length: int, channel: str
) -> RecordCache:
    """Give the cache of the record in a file, opened as it is said here. Raises OSError.

    channel: what of stereo is analysed. The decoder counts as well: two may differ in what they make of a lossy file.
    """

    def hashed() -> Arrays:
        with file.open("rb") as opened:
            return {"sha256": np.array(hashlib.file_digest(opened, "sha256").hexdigest())}

    digest = kept.arrays(_place_key("file", file), hashed)["sha256"].tolist()
    opened = np.array([sample_rate, channels, length], np.int64)
    kept.arrays(_place_key(_OPENED, file), lambda: {"opened": opened})
    read = [digest, sample_rate, channels, length, channel, soundfile.__libsndfile_version__]
    return RecordCache(kept, json.dumps(read))


def opened_before(kept: ArrayCache, file: Path) -> tuple[int, int, int] | None:
    """Give sample rate, channels and length of a file, as it was opened when it was as it is; None where it was not.

    What is lossy need not be decoded to know what was found in it. Raises OSError.
    """
    found = kept.kept(_place_key(_OPENED, file))
    if found is None:
        return None
    rate, channels, length = found["opened"].tolist()
    return rate, channels, length


def known_digest(kept: ArrayCache, file: Path) -> str | None:
    """Give the SHA-256 of a file that was read before and is as it was; None of any other. Raises OSError."""
    found = kept.kept(_place_key("file", file))
    return None if found is None else str(found["sha256"].tolist())


def _place_key(kind: str, file: Path) -> str:
    at = place_of(file)
    return json.dumps([kind, at])
