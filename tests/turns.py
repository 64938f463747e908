"""Who runs when several processes share the suite: live audio and clusters alone, everything else side by side.

Tests of live audio measure milliseconds, and those of a cluster start processes of their own that give up on a machine
too busy to start them; so they come first, all in one process, while the others wait.
"""

import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import IO

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

try:
    import fcntl
except ImportError:  # Windows, which has no JACK tests either
    fcntl = None  # type: ignore[assignment]  # a module or nothing is what every user of it asks for

LIVE = "tests/jack/"
CLUSTER = "cluster"


def is_alone(nodeid: str) -> bool:
    """Tell whether a test hears or plays live audio, or starts a cluster."""
    return nodeid.startswith(LIVE) or CLUSTER in nodeid


class Sharing(LoadScopeScheduling):
    """Those that run alone go to one process; of the others each file stays in one, as its fixtures are costly."""

    def _split_scope(self, nodeid: str) -> str:
        return LIVE if is_alone(nodeid) else nodeid.split("::")[0]


class Turns:
    """A plug-in of pytest: a lock shared by the processes of one run, exclusive to tests that run alone."""

    def __init__(self) -> None:
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
        self._lock: IO[bytes] | None = None
        if run is not None and fcntl is not None:  # one process needs no turns
            self._lock = (Path(tempfile.gettempdir()) / f"samplechop-tests-{run}.lock").open("wb")
        self._alone = False

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> Sharing:
        return Sharing(config, log)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, bool, bool]:
        live = is_alone(item.nodeid)
        if self._lock is not None and not (live and self._alone):
            fcntl.flock(self._lock, fcntl.LOCK_EX if live else fcntl.LOCK_SH)
            self._alone = live
        try:
            return (yield)
        finally:
            goes_on = live and nextitem is not None and is_alone(nextitem.nodeid)
            if self._lock is not None and not goes_on:
                fcntl.flock(self._lock, fcntl.LOCK_UN)
                self._alone = False
