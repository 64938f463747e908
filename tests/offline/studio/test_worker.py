"""Long work of the studio, in a process of its own."""

import os
import sys

import pytest

from samplechop.offline.studio.hearing import hear
from samplechop.offline.studio.worker import Message, Tell, Worker


def tell_of_itself(_work: object, tell: Tell) -> None:
    """[worker] Tell by how much less than usual its turns count, and whether it knows the programs' names for code."""
    from numba.core.caching import Cache

    tell({"nice": os.nice(0) if sys.platform != "win32" else 0, "knows": hasattr(Cache._index_key, "__wrapped__")})


@pytest.fixture(scope="module")
def told() -> Message:
    """Give what a worker tells of itself."""
    messages: list[Message] = []
    Worker(tell_of_itself, hear).run(messages.append)  # which brings numba
    return messages[0]


@pytest.mark.skipif(sys.platform == "win32", reason="the system knows of no such order")
def test_the_page_goes_before_a_worker(told: Message) -> None:
    assert told["nice"] > os.nice(0) or os.nice(0) == 19


def test_a_worker_loads_what_programs_compiled(told: Message) -> None:
    assert told["knows"]
