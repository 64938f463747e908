"""What streaming nets are trained to make small: cross-entropy against targets, former answers, or teachers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.training.keras_models import tensorflow
from samplechop.offline.training.streaming_targets import Record, StreamSpec

DISTIL_WEIGHT = 0.5
"""How much the former answers of the other heads count while a net is fine-tuned on new events of the first."""
TEACH_WEIGHT = 1.0
"""How much the answers of the other nets' mean count while one net learns from them."""
MOST_BALANCE = 4.0
"""How much more the events of a rare head count than those of a head of middling frequency, at most."""


def cross_entropy(spec: StreamSpec, records: Sequence[Record]) -> Callable[[Any, Any], Any]:
    """Give the weighted cross-entropy of all heads, events counted positive_weight times, and rare ones more.

    records: by which rare ones are told. Gives a function of (target and, behind it, how much each counts; logits).
    """
    tf, n = tensorflow(), len(spec.columns)
    weights = tf.constant(importance(spec))
    more = tf.constant(positive_weights(spec, records) - 1)

    def loss(y: Any, logits: Any) -> Any:
        target, weight = y[..., :n], y[..., n:]
        each = tf.nn.sigmoid_cross_entropy_with_logits(target, logits) * (1 + more * target)
        return tf.reduce_sum(each * weight * weights) / (tf.reduce_sum(weight * weights) + 1.0)

    return loss


def importance(spec: StreamSpec) -> NDArray[np.float32]:
    """Give the weight of each output in the loss, float32 (columns,)."""
    weights = [answers.heads[head] for answers, rate, _ in spec.groups for _ in range(rate) for head in answers.names]
    return np.array(weights, np.float32)


def positive_weights(spec: StreamSpec, records: Sequence[Record]) -> NDArray[np.float32]:
    """Give how much an event of each output counts, float32 (columns,); 1 for numbers and states.

    With spec.balance those of a head grow with the square root of how rare it is, up to MOST_BALANCE times.
    """
    events = np.array(
        [
            head not in answers.values | answers.states
            for answers, rate, _ in spec.groups
            for head in answers.names * rate
        ]
    )
    share = np.ones(len(events))
    if spec.balance:
        found = np.sum([np.count_nonzero(np.asarray(one.target) == 1, axis=0) for one in records], axis=0)
        asked = np.sum([np.count_nonzero(np.asarray(one.weight), axis=0) for one in records], axis=0)
        rate = np.maximum(found, 1) / np.maximum(asked, 1)
        known = events & (found > 0)
        if known.any():
            share = np.clip(np.sqrt(np.median(rate[known]) / rate), 1, MOST_BALANCE)
    return np.where(events, spec.positive_weight * share, 1.0).astype(np.float32)


def distillation(spec: StreamSpec, before: Any, logits: Any) -> Any:
    """Cross-entropy of what a net gives in all but its first head against what it gave before.

    Li and Hoiem, "Learning without forgetting", 2016: who labels chops only should not lose the beat.
    """
    tf = tensorflow()
    each = tf.nn.sigmoid_cross_entropy_with_logits(tf.sigmoid(before[..., 1:]), logits[..., 1:])
    return tf.reduce_mean(each * tf.constant(importance(spec)[1:]))


def teaching(spec: StreamSpec, teachers: Sequence[Any], x: Any, logits: Any) -> Any:
    """Cross-entropy of what a net gives against the mean of the teachers' logits, wherever heads give probabilities.

    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015.
    """
    tf = tensorflow()
    mean = tf.add_n([teacher(x, training=False) for teacher in teachers]) / len(teachers)
    each = tf.nn.sigmoid_cross_entropy_with_logits(tf.stop_gradient(tf.sigmoid(mean)), logits)
    numbers = [head in answers.values for answers, rate, _ in spec.groups for head in answers.names * rate]
    weights = np.where(numbers, 0, importance(spec)).astype(np.float32)
    return TEACH_WEIGHT * tf.reduce_mean(each * tf.constant(weights / weights.mean()))
