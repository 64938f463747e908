"""The systems that are evaluated: our detectors as they run live, and other programs on the same audio."""

import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from samplechop import models
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate.chord_measures import Harmony
from samplechop.offline.evaluate.measures import Markers
from samplechop.realtime import detectors
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import BEAT, DOWNBEAT, NO_CHORD, Event
from samplechop.realtime.core.plugin import OPENING_SECONDS, Detector
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.detectors.harmony.harte import PRIORS, Chord
from samplechop.realtime.engine.engine import Engine

BLOCK = 4096
PEERS = ("librosa", "aubio")
CHROMA_HOP = 2048
CHROMA_SMOOTHED = 11
"""Frames of the median, about half a second."""
QUIET_DB = -66.0
"""RMS of a frame below which it says that no chord sounds, dBFS: as for our detector."""
System = Callable[[Sound], Markers]
"""Float32 mono audio at 44 100 Hz in, markers out."""


def installed(peer: str) -> bool:
    """Say whether a peer can be asked here."""
    return peer != "aubio" or shutil.which("aubioonset") is not None


def wanted_peers(names: str, peers: Sequence[str] = PEERS) -> list[str]:
    """Read a list such as "librosa,aubio", "all" (those installed) or "none"; peers: which there are.

    Raises UserError for a name nobody knows or a program that is not installed.
    """
    if names == "none":
        return []
    if names == "all":
        return [peer for peer in peers if installed(peer)]
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen:
        if name not in peers:
            raise UserError(f"--peers must be all, none or some of {', '.join(peers)}, got {name!r}")
        if not installed(name):
            raise UserError("aubioonset is not installed: apt-get install aubio-tools, or leave aubio out of --peers")
    return chosen


@lru_cache(maxsize=8)
def open_system(system: str) -> System:
    """Make ready a system by name: a peer, "detector:NAME", or a chop model's name or manifest path.

    Raises UserError or models.ModelError if it cannot be used.
    """
    if system == "librosa":
        return _librosa
    if system == "aubio":
        return _aubio
    return live_system(detector_of(system, lambda model: ChopDetector(ChopSettings(model=model))))


def detector_of(system: str, of_model: Callable[[str], Detector]) -> Detector:
    """Make "detector:NAME", or, of a model's name or manifest path, what `of_model` makes of it. Raises UserError."""
    name = system.removeprefix("detector:")
    return of_model(system) if name == system else detectors.make(name)


def title(system: str) -> str:
    """Give the name of a system in tables."""
    return Path(system).stem if system.endswith((".json", ".tflite")) else system.removeprefix("detector:")


def live_events(detector: Detector) -> Callable[[Sound], tuple[list[Event], float]]:
    """Run a detector as the live host does: led in by silence, and flushed at the end.

    What is given processes a sound, and gives the events that lie in it, in the order they came, and how many seconds
    that took.
    """
    engine = Engine({"": detector}, RATE, 1, BLOCK)

    def process(samples: Sound) -> tuple[list[Event], float]:
        found: list[Event] = []
        began = time.perf_counter()
        engine.reset(0, samples[: round(OPENING_SECONDS * RATE), np.newaxis])
        for start in range(0, len(samples), BLOCK):
            engine.process(samples[start : start + BLOCK, np.newaxis], found.append)
        engine.flush(found.append)
        if engine.faults:
            raise RuntimeError(f"a detector failed: {engine.faults}")
        return found, time.perf_counter() - began

    return process


def stated_latency_ms(detector: Detector) -> float:
    """Give a detector's own latency, as it states it once `live_events` prepared it, without the block it waits for."""
    return 1000 * (detector.latency - BLOCK) / RATE


def live_system(detector: Detector) -> System:
    """Run a detector as the live host does, and read its events as markers."""
    process = live_events(detector)
    return lambda samples: markers_of(*process(samples))


def markers_of(events: list[Event], seconds: float = 0.0) -> Markers:
    """Read events as markers, in the order of their places."""
    kept = sorted(events, key=lambda one: one.sample)
    down = np.array([_is_downbeat(event) for event in kept], bool)
    return Markers(
        np.array([event.sample / RATE for event in kept]),
        np.array([event.strength for event in kept]),
        down if down.any() else None,
        seconds,
    )


def _is_downbeat(event: Event) -> bool:
    return event.kind == BEAT and event.label == DOWNBEAT


