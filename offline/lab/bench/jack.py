"""`samplechop bench jack`: the program as it runs for a user, heard by an independent client."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.lab.bench.figures import Figure
from samplechop.offline.lab.bench.jack_server import JackServer, missing, realtime_is_allowed
from samplechop.offline.lab.bench.jack_session import LIVE, LOADED, Session, expected, hear
from samplechop.offline.lab.bench.live import recording
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.plugin import ANALYSIS_RATE

PERIOD = 256
NEAR = ANALYSIS_RATE // 5
"""Samples within which a note belongs to a chop; chops are at least a quarter of a second apart."""
MORE_XRUNS = 2
"""How many more xruns than when idle a busy program may have."""


def sessions(seconds: float) -> Iterator[Figure]:
    """Run one session idle and one with bad neighbours, and compare both with the same audio run from memory.

    seconds: length of the audio in each. Raises UserError if this machine has no JACK.
    """
    lacking = missing(portaudio=True)
    if lacking is not None:
        raise UserError(f"no JACK session can be held here: {lacking}")
    audio = recording(DEMO)
    audio = np.ascontiguousarray(np.tile(audio, (2, 1))[: round(seconds * ANALYSIS_RATE)])
    offline, latency = expected(audio, PERIOD)
    # Without it the operating system itself lets audio wait for any busy program, and what is counted is that.
    realtime = realtime_is_allowed()
    yield Figure("real-time scheduling allowed (1) or not (0)", float(realtime), "")
    idle = 0
    for name, program in (("idle", LIVE), ("loaded", LOADED)):
        # Asynchronous, as sound cards run it: there a program that is late has an xrun instead of holding up the rest.
        with JackServer(ANALYSIS_RATE, PERIOD, synchronous=False, realtime=realtime) as server:
            session = hear(server, audio, program=program)
        goal = "" if name == "idle" else f"≤ idle + {MORE_XRUNS}"
        reached = None if name == "idle" else session.xruns <= idle + MORE_XRUNS
        idle = session.xruns if name == "idle" else idle
        yield Figure(f"{name}: xruns", session.xruns, "", goal, reached)
        yield Figure(f"{name}: samples lost", session.lost_samples, "")
        yield from chops(name, session, offline, latency)
        yield from arrival(name, session, offline, latency)


def chops(name: str, session: Session, offline: list[int], latency: int) -> Iterator[Figure]:
    """Tell how many chops of the recording gave no note near their time in what the client played.

    Judged by the client's clock: each cycle that a busy machine loses moves the positions of all that follows.
    """
    arrived = np.array([frame for frame, _ in session.notes])
    due = np.array(offline) + session.start + latency
    lost = sum(not len(arrived) or bool(np.abs(arrived - place).min() > NEAR) for place in due)
    yield Figure(f"{name}: chops lost of {len(offline)}", float(lost), "", "0", lost == 0)


def arrival(name: str, session: Session, offline: list[int], latency: int) -> Iterator[Figure]:
    """Compare each note's arrival with its chop's place in what the client played, plus the latency; in periods."""
    due: NDArray[np.int64] = np.array(offline) + session.start + latency
    arrived = np.array([frame for frame, _ in session.notes])
    nearest = np.array([due[np.abs(due - frame).argmin()] for frame in arrived])
    late = (arrived - nearest) / PERIOD
    late = late[np.abs(late) < NEAR / PERIOD]
    size = np.abs(late)
    median, p99 = float(np.median(size)), float(np.quantile(size, 0.99))
    yield Figure(f"{name}: note after position + latency, median, signed", float(np.median(late)), "periods")
    yield Figure(f"{name}: note from position + latency, median", median, "periods", "≤ 1", median <= 1)
    yield Figure(f"{name}: note from position + latency, p99", p99, "periods", "≤ 2", p99 <= 2)
