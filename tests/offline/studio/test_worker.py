"""Long work of the studio, in a process of its own."""

import os
import sys

import pytest

from samplechop.offline.studio.worker import Message, Tell, Worker


def tell_nice(tell: Tell) -> None:
    """[worker] Tell by how much less than usual the turns of this process count."""
    tell({"nice": os.nice(0)})


@pytest.mark.skipif(sys.platform == "win32", reason="the system knows of no such order")
def test_the_page_goes_before_a_worker() -> None:
    told: list[Message] = []
    Worker(tell_nice).run(told.append)
    assert told[0]["nice"] > os.nice(0) or os.nice(0) == 19
