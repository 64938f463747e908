"""Records as the drum net is to know them: in other rooms, from other desks and media."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE
from samplechop.offline.augmentation.effects import compress, reverberate
from samplechop.realtime.nets.features import HOP_LENGTH


def augment_audio(samples: NDArray[np.float32], rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """Change a record as another room, desk and medium would. Gives it and by how many samples it is later.

    Now and then: compressed, put into a room, one octave and the treble turned up or down; always: shifted against the
    frames, its peak at -24 to 0 dB, a little hiss.
    """
    shift = int(rng.integers(0, HOP_LENGTH))
    sound: NDArray[np.float32] = np.concatenate([np.zeros(shift, np.float32), samples])
    sound /= np.float32(max(float(np.max(np.abs(sound), initial=0.0)), 1e-3))
    if rng.random() < 0.25:
        sound = compress(sound, rng)
    if rng.random() < 0.3:
        sound = reverberate(sound, rng, 0.4)
    if rng.random() < 0.6:
        sound = _equalise(sound, rng)
    level = 10 ** (rng.uniform(-24, 0) / 20) / max(float(np.max(np.abs(sound), initial=0.0)), 1e-3)
    hiss = 10 ** (rng.uniform(-90, -55) / 20) * rng.standard_normal(len(sound))
    return (sound * np.float32(level) + hiss.astype(np.float32)).astype(np.float32), shift


def _equalise(sound: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Turn one band and the treble up or down, by up to 9 and 6 dB."""
    middle = float(np.exp(rng.uniform(np.log(60), np.log(6000))))
    band = signal.butter(1, (middle / 1.5, middle * 1.5), "band", fs=RATE, output="sos")
    treble = signal.butter(1, rng.uniform(2500, 9000), "high", fs=RATE, output="sos")
    gains = 10 ** (np.array([rng.uniform(-9, 9), rng.uniform(-6, 6)]) / 20) - 1
    equalised = sound + gains[0] * signal.sosfilt(band, sound) + gains[1] * signal.sosfilt(treble, sound)
    return np.asarray(equalised, np.float32)
