"""Live sessions for all that ask what became of them: one takes a quarter of a minute.

One at a time, although the machine mostly waits: beside each other they lose cycles, and what is checked of a disturbed
session is less: what arrived and what was lost, and no times.
"""

from pathlib import Path

import numpy as np
import pytest

from samplechop.offline.lab.bench.jack import Session, run_session
from samplechop.offline.lab.bench.jack_server import JackServer
from tests.support.signals import RATE, record


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
def recorded(jack_server: JackServer, turntable: np.ndarray, recordings: Path) -> Session:
    """Give a session that an independent client played to: recorded whole, and its last four seconds kept."""
    return run_session(
        jack_server, turntable, ("--record", str(recordings), "--keep-last", "4", "--detect", "chop,beats")
    )


@pytest.fixture(scope="session")
def song() -> tuple[np.ndarray, np.ndarray]:
    """Give what is played to `clocked`, and the samples of its beats."""
    return record(12.0)


@pytest.fixture(scope="session")
def clocked(jack_server: JackServer, song: tuple[np.ndarray, np.ndarray]) -> Session:
    """Give a session that sends the notes of its chops and a MIDI clock."""
    return run_session(jack_server, song[0], ["--midi-clock"])
