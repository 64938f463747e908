"""A command line that runs as a program of its own, how it is started, and what can be asked of it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from samplechop.realtime.core.compile_notice import COMPILING

PATIENCE = 120.0
"""Seconds after which it is sure that what is waited for will not come, however busy the machine is."""
_END_SECONDS = 5.0
_MOST_WAITS = 10


class Broken(AssertionError):
    """What a scenario expects does not hold: the text says what there is instead."""


def check(holds: object, instead: str) -> None:
    """Raise Broken unless something holds."""
    if not holds:
        raise Broken(instead)


class Program:
    """A command line that runs, in a session of processes of its own, with its output in files."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        """Take a process that writes its standard output and error to files, if it was not given others."""
        self.process = process
        self._out, self._err = out, err

    @property
    def out(self) -> str:
        """What it has written to standard output."""
        return self._out.read_text(errors="replace")

    @property
    def err(self) -> str:
        """What it has written to standard error, but for COMPILING: who comes first says it."""
        lines = self._err.read_text(errors="replace").splitlines(keepends=True)
        return "".join(line for line in lines if COMPILING not in line)

    def send(self, *names: str) -> None:
        """Send signals by name, one right after the other."""
        for name in names:
            self.process.send_signal(getattr(signal, name))

    def wait_until(self, condition: Callable[[], object], what: str, every: float = 0.02) -> None:
        """Return once a condition holds, asked every so many seconds.

        Raises Broken where the program ends before, or `what` does not come within PATIENCE.
        """
        deadline = time.monotonic() + PATIENCE
        while not condition():
            check(self.process.poll() is None, f"it ended before this came: {what}; {self.err[-300:]!r}")
            check(time.monotonic() < deadline, f"within {PATIENCE:g} s this did not come: {what}")
            time.sleep(every)

    def end(self, code: int = 0) -> str:
        """Wait for its end; give its standard error. Raises Broken unless it ended with the code and left nothing.

        One that tells of progress works, on however busy a machine, and is waited for up to _MOST_WAITS times as long.
        """
        length = -1
        for _ in range(_MOST_WAITS):
            with suppress(subprocess.TimeoutExpired):
                got = self.process.wait(PATIENCE)
                break
            before, length = length, len(self.err)
            if length == before:
                self.process.send_signal(signal.SIGABRT)  # it says where it stands
                self.process.wait()
                raise Broken(f"it does not end: {self.err[-3000:]!r}")
        else:
            raise Broken(f"it does not end, and goes on talking: {self.err[-300:]!r}")
        said = self.err
        check("Traceback" not in said + self.out, f"a traceback: {(said + self.out)[-600:]!r}")
        check(got == code, f"exit code {got}, not {code}: {said[-300:]!r}")
        self.leaves_nothing()
        return said

    def processes(self) -> list[int]:
        """Give the processes of its session, its own included, without those that have ended."""
        return _processes(self.process.pid)

    def leaves_nothing(self) -> None:
        """Raise Broken if processes that it started go on, some seconds after its end."""
        deadline = time.monotonic() + _END_SECONDS
        while left := self.processes():
            check(time.monotonic() < deadline, f"processes go on: {left}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it and what it started, however."""
        self.process.kill()
        self.process.wait()
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _processes(session: int) -> list[int]:
    """Give the processes of a session, by the number of the one that began it, without those that have ended."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # Behind the name, which may hold anything: state, parent, process group, session (man proc_pid_stat).
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in "ZX":
                found.append(int(status.parent.name))
    return found


def ignoring(name: str) -> str:
    """Give a `setup` that ignores a signal by name, as nohup and a shell's background do."""
    return f"signal.signal(signal.{name}, signal.SIG_IGN)"


def without(*numbers: int) -> str:
    """Give a `setup` after which the program is started without some of its standard files, by number."""
    closed = "".join(f"os.close({number}); " for number in numbers)
    return f"{closed}os.execv(sys.executable, [sys.executable, '-m', 'samplechop', *sys.argv[1:]])"


@contextmanager
def pipe(full: bool = False) -> Iterator[tuple[FileIO, FileIO]]:
    """Make a pipe: its ends, to read and to write, which may be closed before and are closed at last.

    They are files rather than numbers: a number that is closed twice may be another scenario's file by then.
    full: whether it takes nothing more.
    """
    out, into = os.pipe()
    with FileIO(out, "r") as reader, FileIO(into, "w") as writer:
        if full:
            os.set_blocking(into, False)
            while writer.write(b"\n" * 512):
                pass
            os.set_blocking(into, True)
        yield reader, writer


def without_rights() -> str:
    """Give a `setup` after which a file that may not be written is not, even for an administrator, until `exec`."""
    # PR_CAPBSET_DROP of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (man 7 capabilities): what is executed lacks them.
    dropped = "import ctypes; [ctypes.CDLL(None).prctl(24, one) for one in (1, 2)]; " if os.geteuid() == 0 else ""
    return dropped + without()


def limited(size: int) -> str:
    """Give a `setup` with which no file can be longer than so many bytes, as on a full disk."""
    return f"signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
