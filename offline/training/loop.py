"""The training loop that all nets share: a learning rate that rises and falls, and the best weights are kept."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training.keras_backend import keras, tensorflow

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]
"""What is heard, and what should be said of it: float32, both with the examples along the first axis."""
Loss = Callable[[Any, Any], Any]
"""(y, what the net says) in, one number out; tensors."""
Keep = Callable[[Any, Any], Any]
"""(x, what the net says) in, what it costs to have left what the net said before; tensors."""


@dataclass(frozen=True, slots=True)
class Options:
    """How long and how fast to learn.

    steps: batches in all. rate: the highest learning rate. seed: of the weights and the order. check_every: steps
    between two looks at the held batches. patience: looks without improvement after which it stops.
    """

    steps: int = 1500
    rate: float = 4e-3
    seed: int = 1
    check_every: int = 150
    patience: int = 8


@dataclass(slots=True)
class Fitted:
    """A trained net and how it went: loss of training and validation at each check."""

    model: Any
    steps: list[int] = field(default_factory=list)
    training_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)


def learn(
    model: Any,
    draw: Callable[[], Batch],
    held: Sequence[Batch],
    loss: Loss,
    options: Options,
    on_step: Callable[[int, float], None] | None = None,
    before: Keep | None = None,
) -> Fitted:
    """Train a Keras net; the weights with the lowest loss on `held` are kept. The same draws give the same net.

    AdamW (Loshchilov and Hutter, 2019) with a warm-up over the first seventh of the steps, then a cosine down to a
    hundredth; gradients clipped to a norm of 1.

    draw: gives the next batch; called from one thread of its own, one batch ahead. held: batches that only tell when
    to stop. on_step: told (step, running loss). before: added to the loss when a net is moved on rather than made; the
    last weights are kept then, unless the net was better before.
    """
    tf = tensorflow()
    k = keras()
    schedule = k.optimizers.schedules.CosineDecay(
        options.rate / 25,
        max(1, options.steps),
        alpha=0.01,
        warmup_target=options.rate,
        warmup_steps=options.steps // 7,
    )
    optimizer = k.optimizers.AdamW(schedule, weight_decay=1e-3, clipnorm=1.0)
    optimizer.build(model.trainable_variables)  # made inside train_step, its variables would have that traced twice

    @tf.function(reduce_retracing=True)
    def train_step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            said = model(x, training=True)
            value = loss(y, said)
            if before is not None:
                value += before(x, said)
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    def held_loss() -> float:
        return float(np.mean([float(loss(y, model(x, training=False))) for x, y in held]))

    fitted, best, waited, running = Fitted(model), None, 0, 0.0
    if before is not None:  # a move that makes it worse is not made
        best = unmoved = held_loss(), model.get_weights()
    for number, (x, y) in enumerate(_ahead(draw, options.steps), 1):
        value = float(train_step(x, y))
        running = value if number == 1 else 0.97 * running + 0.03 * value
        if on_step is not None:
            on_step(number, running)
        if number % options.check_every == 0 or number == options.steps:
            fitted.steps.append(number)
            fitted.training_loss.append(running)
            fitted.validation_loss.append(held_loss())
            if best is None or fitted.validation_loss[-1] < best[0]:
                best, waited = (fitted.validation_loss[-1], model.get_weights()), 0
            else:
                waited += 1
                if waited >= options.patience:
                    break
    # With the few records of one user the loss soon rises again, as the net grows surer, while its answers still get
    # better: a moved net is kept as it is at the end, unless it was better before.
    moved = before is not None and fitted.validation_loss and fitted.validation_loss[-1] < unmoved[0]
    if best is not None and not moved:
        model.set_weights(best[1])
    return fitted


def _ahead(draw: Callable[[], Batch], count: int) -> Iterator[Batch]:
    """Give `count` batches, each drawn while the one before it is learned from; one thread, so always the same ones."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(draw)
        for _ in range(count):
            batch = coming.result()
            coming = pool.submit(draw)
            yield batch
