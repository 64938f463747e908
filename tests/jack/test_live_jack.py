"""The program as a user runs it: a record played into its input, notes taken from its MIDI port."""

import subprocess
import sys

import numpy as np
import pytest

from offline.bench.jack_server import JackServer
from offline.bench.jack_session import Session, expected, hear, shift_between
from tests.signals import RATE, record

pytestmark = pytest.mark.jack
PERIOD = 256


@pytest.fixture(scope="module")
def audio() -> np.ndarray:
    return record(8.0)[0]


@pytest.fixture(scope="module")
def session(jack_server: JackServer, audio: np.ndarray) -> Session:
    return hear(jack_server, audio)


def test_ctrl_c_ends_the_session_cleanly(session: Session) -> None:
    assert session.code == 0, session.said
    assert "Traceback" not in session.said
    assert f"{len(session.events)} chops" in session.said


def test_the_chops_are_those_of_the_same_audio_from_memory(session: Session, audio: np.ndarray) -> None:
    live = [sample for sample, _ in session.events]
    about = shift_between(live, expected(audio, PERIOD)[0])  # another phase of the frames moves an attack a little
    shift = round(about / PERIOD) * PERIOD  # the audio was played from the beginning of a cycle
    offline, _ = expected(audio, PERIOD, before=shift)
    found = [sample - shift for sample in live]
    if session.xruns == 0 and session.report.xruns == 0:
        assert found == offline
    else:  # a machine that lost cycles has lost samples, and what follows is moved
        near = [np.abs(np.array(found) - place).min() < RATE // 10 for place in offline]
        assert np.mean(near) > 0.5


def test_every_chop_sends_one_note_and_ends_it(session: Session) -> None:
    sent = [note for _, note in session.events]
    arrived = [note for _, note in session.notes]
    assert arrived == sent or session.report.xruns > 0
    assert len(session.offs) >= len(arrived)


def test_notes_arrive_about_one_latency_after_their_place(session: Session, audio: np.ndarray) -> None:
    offline, latency = expected(audio, PERIOD)
    due = np.array(offline) + session.start + latency
    late = [frame - due[np.abs(due - frame).argmin()] for frame, _ in session.notes]
    assert abs(np.median(late)) < 8 * PERIOD  # machines are noisy; the benchmark is strict


def samplechop(server: JackServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return server.run([sys.executable, "-m", "offline.cli", "live", *arguments])


def test_devices_and_ports_are_listed(jack_server: JackServer) -> None:
    assert "system" in samplechop(jack_server, "--list-devices").stdout
    assert samplechop(jack_server, "--list-midi").returncode == 0


def test_an_unknown_device_is_answered_with_those_there_are(jack_server: JackServer) -> None:
    result = samplechop(jack_server, "--device", "no such turntable")
    assert result.returncode == 2
    assert "system" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_unknown_port_is_named(jack_server: JackServer) -> None:
    result = samplechop(jack_server, "--demo", "--midi-port", "no such port")
    assert result.returncode == 2
    assert "no such port" in result.stderr


def test_the_duration_ends_a_session_on_a_device(jack_server: JackServer) -> None:
    command = [sys.executable, "-m", "offline.cli", "live", "--device", "system", "--duration", "0.5", "--quiet"]
    process = jack_server.popen(command, stderr=subprocess.PIPE)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
