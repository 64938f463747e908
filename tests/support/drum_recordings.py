"""Small recordings with known drums, made by rule."""

from collections.abc import Sequence

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.synthesis.drums import MADE


def recording(strikes: Sequence[tuple[float, str]], length: float, hiss: float = 1e-4) -> Sound:
    """Strike made drums at times in seconds: float32, (n,), 44 100 Hz."""
    rng = np.random.default_rng(5)
    sounds = {role: MADE[role](9, 0.9, rng) for role in sorted({role for _, role in strikes})}
    out = (hiss * rng.standard_normal(round(length * RATE))).astype(np.float32)
    for time, role in strikes:
        sound = sounds[role]
        at = round(time * RATE)
        out[at : at + len(sound)] += 0.4 * sound[: len(out) - at]
    return out
