"""`samplechop bench live` and `bench scale`: what each stage of the chain costs, and whole files beside other programs.

All are CPU times, the least of several: they hold on a machine that does other things, too.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import HarmonyFeatures
from samplechop.offline.lab.bench import Figure, best_cpu_seconds, least_in_turns, peers
from samplechop.realtime import detectors
from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.dsp.cqt import StreamingCQT
from samplechop.realtime.dsp.pitch_spectrum import HarmonySpectrum
from samplechop.realtime.engine.engine import FAST_BLOCK, Engine
from samplechop.realtime.nets.features import HOP_LENGTH, N_BINS
from samplechop.realtime.nets.fine_features import N_EARLY, fine_bands
from samplechop.realtime.nets.streaming import ActivationStream, PitchStream
from samplechop.realtime.session_parts import BLOCK

MODELS = ("chop", "chop-61")
GOALS: dict[str, tuple[float, dict[str, float]]] = {"chop": (900, {peers.AUBIO: 2})}
"""Of a model, × real time in a file, and beside other programs."""
SCALE_MINUTES = (1, 3, 10)


class _Cut:
    """A recording in blocks of a size. audio: float32 (n, channels). blocks: of it. mono: float32, of its mix."""

    def __init__(self, audio: NDArray[np.float32], block: int) -> None:
        """Cut it."""
        self.block, self.channels, self._hops = block, audio.shape[1], len(audio) / HOP_LENGTH
        self.blocks = [audio[i : i + block] for i in range(0, len(audio), block)]
        self.mono = [np.ascontiguousarray(one.mean(axis=1)) for one in self.blocks]

    def per_hop(self, work: Callable[[], object]) -> float:
        """Give the CPU time of work on all of it, µs per hop."""
        return 1e6 * best_cpu_seconds(work) / self._hops

    def each(self, push: Callable[[NDArray[np.float32]], object]) -> float:
        """Give the CPU time of what takes the mix, block by block, µs per hop."""

        def work() -> None:
            for one in self.mono:
                push(one)

        return self.per_hop(work)

    def engine(self, *names: str) -> float:
        """Give the CPU time of an engine with detectors, µs per hop."""
        engine = Engine({name: detectors.make(name) for name in names}, ANALYSIS_RATE, self.channels, self.block)

        def work() -> None:
            for one in self.blocks:
                engine.process(one, _drop)

        return self.per_hop(work)


def stages(audio: NDArray[np.float32]) -> Iterator[Figure]:
    """Give the CPU time of each stage per hop, in a file's blocks and in live ones. audio: float32 (n, channels)."""
    with _wav(audio) as path:
        for block, where in ((FAST_BLOCK, "file"), (BLOCK, f"live, blocks of {BLOCK}")):
            cut = _Cut(audio, block)
            mixing = cut.engine()
            pulse = cut.each(PulseStream(models.load("chop"), block).push)
            for name, value in (*_of_chops(cut, path, mixing, pulse), *_of_others(cut, mixing, pulse)):
                yield Figure(f"{where}: {name}", value, "µs")


def _of_chops(cut: _Cut, path: Path, mixing: float, pulse: float) -> Iterator[tuple[str, float]]:
    """Give what each stage of the chop detector takes. pulse: all up to the tracker."""
    most = cut.block // HOP_LENGTH + 1
    rows: dict[int, NDArray[np.float32]] = {n: np.zeros((most, n), np.float32) for n in (N_EARLY, N_BINS)}
    bands, cqt = fine_bands(cut.block), StreamingCQT()
    activations = ActivationStream(models.load("chop"), cut.block)
    reading = cut.per_hop(partial(_read, path, cut.block))
    in_bands = cut.each(lambda one: bands.push(one, rows[N_EARLY]))
    constant_q = cut.each(lambda one: cqt.push(one, rows[N_BINS]))
    features, with_net = cut.each(activations.features.push), cut.each(activations.push)
    whole = cut.engine("chop")
    yield "reading a 16-bit wav, per hop", reading
    yield "mix, per hop", mixing
    yield "Fourier transform and bands, per hop", in_bands
    yield "constant-Q, per hop", constant_q
    yield "other features, per hop", features - in_bands - constant_q
    yield "net, per hop", with_net - features
    yield "beat tracker and bars, per hop", pulse - with_net
    yield "choice, attacks, events, per hop", whole - pulse - mixing
    yield "all, per hop", whole + reading


