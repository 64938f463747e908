"""Inputs made and read one after the other in a process of its own: what they open, the time and memory they take.

What is opened outside an input's folder is seen by an audit hook of Python, and by a look at the folder beside it; what
C libraries open for reading, only where a path is given to libsndfile.
"""

import faulthandler
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import soundfile

from samplechop.offline.lab.hostile.content import OUTSIDE
from samplechop.offline.lab.hostile.formats import Format, formats
from samplechop.realtime.core.errors import UserError

_GRACE, _WAIT_SECONDS = 3.0, 120.0
"""Times what an input may take of the processor, and seconds beside that by the clock: then it is broken off.

The clock is there for what waits for ever; on a busy machine a process may get a fiftieth of the processor.
"""
_REARM_SECONDS = 5.0
"""What a process that hangs in C may be left longer: the thread that watches for it is not begun for every input."""
_MOST_BYTES = 4 << 30
"""Of address space: what asks for more gets MemoryError."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
_ALLOWED = re.compile(r"(?:\.nb[ic](?:\.tmp\.\w+)?|\.pyc|__pycache__|numba\.lock|^/dev/null)$")
_CACHES = (
    "/proc/",
    "/dev/fd/",
    "/dev/shm/sem.",
    "/dev/shm/psm_",
    str(Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config", "matplotlib").expanduser()),
    str(Path("~/.cache").expanduser()),
)


@dataclass(slots=True)
class Outcome:
    """What became of inputs of one format. faults: by what was wrong, number of the first input and how many.

    slowest: seconds and number. memory: bytes that a fresh process would have at most, and number: what this process
    kept of inputs before does not count. seconds: of all. Seconds are those of the processor, this process and the
    programs it starts, so that it does not matter what else the machine does.
    """

    format: str
    tried: int = 0
    refused: int = 0
    accepted: int = 0
    faults: dict[str, tuple[int, int]] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, 0)
    memory: tuple[float, int] = (0.0, 0)
    seconds: float = 0.0

    @property
    def wrong(self) -> int:
        """How many inputs did what none may."""
        return sum(count for _, count in self.faults.values())

    def add(self, other: "Outcome") -> None:
        """Take another one's inputs too."""
        self.tried, self.refused, self.accepted = (
            self.tried + other.tried,
            self.refused + other.refused,
            self.accepted + other.accepted,
        )
        for what, (number, count) in other.faults.items():
            self.blame(what, number, count)
        self.slowest = max(self.slowest, other.slowest)
        self.memory = max(self.memory, other.memory)
        self.seconds += other.seconds

    def blame(self, what: str, number: int, count: int = 1) -> None:
        """Note a fault."""
        first, there = self.faults.get(what, (number, 0))
        self.faults[what] = (min(first, number), there + count)


class _Hang(BaseException):
    """Breaks off what takes too long."""


