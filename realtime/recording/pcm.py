"""From float audio to whole numbers of 24 bits, and to the bytes a WAV file holds."""

import numpy as np
from numpy.typing import NDArray

_FULL = 1 << 23


def pcm24(samples: NDArray[np.float32]) -> NDArray[np.int32]:
    """Round float32 (n, channels), full scale ±1, to int32 of the same shape in -2**23..2**23-1.

    The scale is 2**23, as in the drivers that made the floats: what came from a converter or a file of up to 24 bits
    is given back bit for bit, so there is nothing to dither. What is louder is clipped; NaN, which the ear takes for
    silence, becomes 0.
    """
    scaled = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0) * np.float32(_FULL)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -_FULL, _FULL - 1, out=scaled)
    return scaled.astype(np.int32)


def packed24(samples: NDArray[np.float32]) -> bytes:
    """Give float32 (n, channels) as interleaved little-endian numbers of three bytes."""
    numbers = np.ascontiguousarray(pcm24(samples), dtype="<i4")
    return numbers.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def packed_float(samples: NDArray[np.float32]) -> bytes:
    """Give float32 (n, channels) as interleaved little-endian floats of four bytes, untouched."""
    return np.ascontiguousarray(samples, dtype="<f4").tobytes()
