"""A JACK server without hardware, and a second program on it that plays audio in and writes down what comes out.

    with JackServer() as server:
        output = server.run([sys.executable, "script.py"])      # PortAudio and rtmidi in there see this server
        with server.client() as client:                         # its own process: a busy program cannot disturb it
            client.capture_midi("samplechop:out")
            start = client.play(audio, ["PortAudio:in_0", "PortAudio:in_1"])
            client.wait_until(start + len(audio))
            report = client.report()

PortAudio lists its devices when it is initialised, so whatever needs it belongs into a program of its own,
started with `run` or `popen` once the server is there.
"""

import contextlib
import ctypes
import ctypes.util
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 20.0
PATIENCE_SECONDS = 5.0
NICENESS = -11
PROMPTEST_OF = 20


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


class JackServer:
    """`jackd` with the dummy driver: sample_rate in Hz, block_size in samples, two inputs and two outputs.

    synchronous: each cycle waits for all clients, so that on a busy machine nothing that is played or captured is lost;
    xruns then say little. For counting xruns as a musician's server has them, False.
    """

    def __init__(self, sample_rate: int = 44_100, block_size: int = 256, synchronous: bool = True) -> None:
        """Choose a name that no other server has; nothing runs yet."""
        self.synchronous = synchronous
        self.sample_rate = sample_rate
        self.block_size = block_size
        self.name = f"chop-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.process: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed in stop)

    def __enter__(self) -> "JackServer":
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
        self.process = subprocess.Popen(
            ["jackd", "--no-realtime", *(["-S"] if self.synchronous else []), "-n", self.name, *dummy],
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
        """End the process, if there is one; tell whether that took force or a crash had been first."""
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
        env = os.environ | self.environment() | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=ROOT, env=env, text=True, capture_output=True, timeout=timeout, preexec_fn=_die_with_parent
        )

    def client(self, name: str = "listener") -> "JackClient":
        """Open an independent client on this server."""
        return JackClient(self, name)


def end(process: subprocess.Popen[Any], patience: float = PATIENCE_SECONDS) -> None:
    """Terminate a process, then kill it; return when it is gone."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


@dataclass(frozen=True)
class Report:
    """What a client saw. Positions are absolute JACK frames, exact to the sample.

    midi: (frame, bytes) in order of arrival. arrivals: for each of them the time.perf_counter() seconds at which the
    client's callback saw it. xruns: reported by the server since the client opened.
    skipped: frames by which the client's own cycles jumped.
    clock: for each cycle its first frame and the time.perf_counter() seconds at which the client's callback began.
    sample_rate: Hz.
    """

    midi: list[tuple[int, bytes]]
    arrivals: list[float]
    xruns: int
    skipped: int
    clock: list[tuple[int, float]]
    sample_rate: int

    def time_of(self, frame: int) -> float:
        """Give the time.perf_counter() seconds at which the server stood at a frame.

        A callback may begin late but never early, so of the cycles around the frame the promptest tells.
        """
        frames, seconds = np.array(self.clock).T
        nearest = np.argsort(np.abs(frames - frame))[:PROMPTEST_OF]
        return float(np.min(seconds[nearest] + (frame - frames[nearest]) / self.sample_rate))


class JackClient:
    """A program of its own on the server (offline.bench.jack_client), steered line by line."""

    def __init__(self, server: JackServer, name: str = "listener") -> None:
        """Start the program and wait until its first cycle has run."""
        self.server = server
        self._folder = tempfile.TemporaryDirectory()
        self.process = server.popen(
            [sys.executable, "-m", "offline.bench.jack_client", name],
            first=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.name = str(self._answer()["name"])

    def __enter__(self) -> "JackClient":
        """Be used until the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the client."""
        self.close()

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError(f"the JACK client ended with {self.process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"JACK client: {answer['error']}")
        return answer

    def _ask(self, do: str, **arguments: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def now(self) -> int:
        """Give the frame at which the newest cycle ends; JACK's own estimate can be far off after an xrun."""
        return int(self._ask("now")["frame"])

    def wait_until(self, frame: int) -> None:
        """Return when the client's cycles have passed the frame."""
        self._ask("wait_until", frame=int(frame))

    def wait_for_port(self, pattern: str, timeout: float = 30.0) -> list[str]:
        """Return the full names of the ports that match a regular expression, once there is at least one."""
        return list(self._ask("wait_for_port", pattern=pattern, timeout=timeout)["ports"])

    def ports(self, pattern: str = "") -> list[str]:
        """Name the ports that match a regular expression now, in the server's order."""
        return list(self._ask("ports", pattern=pattern)["ports"])

    def connect(self, source: str, destination: str) -> None:
        """Connect any two ports."""
        self._ask("connect", source=source, destination=destination)

    def capture_midi(self, source: str) -> None:
        """Write down, from now on, what the MIDI output port `source` sends."""
        self._ask("capture_midi", source=source)

    def play(self, audio: NDArray[np.float32], targets: list[str], start: int | None = None) -> int:
        """Play audio, float32 (n,) or (n, channels), into the input ports so that audio[0] is JACK frame `start`.

        Channel c goes to targets[c], a mono signal to all of them. Without `start` it begins half a second from now.
        Gives the start frame.
        """
        path = Path(self._folder.name) / "play.npy"
        np.save(path, np.asarray(audio, np.float32))
        return int(self._ask("play", path=str(path), targets=targets, start=start)["start"])

    def record(self, sources: list[str], seconds: float) -> int:
        """Start recording the output ports `sources`; gives the frame of the first sample."""
        return int(self._ask("record", sources=sources, seconds=seconds)["start"])

    def recording(self) -> NDArray[np.float32]:
        """Give what `record` has taken so far, float32 (n, sources)."""
        path = Path(self._folder.name) / "record.npy"
        self._ask("recording", path=str(path))
        recorded: NDArray[np.float32] = np.load(path)
        return recorded

    def report(self) -> Report:
        """Tell everything seen so far."""
        answer = self._ask("report")
        midi = [(int(frame), bytes(data)) for frame, data in answer["midi"]]
        clock = [(int(frame), float(seconds)) for frame, seconds in answer["clock"]]
        arrivals = [float(seconds) for seconds in answer["arrivals"]]
        return Report(midi, arrivals, int(answer["xruns"]), int(answer["skipped"]), clock, self.server.sample_rate)

    def close(self) -> None:
        """End the client; twice is harmless."""
        # The end of its input lets it leave the server in good order: one that is killed can hang the server.
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.communicate(timeout=PATIENCE_SECONDS)
        end(self.process)
        self._folder.cleanup()
