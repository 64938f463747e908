"""`samplechop bench live` and `bench scale`: what each stage of the chain costs, and whole files beside other programs.

All are CPU times, the least of several: they hold on a machine that does other things, too.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop import models
from samplechop.offline.lab.bench import Figure, best_cpu_seconds, cpu_seconds_of
from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.dsp.cqt import StreamingCQT
from samplechop.realtime.engine.engine import FAST_BLOCK, Engine
from samplechop.realtime.nets.features import HOP_LENGTH, N_BINS
from samplechop.realtime.nets.fine_features import N_EARLY, fine_bands
from samplechop.realtime.nets.streaming import ActivationStream
from samplechop.realtime.session_parts import BLOCK

MODELS = ("chop", "chop-61")
GOALS: dict[str, tuple[float, dict[str, float]]] = {"chop": (900, {"aubioonset": 2})}
"""Of a model, × real time in a file, and beside other programs."""
SCALE_MINUTES = (1, 3, 10)


def stages(audio: NDArray[np.float32]) -> Iterator[Figure]:
    """Give the CPU time of each stage per hop, in a file's blocks and in live ones. audio: float32 (n, channels)."""
    with _wav(audio) as path:
        for block, where in ((FAST_BLOCK, "file"), (BLOCK, f"live, blocks of {BLOCK}")):
            yield from _stages(audio, path, block, where)


def _stages(audio: NDArray[np.float32], path: Path, block: int, where: str) -> Iterator[Figure]:
    blocks = [audio[i : i + block] for i in range(0, len(audio), block)]
    mono = [np.ascontiguousarray(one.mean(axis=1)) for one in blocks]
    most, channels = block // HOP_LENGTH + 1, audio.shape[1]
    rows: dict[int, NDArray[np.float32]] = {n: np.zeros((most, n), np.float32) for n in (N_EARLY, N_BINS)}
    bands, cqt, manifest = fine_bands(block), StreamingCQT(), models.load("chop")
    activations, pulse = ActivationStream(manifest, block), PulseStream(manifest, block)
    nothing, chop = (Engine(one, ANALYSIS_RATE, channels, block) for one in ({}, {"chop": ChopDetector()}))

    def each(push: Callable[[NDArray[np.float32]], object], given: Sequence[NDArray[np.float32]]) -> float:
        def work() -> None:
            for one in given:
                push(one)

        return 1e6 * best_cpu_seconds(work) / (len(audio) / HOP_LENGTH)

    reading = 1e6 * best_cpu_seconds(partial(_read, path, block)) / (len(audio) / HOP_LENGTH)
    mixing = each(lambda one: nothing.process(one, _drop), blocks)
    in_bands = each(lambda one: bands.push(one, rows[N_EARLY]), mono)
    constant_q = each(lambda one: cqt.push(one, rows[N_BINS]), mono)
    features = each(activations.features.push, mono)
    with_net, with_pulse = each(activations.push, mono), each(pulse.push, mono)
    whole = each(lambda one: chop.process(one, _drop), blocks)
    for name, value in (
        ("reading a 16-bit wav", reading),
        ("mix", mixing),
        ("Fourier transform and bands", in_bands),
        ("constant-Q", constant_q),
        ("other features", features - in_bands - constant_q),
        ("net", with_net - features),
        ("beat tracker and bars", with_pulse - with_net),
        ("choice, attacks, events", whole - with_pulse - mixing),
        ("all", whole + reading),
    ):
        yield Figure(f"{where}: {name}, per hop", value, "µs")


def whole_files(audio: NDArray[np.float32]) -> Iterator[Figure]:
    """Give the speed of a file as `--fast` runs it, decoding included, with each model, beside aubio and librosa."""
    import librosa

    seconds = len(audio) / ANALYSIS_RATE
    with _wav(audio) as path:

        def by_librosa() -> None:
            samples, rate = librosa.load(path, sr=None)
            librosa.onset.onset_detect(y=samples, sr=rate)

        others = {"librosa.onset": seconds / best_cpu_seconds(by_librosa, 3)}
        if (aubio := shutil.which("aubioonset")) is not None:
            others["aubioonset"] = seconds / cpu_seconds_of([aubio, "-i", str(path)], 5)
        for name, speed in others.items():
            yield Figure(f"{name}, decoding included", speed, "× real time")
        for model in MODELS:
            engine = Engine({"chop": ChopDetector(ChopSettings(model))}, ANALYSIS_RATE, audio.shape[1], FAST_BLOCK)
            speed = seconds / best_cpu_seconds(partial(_run, engine, path), 5)
            fast, beside = GOALS.get(model, (None, {}))
            yield Figure(f"{model}: --fast, decoding included", speed, "× real time").at_least(fast)
            for name, theirs in others.items():
                yield Figure(f"{model}: faster than {name}", speed / theirs, "×").at_least(beside.get(name))


def scale(audio: NDArray[np.float32]) -> Iterator[Figure]:
    """Give the CPU time of whole runs of the program over files of some minutes, beside aubioonset's."""
    aubio = shutil.which("aubioonset")
    for minutes in SCALE_MINUTES:
        length = minutes * 60 * ANALYSIS_RATE
        with _wav(np.tile(audio, (-(-length // len(audio)), 1))[:length]) as path:
            ours = cpu_seconds_of([sys.executable, "-m", "samplechop", "live", str(path), "--fast", "--quiet"], 3)
            yield Figure(f"{minutes} min, whole process", ours, "s of CPU")
            if aubio is not None:
                theirs = cpu_seconds_of([aubio, "-i", str(path)], 3)
                yield Figure(f"{minutes} min, aubioonset", theirs, "s of CPU")
                ratio = Figure(f"{minutes} min, whole process ÷ aubioonset", ours / theirs, "×")
                yield ratio.at_most(2.5) if minutes == 3 else ratio


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
