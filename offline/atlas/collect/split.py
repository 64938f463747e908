"""Where a long recording is cut into sounds: where the chop engine hears chops, or between minima of its loudness."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.kits.core.record import Record
from samplechop.realtime.core.errors import UserError

Span = tuple[int, int]
"""Samples of the record, the second is one past the last."""
HOP_SECONDS = 0.01
"""Loudness is measured this often."""
SMOOTH_SECONDS, SLOW_SECONDS = 0.03, 1.0
"""Widths, as standard deviations of a bell curve: of the outline of loudness, and of the average it is levelled by."""
DEEP_DB = 3.0
"""How far loudness must fall, and rise again, for a minimum to part two pieces."""
SHORTEST_SECONDS = 0.03
"""Of a piece."""
_FLOOR_DB = -80.0


def by_chops(record: Record, max_seconds: float) -> list[Span]:
    """Cut everything at every place where the chop engine would, in order of time; longer pieces end after max_seconds.

    Raises UserError for a model that cannot be used.
    """
    from samplechop.models import ModelError
    from samplechop.offline.kits.analysis import candidates
    from samplechop.offline.kits.core.options import ChopOptions
    from samplechop.offline.kits.selection import plan

    options = ChopOptions(max_length=max_seconds)
    rate, length = record.sample_rate, record.length
    try:
        found = candidates.find(record, options, 0, length).candidates
    except ModelError as error:
        raise UserError(str(error)) from None
    places, _ = plan.with_fixed(found, options, rate, 0, length)
    spans = [(piece.start, piece.stop) for piece in plan.pieces(places, places, options, rate, length)]
    return [(start, stop) for start, stop in spans if stop - start >= SHORTEST_SECONDS * rate]


def by_energy(record: Record, max_seconds: float, share: float) -> list[Span]:
    """Cut before the attacks that follow minima of the levelled loudness; give the best pieces, in order of time.

    Loudness in dB is levelled by its own slow average, so that quiet passages have their pieces, too. The best are
    those that stand out of their surroundings most, by their loudest moment, until they take `share` of the record.
    Longer ones end after max_seconds.
    """
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    hop = max(1, round(HOP_SECONDS * record.sample_rate))
    level = np.concatenate(list(_levels(record, hop)))
    per_second = record.sample_rate / hop
    outline, average = (gaussian_filter1d(level, width * per_second) for width in (SMOOTH_SECONDS, SLOW_SECONDS))
    levelled = outline - average
    shortest = max(1, round(SHORTEST_SECONDS * per_second))
    minima, _ = find_peaks(-levelled, prominence=DEEP_DB, distance=shortest)
    lows = [_before_attack(level, levelled, low, high) for low, high in pairwise([*minima.tolist(), len(level)])]
    edges = [0]
    for low in sorted(lows):
        edges += [low] if low - edges[-1] >= shortest else []
    edges.append(len(level))
    longest = max(1, int(max_seconds * per_second))
    parts = [(a, min(b, a + longest)) for a, b in pairwise(edges) if b > a]
    ranked = sorted(parts, key=lambda part: -float(levelled[part[0] : part[1]].max()))
    taken: list[tuple[int, int]] = []
    left = share * len(level)
    for part in ranked:
        if left <= 0:
            break
        taken.append(part)
        left -= part[1] - part[0]
    return [(start * hop, min(stop * hop, record.length)) for start, stop in sorted(taken)]


def _before_attack(level: NDArray[np.float64], levelled: NDArray[np.float64], low: int, high: int) -> int:
    """Give the last hop that is about as quiet as it gets between the minimum `low` and the loudest one before `high`.

    There may be rest between a minimum and the attack, and the outline that was smoothed rises before it.
    """
    peak = low + int(levelled[low:high].argmax())
    quiet = level[low : peak + 1] <= level[low : peak + 1].min() + DEEP_DB
    return low + int(np.flatnonzero(quiet)[-1])


def _levels(record: Record, hop: int) -> Iterator[NDArray[np.float64]]:
    """Give the power of each hop in dB, not below _FLOOR_DB, in blocks."""
    for block in record.blocks(hop * 1024):
        power = np.square(block.mean(axis=1, dtype=np.float64))
        starts = np.arange(0, len(power), hop)
        mean = np.add.reduceat(power, starts) / np.diff([*starts, len(power)])
        yield 10 * np.log10(np.maximum(mean, 10 ** (_FLOOR_DB / 10)))