class _Watch:
    """Sees what is opened and changed while an input is read. memory: bytes that this process began with."""

    def __init__(self) -> None:
        self.root = ""
        self.follows = self.reading = False
        self.memory = 0.0
        self.seen: list[str] = []
        self.ends = 0.0

    def expect(self, seconds: float) -> None:
        """End this process if C code hangs for so long, or up to _REARM_SECONDS longer."""
        now = time.monotonic()
        if not now + seconds <= self.ends <= now + seconds + _REARM_SECONDS:
            self.ends = now + seconds + _REARM_SECONDS
            faulthandler.dump_traceback_later(seconds + _REARM_SECONDS, exit=True)

    def rest(self) -> None:
        """Expect nothing any more."""
        self.ends = 0.0
        faulthandler.cancel_dump_traceback_later()

    def event(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an event of sys.addaudithook."""
        if not self.root:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str | bytes) and isinstance(flags, int):
                writes = bool(flags & _WRITES)
                if not (writes and Path(os.fsdecode(path)).is_dir()):  # a temporary file without a name
                    self.look(os.fsdecode(path), writes, bool(flags & getattr(os, "O_NOFOLLOW", 0)))
        elif event in _CHANGES:
            for path in arguments[:2]:
                if isinstance(path, str | bytes) and event != "os.symlink":
                    self.look(os.fsdecode(path), True, True)
        elif event == "sqlite3.connect":
            self.look(os.fsdecode(arguments[0]), True, False)

    def look(self, path: str, writes: bool, refuses_links: bool) -> None:
        """Note a path that leads where nothing may be read or written."""
        root, self.root = self.root, ""
        try:
            if _ALLOWED.search(path) or path.startswith(_CACHES):
                return
            try:
                real = str(Path(path).parent.resolve() / Path(path).name if refuses_links else Path(path).resolve())
            except (OSError, ValueError, RuntimeError):  # links in a circle
                return
            inside = real.startswith(root + os.sep)
            if inside and not real.startswith(f"{root}{os.sep}{OUTSIDE}{os.sep}"):
                return
            if writes:
                self.seen.append(f"writes outside the folder: {_short(real, root)}")
            elif (inside or real == "/etc/passwd") and not self.follows:
                self.seen.append(f"reads outside the folder: {_short(real, root)}")
        finally:
            self.root = root


def _short(path: str, root: str) -> str:
    return path.removeprefix(root + os.sep)


_watch = _Watch()


@cache
def _prepared() -> Mapping[str, Format]:
    """[worker] Make this process ready: the watch, the limits, and silence."""
    made = formats()
    sys.addaudithook(_watch.event)
    opened = soundfile.SoundFile.__init__

    def watched(self: soundfile.SoundFile, file: Any, mode: str | None = "r", *rest: Any, **more: Any) -> None:
        if _watch.root and isinstance(file, str | bytes | os.PathLike):
            _watch.look(os.fsdecode(file), mode != "r", False)
        opened(self, file, mode, *rest, **more)

    soundfile.SoundFile.__init__ = watched
    for timer in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(timer, _stop)
    begun = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (begun + _MOST_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what C libraries say about such files
    _watch.memory = _memory()
    return made


def _memory(most: bool = False) -> float:
    """Give the bytes of memory that this process has, or had at most."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return float(status["VmHWM" if most else "VmRSS"].split()[0]) * 1024


def _stop(_number: int, _frame: FrameType | None) -> None:
    if _watch.reading:
        raise _Hang


def try_inputs(name: str, seed: int, first: int, count: int, parent: Path) -> Outcome:
    """[worker] Make and read the inputs first..first + count - 1 of a format. parent: takes a folder of their own."""
    one, outcome = _prepared()[name], Outcome(name)
    with tempfile.TemporaryDirectory(dir=parent) as place:
        root = Path(place).resolve()
        tempfile.tempdir = str(root)
        before = Path.cwd()
        try:
            for number in range(first, first + count):
                _try_one(one, outcome, seed, number, root)
        finally:
            tempfile.tempdir = None
            os.chdir(before)
            _watch.rest()
    return outcome


def _try_one(one: Format, outcome: Outcome, seed: int, number: int, root: Path) -> None:
    outcome.tried += 1
    kept = _memory() - _watch.memory
    fault, seconds, refused = _read(one, outcome.format, seed, number, root)
    outcome.memory = max(outcome.memory, (_memory(most=True) - kept, number))
    if seconds > one.seconds:
        fault = fault or f"takes longer than {one.seconds:g} s"
    outcome.seconds += seconds
    outcome.slowest = max(outcome.slowest, (seconds, number))
    if fault:
        outcome.blame(fault, number)
    elif refused:
        outcome.refused += 1
    else:
        outcome.accepted += 1


def _read(one: Format, name: str, seed: int, number: int, root: Path) -> tuple[str, float, bool]:
    """Give what was wrong or "", the seconds it took, and whether the input was refused."""
    for left in root.iterdir():
        _remove(left)
    folder, scratch = root / "input", root / "scratch"
    for each in (folder, scratch, root / OUTSIDE):
        each.mkdir()
    os.chdir(scratch)
    one.make(np.random.default_rng([seed, zlib.crc32(name.encode()), number]), folder)
    outside = _state(root / OUTSIDE)
    Path("/proc/self/clear_refs").write_text("5")  # what it takes at most counts from here on
    fault, refused = "", False
    _watch.seen, _watch.follows, _watch.root = [], one.follows, str(root)
    limit = _GRACE * one.seconds
    _watch.expect(2 * (limit + _WAIT_SECONDS))
    # Again every second: an exception in what C code calls is passed over.
    signal.setitimer(signal.ITIMER_PROF, limit, 1.0)
    signal.setitimer(signal.ITIMER_REAL, limit + _WAIT_SECONDS, 1.0)
    began = sum(os.times()[:4])
    try:
        try:
            _watch.reading = True
            one.load(folder, scratch)
        finally:
            _watch.reading = False
    except UserError:
        refused = True
    except _Hang as error:
        fault = f"hangs in {_where(error)}"
    except BaseException as error:
        fault = f"{type(error).__name__} in {_where(error)}: {str(error)[:100]!r}"
    finally:
        seconds = sum(os.times()[:4]) - began
        for clock in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(clock, 0)
        _watch.root = ""
    if not fault and _watch.seen:
        fault = _watch.seen[0]
    if not fault and _state(root / OUTSIDE) != outside:
        fault = "changes what lies outside the folder"
    return fault, seconds, refused


def _state(folder: Path) -> list[tuple[str, int, int]]:
    return sorted((str(path), (about := path.lstat()).st_size, about.st_mtime_ns) for path in folder.rglob("*"))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _where(error: BaseException) -> str:
    """Give the innermost place of ours that an error went through, and what it called."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name != _stop.__name__]
    ours = [
        frame
        for frame in frames
        if "/offline/" in frame.filename or "/realtime/" in frame.filename or "/models/" in frame.filename
    ]
    own, last = (ours or frames)[-1], frames[-1]
    inner = "" if own is last else f", from {Path(last.filename).name}:{last.lineno}"
    return f"{'/'.join(Path(own.filename).parts[-2:])}:{own.lineno} {own.name}{inner}"
