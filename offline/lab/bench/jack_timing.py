"""`samplechop bench jack`: how exactly notes arrive, whatever the period of the server, and how soon those of drums."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.lab.bench import Figure
from samplechop.offline.lab.bench.jack import Session, expected, run_session, silence_before
from samplechop.offline.lab.bench.jack_server import JackServer, realtime_is_allowed
from samplechop.offline.lab.bench.live import recording
from samplechop.offline.synthesis.drums import made_kick, made_snare
from samplechop.realtime import detectors
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.session_parts import BLOCK
from samplechop.realtime.settings import LiveSettings

PERIODS = (64, 128, 256, 512, 1024)
"""Samples per cycle of a server, as musicians set it."""
TRIES = 3
"""Sessions at one period until one of them loses no cycle; else the one that lost least is shown."""
_FAR_SECONDS = 0.05
"""A note further from its place belongs to another event."""


def lateness(session: Session, audio: NDArray[np.float32], period: int) -> NDArray[np.float64]:
    """Give by how many ms each note came after sound + latency, where the client played the sound; negative if before.

    audio: what was played in the session, float32 (n,) or (n, 2). period: samples per cycle of the server. Judged by
    the client's clock, so that lost cycles touch only the notes about them.
    """
    live = [line["sample"] for line in session.lines if line["kind"] == "chop"]
    offline, latency = expected(audio, BLOCK, before=silence_before(live, audio, period))
    due = np.array(offline) + session.start + latency
    arrived = np.array([frame for frame, _ in session.on_channel(LiveSettings().midi_channel)])
    if not len(arrived) or not len(due):
        return np.zeros(0)
    late = (arrived - due[np.abs(np.subtract.outer(arrived, due)).argmin(axis=1)]) * 1000 / ANALYSIS_RATE
    near: NDArray[np.float64] = late[np.abs(late) < 1000 * _FAR_SECONDS]
    return near


def _lost(session: Session) -> int:
    return session.xruns + session.report.xruns + bool(session.report.skipped)


def timing(seconds: float, periods: tuple[int, ...] = PERIODS) -> Iterator[Figure]:
    """Run a session at each period, and tell when its notes arrive: where the client played the sound, plus latency.

    seconds: length of the audio in each.
    """
    audio = recording(DEMO)
    audio = np.ascontiguousarray(np.tile(audio, (2, 1))[: round(seconds * ANALYSIS_RATE)])
    realtime = realtime_is_allowed()
    for period in periods:
        best: Session | None = None
        for _ in range(TRIES):
            with JackServer(ANALYSIS_RATE, period, synchronous=False, realtime=realtime) as server:
                session = run_session(server, audio)
            if best is None or _lost(session) < _lost(best):
                best = session
            if session.undisturbed:
                break
        assert best is not None
        late, what = lateness(best, audio, period), f"period {period}: note after sound + latency"
        yield Figure(f"period {period}: xruns and cycles lost", float(_lost(best)), "")
        yield Figure(f"period {period}: notes compared", float(len(late)), "")
        if len(late):
            low, median, high = (float(value) for value in np.quantile(late, (0.05, 0.5, 0.95)))
            yield Figure(f"{what}, 5th percentile", low, "ms")
            yield Figure(f"{what}, median", median, "ms")
            yield Figure(f"{what}, 95th percentile", high, "ms")
            yield Figure(f"{what}, worst", float(late[np.abs(late).argmax()]), "ms")


GOAL_MS = 25.0
"""From a hit to its note, as the program states it; on the way each message may wait for a period more."""
_APART_SECONDS = 0.4
_NEAR_SECONDS = 0.1
"""A note that is later than this belongs to no hit."""
_SEED = 1


def hits(seconds: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Make kicks and snares in turn: float32 (n,), mono at the analysis rate, and the samples at which they begin."""
    rng = np.random.default_rng(_SEED)
    audio = np.zeros(round(seconds * ANALYSIS_RATE), np.float32)
    places = np.arange(_APART_SECONDS, seconds - _APART_SECONDS, _APART_SECONDS) * ANALYSIS_RATE
    starts = places.astype(np.int64) + rng.integers(0, ANALYSIS_RATE // 20, len(places))  # at any place in a period
    for turn, start in enumerate(starts):
        sound = (made_kick if turn % 2 == 0 else made_snare)(_SEED, 0.9, rng)[: len(audio) - start]
        audio[start : start + len(sound)] += 0.6 * sound / np.abs(sound).max()
    return audio, starts


def drums(seconds: float, period: int) -> Iterator[Figure]:
    """Play hits to a session that listens for drums, and take its notes; nothing where no drums can be detected.

    seconds: length of what is played. period: samples per cycle of the server.
    """
    if "drums" not in detectors.BUILT_IN:
        return
    engine = Engine({"drums": detectors.make("drums")}, ANALYSIS_RATE, 2, period)
    stated = 1000 * engine.latency / ANALYSIS_RATE
    yield Figure("drums: hit to note, as stated", stated, "ms").at_most(GOAL_MS)
    audio, starts = hits(seconds)
    with JackServer(ANALYSIS_RATE, period, synchronous=False, realtime=realtime_is_allowed()) as server:
        session = run_session(server, audio, ("--detect", "drums"))
    arrived = np.array([frame for frame, _ in session.on_channel(LiveSettings().drum_channel)])
    yield from delays(starts + session.start, arrived, period)


def delays(struck: NDArray[np.int64], arrived: NDArray[np.int64], period: int) -> Iterator[Figure]:
    """Tell how long after each hit the first note came; both in frames of the server."""
    firsts = [arrived[arrived >= hit].min(initial=np.iinfo(np.int64).max) - hit for hit in struck]
    late = np.array([first for first in firsts if first <= _NEAR_SECONDS * ANALYSIS_RATE]) * 1000 / ANALYSIS_RATE
    yield Figure(f"drums: hits without a note of {len(struck)}", float(len(struck) - len(late)), "")
    if not len(late):
        return
    most = GOAL_MS + 1000 * period / ANALYSIS_RATE
    median, p99 = float(np.median(late)), float(np.quantile(late, 0.99))
    yield Figure("drums: hit to note at the client, median", median, "ms", f"≤ {most:.1f}", median <= most)
    yield Figure("drums: hit to note at the client, p99", p99, "ms")
