"""Fit a streaming net to shards of features: random stretches of records, a learning rate that rises and falls."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.training.keras_backend import tensorflow
from offline.training.loop import Batch, Fitted, Options, learn
from offline.training.prepare import LOOKAHEAD, Heard
from offline.training.targets import EDGE, HEADS

STRETCH = 1280
"""Frames per example: 14.9 s."""
SETTLE = 40
"""Frames at the start of an example that do not count: the net has not heard enough."""
BATCH = 8
POSITIVE_WEIGHT = 2.0
KEPT = 0.5
"""How much the other heads' answers count while a net is moved towards new chops."""
HEAD_WEIGHTS = {"chop": 1.0, "hit": 0.8, "beat": 1.0, "downbeat": 0.6, "kick": 0.3, "snare": 0.3, "onset": 0.3}


def cut(heard: Heard, start: int, speed: float) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Cut STRETCH frames from a record, as if it were played at `speed`: (x, target, weight); padded with nothing.

    Features between frames are interpolated; an event stays one frame, LOOKAHEAD frames before its answer.
    """
    n, heads = STRETCH, heard.target.shape[1]
    x, target, weight = (np.zeros((n, width), np.float32) for width in (heard.x.shape[1], heads, heads))
    if speed == 1.0:
        for whole, part in ((x, heard.x), (target, heard.target), (weight, heard.weight)):
            some = part[start : start + n]
            whole[: len(some)] = some
        return x, target, weight
    places = start + np.arange(n) * speed
    places = places[places < len(heard.x) - 1]
    before = places.astype(int)
    share = (places - before)[:, None].astype(np.float32)
    rows = np.asarray(heard.x[start : start + int(n * speed) + 2], np.float32)
    x[: len(places)] = rows[before - start] * (1 - share) + rows[before - start + 1] * share
    answers = np.round(start + (np.arange(n) - LOOKAHEAD) * speed + LOOKAHEAD).astype(int)
    inside = (answers >= 0) & (answers < len(heard.weight)) & (np.arange(n) < len(places))
    weight[inside] = heard.weight[answers[inside]]
    first = max(0, start - 2 * LOOKAHEAD)
    for frame, head in np.argwhere(np.asarray(heard.target[first : start + int(n * speed) + LOOKAHEAD]) == 1):
        at = round((first + frame - LOOKAHEAD - start) / speed + LOOKAHEAD)
        for offset, value in ((-1, EDGE), (1, EDGE), (0, 1.0)):
            if 0 <= at + offset < len(places):
                target[at + offset, head] = max(target[at + offset, head], value)
                weight[at + offset, head] = 1
    return x, target, weight


def altered(x: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Change features as another cartridge, mastering or pressing would, now and then: each band a little louder or
    softer, livelier or flatter dynamics, some neighbouring bands not to be heard, some noise.
    """
    half = x.shape[1] // 2
    if rng.random() < 0.7:
        x = x + np.tile(rng.normal(0, 0.15, half), 2).astype(np.float32)
    if rng.random() < 0.5:
        x = x * np.float32(rng.uniform(0.75, 1.25))
    if rng.random() < 0.25:
        low, width = int(rng.integers(0, half)), int(rng.integers(1, 7))
        x = x.copy()
        x[:, low : min(half, low + width)] = x[:, half + low : half + min(half, low + width)] = 0
    if rng.random() < 0.3:
        x = x + rng.normal(0, rng.uniform(0.02, 0.15), x.shape).astype(np.float32)
    return x


def example(heard: Heard, rng: np.random.Generator, alter: bool = True) -> Batch:
    """Draw one example: x (STRETCH, features), y (STRETCH, 2 heads): what should be said and, beside it, how much that
    counts.
    """
    start = int(rng.integers(0, max(1, len(heard.x) - STRETCH + 200)))
    speed = float(rng.uniform(0.85, 1.18)) if alter and rng.random() < 0.4 else 1.0
    x, target, weight = cut(heard, start, speed)
    if start:
        weight[:SETTLE] = 0
    return altered(x, rng) if alter else x, np.concatenate([target, weight], axis=1)


def _stacked(examples: Sequence[Batch]) -> Batch:
    return np.stack([x for x, _ in examples]), np.stack([y for _, y in examples])


def loss(y: Any, logits: Any) -> Any:
    """Weighted cross-entropy of all heads, positives counted POSITIVE_WEIGHT times."""
    tf = tensorflow()

    n = len(HEADS)
    target, weight = y[..., :n], y[..., n:]
    each = tf.nn.sigmoid_cross_entropy_with_logits(target, logits) * (1 + (POSITIVE_WEIGHT - 1) * target)
    importance = tf.constant([HEAD_WEIGHTS[head] for head in HEADS])
    return tf.reduce_sum(each * weight * importance) / (tf.reduce_sum(weight * importance) + 1.0)


def forgotten(before: Any, logits: Any) -> Any:
    """Cross-entropy of what a net says of everything but chops against what it said before it was moved on.

    Li and Hoiem, "Learning without forgetting", 2016: who labels chops only should not lose the beat.
    """
    tf = tensorflow()

    each = tf.nn.sigmoid_cross_entropy_with_logits(tf.sigmoid(before[..., 1:]), logits[..., 1:])
    return tf.reduce_mean(each * tf.constant([HEAD_WEIGHTS[head] for head in HEADS[1:]]))


def fit(
    train: Sequence[Heard],
    validation: Sequence[Heard],
    options: Options,
    model: Any,
    on_step: Callable[[int, float], None] | None = None,
    before: Any = None,
) -> Fitted:
    """Fit a net; the weights with the lowest validation loss are kept. The same data and options give the same net.

    on_step: told (step, loss). before: the net as it was; what it says of anything but chops is to stay. The last
    weights are kept then, if their validation loss is lower than before.
    """
    rng = np.random.default_rng(options.seed)
    lengths = np.array([len(one.x) for one in train], float)
    chance = lengths / lengths.sum()

    def draw() -> Batch:
        return _stacked([example(train[i], rng) for i in rng.choice(len(train), BATCH, p=chance)])

    def kept(x: Any, logits: Any) -> Any:
        return KEPT * forgotten(before(x, training=False), logits)

    examples = [example(one, np.random.default_rng(i), alter=False) for i, one in enumerate(validation)]
    held = [_stacked(examples[i : i + BATCH]) for i in range(0, len(examples), BATCH)]
    return learn(model, draw, held, loss, options, on_step, None if before is None else kept)
