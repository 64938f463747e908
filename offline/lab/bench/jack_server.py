"""A JACK server without hardware, and a second program on it that plays audio in and writes down what comes out.

    with JackServer() as server:
        output = server.run([sys.executable, "script.py"])      # PortAudio and rtmidi in there see this server
        with server.client() as client:                         # its own process: a busy program cannot disturb it
            client.capture_midi("samplechop:out")
            start = client.play(audio, ["samplechop-audio:in_0", "samplechop-audio:in_1"])
            client.wait_until(start + len(audio))
            report = client.report()

PortAudio lists its devices when it is initialised, so whatever needs it belongs into a program of its own,
started with `run` or `popen` once the server is there.
"""

import contextlib
import ctypes
import ctypes.util
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, Self

from samplechop.offline.lab.bench.jack_client import JackClient, end

ROOT = Path(sys.modules["samplechop"].__file__ or "").resolve().parents[1]
"""The checkout, or where samplechop is installed."""
READY_SECONDS = 60.0
NICENESS = -11
REALTIME_PRIORITY = 10
"""That of jackd, and so of its clients' audio threads, when nothing else is asked for."""


def missing(portaudio: bool = False) -> str | None:
    """Say in a few words what this machine lacks for a JACK server and its clients, or None if nothing."""
    if not sys.platform.startswith("linux"):
        return "the JACK dummy server is only driven on Linux"
    if shutil.which("jackd") is None:
        return "jackd is not installed (apt-get install jackd2)"
    if ctypes.util.find_library("jack") is None:
        return "libjack is not installed (apt-get install libjack-jackd2-0)"
    if importlib.util.find_spec("jack") is None:
        return "JACK-Client is not installed (pip install JACK-Client)"
    if portaudio and ctypes.util.find_library("portaudio") is None:
        return "libportaudio is not installed (apt-get install libportaudio2)"
    return None


def _die_with_parent() -> None:
    """[child] Ask Linux to end this process when the one that started it dies, kill -9 included.

    By SIGTERM: a killed server keeps one of the machine's eight places for servers.
    """
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _come_first() -> None:
    """[child] The same, and go before ordinary programs where that is allowed, as a real audio server does."""
    _die_with_parent()
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


def realtime_is_allowed() -> bool:
    """Tell whether this user may have threads that go before all ordinary ones, as musicians set up their machines."""
    try:
        before = os.sched_getscheduler(0)
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY))
        os.sched_setscheduler(0, before, os.sched_param(0))
    except OSError:
        return False
    return True


class JackServer:
    """`jackd` with the dummy driver: sample_rate in Hz, block_size in samples, two inputs and two outputs.

    synchronous: each cycle waits for all clients, so that on a busy machine nothing that is played or captured is lost;
    xruns then say little. For counting xruns as a musician's server has them, False.
    realtime: whether the server's and its clients' audio threads go before everything else; see `realtime_is_allowed`.
    """

    def __init__(
        self, sample_rate: int = 44_100, block_size: int = 256, synchronous: bool = True, realtime: bool = False
    ) -> None:
        """Choose a name that no other server has; nothing runs yet."""
        self.realtime = realtime
        self.synchronous = synchronous
        self.sample_rate = sample_rate
        self.block_size = block_size
        self.name = f"chop-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.process: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (it outlives this call: the server writes to it until stop)

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.stop()

    def environment(self) -> dict[str, str]:
        """Give the variables that lead libjack, and so PortAudio and rtmidi, to this server and no other."""
        return {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}

    def start(self) -> None:
        """Start the server and return once a client could connect to it."""
        import jack

        dummy = ["-d", "dummy", "-r", str(self.sample_rate), "-p", str(self.block_size), "-C", "2", "-P", "2"]
        scheduling = ["--realtime", f"-P{REALTIME_PRIORITY}"] if self.realtime else ["--no-realtime"]
        self.process = subprocess.Popen(
            ["jackd", *scheduling, *(["-S"] if self.synchronous else []), "-n", self.name, *dummy],
            env=os.environ | self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            preexec_fn=_come_first,
        )
        jack.set_error_function(lambda _: None)
        jack.set_info_function(lambda _: None)
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                jack.Client("ready", no_start_server=True, servername=self.name).close()
                return
            except jack.JackOpenError:
                gone = self.process.poll() is not None
                if gone or time.monotonic() > deadline:
                    self._log.seek(0)
                    log = self._log.read().decode(errors="replace")
                    end(self.process)
                    raise RuntimeError(f"jackd {'ended' if gone else 'gave no answer'}:\n{log}") from None
                time.sleep(0.02)

    def stop(self) -> None:
        """End the server, by force if it does not listen; twice is harmless."""
        if self._was_killed():
            # It still has its place among the machine's eight; its successor gives that back.
            self.start()
            self._was_killed()
        self._log.close()
        # A server that had to be killed leaves its shared memory; the name is ours alone.
        for leftover in Path("/dev/shm").glob(f"jack*{self.name}_*"):
            leftover.unlink(missing_ok=True)

    def _was_killed(self) -> bool:
        """End the process, if there is one; say whether that took force or a crash had been first."""
        process, self.process = self.process, None
        if process is None:
            return False
        end(process)
        return process.returncode < 0

    def kill(self) -> None:
        """Let the server die as in a crash; `start` brings one of the same name back."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def popen(self, command: list[str], first: bool = False, **options: Any) -> subprocess.Popen[str]:
        """Start a program at the root of the checkout with this server as its JACK; it dies with this one.

        first: go before ordinary programs, where that is allowed.
        """
        env = os.environ | self.environment() | {"PYTHONPATH": str(ROOT)} | options.pop("env", {})
        return subprocess.Popen(
            command, cwd=ROOT, env=env, text=True, preexec_fn=_come_first if first else _die_with_parent, **options
        )

    def run(self, command: list[str], timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as `popen` starts it; its output is captured."""
        with self.popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                out, said = process.communicate(timeout=timeout)
            finally:
                process.kill()
        return subprocess.CompletedProcess(command, process.returncode, out, said)

    def client(self, name: str = "listener") -> contextlib.closing[JackClient]:
        """Open an independent client on this server, until the end of the block."""
        return contextlib.closing(JackClient(self.popen, self.sample_rate, name))
