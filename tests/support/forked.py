"""Workers that begin at once: forked from one process that has imported what they need.

Spawned, as they are outside tests, each starts Python and imports all of it, which takes longer than most of what tests
give them. All else is the same: each is a process of its own that shares nothing, and nothing is left of the last one.
"""

import multiprocessing
import os
import sys
from typing import Any

METHOD = "spawn" if sys.platform == "win32" else "forkserver"
"""How processes are started."""
IMPORTED = (
    "tests.support.kept_code",
    "distributed",
    "samplechop.offline.atlas.collect.normalise",
    "samplechop.offline.atlas.fingerprints",
    "samplechop.offline.kits.batch",
    "samplechop.offline.kits.pipeline",
    "samplechop.offline.studio.exporting",
    "samplechop.offline.studio.hearing",
    "tests.support.chop_work",
)
"""What workers of many tests import, with all that this imports."""

FORKED: Any = multiprocessing.get_context(METHOD)
"""The context whose processes are forked, where the system can fork."""

if sys.platform != "win32":
    from multiprocessing.context import ForkServerContext, ForkServerProcess

    class _Process(ForkServerProcess):
        """One with the environment and the folder that its parent has now, as a spawned one has."""

        def start(self) -> None:
            self._place = dict(os.environ), os.getcwd()  # noqa: PTH109 (to be handed on as it is)
            super().start()

        def run(self) -> None:
            environment, folder = self._place
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(folder)
            super().run()

    class _Context(ForkServerContext):
        Process = _Process

    FORKED = _Context()
    FORKED.set_forkserver_preload(list(IMPORTED))
