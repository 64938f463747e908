"""Score saved inputs with whichever runtime works here: tflite_scores.py MODEL INPUTS.npy SCORES.npy

Runs in an environment that may have nothing but numpy, numba and a TFLite runtime; prints the runtime's name.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from samplechop import models
from samplechop.realtime.nets.temporal_net import TemporalNet
from samplechop.realtime.nets.tflite import Scorer, open_interpreter


def scores(model: str, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probabilities of windows, float32 (n,), or of a stream's frames, float32 (n, heads)."""
    manifest = models.load(model)
    if manifest.kind == "stream":
        net = TemporalNet(manifest)
        return np.concatenate([net.push(frame[None]).copy() for frame in inputs])
    out = np.zeros(len(inputs), np.float32)
    Scorer(manifest, 1).score(inputs, np.zeros(len(inputs), np.bool_), out)
    return out


if __name__ == "__main__":
    model, inputs_path, scores_path = sys.argv[1:]
    np.save(scores_path, scores(model, np.load(inputs_path)))
    print(open_interpreter(models.load(model).path.read_bytes(), 1, model)[1])
