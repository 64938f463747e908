"""Live sessions held two at a time: each lasts a quarter of a minute, in which the machine mostly waits."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from offline.bench.jack_server import JackServer
from offline.bench.jack_session import Session, hear
from tests.signals import record

CLOCKED_SECONDS = 12.0
PLAIN_SECONDS = 7.0
NAMES = {"chop": "chop", "drum": "drums", "chord": "harmony"}
"""The detector of each kind of event, of those that are heard together."""
Held = tuple[NDArray[np.float32], Sequence[str]]
"""The audio that an independent client plays, and the options of the command."""


def both(server: JackServer, one: Held, other: Held) -> tuple[Session, Session]:
    """Hold two sessions at the same time, the second on a server of its own."""
    with JackServer() as beside, ThreadPoolExecutor(2) as pool:
        sessions = [pool.submit(hear, place, *held) for place, held in ((server, one), (beside, other))]
        return sessions[0].result(), sessions[1].result()


def plain_and_together(server: JackServer) -> tuple[Session, Session]:
    """Hold a session without any options, and one with three detectors on one stream."""
    audio = record(PLAIN_SECONDS)[0]
    return both(server, (audio, ()), (audio, ("--detect", ",".join(NAMES.values()))))
