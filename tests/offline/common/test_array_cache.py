"""Arrays on disk: made once, and made anew whatever became of them."""

import os
from pathlib import Path

import numpy as np
import pytest

from samplechop.offline.common.array_cache import ArrayCache, Arrays

VALUES = np.arange(13, dtype=np.float32).reshape(13, 1)


class Maker:
    """Makes arrays, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def arrays(self) -> Arrays:
        self.count += 1
        return {"values": VALUES, "words": np.array(["ä", ""], "U32")}

    def array(self) -> np.ndarray:
        self.count += 1
        return VALUES


def asked(cache: ArrayCache, maker: Maker, key: str = "one") -> None:
    """Ask for arrays of both kinds, and check them."""
    found = cache.arrays(key, maker.arrays)
    assert found["words"].tolist() == ["ä", ""]
    np.testing.assert_array_equal(found["values"], VALUES)
    np.testing.assert_array_equal(cache.array(key, maker.array), VALUES)


def test_arrays_are_made_once(tmp_path: Path) -> None:
    maker = Maker()
    for _ in range(3):
        asked(ArrayCache(tmp_path / "cache"), maker)
    assert maker.count == 2


def test_arrays_of_another_key_are_others(tmp_path: Path) -> None:
    maker = Maker()
    for key in ("one", "two"):
        asked(ArrayCache(tmp_path), maker, key)
    assert maker.count == 4


@pytest.mark.parametrize("place", [0, 7, 130, -20, -1])
def test_a_damaged_file_is_made_anew(place: int, tmp_path: Path) -> None:
    cache, maker = ArrayCache(tmp_path), Maker()
    asked(cache, maker)
    for path in tmp_path.iterdir():
        content = bytearray(path.read_bytes())
        content[place] ^= 0x5A
        path.write_bytes(content)
    asked(cache, maker)
    asked(cache, maker)
    assert maker.count <= 4


@pytest.mark.parametrize("content", [b"", b"no array", b"PK\3\4", b"\x93NUMPY\1\0"])
def test_a_file_of_something_else_is_made_anew(content: bytes, tmp_path: Path) -> None:
    cache, maker = ArrayCache(tmp_path), Maker()
    asked(cache, maker)
    for path in tmp_path.iterdir():
        path.write_bytes(content)
    asked(cache, maker)
    assert maker.count == 4


def test_the_file_of_another_key_is_not_taken(tmp_path: Path) -> None:
    cache, maker = ArrayCache(tmp_path), Maker()
    asked(cache, maker, "one")
    first = {path.suffix: path.read_bytes() for path in tmp_path.iterdir()}
    asked(cache, maker, "two")
    for path in tmp_path.iterdir():
        path.write_bytes(first[path.suffix])
    asked(cache, maker, "two")
    assert maker.count == 6


@pytest.mark.parametrize("folder", ["/dev/null/none", "taken"])
def test_a_disk_that_takes_nothing_is_survived(folder: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    maker = Maker()
    asked(ArrayCache(tmp_path / folder), maker)
    assert maker.count == 2


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    size = 10_000
    cache = ArrayCache(tmp_path, 3 * size)
    for number in range(4):
        cache.array(str(number), lambda: np.zeros(size - 500, np.uint8))
        for place, path in enumerate(sorted(tmp_path.iterdir(), key=os.path.getmtime)):
            os.utime(path, (place, place))
        cache.array("0", lambda: np.ones(1, np.uint8))  # used again
    maker = Maker()
    for key in ("0", "1", "3"):
        cache.array(key, maker.array)
    assert maker.count == 1
