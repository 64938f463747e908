"""A long piece of work in a process of its own: the page stays quick, sees how far it is, and can end it."""

import os
import sys
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from samplechop.realtime.core.compile_notice import compiling_shown
from samplechop.realtime.core.ends import end_code, ended_cleanly
from samplechop.realtime.core.errors import ModelError, UserError, reason_of
from samplechop.realtime.core.process import end_with_parent, without_interrupts

Message = dict[str, Any]
Tell = Callable[[Message], object]
_STEPS = 200
"""Messages on the progress of a stage: as many as a bar on a screen can show."""

_NICE = 10
"""By how much less its turns count than those of the page, where the system knows of that."""
_END_SECONDS = 5.0
"""That a process is given to remove what it has begun."""


class Stopped(Exception):
    """The work was stopped before its end."""


class Worker:
    """A piece of work: work(*arguments, tell), a function of a module, with arguments that can be pickled."""

    def __init__(self, work: Callable[..., object], *arguments: Any) -> None:
        """Prepare it; `run` begins."""
        self._work, self._arguments = work, arguments
        self._process: BaseProcess | None = None
        self._stopped = False
        self._turn = threading.Lock()

    def run(self, tell: Tell) -> None:
        """Do it, and wait. tell: is called with what it tells, from this thread.

        Raises UserError for what the user can mend, and where its process dies; Stopped where `stop` ended it.
        """
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_run, args=(theirs,), daemon=True)
        with self._turn:
            if self._stopped:
                raise Stopped
            with without_interrupts():
                process.start()
            self._process = process
        theirs.close()
        try:
            # Not as arguments of the process: to read them imports numba, for which it is not ready when it begins.
            ours.send((self._work, self._arguments))
            while True:
                message = ours.recv()
                if "failed" in message:
                    raise UserError(message["failed"])
                tell(message)
        except (EOFError, ConnectionError):
            process.join()
            if self._stopped:
                raise Stopped from None
            if process.exitcode:
                raise UserError("a process of the studio died at its work (out of memory?): try again") from None
        finally:
            process.terminate()
            process.join(_END_SECONDS)
            process.kill()
            process.join()
            ours.close()

    def stop(self) -> None:
        """End it, if it goes on, or keep it from beginning. [any thread]"""
        with self._turn:
            self._stopped = True
            if self._process is not None:
                self._process.terminate()


def steps(stage: str, tell: Tell) -> Callable[[int, int], None]:
    """Give a function that is called with how much is done of how much, and tells so, now and then.

    {"stage": "detecting chops", "done": 441000, "length": 2646000}
    """
    last = -1

    def at(done: int, length: int) -> None:
        nonlocal last
        step = done * _STEPS // max(1, length)
        if step != last:
            last = step
            tell({"stage": stage, "done": done, "length": length})

    return at


def by_stage(tell: Tell) -> Callable[[str, int, int], None]:
    """Give a function that is called with what is being done, and how much of how much, and tells so as `steps`."""
    stages: dict[str, Callable[[int, int], None]] = {}

    def progress(what: str, done: int, length: int) -> None:
        if what not in stages:
            stages[what] = steps(what, tell)
        stages[what](done, length)

    return progress


def _run(told: Connection) -> None:
    """[worker] Do what comes first through a connection, the work and its arguments; tell what the user can mend."""
    end_with_parent()
    if sys.platform != "win32":
        os.nice(_NICE)
    from samplechop.offline.common.compiled_files import share_compiled_code

    share_compiled_code()
    work, arguments = told.recv()
    with ended_cleanly(last=True):  # so that what it has begun to write is removed
        try:
            with compiling_shown(steps("compiling for this processor, once", told.send)):
                work(*arguments, told.send)
        except (UserError, ModelError, OSError) as error:
            told.send({"failed": reason_of(error) if isinstance(error, OSError) else str(error)})
        except KeyboardInterrupt:
            sys.exit(end_code())
