"""Fixtures for the whole suite."""

import os
from collections.abc import Iterator

import pytest

from offline.bench.jack_server import JackServer, missing


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
