"""A device for real: an independent program plays into the input, and the server is taken away and brought back."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jackserver import ROOT, JackServer, missing

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(missing(portaudio=True) is not None, reason=str(missing(portaudio=True))),
]

RATE = 44_100
LISTENER = str(ROOT / "tests" / "jack" / "listen.py")


class Listener:
    """A DeviceSource in a program of its own (tests/jack/listen.py): options in, a line per happening out."""

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
        assert self.process.wait(30) == 0
        with np.load(self.path) as archive:
            return dict(archive)


def find(needle: NDArray[np.float32], hay: NDArray[np.float32]) -> int:
    """Give the position of the first frame of needle in hay, both (n, 2)."""
    places = np.flatnonzero((hay == needle[0]).all(axis=1))
    assert len(places) == 1, f"the first frame was heard {len(places)} times"
    return int(places[0])


def xruns_of(heard: dict[str, NDArray[Any]]) -> int:
    return int(heard["counters"][0])


def test_what_is_played_into_the_input_is_heard_bit_for_bit(jack_server: JackServer, tmp_path: Path) -> None:
    signal_ = np.random.default_rng(3).uniform(-1, 1, (2 * RATE, 2)).astype(np.float32)
    listener = Listener(jack_server, tmp_path, channels=2)
    listener.expect("started")
    with jack_server.client("turntable") as client:
        inputs = sorted(client.wait_for_port("PortAudio.*:in_"))
        start = client.play(signal_, inputs[:2])
        client.wait_until(start + len(signal_) + 4096)
        report = client.report()
    heard = listener.finish()
    np.testing.assert_array_equal(heard["starts"], np.cumsum(np.r_[0, heard["lengths"][:-1]]))
    assert not heard["gaps"].any()
    if report.xruns or report.skipped or xruns_of(heard):
        pytest.skip(f"the server itself lost cycles ({report.xruns} xruns), nothing can be said about the signal")
    at = find(signal_, heard["samples"])
    np.testing.assert_array_equal(heard["samples"][at : at + len(signal_)], signal_)
    # The first sample reached the machine when the server's own clock stood at the frame it was played at, give or
    # take the period in which it travelled.
    travelled = float(heard["times"][np.searchsorted(heard["starts"], at, "right") - 1])
    travelled += (at - heard["starts"][np.searchsorted(heard["starts"], at, "right") - 1]) / RATE
    assert abs(travelled - report.time_of(start)) < 3 * jack_server.block_size / RATE


@pytest.mark.parametrize(("monitor", "delay"), [("direct", 0), ("aligned", 3000)])
def test_the_monitor_is_the_input_so_many_frames_late(
    jack_server: JackServer, tmp_path: Path, monitor: str, delay: int
) -> None:
    signal_ = np.random.default_rng(4).uniform(-1, 1, (RATE, 2)).astype(np.float32)
    listener = Listener(jack_server, tmp_path, channels=2, monitor=monitor, delay=delay)
    listener.expect("started")
    with jack_server.client("deck") as client:
        inputs = sorted(client.wait_for_port("PortAudio.*:in_"))
        outputs = sorted(client.wait_for_port("PortAudio.*:out_"))
        recorded_from = client.record(outputs[:2], seconds=3)
        start = client.play(signal_, inputs[:2])
        client.wait_until(start + len(signal_) + delay + 4096)
        output = client.recording()
        report = client.report()
    heard = listener.finish()
    if report.xruns or report.skipped or xruns_of(heard):
        pytest.skip(f"the server itself lost cycles ({report.xruns} xruns), nothing can be said about the signal")
    at = find(signal_, output)
    np.testing.assert_array_equal(output[at : at + len(signal_)], signal_)
    # One cycle from the player to the input is the graph's; the rest is the delay.
    travelled = recorded_from + at - start - delay
    assert 0 <= travelled <= 3 * jack_server.block_size


def test_a_device_that_disappears_is_waited_for_and_the_gap_is_reported(tmp_path: Path) -> None:
    server = JackServer()
    server.start()
    try:
        listener = Listener(server, tmp_path)
        listener.expect("started")
        assert server.process is not None
        gone = time.perf_counter()
        server.process.terminate()  # killed, it would keep one of the eight places in JACK's registry for ever

        server.process.wait()
        waiting = listener.expect("status")
        assert "waiting for 'system'" in waiting["text"]
        server.start()
        resumed = listener.expect("gap")
        back = time.perf_counter()
        heard = listener.finish()
    finally:
        server.stop()
    assert heard["gaps"].astype(bool).sum() == 1
    gap = int(heard["gaps"].max())
    assert gap == resumed["gap"]
    assert 0 < gap / RATE <= back - gone + 0.1
    ends = heard["starts"] + heard["lengths"]
    np.testing.assert_array_equal(heard["starts"][1:], ends[:-1] + heard["gaps"][1:])
    assert list(heard["counters"][2:]) == [gap, 1]
    # Positions still follow the wall clock: the audio since the start lasts as long as the time since then.
    elapsed = heard["times"][-1] - heard["times"][0]
    assert abs((heard["starts"][-1] - heard["starts"][0]) / RATE - elapsed) < 0.1


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
    script = "from realtime.devices import find_input\nfrom realtime.errors import UserError\n"
    script += "try:\n    print(find_input('system'))\nexcept UserError as error:\n    print('refused:', error)\n"
    (tmp_path / "find.py").write_text(script)
    result = server.run([sys.executable, str(tmp_path / "find.py")])
    server.stop()
    assert result.stdout.startswith("refused: there is no audio input")
