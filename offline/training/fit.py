"""Fit a streaming net to shards of features: random stretches of records, a learning rate that rises and falls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.training.keras_backend import keras, tensorflow
from offline.training.prepare import Heard
from offline.training.targets import HEADS

STRETCH = 1280
"""Frames per example: 14.9 s."""
SETTLE = 40
"""Frames at the start of an example that do not count: the net has not heard enough."""
BATCH = 8
POSITIVE_WEIGHT = 2.0
HEAD_WEIGHTS = {"chop": 1.0, "hit": 0.8, "beat": 1.0, "downbeat": 0.6, "kick": 0.3, "snare": 0.3, "onset": 0.3}


@dataclass(frozen=True, slots=True)
class Options:
    """steps: batches in all. rate: the highest learning rate. seed: of the weights and the order."""

    steps: int = 1500
    rate: float = 4e-3
    seed: int = 1
    check_every: int = 150
    patience: int = 5


@dataclass(slots=True)
class Fitted:
    """A trained net and how it went: loss of training and validation at each check."""

    model: Any
    steps: list[int] = field(default_factory=list)
    training_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)


def example(heard: Heard, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw one example: x (STRETCH, features), y (STRETCH, 2 heads): targets and, beside them, weights."""
    start = int(rng.integers(0, max(1, len(heard.x) - STRETCH + 200)))
    x = np.zeros((STRETCH, heard.x.shape[1]), np.float32)
    y = np.zeros((STRETCH, 2 * len(HEADS)), np.float32)
    n = min(STRETCH, len(heard.x) - start)
    x[:n] = heard.x[start : start + n]
    y[:n, : len(HEADS)] = heard.target[start : start + n]
    y[:n, len(HEADS) :] = heard.weight[start : start + n]
    if start:
        y[:SETTLE, len(HEADS) :] = 0
    # A little unlike every other time: each band a constant amount louder or softer, as through another cartridge.
    if rng.random() < 0.7:
        half = rng.normal(0, 0.15, x.shape[1] // 2)
        x += np.tile(half, 2).astype(np.float32)
    return x, y


def loss(y: Any, logits: Any) -> Any:
    """Weighted cross-entropy of all heads, positives counted POSITIVE_WEIGHT times."""
    tf = tensorflow()

    n = len(HEADS)
    target, weight = y[..., :n], y[..., n:]
    each = tf.nn.sigmoid_cross_entropy_with_logits(target, logits) * (1 + (POSITIVE_WEIGHT - 1) * target)
    importance = tf.constant([HEAD_WEIGHTS[head] for head in HEADS])
    return tf.reduce_sum(each * weight * importance) / (tf.reduce_sum(weight * importance) + 1.0)


def fit(
    train: Sequence[Heard],
    validation: Sequence[Heard],
    options: Options,
    model: Any,
    on_step: Callable[[int, float], None] | None = None,
) -> Fitted:
    """Fit a net; the weights with the lowest validation loss are kept. The same data and options give the same net.

    on_step: told (step, loss).
    """
    tf = tensorflow()

    k = keras()
    rng = np.random.default_rng(options.seed)
    schedule = k.optimizers.schedules.CosineDecay(
        options.rate / 25, options.steps, alpha=0.01, warmup_target=options.rate, warmup_steps=options.steps // 7
    )
    optimizer = k.optimizers.AdamW(schedule, weight_decay=1e-3, clipnorm=1.0)
    lengths = np.array([len(one.x) for one in train], float)
    chance = lengths / lengths.sum()

    @tf.function(reduce_retracing=True)
    def train_step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    held = [example(one, np.random.default_rng(i)) for i, one in enumerate(validation)]
    fitted, best, waited, running = Fitted(model), None, 0, 0.0
    for number in range(1, options.steps + 1):
        drawn = [example(train[i], rng) for i in rng.choice(len(train), BATCH, p=chance)]
        value = float(train_step(np.stack([x for x, _ in drawn]), np.stack([y for _, y in drawn])))
        running = value if number == 1 else 0.97 * running + 0.03 * value
        if on_step is not None:
            on_step(number, running)
        if number % options.check_every == 0 or number == options.steps:
            losses = [
                float(loss(np.stack([y for _, y in part]), model(np.stack([x for x, _ in part]), training=False)))
                for part in (held[i : i + BATCH] for i in range(0, len(held), BATCH))
            ]
            fitted.steps.append(number)
            fitted.training_loss.append(running)
            fitted.validation_loss.append(float(np.mean(losses)))
            if best is None or fitted.validation_loss[-1] < best[0]:
                best, waited = (fitted.validation_loss[-1], model.get_weights()), 0
            else:
                waited += 1
                if waited >= options.patience:
                    break
    if best is not None:
        model.set_weights(best[1])
    return fitted
