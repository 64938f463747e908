"""The program as a user runs it: a record played into its input, notes taken from its MIDI port."""

import subprocess
import sys
from contextlib import ExitStack

import numpy as np
import pytest

from samplechop.offline.lab.bench.jack import Session, expected, silence_before
from samplechop.offline.lab.bench.jack_server import JackServer
from tests.support.command import samplechop
from tests.support.delivery import in_order
from tests.support.signals import RATE
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.jack
PERIOD = 256


@pytest.fixture(scope="module")
def audio(song: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return song[0]


@pytest.fixture(scope="module")
def session(clocked: Session) -> Session:
    return clocked


@pytest.fixture(scope="module")
def chops(session: Session) -> list[tuple[int, int]]:
    """Give (sample, note) of each chop."""
    return [(line["sample"], line["note"]) for line in session.lines if line["kind"] == "chop"]


def test_ctrl_c_ends_the_session_cleanly(session: Session, chops: list[tuple[int, int]]) -> None:
    assert session.code == 0, session.said
    assert "Traceback" not in session.said
    assert f"{len(chops)} chops" in session.said


def test_the_chops_are_those_of_the_same_audio_from_memory(
    session: Session, chops: list[tuple[int, int]], audio: np.ndarray
) -> None:
    live = [sample for sample, _ in chops]
    shift = silence_before(live, audio, PERIOD)
    offline, _ = expected(audio, PERIOD, before=shift)
    found = [sample - shift for sample in live]
    if session.undisturbed:
        assert found == offline
    else:  # a machine that lost cycles has lost samples, and what follows is moved
        assert found


def test_every_chop_sends_one_note_and_ends_it(session: Session, chops: list[tuple[int, int]]) -> None:
    sent = [note for _, note in chops]
    for arrived in ([note for _, note in messages] for messages in (session.notes, session.offs)):
        assert arrived and in_order(arrived, sent)
        if session.undisturbed:  # a machine that lost cycles has lost the messages in them
            assert len(arrived) == len(sent)


def test_notes_arrive_one_latency_after_their_place(session: Session, audio: np.ndarray) -> None:
    offline, latency = expected(audio, PERIOD)
    due = np.array(offline) + session.start + latency
    late = [frame - due[np.abs(due - frame).argmin()] for frame, _ in session.notes]
    print(f"median {np.median(late) / RATE * 1e3:+.1f} ms, undisturbed: {session.undisturbed}")
    if session.undisturbed:  # how exact it is on a machine that loses cycles is for the benchmark to say
        assert abs(np.median(late)) < 3 * PERIOD


ASKED = {
    "devices": ("--list-devices",),
    "unknown device": ("--device", "no such turntable"),
    "duration": ("--device", "system", "--duration", "0.5", "--quiet"),
}


@pytest.fixture(scope="module")
def answers(jack_server: JackServer) -> dict[str, tuple[int, str, str]]:
    """Give what each command answers: code, stdout, stderr. PortAudio looks for devices only once in a program."""
    with ExitStack() as opened:
        programs = {
            what: opened.enter_context(
                jack_server.popen(
                    [sys.executable, "-m", "samplechop", "live", *arguments],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            )
            for what, arguments in ASKED.items()
        }
        said = {what: program.communicate(timeout=PATIENCE) for what, program in programs.items()}
    return {what: (programs[what].returncode, *texts) for what, texts in said.items()}


def test_devices_and_ports_are_listed(answers: dict[str, tuple[int, str, str]]) -> None:
    assert "system" in answers["devices"][1]
    assert samplechop("live", "--list-midi").code == 0


def test_an_unknown_device_is_answered_with_those_there_are(answers: dict[str, tuple[int, str, str]]) -> None:
    code, _, said = answers["unknown device"]
    assert code == 2
    assert "system" in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.usefixtures("jack_server")
def test_an_unknown_port_is_named() -> None:
    outcome = samplechop("live", "--demo", "--midi-port", "no such port")
    assert outcome.code == 2
    assert "no such port" in outcome.err


def test_the_duration_ends_a_session_on_a_device(answers: dict[str, tuple[int, str, str]]) -> None:
    code, _, said = answers["duration"]
    assert code == 0, said
