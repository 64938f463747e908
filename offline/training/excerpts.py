"""Excerpts of records for streaming nets, at another speed and augmented."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training.streaming_targets import Answers, Record, StreamSpec

EXCERPT = 1280
"""Frames per example: 14.9 s of 512 samples each."""
SETTLE = 40
"""Frames at the start of an example that do not count: the net's memory is not filled yet."""


def excerpt(
    spec: StreamSpec, record: Record, start: int, speed: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Cut EXCERPT frames from a record, as if it were played at `speed`: (x, target, weight); padded with nothing.

    Features between hops are interpolated; an event stays one frame, `lookahead` frames before its answer.
    """
    n, columns = EXCERPT, record.target.shape[1]
    x, target, weight = (np.zeros((n, width), np.float32) for width in (record.x.shape[1], columns, columns))
    if speed == 1.0:
        for whole, part in ((x, record.x), (target, record.target), (weight, record.weight)):
            some = part[start : start + n]
            whole[: len(some)] = some
        return x, target, weight
    inside = _stretch(spec, record, start, speed, x)
    for answers, rate, place in spec.groups:
        asked, counts = (
            np.asarray(one[:, place]).reshape(-1, len(answers.names)) for one in (record.target, record.weight)
        )
        target[:, place], weight[:, place] = (
            part.reshape(n, -1)
            for part in _stretched(answers, asked, counts, start * rate, speed, inside * rate, n * rate)
        )
    return x, target, weight


def _stretch(spec: StreamSpec, record: Record, start: int, speed: float, x: NDArray[np.float32]) -> int:
    """Write the features of an excerpt at another speed into x; give how many frames of it the record fills."""
    stack, steps = spec.stack, np.arange(len(x) * spec.stack)
    last = min(len(record.x), start + int(len(x) * speed) + max(spec.delays, default=0) + 2)
    first = max(0, start - max(spec.delays, default=0) - 1)
    rows = np.asarray(record.x[first:last], np.float32).reshape((last - first) * stack, -1)
    filled = x.reshape(len(steps), -1)
    delays = np.array(spec.delays or (0,) * rows.shape[1])
    for delay in np.unique(delays):
        # What is `delay` hops older than the rest is so at any speed.
        places = (start - first) * stack + delay + (steps - delay) * speed
        before = np.clip(places.astype(int), 0, len(rows) - 2)
        share = np.clip(places - before, 0, 1)[:, None].astype(np.float32)
        mine = rows[:, delays == delay]
        filled[:, delays == delay] = mine[before] * (1 - share) + mine[before + 1] * share
    inside = int(np.count_nonzero(start * stack + steps * speed < len(record.x) * stack - 1)) // stack
    x[inside:] = 0
    return inside


def _stretched(
    answers: Answers,
    target: NDArray[Any],
    weight: NDArray[Any],
    start: int,
    speed: float,
    inside: int,
    n: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give `n` targets and weights, (n, heads), from `start` on at another speed; of the first `inside` of them."""
    lookahead = answers.lookahead
    new_target, new_weight = (np.zeros((n, target.shape[1]), np.float32) for _ in range(2))
    places = np.round(start + (np.arange(n) - lookahead) * speed + lookahead).astype(int)
    known = (places >= 0) & (places < len(weight)) & (np.arange(n) < inside)
    new_weight[known] = weight[places[known]]
    first = max(0, start - 2 * lookahead)
    stop = start + int(n * speed) + lookahead
    for column, head in enumerate(answers.names):
        if head in answers.values | answers.states:
            new_target[known, column] = target[places[known], column]
            continue
        frames = first + np.flatnonzero(target[first:stop, column] == 1)
        moved = [round((frame - lookahead - start) / speed + lookahead) for frame in frames]
        counts = weight[frames, column].tolist()
        answers.mark(moved, counts, new_target[:inside, column], new_weight[:inside, column])
    return new_target, new_weight


def augment_features(
    x: NDArray[np.float32], stack: int, rng: np.random.Generator, strength: float = 1.0
) -> NDArray[np.float32]:
    """Change features as another cartridge, mastering or pressing would, now and then: each band a little louder or
    softer, livelier or flatter dynamics, some neighbouring bands masked, some noise.

    x: float32 (n, features of `stack` hops, one after the other). strength: how much, and how often bands are masked.
    """
    bands = x.shape[1] // stack
    if rng.random() < 0.7:
        x = x + np.tile(rng.normal(0, 0.15 * strength, bands), stack).astype(np.float32)
    if rng.random() < 0.5:
        x = x * np.float32(rng.uniform(1 - min(0.25 * strength, 0.9), 1 + 0.25 * strength))
    if rng.random() < 0.25 * strength:
        low, width = int(rng.integers(0, bands)), int(rng.integers(1, max(6, bands // 6) + 1))
        x = x.copy()
        x.reshape(len(x), stack, bands)[:, :, low : low + width] = 0
    if rng.random() < 0.3:
        x = x + rng.normal(0, strength * rng.uniform(0.02, 0.15), x.shape).astype(np.float32)
    return x


def example(
    spec: StreamSpec, record: Record, rng: np.random.Generator, augmentation: float = 1.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw one example: x (EXCERPT, features), y (EXCERPT, 2 columns): the target and how much it counts.

    augmentation: how strongly the features are changed; 0 for not at all, nor played at another speed.
    """
    start = int(rng.integers(0, max(1, len(record.x) - EXCERPT + 200)))
    speed = float(rng.uniform(0.85, 1.18)) if augmentation and rng.random() < 0.4 else 1.0
    x, target, weight = excerpt(spec, record, start, speed)
    if start:
        weight[:SETTLE] = 0
    changed = augment_features(x, spec.stack, rng, augmentation) if augmentation else x
    return changed, np.concatenate([target, weight], axis=1)
