"""One record in `samplechop chop`: what takes long begins in a second process, and how far it is is shown."""

import sys
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from samplechop.offline.kits.core.options import ChopOptions
from samplechop.realtime.core.compile_notice import compiling_shown, show_compiling
from samplechop.realtime.core.process import no_garbage

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from samplechop.offline.common.progress import Progress
    from samplechop.offline.kits.pipeline import Outcome
    from samplechop.offline.project.model import Project

_WORTH_BYTES = 4_000_000
"""Of a file that is chopped no later than another process has started, that process is spared."""
_LOSSY, _LOSSY_RATIO = frozenset({".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma"}), 8
"""Endings of files that hold so many times as much music as others of their size."""
_SECOND_PROCESS = (
    "samplechop.offline.kits.beside",
    "samplechop.realtime.detectors.harmony.detector",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
)
"""What the second process needs: importing it takes as long as what it does."""


def make_one(
    source: Path,
    output: Path,
    options: ChopOptions,
    force: bool,
    cache: bool = False,
    make: "Callable[[Path, Path, ChopOptions, bool, Progress, Executor | None], Outcome] | None" = None,
    project: "Project | None" = None,
) -> None:
    """Chop one record, or make a kit as `make` does, and show what came of it.

    cache: whether what is found is kept. project: what was decided about it.
    """
    from samplechop.offline.common import process_pool
    from samplechop.offline.kits.core.naming import safe
    from samplechop.offline.kits.core.record import audio_files, title
    from samplechop.offline.kits.kit_folder import check_folder

    began, folder = time.perf_counter(), output / safe(title(source))
    check_folder(folder, force)  # before anything is compiled
    files = [(file.stat().st_size, file.suffix.lower() in _LOSSY) for file in audio_files(source)]
    large = sum(size * (_LOSSY_RATIO if lossy else 1) for size, lossy in files) > _WORTH_BYTES
    worth = large and process_pool.cores() > 1
    with process_pool.second_process(*_SECOND_PROCESS) if worth else nullcontext() as second:
        from samplechop.offline.common.progress import progress_bars, silent

        terminal = sys.stderr.isatty()
        with (
            progress_bars() as bars,
            compiling_shown(partial(bars, "compiling for this processor") if terminal else show_compiling),
        ):
            with no_garbage():
                from samplechop.offline.cli.kit_summary import show_kit
                from samplechop.offline.common.array_cache import user_cache
                from samplechop.offline.kits.with_project import make_kit_of

            progress = bars if terminal else silent
            if make is None:
                make = partial(make_kit_of, cache=user_cache() if cache else None, project=project)
            outcome = make(source, folder, options, force, progress, second)
    show_kit(outcome, time.perf_counter() - began)
