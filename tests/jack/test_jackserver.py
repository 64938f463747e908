"""The dummy server and its independent client: the ground the other JACK tests stand on."""

import numpy as np
import pytest

from tests.jackserver import JackServer

pytestmark = pytest.mark.jack


def test_audio_played_into_a_port_arrives_at_the_named_frame(jack_server: JackServer) -> None:
    audio = np.random.default_rng(1).uniform(-0.5, 0.5, (8192, 2)).astype(np.float32)
    margin = 1024
    with jack_server.client("player") as player, jack_server.client("taker") as taker:
        first = taker.record([f"{player.name}:out_1", f"{player.name}:out_2"], seconds=3.0)
        start = player.play(audio, [], start=first + jack_server.sample_rate)
        taker.wait_until(start + len(audio) + 2 * margin)
        heard = taker.recording()[start - first - margin :][: len(audio) + 2 * margin]
    # By correlation and not by equality, so that a cycle the busy machine missed does no harm.
    for channel in range(2):
        match = np.correlate(heard[:, channel], audio[:, channel], "valid")
        assert int(np.argmax(match)) == margin


def test_the_clock_of_a_report_relates_frames_to_seconds(jack_server: JackServer) -> None:
    with jack_server.client() as client:
        first = client.now()
        client.wait_until(first + jack_server.sample_rate // 2)
        report = client.report()
    seconds = report.time_of(first + jack_server.sample_rate) - report.time_of(first)
    assert seconds == pytest.approx(1.0, rel=0.2)


def test_an_unknown_port_is_reported_by_name(jack_server: JackServer) -> None:
    with jack_server.client() as client, pytest.raises(RuntimeError, match="nobody:out"):
        client.capture_midi("nobody:out")
