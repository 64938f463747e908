"""A net that says which drums an onset-centred clip of a recording holds.

A clip is 80 ms before the attack and 230 ms after it, whatever sounds there: what went on before tells a bass note from
a kick, what comes after tells a hat from a cymbal. It only has to be right where it is sure; the rest stays unlabelled.
It is trained by drum_datasets/clip_classifier_training.py on recordings whose clips are cut by the same code.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import ClipFeatures, Manifest, ModelError
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.nets.tflite import Net

FEATURES = ClipFeatures(
    sample_rate=RATE, hop_length=441, n_fft=2048, n_bands=48, before=8, frames=32, heads=tuple(DRUMS)
)
LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0
DEPTH_DB = 70.0
"""Below the clip's loudest band there is nothing."""
SCALE_DB = 20.0
"""One unit of the input."""
ATTACK_FRAMES = 8
LOUD = 90
"""Percentile of a track's attacks that counts as loud, in each band."""


@cache
def _mel() -> NDArray[np.float32]:
    import librosa

    filters = librosa.filters.mel(
        sr=RATE, n_fft=FEATURES.n_fft, n_mels=FEATURES.n_bands, fmin=LOWEST_HZ, fmax=HIGHEST_HZ
    )
    return np.asarray(filters.T, np.float32)


def features(samples: Sound, times: Sequence[float]) -> NDArray[np.float32]:
    """Give the features of the clips at `times` (seconds, from 0 on) of one track: samples, float32 (n,), 44 100 Hz.

    Returns float32, (m, FEATURES.n_inputs): 32 frames, one every 10 ms, the ninth centred on the attack. In each first
    48 mel bands in dB under the clip's loudest, then the same bands in dB against the track's own loud attacks: this
    tells a soft hat from a snare, and how the record was equalised does not matter to it. The level never matters.
    """
    f = FEATURES
    lead = f.before * f.hop_length + f.n_fft // 2
    behind = np.zeros(f.frames * f.hop_length + f.n_fft, np.float32)
    padded = np.concatenate([np.zeros(lead, np.float32), samples, behind])
    frames = np.lib.stride_tricks.sliding_window_view(padded, f.n_fft)
    window = np.hanning(f.n_fft).astype(np.float32)
    steps = np.arange(f.frames) * f.hop_length
    level = np.empty((len(times), f.frames, f.n_bands), np.float32)
    for row, time in zip(level, times, strict=True):
        at = min(round(time * RATE), len(samples))
        power = np.abs(np.fft.rfft(frames[at + steps] * window, axis=1)) ** 2
        row[:] = 10 * np.log10(power.astype(np.float32) @ _mel() + 1e-10)
    if not len(level):
        return np.zeros((0, f.n_inputs), np.float32)
    attacks = level[:, f.before : f.before + ATTACK_FRAMES].max(axis=1)
    own = np.maximum(level - level.max(axis=(1, 2), keepdims=True), -DEPTH_DB) + DEPTH_DB / 2
    against = np.clip(level - np.percentile(attacks, LOUD, axis=0), -DEPTH_DB / 2, DEPTH_DB / 4) + DEPTH_DB / 4
    out = np.concatenate([own, against], axis=2) / SCALE_DB
    return np.asarray(out.reshape(len(out), f.n_inputs), np.float32)


class ClipClassifier:
    """The net of one manifest."""

    def __init__(self, manifest: Manifest) -> None:
        """Open it. Raises ModelError if it takes no onset-centred clips as they are cut here."""
        where = f"model {str(manifest.path)!r}"
        if manifest.features != FEATURES:
            raise ModelError(f"{where} takes no onset-centred clips: train one with samplechop drums clips")
        self.manifest = manifest
        try:
            drums = manifest.decision["drums"]
            self.sure = {name: float(drums[name]["sure"]) for name in DRUMS}
            self.absent = {name: float(drums[name]["absent"]) for name in DRUMS}
        except (KeyError, TypeError, ValueError):
            raise ModelError(f"{where}: decision.drums must give 'sure' and 'absent' for each drum") from None
        self._net = Net(manifest, FEATURES.n_inputs, len(DRUMS))

    def predict(self, clips: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the probability of each of DRUMS: float32, (m, 5), of features(), float32 (m, n)."""
        logits = np.zeros((len(clips), len(DRUMS)), np.float32)
        for row, one in zip(logits, clips, strict=True):
            row[:] = self._net.run(one[None])[0]
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def open_net(model: Path) -> ClipClassifier:
    """Open a net that samplechop drums clips has written: the path of its .json or .tflite, or without either.

    Raises ModelError if there is none or it is of another kind.
    """
    return ClipClassifier(
        models.load(model if model.suffix in {".json", ".tflite"} else model.with_name(model.name + ".json"))
    )
