"""`samplechop` with a bad neighbour in its own process: one thread that never lets go, one that collects garbage.

    python -m samplechop.offline.lab.bench.jack_load live --device system ...

runs the very same command line. The threads start with the first line on stdin, so that start-up is not slowed, and
never end.
"""

import gc
import runpy
import sys
import threading

DICTS = 10_000
"""Containers made between two collections: some megabytes of garbage, as a careless plug-in would leave."""


def hog() -> None:
    """Compute in pure Python for ever: the interpreter's lock is given up only when it is taken away."""
    count = 0
    while True:
        count += 1


def churn() -> None:
    """Make and drop dictionaries for ever, with a full garbage collection each time, which nothing can interrupt."""
    while True:
        kept = [{i: [i]} for i in range(DICTS)]
        del kept
        gc.collect()


def _load_when_told() -> None:
    if sys.stdin.readline():
        for work in (hog, churn):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()


if __name__ == "__main__":  # the audio process imports this file again
    threading.Thread(target=_load_when_told, daemon=True).start()
    runpy.run_module("samplechop", run_name="__main__")
