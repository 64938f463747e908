"""The live sessions that many tests ask what became of."""

from pathlib import Path

import numpy as np
import pytest

from offline.bench.jack_server import JackServer
from offline.bench.jack_session import Session
from tests.jack.sessions import CLOCKED_SECONDS, both, plain_and_together
from tests.signals import RATE, record


@pytest.fixture(scope="session")
def turntable() -> np.ndarray:
    """Give what is played: two different channels, with more than 24 bits in them."""
    hiss = np.random.default_rng(0).uniform(-0.01, 0.01, (round(8.0 * RATE), 2))
    return (np.stack([record(8.0)[0], record(8.0, seed=1)[0]], axis=1) + hiss).astype(np.float32)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that `recorded` records into."""
    return tmp_path_factory.mktemp("sessions")


@pytest.fixture(scope="session")
def recorded_and_clocked(jack_server: JackServer, turntable: np.ndarray, recordings: Path) -> tuple[Session, Session]:
    """Give two sessions: recorded whole, with its last four seconds kept; and one that sent a MIDI clock."""
    options = ("--record", str(recordings), "--keep-last", "4", "--detect", "chop,beats")
    return both(jack_server, (turntable, options), (record(CLOCKED_SECONDS)[0], ("--midi-clock",)))


@pytest.fixture(scope="session")
def recorded(recorded_and_clocked: tuple[Session, Session]) -> Session:
    """Give a session that was recorded."""
    return recorded_and_clocked[0]


@pytest.fixture(scope="session")
def clocked(recorded_and_clocked: tuple[Session, Session]) -> Session:
    """Give a session that sent a MIDI clock."""
    return recorded_and_clocked[1]


@pytest.fixture(scope="session")
def plain_and_many(jack_server: JackServer) -> tuple[Session, Session]:
    """Give a session without any options, and one with three detectors."""
    return plain_and_together(jack_server)
