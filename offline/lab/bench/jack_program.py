"""A second program on a JACK server, which plays audio in and writes down what comes out.

`python -m samplechop.offline.lab.bench.jack_program NAME` takes a JSON command a line and gives a JSON answer a line.
It is a process of its own, so that a busy program under test cannot disturb it.
"""

import json
import sys
import threading
import time
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONNECT_SECONDS = 10.0
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

    def do_wait_for_port(self, pattern: str, timeout: float, count: int) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while len(ports := self.names(pattern)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not {count} of port {pattern!r} among {self.names('')}")
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
                if time.monotonic() > deadline or not {source, destination} <= set(self.names("")):
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


if __name__ == "__main__":
    serve(sys.argv[1])