def _of_others(cut: _Cut, mixing: float, pulse: float) -> Iterator[tuple[str, float]]:
    """Give what the other detectors take beside what they share with that of chops."""
    beats, drums = (cut.engine(name) - pulse - mixing for name in ("beats", "drums"))
    manifest = models.load("harmony")
    features = manifest.features
    assert isinstance(features, HarmonyFeatures)
    hop, kind = features.hop_length, features.spectrum
    spectrum = cut.each(HarmonySpectrum(cut.block, features.sample_rate, hop, kind).push)
    pitches = cut.each(PitchStream(manifest, cut.block).push)
    harmony = cut.engine("harmony") - mixing
    yield "beats: octave, bars, events, per hop", beats
    yield "drums: whether they sound alone, choice, attacks, events, per hop", drums
    yield "harmony: spectrum, per hop", spectrum
    yield "harmony: net, per hop", pitches - spectrum
    yield "harmony: chords, key, events, per hop", harmony - pitches
    yield f"harmony: all, each frame of {hop}", harmony * hop / HOP_LENGTH


def whole_files(audio: NDArray[np.float32]) -> Iterator[Figure]:
    """Give the speed of a file as `--fast` runs it, decoding included, with each model, beside aubio and librosa.

    librosa is imported before, as all of ours is, and runs last: its threads spin for a while after it.
    """
    with _wav(audio) as path:
        measures: dict[str, Callable[[], float]] = {}
        if peers.AUBIO in peers.there():
            measures[peers.AUBIO] = partial(peers.cpu_seconds, peers.AUBIO, path, 1)
        for model in MODELS:
            engine = Engine({"chop": ChopDetector(ChopSettings(model))}, ANALYSIS_RATE, audio.shape[1], FAST_BLOCK)
            measures[model] = partial(best_cpu_seconds, partial(_run, engine, path), 1)
        took = dict(zip(measures, least_in_turns(list(measures.values()), 5), strict=True))
        if peers.LIBROSA in peers.there():
            took[peers.LIBROSA] = best_cpu_seconds(_by_librosa(path), 3)
    speeds = {name: len(audio) / ANALYSIS_RATE / least for name, least in took.items()}
    for name in peers.there():
        yield Figure(f"{name}, decoding included", speeds[name], "× real time")
    for model in MODELS:
        fast, beside = GOALS.get(model, (None, {}))
        yield Figure(f"{model}: --fast, decoding included", speeds[model], "× real time").at_least(fast)
        for name in peers.there():
            ratio = Figure(f"{model}: faster than {name}", speeds[model] / speeds[name], "×")
            yield ratio.at_least(beside.get(name))


def scale(audio: NDArray[np.float32]) -> Iterator[Figure]:
    """Give the CPU time of whole runs of the program over files of some minutes, beside those of other programs."""
    for minutes in SCALE_MINUTES:
        length = minutes * 60 * ANALYSIS_RATE
        with _wav(np.tile(audio, (-(-length // len(audio)), 1))[:length]) as path:
            command = [sys.executable, "-m", "samplechop", "live", str(path), "--fast", "--quiet"]
            goals = {peers.AUBIO: 2.5} if minutes == 3 else {}
            yield from peers.beside(f"{minutes} min", ", whole process", command, path, 3, goals)


def _by_librosa(path: Path) -> Callable[[], object]:
    import librosa

    def work() -> None:
        samples, rate = librosa.load(path, sr=None)
        librosa.onset.onset_detect(y=samples, sr=rate)

    return work


def _drop(_event: object) -> None:
    pass


def _read(path: Path, block: int) -> None:
    source = FileSource(path, block, realtime=False)
    while source.read() is not None:
        pass
    source.stop()


def _run(engine: Engine, path: Path) -> None:
    source = FileSource(path, FAST_BLOCK, realtime=False)
    engine.reset(0, source.opening)
    while (chunk := source.read()) is not None:
        engine.process(chunk.samples, _drop)
    engine.flush(_drop)
    source.stop()


@contextmanager
def _wav(audio: NDArray[np.float32]) -> Iterator[Path]:
    """Give the path of a 16-bit wav of that audio, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audio.wav"
        soundfile.write(path, audio, ANALYSIS_RATE, subtype="PCM_16")
        yield path
