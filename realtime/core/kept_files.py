"""The files in which numba keeps what it compiled: what cannot be kept, or read, is compiled anew and ends no program.

A full disk, a power cut, or anything else than a file of that name: numba fails with whatever writing or unpickling
raises.
"""

from collections.abc import Callable
from functools import wraps
from itertools import count
from multiprocessing import parent_process
from typing import Any

from samplechop.realtime.core.errors import reason_of
from samplechop.realtime.core.standard_streams import say

_said = False


def endure_files(files: Any) -> None:
    """Let numba's class of files, IndexDataCacheFile, take what it cannot read for what is not there.

    And have it write a function before the index that names it: else one whose writing fails is found there later.
    """

    def save(self: Any, key: Any, data: Any) -> None:
        index = self._load_index()
        name = index.get(key) or next(free for free in map(self._data_name, count(1)) if free not in index.values())
        self._save_data(name, data)
        if key not in index:
            self._save_index({**index, key: name})

    files.save = save
    for name, nothing in (("load", lambda: None), ("_load_index", dict)):
        setattr(files, name, _or_nothing(getattr(files, name), nothing))


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


def _or_nothing(read: Callable[..., Any], nothing: Callable[[], Any]) -> Callable[..., Any]:
    @wraps(read)
    def tolerant(*arguments: Any) -> Any:
        try:
            return read(*arguments)
        except Exception:  # whatever unpickling damaged bytes raises
            return nothing()

    return tolerant
