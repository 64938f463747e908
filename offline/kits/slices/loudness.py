"""Loudness of audio of any length by ITU-R BS.1770-4, in flat memory.

pyloudnorm weights and measures; it wants the whole signal, so it is given stretches, each with a second more on either
side: the weighting filters forget within milliseconds, so the power of each gating block is the one the whole would
have. Only the gating, which needs the blocks of all stretches, is done here.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

GATING_SECONDS = 0.4
"""Of a gating block; one begins every quarter of it. A signal that is shorter is one block."""
STRETCH_SECONDS = 10
"""Measured at a time. A whole number, as the one beside it, so that the blocks of all stretches are in step."""
BESIDE_SECONDS = 1
MOST_CHANNELS = 5
"""For which the recommendation has weights; others are not heard."""

_BLOCKS_PER_SECOND = 10
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0


def loudness(blocks: Iterable[NDArray[np.float64]], rate: int) -> float:
    """Give the integrated loudness in LUFS, -inf for silence. blocks: float64 (n, channels), full scale ±1."""
    size, beside = STRETCH_SECONDS * rate, BESIDE_SECONDS * rate
    before, blocks_before = 0, 0
    measured: list[float] = []
    held = np.zeros((0, 1))
    for samples in blocks:
        heard = samples[:, :MOST_CHANNELS]
        held = np.concatenate([held, heard]) if len(held) else heard
        while len(held) >= before + size + beside:
            stop = before + size
            told = _blockwise(held[: stop + beside], rate)
            measured += told[blocks_before : blocks_before + STRETCH_SECONDS * _BLOCKS_PER_SECOND]
            held = held[stop - beside :]
            before, blocks_before = beside, BESIDE_SECONDS * _BLOCKS_PER_SECOND
    if len(held):
        measured += _blockwise(held, rate)[blocks_before:]
    return gated(measured)


def gated(blockwise: Sequence[float]) -> float:
    """Give the mean, in LUFS, of the gating blocks that are neither near silence nor far below the others."""
    each = np.array(blockwise)
    audible = each[each >= _ABSOLUTE_GATE]
    if not len(audible):
        return -np.inf
    return _mean(audible[audible > _mean(audible) + _RELATIVE_GATE])


def _mean(levels: NDArray[np.float64]) -> float:
    """Give the level of the mean power."""
    return float(10.0 * np.log10(np.mean(10.0 ** (levels / 10.0))))


def _blockwise(samples: NDArray[np.float64], rate: int) -> list[float]:
    """Measure the gating blocks of a stretch, in LUFS."""
    import pyloudnorm

    # The next number below: of a signal as long as one block, pyloudnorm may otherwise say that it is too short.
    meter = pyloudnorm.Meter(rate, block_size=min(GATING_SECONDS, float(np.nextafter(len(samples) / rate, 0.0))))
    with np.errstate(divide="ignore", invalid="ignore"):
        meter.integrated_loudness(samples)
    return [float(level) for level in meter.blockwise_loudness]
