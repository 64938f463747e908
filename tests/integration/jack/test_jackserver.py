"""The dummy server and its independent client: the ground the other JACK tests stand on."""

import time

import numpy as np
import pytest

from samplechop.offline.lab.bench.jack_client import Report
from samplechop.offline.lab.bench.jack_server import JackServer

pytestmark = pytest.mark.jack


def test_audio_played_into_a_port_arrives_at_the_named_frame(jack_server: JackServer) -> None:
    audio = np.random.default_rng(1).uniform(-0.5, 0.5, (8192, 2)).astype(np.float32)
    margin = 1024
    with jack_server.client("player") as player, jack_server.client("taker") as taker:
        first = taker.record([f"{player.name}:out_1", f"{player.name}:out_2"], seconds=30.0)
        start = player.play(audio, [])
        taker.wait_until(start + len(audio) + 2 * margin)
        heard = taker.recording()[start - first - margin :][: len(audio) + 2 * margin]
    # By correlation and not by equality, so that a cycle the busy machine missed does no harm.
    for channel in range(2):
        match = np.correlate(heard[:, channel], audio[:, channel], "valid")
        assert int(np.argmax(match)) == margin


def test_the_clock_of_a_report_relates_frames_to_seconds() -> None:
    report = Report([], [], 0, 0, [(256 * k, 5.0 + 256 * k / 44_100 + 0.003 * (k % 7)) for k in range(100)], 44_100)
    assert report.time_of(10_000) == pytest.approx(5.0 + 10_000 / 44_100)


def test_a_report_has_every_cycle_in_order(jack_server: JackServer) -> None:
    before = time.perf_counter()
    with jack_server.client() as client:
        client.wait_until(client.now() + 20_000)
        report = client.report()
    frames, seconds = np.array(report.clock).T
    assert before < seconds[0] and np.all(np.diff(seconds) > 0) and seconds[-1] < time.perf_counter()
    if not report.xruns and not report.skipped:
        assert set(np.diff(frames)) == {jack_server.block_size}


def test_an_unknown_port_is_reported_by_name(jack_server: JackServer) -> None:
    with jack_server.client() as client, pytest.raises(RuntimeError, match="nobody:out"):
        client.capture_midi("nobody:out")
