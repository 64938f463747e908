"""A device for real: an independent program plays into the input, and the server is taken away and brought back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from samplechop.offline.lab.bench.jack_client import Report
from samplechop.offline.lab.bench.jack_server import JackServer, missing
from tests.support.waiting import PATIENCE

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(missing(portaudio=True) is not None, reason=str(missing(portaudio=True))),
]

RATE = 44_100
DELAY = 3000
"""Samples by which the aligned monitor is late here."""
LISTENER = str(Path(__file__).parent / "listen.py")


class Listener:
    """A DeviceSource in a program of its own (jack/listen.py): options in, a line per happening out."""

    def __init__(self, server: JackServer, folder: Path, **options: Any) -> None:
        self.path = folder / "heard.npz"
        self.process = server.popen(
            [sys.executable, LISTENER, str(self.path), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def expect(self, happening: str) -> dict[str, Any]:
        """Read lines up to one of this kind."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            record: dict[str, Any] = json.loads(line)
            if record["happening"] == happening:
                return record
        raise AssertionError(f"the listener ended with {self.process.wait()} before {happening!r}")

    def finish(self) -> dict[str, NDArray[Any]]:
        """Ask it to stop and give all it heard: samples, starts, lengths, gaps, times, counters."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.expect("finished")
        assert self.process.wait(PATIENCE) == 0
        with np.load(self.path) as archive:
            return dict(archive)


def noise(seed: int) -> NDArray[np.float32]:
    """One second in which no two frames are alike, (n, 2)."""
    rng = np.random.default_rng(seed)
    return np.stack([(rng.permutation(RATE) + 1) / RATE, rng.uniform(-1, 1, RATE)], axis=1).astype(np.float32)


def places(signal: NDArray[np.float32], hay: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the frames of hay that are exactly frames of the signal; both (n, 2). Gives positions in hay and in signal.

    A server that loses a cycle may repeat one, or mix two channels of different age, so that not all need be found.
    """
    order = np.argsort(signal[:, 0])
    found = order[np.searchsorted(signal[order, 0], hay[:, 0]).clip(0, len(order) - 1)]
    at = np.flatnonzero((hay == signal[found]).all(axis=1))
    assert len(at)
    return at, found[at]


def disturbed(report: Report, heard: dict[str, NDArray[Any]]) -> bool:
    """Whether the server or the player lost cycles, as they do without real-time rights on a busy machine."""
    return bool(report.xruns or report.skipped or heard["counters"][0])


def test_what_is_played_into_the_input_is_heard_bit_for_bit(jack_server: JackServer, tmp_path: Path) -> None:
    signal = noise(seed=3)
    listener = Listener(jack_server, tmp_path, channels=2)
    listener.expect("started")
    with jack_server.client("turntable") as client:
        inputs = sorted(client.wait_for_port("samplechop-audio.*:in_", count=2))
        start = client.play(signal, inputs[:2])
        client.wait_until(start + len(signal) + 4096)
        report = client.report()
    heard = listener.finish()
    np.testing.assert_array_equal(heard["starts"], np.cumsum(np.r_[0, heard["lengths"][:-1]]))
    assert not heard["gaps"].any()
    at, found = places(signal, heard["samples"])
    if not disturbed(report, heard):
        np.testing.assert_array_equal(found, np.arange(len(signal)))
        np.testing.assert_array_equal(np.diff(at), 1)
        # It reached the machine when the server's own clock stood at the frame it was played at, give or take the
        # periods in which it travelled.
        chunk = np.searchsorted(heard["starts"], at[0], "right") - 1
        arrived = heard["times"][chunk] + (at[0] - heard["starts"][chunk]) / RATE
        assert abs(arrived - report.time_of(start)) < 3 * jack_server.block_size / RATE


