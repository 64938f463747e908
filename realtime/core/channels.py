"""What of a stereo input is analysed: the choices, and when left and right cancel each other. `dsp.downmix` does it."""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Channel = Literal["auto", "mix", "left", "right", "mid", "side"]
CHANNELS = ("auto", "mix", "left", "right", "mid", "side")
CHANNEL_HELP = "Of stereo: mix, left, right, mid, side, or auto: the mix, or side while left and right cancel"
WEIGHTS = {"left": (1.0, 0.0), "right": (0.0, 1.0), "mid": (0.5, 0.5), "side": (0.5, -0.5)}
"""What each of the two first channels counts; the other choices are means."""
ANTIPHASE_RATIO = 4.0
"""Energy of side over mid from which channels are in anti-phase: a phase correlation below -0.6."""


def cancels(blocks: Iterable[NDArray[Any]]) -> bool:
    """Say whether a short sound, floats (n, channels), is stereo in anti-phase as a whole, so that its mean is none."""
    middle = difference = 0.0
    for samples in blocks:
        if samples.shape[1] != 2:
            return False
        known = np.nan_to_num(samples.astype(np.float64, copy=False), posinf=1.0, neginf=-1.0)
        middle += float(np.sum(np.square(known[:, 0] + known[:, 1])))
        difference += float(np.sum(np.square(known[:, 0] - known[:, 1])))
    return difference > ANTIPHASE_RATIO * middle
