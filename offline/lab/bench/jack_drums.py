"""How long a drum takes from the input to a MIDI client: part of `samplechop bench jack`."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.lab.bench.figures import Figure
from samplechop.offline.lab.bench.jack_server import JackServer, realtime_is_allowed
from samplechop.offline.lab.bench.jack_session import hear
from samplechop.offline.synthesis.drums import made_kick, made_snare
from samplechop.realtime import detectors
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.settings import LiveSettings

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
    """Play hits to a session that listens for drums, and take its notes; nothing where no drums can be heard.

    seconds: length of what is played. period: samples per cycle of the server.
    """
    if "drums" not in detectors.BUILT_IN:
        return
    engine = Engine({"drums": detectors.make("drums")}, ANALYSIS_RATE, 2, period)
    stated = 1000 * engine.latency / ANALYSIS_RATE
    yield Figure("drums: hit to note, as stated", stated, "ms", f"≤ {GOAL_MS:g}", stated <= GOAL_MS)
    audio, starts = hits(seconds)
    with JackServer(ANALYSIS_RATE, period, synchronous=False, realtime=realtime_is_allowed()) as server:
        session = hear(server, audio, ("--detect", "drums"))
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