def test_the_monitor_is_the_input_so_many_frames_late(jack_server: JackServer, tmp_path: Path) -> None:
    signal = noise(seed=4)
    listener = Listener(jack_server, tmp_path, channels=2, monitor="aligned", delay=DELAY)
    listener.expect("started")
    with jack_server.client("deck") as client:
        inputs = sorted(client.wait_for_port("samplechop-audio.*:in_", count=2))
        outputs = sorted(client.wait_for_port("samplechop-audio.*:out_", count=2))
        recorded_from = client.record(outputs[:2], seconds=30)
        start = client.play(signal, inputs[:2])
        client.wait_until(start + len(signal) + DELAY + 4096)
        output = client.recording()
        report = client.report()
    heard = listener.finish()
    at, found = places(signal, output)
    if not disturbed(report, heard):
        np.testing.assert_array_equal(found, np.arange(len(signal)))
        np.testing.assert_array_equal(np.diff(at), 1)
        # From the player to the input and on to the recorder it travels in whole cycles; the rest is the delay.
        travelled = recorded_from + at[0] - start - DELAY
        assert 0 <= travelled <= 3 * jack_server.block_size
        assert travelled % jack_server.block_size == 0


def test_a_played_file_is_heard_and_analysed_to_its_end(jack_server: JackServer, tmp_path: Path) -> None:
    signal = noise(seed=5)
    file = np.concatenate([np.zeros((2 * RATE, 2), np.float32), signal])  # time to connect the recorder
    soundfile.write(tmp_path / "file.wav", file, RATE, subtype="FLOAT")
    with jack_server.client("ears") as client:
        listener = Listener(jack_server, tmp_path, path=str(tmp_path / "file.wav"), monitor="aligned", delay=DELAY)
        outputs = sorted(client.wait_for_port("samplechop-audio.*:out_", count=2))
        client.record(outputs[:2], seconds=30)
        listener.expect("ended")
        client.wait_until(client.now() + DELAY + 4096)
        output = client.recording()
        report = client.report()
        heard = listener.finish()
    np.testing.assert_array_equal(heard["samples"], file)
    if output.any() and not disturbed(report, heard) and not heard["counters"][1]:  # without: it was connected too late
        at, found = places(signal, output)
        if at[0]:  # at 0: it was connected late
            np.testing.assert_array_equal(found, np.arange(len(signal)))
            np.testing.assert_array_equal(np.diff(at), 1)


def test_a_device_that_disappears_is_waited_for_and_the_gap_is_reported(tmp_path: Path) -> None:
    server = JackServer()
    server.start()
    try:
        listener = Listener(server, tmp_path)
        listener.expect("started")
        assert server.process is not None
        server.process.terminate()  # killed, it would keep one of the eight places in JACK's registry for ever
        server.process.wait()
        waiting = listener.expect("status")
        assert "waiting for 'system'" in waiting["text"]
        server.start()
        resumed = listener.expect("gap")
        heard = listener.finish()
    finally:
        server.stop()
    assert heard["gaps"].astype(bool).sum() == 1
    gap = int(heard["gaps"].max())
    assert gap == resumed["gap"] > 0
    ends = heard["starts"] + heard["lengths"]
    np.testing.assert_array_equal(heard["starts"][1:], ends[:-1] + heard["gaps"][1:])
    assert list(heard["counters"][2:]) == [gap, 1]


def test_stopping_while_a_device_is_waited_for_ends_at_once(tmp_path: Path) -> None:
    server = JackServer()
    server.start()
    try:
        listener = Listener(server, tmp_path)
        listener.expect("started")
        assert server.process is not None
        server.process.terminate()
        listener.expect("status")
        heard = listener.finish()
    finally:
        server.stop()
    assert heard["lengths"].sum() > 0


def test_without_a_server_there_is_no_input_and_a_sentence_says_so(tmp_path: Path) -> None:
    server = JackServer()
    script = "from samplechop.realtime.audio.devices import choose_input, list_devices\n"
    script += "from samplechop.realtime.core.errors import UserError\n"
    script += "try:\n    print(choose_input(list_devices(), 'system'))\n"
    script += "except UserError as error:\n    print('refused:', error)\n"
    (tmp_path / "find.py").write_text(script)
    result = server.run([sys.executable, str(tmp_path / "find.py")])
    server.stop()
    assert result.stdout.startswith("refused: there is no audio input")
