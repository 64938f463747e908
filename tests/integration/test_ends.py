"""Every way in which a live session can end, as a program of its own: files whole, no note on, the end in the log."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import mido
import pytest
import soundfile

from samplechop.offline.sessions.reading import read_session
from tests.support.command import ROOT, program
from tests.support.signals import RATE, record
from tests.support.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no such signals")


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a record that lasts longer than any test."""
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, record(120.0)[0], RATE)
    return path


def notes_in(path: Path) -> int:
    """Count the notes of a MIDI file, each of which must end."""
    sounding, count = set(), 0
    for message in mido.MidiFile(path) if path.exists() else ():
        if message.type == "note_on":
            sounding.add((message.channel, message.note))
            count += 1
        elif message.type == "note_off":
            sounding.remove((message.channel, message.note))
    assert not sounding
    return count


def has_notes(path: Path, more_than: int = 2) -> Callable[[], bool]:
    return lambda: notes_in(path) > more_than


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_midi_file_and_recording_are_whole_whatever_ends_the_session(song: Path, tmp_path: Path, how: str) -> None:
    midi, log, sessions = tmp_path / "a.mid", tmp_path / "log.txt", tmp_path / "sessions"
    options = ("--quiet", "--detect", "chops,beats", "--midi-file", midi, "--record", sessions, "--log", log)
    process = program(song, *options, XDG_CONFIG_HOME=str(tmp_path))
    wait_until(has_notes(midi), process)
    before = notes_in(midi)
    process.send_signal(getattr(signal, how))
    if how in ("SIGTERM", "SIGHUP"):
        process.send_signal(signal.SIGHUP)  # a terminal that closes sends it twice
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert notes_in(midi) >= before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] in (
        [],
        [f".a.mid.{process.pid}.part"],
    )
    (folder,) = sessions.iterdir()
    if how == "SIGKILL":
        assert process.returncode == -signal.SIGKILL
        return
    assert (process.returncode, err) == (0, "")
    assert read_session(folder).state == "ended"
    assert log.read_text().count("asked to end by SIG") == 1


def test_a_hang_up_that_was_ignored_at_the_start_stays_ignored(song: Path, tmp_path: Path) -> None:
    midi = tmp_path / "a.mid"
    ignoring = "import signal, runpy, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); sys.argv[:] = sys.argv[1:];"
    command = [sys.executable, "-c", ignoring + "runpy.run_path('run_live.py', run_name='__main__')", "run_live.py"]
    command += [str(song), "--quiet", "--midi-file", str(midi)]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}) as process:
        wait_until(has_notes(midi), process)
        process.send_signal(signal.SIGHUP)
        wait_until(has_notes(midi, notes_in(midi) + 2), process)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0


def test_a_terminal_that_closes_ends_the_session_cleanly(song: Path, tmp_path: Path) -> None:
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    midi, sessions = tmp_path / "a.mid", tmp_path / "sessions"
    ours, theirs = os.openpty()
    options = ("--midi-file", midi, "--record", sessions)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "run_live.py"), str(song), *map(str, options)],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    os.set_blocking(ours, False)

    def read_and_look() -> bool:
        with suppress(BlockingIOError):
            os.read(ours, 1 << 16)
        return notes_in(midi) > 2

    wait_until(read_and_look)
    before = notes_in(midi)
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    assert notes_in(midi) >= before
    (folder,) = sessions.iterdir()
    assert read_session(folder).state == "ended"


def full_pipe() -> tuple[int, int]:
    """Make a pipe that takes nothing more, as nobody reads: its ends, to read and to write."""
    out, into = os.pipe()
    os.set_blocking(into, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(into, b"\n" * 512)
    os.set_blocking(into, True)
    return out, into


def test_one_ctrl_c_ends_a_session_whose_reader_has_stalled(song: Path, tmp_path: Path) -> None:
    midi = tmp_path / "a.mid"
    out, into = full_pipe()
    command = [
        sys.executable,
        str(ROOT / "run_live.py"),
        str(song),
        "--quiet",
        "--events",
        "-",
        "--midi-file",
        str(midi),
    ]
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    process = subprocess.Popen(command, env=env, stdout=into, stderr=subprocess.PIPE, text=True)
    os.close(into)
    wait_until(has_notes(midi), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    os.close(out)
    assert process.returncode == 0, err
    count, rest = err.removeprefix("samplechop: ").split(" ", 1)
    assert (int(count), rest) == (
        notes_in(midi),
        "events were not written to standard output: its reader stands still\n",
    )


def test_a_reader_that_leaves_ends_its_output_and_nothing_else(song: Path, tmp_path: Path) -> None:
    midi = tmp_path / "a.mid"
    process = program(song, "--quiet", "--events", "-", "--midi-file", midi, XDG_CONFIG_HOME=str(tmp_path))
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    wait_until(has_notes(midi, notes_in(midi) + 4), process)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


def test_a_screen_that_has_stopped_keeps_neither_the_files_nor_the_end_waiting(song: Path, tmp_path: Path) -> None:
    midi = tmp_path / "a.mid"
    out, into = full_pipe()
    command = [sys.executable, str(ROOT / "run_live.py"), str(song), "--midi-file", str(midi)]
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    process = subprocess.Popen(command, env=env, stderr=into)
    os.close(into)
    wait_until(has_notes(midi), process)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    os.close(out)
