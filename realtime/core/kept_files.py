"""The files in which numba keeps what it compiled: what cannot be kept, or read, is compiled anew and ends no program.

A full disk, a power cut, or anything else than a file of that name: numba fails with whatever writing or unpickling
raises. And it runs what it reads: one bit that a disk changed, or a file that is not of the function its index says, as
of a source that was edited since or of another process that began at the same time, ends the process at some later time
or answers wrongly. So each file ends with a digest, without which it is not unpickled.
"""

from functools import wraps
from hashlib import blake2b
from itertools import count
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

from samplechop.realtime.core.errors import reason_of
from samplechop.realtime.core.standard_streams import say

DIGEST_BYTES = 16
_said = False


def endure_files(files: Any) -> None:
    """Let numba's class of files, IndexDataCacheFile, take what it cannot read, or did not write so, for nothing.

    And have it write a function before the index that names it: else one whose writing fails is found there later.
    """
    load_index = files._load_index

    @wraps(load_index)
    def whole_index(self: Any) -> dict[Any, Any]:
        try:
            index: dict[Any, Any] = load_index(self)
            names = [self._data_name(int(name.split(".")[-2])) for name in index.values()]
            return index if names == list(index.values()) else {}
        except Exception:  # whatever unpickling damaged bytes raises
            return {}

    @wraps(files.load)
    def load(self: Any, key: Any) -> Any:
        try:
            content = Path(self._data_path(self._load_index()[key])).read_bytes()
            whole = memoryview(content)[:-DIGEST_BYTES]
            if content[-DIGEST_BYTES:] != _digest(self, key, whole):
                return None
            from numba.cloudpickle import loads  # numba's own, which it has imported by now

            return loads(whole)  # not `_load_data`, which reads a file that may be another one by now
        except Exception:
            return None

    @wraps(files.save)
    def save(self: Any, key: Any, data: Any) -> None:
        index = self._load_index()
        name = index.get(key) or next(free for free in map(self._data_name, count(1)) if free not in index.values())
        whole = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(whole)
            file.write(_digest(self, key, whole))
        if key not in index:
            self._save_index({**index, key: name})

    files._load_index, files.load, files.save = whole_index, load, save


def _digest(files: Any, key: Any, data: bytes | memoryview) -> bytes:
    """Give what ends a file: of what was compiled, of which source, and for what.

    numba's own, as other programs have it, reads such a file as any: unpickling ends before it.
    """
    digest = blake2b(data, digest_size=DIGEST_BYTES)
    digest.update(repr((files._version, files._source_stamp, key)).encode())
    return digest.digest()


def endure_places(caching: Any) -> None:
    """Let numba's module caching give a function for which it finds no place one that perhaps cannot be written.

    Else it refuses the function, as where its folders in one that can be written belong to somebody else: now that is
    said as other faults are.
    """
    untried = classmethod(lambda kind, function, path: kind(function, path) if Path(path).exists() else None)
    last = type("Untried", (caching.UserWideCacheLocator,), {"from_function": untried})
    caching.CacheImpl._locator_classes = [*caching.CacheImpl._locator_classes, last]


def endure_faults(kept: Any) -> None:
    """Let numba's class of what it keeps, Cache, go on where something cannot be kept, and say so once."""
    save = kept.save_overload

    @wraps(save)
    def save_overload(self: Any, *compiled: Any) -> None:
        try:
            save(self, *compiled)
        except OSError as error:
            _say(error, self.cache_path)

    kept.save_overload = save_overload


def _say(error: OSError, folder: str) -> None:
    global _said
    if not _said and parent_process() is None:  # workers fail as the one that started them does
        _said = True
        place = error.filename2 or error.filename or folder
        say(
            f"samplechop: what is compiled cannot be kept at {place!r} ({reason_of(error)}), so that each start takes "
            "longer: make room there, or set NUMBA_CACHE_DIR to a folder that can be written"
        )
