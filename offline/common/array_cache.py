"""Arrays that took long to make, kept on disk under the hash of all that decides what they are.

    KEY.npz    some arrays       KEY.npy    a large one, which is mapped rather than read

It is no more than a cache: what is damaged, foreign or gone is made anew, a disk that takes nothing is passed over in
silence, and what was not used for longest goes when there is too much.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from samplechop.offline.common.arrays import map_array, read_arrays
from samplechop.offline.common.atomic import PART, replacing
from samplechop.realtime.core.errors import UserError

MOST_BYTES = 1 << 30
"""On disk."""
Arrays = Mapping[str, NDArray[Any]]

_OWN = "key"
_SUM_BYTES = 32
_UNFINISHED_SECONDS = 86_400
"""After so long nobody writes to a file any more that is not done."""


class ArrayCache:
    """A folder of arrays by key. A key is text that tells all that decides what they are; it is hashed."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        """Use a folder, which need not be there. most_bytes: on disk, of all files in it."""
        self._folder, self._most = folder, most_bytes

    def arrays(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        """Give the arrays of a key, made and kept where there are none. No name may be "key"."""
        if (found := self.kept(key)) is not None:
            return found
        made, path = make(), self._folder / f"{_digest(key)}.npz"
        with suppress(OSError, UserError):
            with replacing(path) as part:
                np.savez(part, **{_OWN: np.array(_digest(key))}, **made)  # type: ignore[arg-type]  # numpy's own stub
            self._trim(path)
        return made

    def kept(self, key: str) -> Arrays | None:
        """Give the arrays of a key that were kept; None where there are none."""
        path = self._folder / f"{_digest(key)}.npz"
        with suppress(OSError, ValueError):
            found = read_arrays(path)
            if found.pop(_OWN, np.array("")).tolist() == _digest(key):
                self._used(path)
                return found
        return None

    def array(self, key: str, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """Give the array of a key, read-only where it was kept, made and kept where there is none."""
        if (found := self.kept_array(key)) is not None:
            return found
        made, path = np.ascontiguousarray(make()), self._folder / f"{_digest(key)}.npy"
        with suppress(OSError, UserError):
            with replacing(path) as part, part.open("wb") as file:
                np.save(file, made, allow_pickle=False)
                file.write(_sum(key, made))
            self._trim(path)
        return made

    def kept_array(self, key: str) -> NDArray[Any] | None:
        """Give the array of a key that was kept, read-only; None where there is none."""
        path = self._folder / f"{_digest(key)}.npy"
        with suppress(OSError, ValueError):
            found = map_array(path)
            with path.open("rb") as file:
                file.seek(-_SUM_BYTES, os.SEEK_END)
                if file.read() == _sum(key, found):
                    self._used(path)
                    return found
        return None

    def _used(self, path: Path) -> None:
        with suppress(OSError):
            os.utime(path)

    def _trim(self, newest: Path) -> None:
        """Drop what was not used for longest, until the rest is not too much, and what others left unfinished."""
        files = []
        for entry in os.scandir(self._folder):
            with suppress(OSError):
                facts = entry.stat(follow_symlinks=False)
                if entry.name.startswith(PART):
                    if time.time() - facts.st_mtime > _UNFINISHED_SECONDS:
                        Path(entry.path).unlink()
                elif entry.name.endswith((".npz", ".npy")):
                    files.append((entry.name != newest.name, -facts.st_mtime_ns, facts.st_size, entry.path))
        total = 0
        for _, _, size, path in sorted(files):
            total += size
            if total > self._most:
                with suppress(OSError):
                    Path(path).unlink()


def user_cache() -> ArrayCache:
    """Give the cache of this user: the folder that SAMPLECHOP_CACHE names, or one where the system keeps caches."""
    own = os.environ.get("SAMPLECHOP_CACHE")
    return ArrayCache(Path(own) if own else platformdirs.user_cache_path("samplechop", appauthor=False) / "found")


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _sum(key: str, array: NDArray[Any]) -> bytes:
    """Give what tells an array from a damaged one, and from that of another key, as fast as it is read."""
    content = array.reshape(-1).view(np.uint8)
    whole = len(content) // 8 * 8
    words = content[:whole].view(np.uint64)
    sums = int(np.add.reduce(words)), int(np.bitwise_xor.reduce(words))
    facts = f"{_digest(key)}{array.shape}{array.dtype.str}{sums}"
    return sha256(facts.encode() + content[whole:].tobytes()).digest()
