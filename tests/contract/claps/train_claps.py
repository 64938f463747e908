"""Learn claps: python train_claps.py RECORDING..., the claps' seconds in a .txt beside each; the last validates."""

import sys
from pathlib import Path

import numpy as np
from claps import FRAME
from learned_claps import FRAMES, WEIGHTS, bands

from samplechop.offline.audio.reading import read_audio
from samplechop.offline.labels import labels_beside, read_labels
from samplechop.offline.training.keras_models import keras
from samplechop.offline.training.loop import Options, learn


def examples(recording):
    """Give the inputs of the net at each frame, and the targets: 1 where a clap begins in it."""
    samples = read_audio(recording)
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    rows = np.stack([bands(frame) for frame in frames])
    rows = np.concatenate([np.repeat(rows[:1], FRAMES - 1, axis=0), rows])
    inputs = np.concatenate([rows[at : at + len(frames)] for at in range(FRAMES)], axis=1)
    claps = np.zeros((len(frames), 1), np.float32)
    times = read_labels(labels_beside(recording), recording).times
    claps[(np.asarray(times) * 44_100 / FRAME).astype(int)] = 1
    return inputs, claps


def train(recordings, steps=600):
    """Fit the net and write its weights."""
    *parts, held_out = [examples(Path(recording)) for recording in recordings]
    inputs, claps = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    places = [np.flatnonzero(claps[:, 0] == target) for target in (0, 1)]

    def draw(rng):
        chosen = np.concatenate([rng.choice(places[0], 96), rng.choice(places[1], 32)])
        return inputs[chosen], claps[chosen]

    k = keras()
    k.utils.set_random_seed(0)
    net = k.Sequential([k.Input((inputs.shape[1],)), k.layers.Dense(24, "relu"), k.layers.Dense(1)])
    options, loss = Options(steps, seed=0, check_every=50), k.losses.BinaryCrossentropy(from_logits=True)
    fitted = learn(net, draw, [held_out], loss, options)
    np.savez(WEIGHTS, *net.get_weights())
    return fitted


if __name__ == "__main__":
    print("loss on the last recording:", min(train(sys.argv[1:]).validation_loss))
