"""The handle of a second program on a JACK server (jack_program.py), and what it saw."""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PATIENCE_SECONDS = 5.0
PORT_SECONDS = 600.0
"""A program that has yet to be compiled, on a busy machine, opens its ports late."""
PROMPTEST_OF = 20


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
    clock: for each of the last cycles its first frame and the time.perf_counter() seconds at which the client's
    callback began.
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
    """A program of its own on the server, steered line by line."""

    def __init__(self, popen: Callable[..., subprocess.Popen[str]], sample_rate: int, name: str) -> None:
        """Start the program and wait until its first cycle has run. popen: JackServer.popen."""
        self.sample_rate = sample_rate
        self._folder = tempfile.TemporaryDirectory()
        command = [sys.executable, "-m", "samplechop.offline.lab.bench.jack_program", name]
        self.process = popen(command, first=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.name = str(self._answer()["name"])

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

    def wait_for_port(self, pattern: str, timeout: float = PORT_SECONDS, count: int = 1) -> list[str]:
        """Return the full names of the ports that match a regular expression, once there are so many: those of a
        program with several come one after the other.
        """
        return list(self._ask("wait_for_port", pattern=pattern, timeout=timeout, count=count)["ports"])

    def ports(self, pattern: str = "") -> list[str]:
        """Name the ports that match a regular expression now, in the server's order."""
        return list(self._ask("ports", pattern=pattern)["ports"])

    def connect(self, source: str, destination: str) -> None:
        """Connect any two ports."""
        self._ask("connect", source=source, destination=destination)

    def disconnect(self, source: str, destination: str) -> None:
        """Disconnect two ports."""
        self._ask("disconnect", source=source, destination=destination)

    def capture_midi(self, source: str) -> None:
        """Write down, from now on, what the MIDI output port `source` sends."""
        self.connect(source, f"{self.name}:midi_in")

    def play(
        self, audio: NDArray[np.float32], targets: list[str], start: int | None = None, looped: bool = False
    ) -> int:
        """Play audio, float32 (n,) or (n, channels), into the input ports so that audio[0] is JACK frame `start`.

        Channel c goes to targets[c], a mono signal to all of them. Without `start` it begins about half a second
        from when all is ready, with a cycle. looped: again and again, for ever. Gives the start frame.
        """
        path = Path(self._folder.name) / "play.npy"
        np.save(path, np.asarray(audio, np.float32))
        return int(self._ask("play", path=str(path), targets=targets, start=start, looped=looped)["start"])

    def record(self, sources: list[str], seconds: float) -> int:
        """Start recording the output ports `sources`; gives the frame of the first sample."""
        return int(self._ask("record", sources=sources, seconds=seconds)["start"])

    def recording(self) -> NDArray[np.float32]:
        """Give what `record` has taken so far, float32 (n, sources)."""
        path = Path(self._folder.name) / "record.npy"
        self._ask("recording", path=str(path))
        return np.asarray(np.load(path), np.float32)

    def report(self) -> Report:
        """Tell everything seen so far."""
        answer = self._ask("report")
        midi = [(int(frame), bytes(data)) for frame, data in answer["midi"]]
        clock = [(int(frame), float(seconds)) for frame, seconds in answer["clock"]]
        return Report(
            midi, list(answer["arrivals"]), int(answer["xruns"]), int(answer["skipped"]), clock, self.sample_rate
        )

    def close(self) -> None:
        """End the client; twice is harmless."""
        # The end of its input lets it leave the server in good order: one that is killed can hang the server.
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.communicate(timeout=PATIENCE_SECONDS)
        end(self.process)
        self._folder.cleanup()
