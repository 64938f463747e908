"""Fixtures for the whole suite."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from samplechop.offline.lab.bench.jack_server import JackServer, missing

settings.register_profile("samplechop", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("samplechop")


def pytest_configure() -> None:
    # Ignored in a shell's background; every child would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def jack_server() -> Iterator[JackServer]:
    """Give a JACK dummy server at 44 100 Hz, 256 samples a block; this process and its children see it and no other."""
    reason = missing(portaudio=True)
    if reason is not None:
        pytest.skip(reason)
    with JackServer() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment().items():
            patch.setitem(os.environ, name, value)
        yield server


@pytest.fixture
def only_jack() -> None:
    """Skip where rtmidi's virtual ports would not be on JACK."""
    import rtmidi

    try:
        rtmidi.MidiOut(rtmidi.API_LINUX_ALSA)
    except OSError:
        return
    pytest.skip("an ALSA sequencer is there and takes the virtual port")


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Give a terminal's two ends as file descriptors: ours, where we type, and the program's."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a function that puts a package on the path as an installer would, with these entry points."""

    def put(entry_points: str) -> None:
        info = tmp_path / "thirdparty-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thirdparty\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entry_points)
        monkeypatch.syspath_prepend(tmp_path)

    return put