def _librosa(samples: Sound) -> Markers:
    """Find onsets with librosa's defaults (spectral flux; Böck et al., ISMIR 2012, for the peaks)."""
    import librosa

    began = time.perf_counter()
    envelope = librosa.onset.onset_strength(y=samples, sr=RATE)
    frames = librosa.onset.onset_detect(onset_envelope=envelope, sr=RATE)
    took = time.perf_counter() - began
    times = librosa.frames_to_time(frames, sr=RATE)
    strengths = envelope[frames] / (np.max(envelope, initial=0.0) + 1e-12)
    return Markers(np.asarray(times, np.float64), np.asarray(strengths, np.float64), None, took)


def _aubio(samples: Sound) -> Markers:
    """Find onsets with the program aubioonset and its defaults (HFC); it gives no strengths.

    Raises UserError if the program fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audio.wav"
        soundfile.write(path, samples, RATE, subtype="FLOAT")
        began = time.perf_counter()
        done = subprocess.run(["aubioonset", "-i", str(path)], capture_output=True, text=True, check=False)
        took = time.perf_counter() - began
    if done.returncode:
        raise UserError(f"aubioonset failed ({done.returncode}): {done.stderr.strip() or 'no reason given'}")
    times = np.array([float(line.split()[0]) for line in done.stdout.splitlines() if line.strip()])
    return Markers(times, None, None, took)


def nearest_templates(samples: Sound) -> Harmony:
    """Name the chords of a recording by chroma and the template it is nearest to: the classic kind, to compare with.

    Fujishima, "Realtime chord recognition of musical sound" (ICMC 1999), on librosa's constant-Q chroma, smoothed by a
    median over time as in Müller, "Fundamentals of music processing" (2015), section 5.2. It takes a whole file at
    once, knows no bass, and its vocabulary is that of our detector.
    """
    import librosa
    from scipy.ndimage import median_filter

    began = time.perf_counter()
    chords = [Chord(root, quality, root) for quality in PRIORS for root in range(12)]
    templates = np.zeros((len(chords), 12))
    for row, chord in zip(templates, chords, strict=True):
        row[list(chord.pitch_classes)] = 1
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    with warnings.catch_warnings():
        # Where nothing sounds librosa says that it finds no tuning: so it should be.
        warnings.simplefilter("ignore", UserWarning)
        chroma = median_filter(
            librosa.feature.chroma_cqt(y=samples, sr=RATE, hop_length=CHROMA_HOP), (1, CHROMA_SMOOTHED)
        )
    chroma = chroma / np.maximum(np.linalg.norm(chroma, axis=0), 1e-9)
    level = librosa.feature.rms(y=samples, frame_length=2 * CHROMA_HOP, hop_length=CHROMA_HOP)[0, : chroma.shape[1]]
    said = np.where(level < 10 ** (QUIET_DB / 20), len(chords), np.argmax(templates @ chroma, axis=0))
    labels = [*(chord.label for chord in chords), NO_CHORD]
    changes = np.flatnonzero(np.diff(said, prepend=len(chords)))
    times = changes * CHROMA_HOP / RATE
    took = time.perf_counter() - began
    return Harmony(times, tuple(labels[said[at]] for at in changes), seconds=took)


def own_systems(task: str, detector: str, wanted: Sequence[str] | None, kinds: Collection[str]) -> list[str]:
    """Name the systems of ours to evaluate: the models wanted, else all released ones, else another detector.

    task: the detector that takes models of these kinds. Raises UserError for a model wanted of another detector, or
    where no model is released.
    """
    if detector != task:
        if wanted:
            raise UserError(f"--model chooses the net of the {task} detector: leave it out with --detector {detector}")
        return [f"detector:{detector}"]
    own = list(wanted) if wanted else released(kinds)
    if not own:
        raise UserError(f"no model of kind {' or '.join(kinds)} is released here: name yours with --model")
    return own


def released(kinds: Collection[str]) -> list[str]:
    """Name the released models of some kinds."""
    return [name for name in models.names() if models.load(name).kind in kinds]


def check(systems: Sequence[str], kinds: Collection[str], peers: Sequence[str] = PEERS) -> None:
    """Refuse systems that cannot be used, before hours of work. kinds: of models that can be asked.

    Raises UserError or models.ModelError.
    """
    for system in systems:
        if system in peers:
            continue
        if system.startswith("detector:"):
            name = system.removeprefix("detector:")
            if name not in detectors.names():
                raise UserError(f"no detector {name!r}: there are {', '.join(detectors.names())}")
        elif (kind := models.load(system).kind) not in kinds:
            raise UserError(
                f"model {system!r} cannot be evaluated here: it is of kind {kind}, not {' or '.join(kinds)}"
            )
