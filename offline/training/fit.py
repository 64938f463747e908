"""Fit a streaming net to shards of features: random stretches of records, a learning rate that rises and falls."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training.keras_backend import tensorflow
from samplechop.offline.training.loop import Batch, Fitted, Loss, Options, learn
from samplechop.offline.training.prepare import Heard
from samplechop.offline.training.targets import mark
from samplechop.offline.training.task import Task

STRETCH = 1280
"""Frames per example: 14.9 s of 512 samples each."""
SETTLE = 40
"""Frames at the start of an example that do not count: the net has not heard enough."""
BATCH = 8
KEPT = 0.5
"""How much what the other heads said counts while a net is moved towards new events of the first."""


def cut(
    task: Task, heard: Heard, start: int, speed: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Cut STRETCH frames from a record, as if it were played at `speed`: (x, target, weight); padded with nothing.

    Features between frames are interpolated; an event stays one frame, `lookahead` frames before its answer.
    """
    n, heads, lookahead = STRETCH, heard.target.shape[1], task.lookahead
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
    answers = np.round(start + (np.arange(n) - lookahead) * speed + lookahead).astype(int)
    inside = (answers >= 0) & (answers < len(heard.weight)) & (np.arange(n) < len(places))
    weight[inside] = heard.weight[answers[inside]]
    first = max(0, start - 2 * lookahead)
    told = np.asarray(heard.target[first : start + int(n * speed) + lookahead])
    for column, head in enumerate(task.names):
        if head in task.values:
            target[inside, column] = heard.target[answers[inside], column]
            continue
        frames = np.flatnonzero(told[:, column] == 1)
        moved = [round((first + frame - lookahead - start) / speed + lookahead) for frame in frames]
        mark(task, moved, target[: len(places), column], weight[: len(places), column])
    return x, target, weight


def altered(x: NDArray[np.float32], stack: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Change features as another cartridge, mastering or pressing would, now and then: each band a little louder or
    softer, livelier or flatter dynamics, some neighbouring bands not to be heard, some noise.

    x: float32 (n, features of `stack` hops, one after the other).
    """
    bands = x.shape[1] // stack
    if rng.random() < 0.7:
        x = x + np.tile(rng.normal(0, 0.15, bands), stack).astype(np.float32)
    if rng.random() < 0.5:
        x = x * np.float32(rng.uniform(0.75, 1.25))
    if rng.random() < 0.25:
        low, width = int(rng.integers(0, bands)), int(rng.integers(1, 7))
        x = x.copy()
        x.reshape(len(x), stack, bands)[:, :, low : low + width] = 0
    if rng.random() < 0.3:
        x = x + rng.normal(0, rng.uniform(0.02, 0.15), x.shape).astype(np.float32)
    return x


def example(task: Task, heard: Heard, rng: np.random.Generator, alter: bool = True) -> Batch:
    """Draw one example: x (STRETCH, features), y (STRETCH, 2 heads): what should be said and, beside it, how much that
    counts.
    """
    start = int(rng.integers(0, max(1, len(heard.x) - STRETCH + 200)))
    speed = float(rng.uniform(0.85, 1.18)) if alter and rng.random() < 0.4 else 1.0
    x, target, weight = cut(task, heard, start, speed)
    if start:
        weight[:SETTLE] = 0
    return altered(x, task.stack, rng) if alter else x, np.concatenate([target, weight], axis=1)


def _stacked(examples: Sequence[Batch]) -> Batch:
    return np.stack([x for x, _ in examples]), np.stack([y for _, y in examples])


def loss_of(task: Task) -> Loss:
    """Give the weighted cross-entropy of all heads, events counted positive_weight times."""
    tf = tensorflow()
    n = len(task.names)
    importance = tf.constant(list(task.heads.values()))
    more = tf.constant([0.0 if head in task.values else task.positive_weight - 1 for head in task.names])

    def loss(y: Any, logits: Any) -> Any:
        target, weight = y[..., :n], y[..., n:]
        each = tf.nn.sigmoid_cross_entropy_with_logits(target, logits) * (1 + more * target)
        return tf.reduce_sum(each * weight * importance) / (tf.reduce_sum(weight * importance) + 1.0)

    return loss


def forgotten(task: Task, before: Any, logits: Any) -> Any:
    """Cross-entropy of what a net says of everything but its first head's events against what it said before.

    Li and Hoiem, "Learning without forgetting", 2016: who labels chops only should not lose the beat.
    """
    tf = tensorflow()

    each = tf.nn.sigmoid_cross_entropy_with_logits(tf.sigmoid(before[..., 1:]), logits[..., 1:])
    return tf.reduce_mean(each * tf.constant(list(task.heads.values())[1:]))


def fit(
    task: Task,
    train: Sequence[Heard],
    validation: Sequence[Heard],
    options: Options,
    model: Any,
    on_step: Callable[[int, float], None] | None = None,
    before: Any = None,
) -> Fitted:
    """Fit a net; the weights with the lowest validation loss are kept. The same data and options give the same net.

    on_step: told (step, loss). before: the net as it was; what it says but in its first head is to stay.
    """
    rng = np.random.default_rng(options.seed)
    lengths = np.array([len(one.x) for one in train], float)
    chance = lengths / lengths.sum()

    def draw() -> Batch:
        return _stacked([example(task, train[i], rng) for i in rng.choice(len(train), BATCH, p=chance)])

    def kept(x: Any, logits: Any) -> Any:
        return KEPT * forgotten(task, before(x, training=False), logits)

    examples = [example(task, one, np.random.default_rng(i), alter=False) for i, one in enumerate(validation)]
    held = [_stacked(examples[i : i + BATCH]) for i in range(0, len(examples), BATCH)]
    return learn(model, draw, held, loss_of(task), options, on_step, None if before is None else kept)
