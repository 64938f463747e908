"""The detector of claps with a small net in place of its rule."""

from pathlib import Path

import numpy as np
from claps import FRAME, ClapDetector

from samplechop import UserError

BANDS, FRAMES = 16, 4  # the net's input: sixteen bands of the newest four frames
WEIGHTS = Path(__file__).with_name("claps.npz")


def bands(frame):
    """Give how loud each band of a frame is, float32 (BANDS,); live and in training the same."""
    spectrum = np.abs(np.fft.rfft(frame * np.hanning(FRAME)))[1:]
    return np.log1p(100 * spectrum.reshape(BANDS, -1).mean(axis=1)).astype(np.float32)


class LearnedClapDetector(ClapDetector):
    def prepare(self, spec):
        if not WEIGHTS.exists():
            raise UserError(f"no {WEIGHTS.name} beside {Path(__file__).name}: make it with train_claps.py")
        with np.load(WEIGHTS, allow_pickle=False) as file:
            self.weights = [file[name] for name in file.files]
        super().prepare(spec)

    def reset(self):
        super().reset()
        self.context = None

    def strength(self, frame):
        now = bands(frame)
        self.context = np.tile(now, FRAMES) if self.context is None else np.concatenate([self.context[BANDS:], now])
        first, first_bias, second, second_bias = self.weights
        hidden = np.maximum(0.0, self.context @ first + first_bias)
        probability = 0.5 + 0.5 * float(np.tanh(0.5 * (hidden @ second + second_bias)[0]))
        return probability if probability > 0.5 else 0.0
