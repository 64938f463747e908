"""The program that has numba compile everything there is to compile, into the cache that NUMBA_CACHE_DIR names.

    python -m tests.support.warm_numba

Most is compiled when its module is imported, or when those of its functions are called that are named for it; the rest
by what detectors do, and what trainings ask of their models. librosa, too, compiles as its modules are imported. All
cores have a part of it. Where no file of ours has changed since it ended, nothing is done.
"""

import hashlib
import inspect
import os
import re
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np

from samplechop import models
from samplechop.models import ModelError
from samplechop.offline.common.process_pool import as_ready, cores
from samplechop.realtime import detectors
from samplechop.realtime.core.plugin import ProcessSpec
from tests.support.command import ROOT

LIBROSA = ("librosa.core.pitch",)
"""The modules of librosa that tests import, by the last of those that it imports for that; they take longest."""
BEGINS = re.compile("_compiled|_?compile_[a-z]+")
"""Names of functions that compile, if they take nothing."""
MATTERS = (".py", ".json", ".tflite", ".npz")
"""Endings of files that say what is compiled."""


def compiled_modules() -> list[str]:
    """Name the modules with functions that numba compiles."""
    files = (path for folder in ("realtime", "offline") for path in (ROOT / folder).rglob("*.py"))
    found = [path for path in files if re.search(r"from numba import|import entry\b", path.read_text(encoding="utf-8"))]
    return [".".join(("samplechop", *path.relative_to(ROOT).with_suffix("").parts)) for path in sorted(found)]


def _compile(name: str) -> None:
    for begin, function in list(vars(import_module(name)).items()):
        if BEGINS.fullmatch(begin) and function.__module__ == name:
            parameters = inspect.signature(function).parameters.values()
            if all(one.default is not one.empty for one in parameters):
                function()


def _listen(name: str) -> None:
    """Let a detector work on blocks of both kinds: a live one, and a long one as of a file."""
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, 44_100).astype(np.float32)
    for block in (256, len(noise)):
        detector = detectors.make(name)
        with suppress(ModelError):  # of which the released model says nothing yet
            detector.prepare(ProcessSpec(44_100, block))
            detector.process(noise[:block], 0, lambda _: None)


def _rank() -> None:
    """Rank attacks by functions of their own, as trainings do: detectors have them compiled into another."""
    # Not above: the processes that have a part of the work import this module first, and numba only as programs do.
    from samplechop.offline.training.tasks.chop_targets import SHARED
    from samplechop.realtime.detectors.beats import tracker
    from samplechop.realtime.detectors.chop.attack_ranking import AttackRanking
    from samplechop.realtime.detectors.chop.decision import Decision
    from samplechop.realtime.detectors.chop.evidence import Evidence

    decision = Decision.read(models.load("chop").decision, "chop")
    evidence = Evidence(SHARED.names, decision.beat_reach)
    heads, pulse = (np.zeros((1, columns), np.float32) for columns in (len(SHARED.names), tracker.COLUMNS))
    AttackRanking(decision, evidence, 0.998, "chop").push(evidence.push(heads, pulse))


def _separate() -> None:
    """Have librosa compile what it leaves to the first sound whose harmonic part, or whose onsets, it is asked for.

    Two channels, and as long that it works on more than one piece of it, which it compiles for apart. All in one
    process: two that keep the same function for other arguments at once may give both one name, by which later one of
    them is not found.
    """
    import librosa

    librosa.effects.harmonic(np.ones((2, 44_100), np.float32))
    librosa.util.match_events(np.arange(2), np.arange(2), right=False)


def state() -> str:
    """Give a text that is another one where anything else may be compiled, or what is kept counts no more."""
    places = sorted(
        path for folder in ("realtime", "offline", "models", "tests/support") for path in ROOT.glob(f"{folder}/**/*")
    )
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in places if path.suffix in MATTERS]
    others = [version(name) for name in ("numba", "librosa", "numpy")]
    return hashlib.sha256(repr((sys.version, sys.prefix, others, files)).encode()).hexdigest()


def main() -> None:
    done, now = Path(os.environ["NUMBA_CACHE_DIR"], "warm"), state()
    if done.exists() and done.read_text() == now:
        return
    calls = [partial(_compile, name) for name in (*LIBROSA, *compiled_modules())]
    calls += [partial(_separate), partial(_rank), *(partial(_listen, name) for name in detectors.BUILT_IN)]
    for _ in as_ready(calls, cores()):
        pass
    done.write_text(now)


if __name__ == "__main__":
    main()
