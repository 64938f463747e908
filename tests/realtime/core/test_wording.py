"""Words for people."""

import pytest

from samplechop.realtime.core.wording import counted, in_bytes


@pytest.mark.parametrize(("count", "words"), [(0, "0 chops"), (1, "1 chop"), (2, "2 chops"), (2048, "2,048 chops")])
def test_one_is_no_plural(count: int, words: str) -> None:
    assert counted(count, "chop") == words


@pytest.mark.parametrize(("size", "words"), [(0, "0 kB"), (16_300_000, "16.3 MB"), (2_130_000_000, "2.1 GB")])
def test_a_size_has_the_unit_that_suits_it(size: int, words: str) -> None:
    assert in_bytes(size) == words
