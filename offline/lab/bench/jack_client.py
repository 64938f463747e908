"""A second program on a JACK server, which plays audio in and writes down what comes out, and the handle of it.

The program (`python -m samplechop.offline.lab.bench.jack_client NAME`) takes a JSON command a line and gives a JSON
answer a line. It is a process of its own, so that a busy program under test cannot disturb it.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PATIENCE_SECONDS = 5.0
PORT_SECONDS, CONNECT_SECONDS = 600.0, 10.0
"""A program that has yet to be compiled, on a busy machine, opens its ports late."""
PROMPTEST_OF = 20
CHANNELS = 2
CLOCK_CYCLES = 1 << 17
"""So many of the last cycles are written down, some twelve minutes of the usual ones."""


class _Program:
    """One JACK client; the process callback does as little as Python allows."""

    def __init__(self, name: str) -> None:
        import jack

        self.client = jack.Client(name, no_start_server=True)
        self.outputs = [self.client.outports.register(f"out_{c + 1}") for c in range(CHANNELS)]
        self.inputs = [self.client.inports.register(f"in_{c + 1}") for c in range(CHANNELS)]
        self.midi_in = self.client.midi_inports.register("midi_in")
        self.midi: list[tuple[int, list[int]]] = []
        self.arrivals: list[float] = []
        self.clock: deque[tuple[int, float]] = deque(maxlen=CLOCK_CYCLES)
        self.xruns = 0
        self.skipped = 0
        self.expected = -1
        self.cycle_end = 0
        self.playing: NDArray[np.float32] | None = None
        self.play_start, self.looped = 0, False
        self.record_buffer: NDArray[np.float32] | None = None
        self.record_start = 0
        self.past = threading.Event()
        self.wanted = 0
        self.client.set_process_callback(self.process)
        self.client.set_xrun_callback(self.on_xrun)
        self.client.activate()
        self.past.wait()  # the first cycle, before which no frame is known

    def on_xrun(self, _delayed_usecs: float) -> None:
        self.xruns += 1

    def process(self, frames: int) -> None:
        now = self.client.last_frame_time
        self.clock.append((now, time.perf_counter()))
        if self.expected >= 0:
            self.skipped += max(0, now - self.expected)
        self.expected = self.cycle_end = now + frames
        for offset, data in self.midi_in.incoming_midi_events():
            self.midi.append((now + offset, list(bytes(data))))
            self.arrivals.append(time.perf_counter())
        playing = self.playing
        if playing is None:
            for port in self.outputs:
                port.get_array()[:] = 0
        else:
            low, high = now - self.play_start, now - self.play_start + frames
            if self.looped and low >= 0:
                inside = np.take(playing, range(low, high), axis=0, mode="wrap")
            else:
                inside = playing[max(0, low) : max(0, high)]
            at = max(0, -low)
            for port, channel in zip(self.outputs, inside.T, strict=True):
                block = port.get_array()
                block[:] = 0
                block[at : at + len(channel)] = channel
        recording = self.record_buffer
        if recording is not None:
            low = now - self.record_start
            if 0 <= low <= len(recording) - frames:
                for c, port in enumerate(self.inputs):
                    recording[low : low + frames, c] = port.get_array()
        if now >= self.wanted:
            self.past.set()

    def names(self, pattern: str) -> list[str]:
        return [port.name for port in self.client.get_ports(pattern)]

    def do_now(self) -> dict[str, Any]:
        return {"frame": self.cycle_end}

    def do_ports(self, pattern: str) -> dict[str, Any]:
        return {"ports": self.names(pattern)}

    def do_wait_for_port(self, pattern: str, timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while not (ports := self.names(pattern)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no port {pattern!r} among {self.names('')}")
            time.sleep(0.02)
        return {"ports": ports}

    def do_connect(self, source: str, destination: str) -> dict[str, Any]:
        import jack

        deadline = time.monotonic() + CONNECT_SECONDS
        while True:
            try:
                self.client.connect(source, destination)
                return {}
            except jack.JackError:  # a port is there a moment before its client is active
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.02)

    def do_disconnect(self, source: str, destination: str) -> dict[str, Any]:
        self.client.disconnect(source, destination)
        return {}

    def do_play(self, path: str, targets: list[str], start: int | None, looped: bool) -> dict[str, Any]:
        audio = np.load(path)
        if audio.ndim == 1:
            audio = np.repeat(audio[:, None], CHANNELS, axis=1)
        for output, target in zip(self.outputs, targets, strict=False):
            if not output.is_connected_to(target):
                self.client.connect(output, target)
        audio = np.ascontiguousarray(audio, np.float32)
        cycles = self.client.samplerate // 2 // self.client.blocksize
        self.play_start = self.cycle_end + cycles * self.client.blocksize if start is None else start
        self.looped, self.playing = looped, audio
        if self.play_start < self.cycle_end + self.client.blocksize:
            raise RuntimeError(f"frame {self.play_start} has passed, it is {self.cycle_end} now; start later")
        return {"start": self.play_start}

    def do_record(self, sources: list[str], seconds: float) -> dict[str, Any]:
        for source, port in zip(sources, self.inputs, strict=False):
            self.client.connect(source, port)
        # Whole cycles from a cycle boundary on, so that every cycle fits or does not.
        self.record_start = self.cycle_end + 20 * self.client.blocksize
        cycles = round(seconds * self.client.samplerate) // self.client.blocksize
        self.record_buffer = np.zeros((cycles * self.client.blocksize, CHANNELS), np.float32)
        return {"start": self.record_start}

    def do_recording(self, path: str) -> dict[str, Any]:
        if self.record_buffer is None:
            raise RuntimeError("nothing was recorded")
        taken = min(max(0, self.cycle_end - self.record_start), len(self.record_buffer))
        np.save(path, self.record_buffer[:taken])
        return {}

    def do_wait_until(self, frame: int) -> dict[str, Any]:
        self.wanted = frame
        self.past.clear()
        self.past.wait()
        return {}

    def do_report(self) -> dict[str, Any]:
        report: dict[str, Any] = {name: list(getattr(self, name)) for name in ("midi", "arrivals", "clock")}
        return report | {"xruns": self.xruns, "skipped": self.skipped}


def serve(name: str) -> None:
    """Do as told until the input ends."""
    import jack

    program = _Program(name)
    print(json.dumps({"name": program.client.name}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(program, "do_" + command.pop("do"))(**command)
        except (jack.JackError, OSError, RuntimeError, TimeoutError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
    program.client.deactivate()
    program.client.close()


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
    clock: for each of the last CLOCK_CYCLES its first frame and the time.perf_counter() seconds at which the client's
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
    """A program of its own on the server (`serve`), steered line by line."""

    def __init__(self, popen: Callable[..., subprocess.Popen[str]], sample_rate: int, name: str) -> None:
        """Start the program and wait until its first cycle has run. popen: JackServer.popen."""
        self.sample_rate = sample_rate
        self._folder = tempfile.TemporaryDirectory()
        command = [sys.executable, "-m", "samplechop.offline.lab.bench.jack_client", name]
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

    def wait_for_port(self, pattern: str, timeout: float = PORT_SECONDS) -> list[str]:
        """Return the full names of the ports that match a regular expression, once there is at least one."""
        return list(self._ask("wait_for_port", pattern=pattern, timeout=timeout)["ports"])

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


if __name__ == "__main__":
    serve(sys.argv[1])
