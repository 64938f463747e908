"""`samplechop bench live`: the analysis chain, measured on one recording in one run."""

import resource
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from samplechop import models
from samplechop.offline.lab.bench import Figure, allocations, best_cpu_seconds, each_microseconds, peers
from samplechop.realtime import detectors
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.dsp.cqt import F2_HZ, StreamingCQT
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.nets.compiled_step import compile_now
from samplechop.realtime.nets.temporal_net import TemporalNet

HOP, SHORT = 256, 64
"""Sizes of blocks."""
SECONDS = 60
_EDGE = 60
"""Frames left out at both ends of the comparison, where one side gets the end of the file and the other zeros."""


def recording(path: Path) -> NDArray[np.float32]:
    """Read a file, repeated or cut to a minute: float32, (samples, channels) at the analysis rate.

    What a first start leaves for later ones is compiled before.
    """
    compile_now()
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    audio = audio if rate == ANALYSIS_RATE else soxr.resample(audio, rate, ANALYSIS_RATE)
    length = SECONDS * ANALYSIS_RATE
    return np.ascontiguousarray(np.tile(audio, (-(-length // len(audio)), 1))[:length])


def _audible(mono: NDArray[np.float32], frames: int) -> NDArray[np.float64]:
    """Give the sum below which a frame holds only what leaks in from outside the bins: its error says nothing.

    That is the sum of -80 dBFS noise, or a tenth of what music gives for its level (RMS, under the longest kernel).
    """
    reach = StreamingCQT().latency
    energy = np.concatenate([np.zeros(reach), np.cumsum(np.square(mono, dtype=np.float64))])
    energy = np.concatenate([energy, np.full(reach + HOP, energy[-1])])
    centres = np.arange(frames) * HOP + reach
    rms = np.sqrt((energy[centres + reach] - energy[centres - reach]) / (2 * reach))
    return np.maximum(0.05, 100 * rms)


def constant_q(mono: NDArray[np.float32]) -> Iterator[Figure]:
    """Compare the streaming transform with `librosa.cqt`, where that is, on the same audio: speed and exactness."""
    cqt, out = StreamingCQT(), np.zeros((len(mono) // HOP + 1, 48), np.float32)
    row = np.zeros((2, 48), np.float32)
    blocks = [mono[i : i + HOP] for i in range(0, len(mono) - HOP + 1, HOP)]

    def in_blocks() -> None:
        for block in blocks:
            cqt.push(block, row)

    cqt.reset()
    frames = cqt.push(mono, out)
    per_block = best_cpu_seconds(in_blocks) / len(blocks) * 1e6
    at_once = best_cpu_seconds(partial(cqt.push, mono, out)) / frames * 1e6
    yield Figure("constant-Q, blocks of 256", per_block, "µs/frame").at_most(1.5)
    yield Figure("constant-Q, one block", at_once, "µs/frame")
    if peers.LIBROSA not in peers.there():
        return
    import librosa

    def reference() -> NDArray[np.float32]:
        spectrum = librosa.cqt(mono, sr=ANALYSIS_RATE, hop_length=HOP, fmin=F2_HZ, n_bins=48, norm=2, sparsity=0)
        return np.abs(spectrum).T

    expected = reference()[:frames]
    theirs = best_cpu_seconds(reference, 3) / frames * 1e6
    yield Figure("librosa.cqt, whole file", theirs, "µs/frame")
    yield Figure("faster than librosa", theirs / per_block, "×").at_least(10)

    cqt.reset()
    cqt.push(mono, out)
    ours, expected = (part[_EDGE : frames - _EDGE].sum(axis=1) for part in (out, expected))
    heard = expected > _audible(mono, frames)[_EDGE : frames - _EDGE]
    error = np.abs(ours[heard] - expected[heard]) / expected[heard]
    for name, value, goal in (
        ("median", np.median(error), 8e-6),
        ("99th percentile", np.quantile(error, 0.99), 5e-4),
        ("largest", error.max(), None),  # which tells how quiet a record's quietest frame is
    ):
        yield Figure(f"48-bin sum, relative error, {name}", float(value), "").at_most(goal)


MODELS: dict[str, dict[str, float]] = {
    "chop": {"p50": 20.0, "p99": 60.0},
    "chop-61": {},
}
"""Each model's goals for the whole chain, µs per frame of 256 samples."""


def chain(mono: NDArray[np.float32]) -> Iterator[Figure]:
    """Time the engine with the chop detector, one frame per block, with each model; and in blocks of SHORT."""
    for model, goals in MODELS.items():
        found = _timed(Engine({"chop": ChopDetector(ChopSettings(model))}, ANALYSIS_RATE, 1, HOP), mono)
        values = {"mean": found.times.mean(), "p50": found.quantile(0.5), "p99": found.quantile(0.99)}
        for name, value in values.items():
            yield Figure(f"{model}: whole chain per frame, {name}", float(value), "µs").at_most(goals.get(name))
    yield from _short(["chop"], mono)
    net = TemporalNet(models.load("chop"))
    yield Figure("chop: steps of its net are compiled (1), or TFLite's (0)", float(net.is_compiled), "")
    engine = Engine({"chop": ChopDetector()}, ANALYSIS_RATE, 1, HOP)
    blocks = [mono[i : i + HOP, None] for i in range(0, len(mono) - HOP + 1, HOP)]

    def some() -> None:
        for block in blocks[:2000]:
            engine.process(block, lambda _: None)

    kept, passing = allocations(some, 2000)
    yield Figure("left allocated by Python", kept, "bytes/frame")
    yield Figure("allocated in passing, at most", passing, "bytes")
    yield Figure("latency, event to note", float(engine.latency), "samples")
    yield Figure("latency, event to note", 1000 * engine.latency / ANALYSIS_RATE, "ms")
    detector = engine.detectors["chop"]
    assert isinstance(detector, ChopDetector)
    for name, samples in detector.latency_terms:
        yield Figure(f"  {name}", float(samples), "samples")


TOGETHER = ("chop", "beats", "drums", "harmony")
TOGETHER_GOALS = {0.5: None, 0.99: 200.0}
"""Of all of them, quantiles of µs per frame."""
COST_GOALS = {"drums": 50.0}
"""Of a detector, mean µs per frame."""
LATENCY_GOALS = {"drums": 25.0, "harmony": 250.0}
"""Of a detector whose notes do not wait for the others, ms from event to note."""


def together(mono: NDArray[np.float32]) -> Iterator[Figure]:
    """Time each of the detectors alone, one frame per block, and all of them on one stream; print their latencies."""
    names = [name for name in TOGETHER if name in detectors.BUILT_IN]
    apart = 0.0
    for name in names:
        found = _timed(_engine([name]), mono)
        apart += found.share
        yield Figure(f"{name} alone, per frame, mean of CPU time", found.mean, "µs").at_most(COST_GOALS.get(name))
        for share in (0.5, 0.99):
            yield Figure(f"{name} alone, per frame, p{100 * share:.0f}", found.quantile(share), "µs")
        if found.emits.any():
            struck = float(np.median(found.times[found.emits]))
            yield Figure(f"{name} alone, a frame in which something is emitted, p50", struck, "µs")
    engine, every = _engine(names), " + ".join(names)
    found = _timed(engine, mono)
    yield Figure("each alone, summed: share of one core at 44.1 kHz", apart, "%")
    yield Figure(f"{every}: share of one core at 44.1 kHz", found.share, "%").at_most(1.5)
    for share, goal in TOGETHER_GOALS.items():
        yield Figure(f"{every}: per frame, p{100 * share:.0f}", found.quantile(share), "µs").at_most(goal)
    yield from _short(names, mono)
    for name in names:
        late = 1000 * engine.latencies[name] / ANALYSIS_RATE
        yield Figure(f"{name}: latency, event to note", late, "ms").at_most(LATENCY_GOALS.get(name))


def _short(names: Sequence[str], mono: NDArray[np.float32]) -> Iterator[Figure]:
    """Time detectors on blocks of SHORT."""
    found, every = _timed(_engine(names, SHORT), mono, SHORT), " + ".join(names)
    yield Figure(f"{every}: blocks of {SHORT}, share of one core at 44.1 kHz", found.share, "%")
    for share in (0.5, 0.99):
        yield Figure(f"{every}: per block of {SHORT}, p{100 * share:.0f}", found.quantile(share), "µs")


def _engine(names: Sequence[str], block: int = HOP) -> Engine:
    return Engine({name: detectors.make(name) for name in names}, ANALYSIS_RATE, 1, block)


class _Timed(NamedTuple):
    """times: of each block, µs, float64 (n,). emits: bool (n,), whether anything was emitted in it.

    mean: of CPU time, µs. share: what of a core that is, %.
    """

    times: NDArray[np.float64]
    emits: NDArray[np.bool_]
    mean: float
    share: float

    def quantile(self, share: float) -> float:
        """Give a quantile of the times."""
        return float(np.quantile(self.times, share))


def _timed(engine: Engine, mono: NDArray[np.float32], size: int = HOP) -> _Timed:
    """Time an engine block by block, after it has warmed up."""
    events: list[Event] = []
    counts: list[int] = []

    def step(block: NDArray[np.float32]) -> None:
        engine.process(block, events.append)
        counts.append(len(events))

    steps = [partial(step, mono[i : i + size, None]) for i in range(0, len(mono) - size + 1, size)]
    each_microseconds(steps[:500])
    counts.clear()
    before, began = len(events), time.process_time()
    times = each_microseconds(steps)
    mean = 1e6 * (time.process_time() - began) / len(steps)
    return _Timed(times, np.diff(counts, prepend=before) > 0, mean, mean * ANALYSIS_RATE / size / 1e4)


def memory() -> Iterator[Figure]:
    """Tell the largest memory this process has had."""
    scale = 2**20 if sys.platform == "darwin" else 2**10
    yield Figure("memory of this run, largest", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale, "MiB")
