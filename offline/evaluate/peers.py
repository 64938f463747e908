"""Other programs on the same audio: aubio and librosa, and, where somebody installed them, madmom and ADTOF.

None of them is a dependency. madmom and ADTOF run in a Python of their own, in a process of their own: the one that the
environment variable SAMPLECHOP_PEER_PYTHON names, else ours. The weights of both are for non-commercial use: they may
be compared with, and must never label anything that is trained on.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate.chord_measures import Harmony
from samplechop.offline.evaluate.drum_measures import Hits
from samplechop.offline.evaluate.measures import Markers
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS, NO_CHORD
from samplechop.realtime.detectors.harmony.harte import PRIORS, Chord

PYTHON = "SAMPLECHOP_PEER_PYTHON"
NON_COMMERCIAL = "weights CC BY-NC-SA 4.0: non-commercial, peer only"
CHROMA_HOP = 2048
CHROMA_SMOOTHED = 11
"""Frames of the median, about half a second."""
QUIET_DB = -66.0
"""RMS of a frame below which it says that no chord sounds, dBFS: as for our detector."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program to compare with. licence: of it and its weights. package: what must be importable, "" for none.

    advice: what to do where it is missing.
    """

    licence: str
    package: str
    advice: str


_MADMOM = Peer(
    f"code BSD-3-Clause, {NON_COMMERCIAL}", "madmom", f"install madmom, or name in {PYTHON} a Python with it"
)
PEERS = {
    "librosa": Peer("ISC", "librosa", "install librosa"),
    "aubio": Peer("GPL-3.0-or-later", "", "aubioonset is not installed: apt-get install aubio-tools"),
    "madmom-onsets": _MADMOM,
    "madmom-onsets-online": _MADMOM,
    "madmom-beats": _MADMOM,
    "madmom-beats-online": _MADMOM,
    "adtof": Peer(f"code and {NON_COMMERCIAL}", "adtof", f"install ADTOF or set {PYTHON}"),
}
"""In the order in which they are shown.

madmom-onsets: CNN (Schlüter and Böck, ICASSP 2014); online: RNN (Böck et al., DAFx 2012). madmom-beats: downbeats by
RNN and DBN (Böck, Krebs and Widmer, ISMIR 2016); online: beats alone (the same, ISMIR 2014). adtof: drums (Zehren,
Alunno and Bientinesi, Signals 2023).
"""

SCRIPT = """
import json, sys
what, path = sys.argv[1:]
if what == "madmom-onsets":
    from madmom.features.onsets import CNNOnsetProcessor, OnsetPeakPickingProcessor
    pick = OnsetPeakPickingProcessor(threshold=0.54, smooth=0.05, fps=100)
    rows = [[float(time)] for time in pick(CNNOnsetProcessor()(path))]
elif what == "madmom-onsets-online":
    from madmom.features.onsets import OnsetPeakPickingProcessor, RNNOnsetProcessor
    pick = OnsetPeakPickingProcessor(threshold=0.23, combine=0.03, online=True, fps=100)
    rows = [[float(time)] for time in pick.process_online(RNNOnsetProcessor(online=True)(path), reset=True)]
elif what == "madmom-beats":
    from madmom.features.downbeats import DBNDownBeatTrackingProcessor, RNNDownBeatProcessor
    track = DBNDownBeatTrackingProcessor(beats_per_bar=[3, 4], fps=100)
    rows = [[float(time), int(position)] for time, position in track(RNNDownBeatProcessor()(path))]
elif what == "madmom-beats-online":
    from madmom.features.beats import DBNBeatTrackingProcessor, RNNBeatProcessor
    track = DBNBeatTrackingProcessor(fps=100, online=True)
    rows = [[float(time)] for time in track.process_online(RNNBeatProcessor(online=True)(path), reset=True)]
else:
    import os, tempfile
    from adtof.model.model import Model
    model, parameters = Model.modelFactory(modelName="Frame_RNN", scenario="adtofAll", fold=0)
    with tempfile.TemporaryDirectory() as folder:
        model.predictFolder(path, folder, **parameters)
        (found,) = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".txt")]
        rows = [[float(part) for part in line.split()[:2]] for line in open(found) if line.strip()]
print("\\n" + json.dumps(rows))
"""
DRUM_OF_KEY = {35: "kick", 36: "kick", 38: "snare", 42: "hat", 47: "tom", 49: "cymbal"}
"""ADTOF's classes, by the General MIDI key that it writes."""


def _python() -> str:
    return os.environ.get(PYTHON, sys.executable)


@cache
def _has(python: str, package: str) -> bool:
    if python == sys.executable:
        return find_spec(package) is not None
    asked = f"import sys, importlib.util; sys.exit(importlib.util.find_spec({package!r}) is None)"
    try:
        return subprocess.run([python, "-c", asked], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def installed(peer: str) -> bool:
    """Say whether a peer can be asked here."""
    if peer == "aubio":
        return shutil.which("aubioonset") is not None
    return _has(sys.executable if peer == "librosa" else _python(), PEERS[peer].package)


def wanted_peers(names: str, peers: Sequence[str] = tuple(PEERS)) -> list[str]:
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
            raise UserError(f"{PEERS[name].advice}, or leave {name} out of --peers")
    return chosen


def markers(peer: str, samples: Sound) -> Markers:
    """Run a peer on float32 mono audio at 44 100 Hz; of ADTOF kicks and snares are markers.

    Raises UserError if the program fails.
    """
    if peer == "librosa":
        return _librosa(samples)
    if peer == "aubio":
        return _aubio(samples)
    rows, took = _rows(peer, samples)
    if peer == "adtof":
        struck = sorted(time for time, key in rows if DRUM_OF_KEY.get(int(key)) in ("kick", "snare"))
        times = np.array([b for a, b in zip([-1.0, *struck], struck, strict=False) if b - a > 0.03])
        return Markers(times, None, None, took)
    down = np.array([row[1] == 1 for row in rows], bool) if peer == "madmom-beats" else None
    return Markers(np.array([row[0] for row in rows]), None, down, took)


def drum_hits(samples: Sound) -> Hits:
    """Give ADTOF's hits; it gives no strengths and no velocities. Raises UserError if it fails."""
    rows, took = _rows("adtof", samples)
    found = sorted((time, DRUMS.index(DRUM_OF_KEY[int(key)])) for time, key in rows if int(key) in DRUM_OF_KEY)
    unknown = np.full(len(found), np.nan)
    labels = np.array([label for _, label in found], np.int8)
    return Hits(np.array([time for time, _ in found]), labels, unknown, unknown, np.zeros(len(found)), took)


@contextmanager
def _as_file(samples: Sound) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audio.wav"
        soundfile.write(path, samples, RATE, subtype="PCM_16")
        yield str(path)


def _output(command: Sequence[str], name: str) -> tuple[str, float]:
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise UserError(f"{name} failed ({done.returncode}): {reason}")
    return done.stdout, took


def _rows(peer: str, samples: Sound) -> tuple[list[list[float]], float]:
    with _as_file(samples) as path:
        output, took = _output([_python(), "-c", SCRIPT, peer, path], peer)
    return json.loads(output.splitlines()[-1]), took


def _aubio(samples: Sound) -> Markers:
    """Find onsets with the program aubioonset and its defaults (HFC); it gives no strengths."""
    with _as_file(samples) as path:
        output, took = _output(["aubioonset", "-i", path], "aubioonset")
    return Markers(np.array([float(line.split()[0]) for line in output.splitlines() if line.strip()]), None, None, took)


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
