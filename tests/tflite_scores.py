"""Score saved windows with whichever runtime works here: tflite_scores.py MODEL WINDOWS.npy SCORES.npy

Runs in an environment that may have nothing but numpy and a TFLite runtime; prints the runtime's name.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import models
from realtime.scorer import Scorer

if __name__ == "__main__":
    model, windows_path, scores_path = sys.argv[1:]
    scorer, windows = Scorer(models.load(model), 1), np.load(windows_path)
    scores = np.zeros(len(windows), np.float32)
    scorer.score(windows, np.zeros(len(windows), np.bool_), scores)
    np.save(scores_path, scores)
    print(scorer.runtime)
