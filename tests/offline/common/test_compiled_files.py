"""The files in which numba keeps what it compiled: processes take turns at them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from samplechop.offline.common import compiled_files
from samplechop.offline.common.process_pool import second_process, submit

pytestmark = pytest.mark.usefixtures("spawned_workers")


def test_numba_reads_and_writes_its_files_one_process_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    @contextmanager
    def lock() -> Iterator[None]:
        taken.append("locked")
        yield
        taken.append("free")

    monkeypatch.setattr(compiled_files, "_cache_lock", lock)
    from numba.core.caching import IndexDataCacheFile

    compiled_files.take_turns_at_numba_cache()
    file = IndexDataCacheFile(str(tmp_path), "f", "stamp")
    monkeypatch.setattr(file, "_save_data", lambda *_: taken.append("written"))
    file.save("key", "code")
    assert taken == ["locked", "written", "free"]


def numba_before_and_after_its_import() -> tuple[bool, bool]:
    """[worker] Say whether numba was imported, and whether it takes turns as soon as it is."""
    before = "numba" in sys.modules
    import numba.core.dispatcher  # noqa: F401 (not the module of caching itself, as where something is compiled)

    return before, hasattr(sys.modules["numba.core.caching"].IndexDataCacheFile.save, "in_turn")


def test_a_worker_imports_numba_for_what_needs_it_alone_and_then_takes_turns() -> None:
    with second_process() as other:
        assert submit(other, numba_before_and_after_its_import).result() == (False, True)


def test_the_lock_is_there_and_free_again() -> None:
    for _ in range(2):
        with compiled_files._cache_lock():
            pass
