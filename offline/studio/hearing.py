"""The detectors on a record, in a process of their own: the page stays quick, and sees what they find as they find it.

What they find lies in the cache of records afterwards, from where a kit is planned at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from samplechop.offline.common.array_cache import user_cache
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.process import end_with_parent, without_interrupts

Tell = Callable[[Any], object]
_STEPS = 200
"""Messages on the progress of a stage: as many as a bar on a screen can show."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be heard: a record, with the options of its kit."""

    path: Path
    options: ChopOptions


def hear(task: Task, tell: Tell) -> None:
    """Process a record in another process, and wait. tell: is called with its messages, from this thread.

    {"stage": "detecting chops", "done": 441000, "length": 2646000}. Raises UserError.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(task, theirs), daemon=True)
    with without_interrupts():
        process.start()
    theirs.close()
    try:
        while True:
            message = ours.recv()
            if "error" in message:
                raise UserError(message["error"])
            tell(message)
    except EOFError:
        process.join()
        if process.exitcode:
            raise UserError("the process that hears the record died (out of memory?): open it again") from None
    finally:
        process.terminate()
        process.join()
        ours.close()


def _work(task: Task, told: Connection) -> None:
    """[worker] Hear a record; what goes wrong that the user can mend is told."""
    end_with_parent()
    from samplechop.offline.common.process_pool import take_turns_at_numba_cache

    take_turns_at_numba_cache()
    try:
        with TemporaryDirectory() as scratch:
            _heard(task, Path(scratch), told)
    except (UserError, OSError) as error:
        told.send({"error": str(error) if isinstance(error, UserError) else reason_of(error)})


def _heard(task: Task, scratch: Path, told: Connection) -> None:
    from samplechop.offline.kits.analysis import candidates, content_detection, descriptors, detection
    from samplechop.offline.project.identity import audio_of

    record = open_record(task.path, scratch).with_cache(user_cache())
    first, last = candidates.span(record, task.options)

    def shown(stage: str) -> Callable[[int], object]:
        step = max(1, record.length // _STEPS)
        last_told = -1

        def at(done: int) -> None:
            nonlocal last_told
            if done // step != last_told:
                last_told = done // step
                told.send({"stage": stage, "done": done, "length": record.length})

        return at

    detection.detect(record, task.options, first, last, shown("detecting chops"))
    descriptors.spectra(record, first, last)
    audio_of(record)
    told.send({"stage": "heard"})
    whole = [(0, record.length)]
    hits = shown("detecting drums")
    content_detection.detect_hits(record, whole, lambda done, _: hits(done))
    chords = shown("detecting chords")
    content_detection.detect_chords(record, whole, lambda done, _: chords(done))
    told.send({"stage": "all heard"})
