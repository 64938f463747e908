"""The running mean of a net's weights, which is worth about what a mean of several nets is, and costs what one does.

Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; Izmailov et al., "Averaging weights
leads to wider optima and better generalization", 2018.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from samplechop.offline.training.keras_models import tensorflow


class RunningMean:
    """An exponential mean of variables, over about `steps` steps; with 0 steps it is what they are."""

    def __init__(self, variables: Sequence[Any], steps: int) -> None:
        """Begin with what the variables are. Raises ValueError for a negative number of steps."""
        if steps < 0:
            raise ValueError(f"steps must be 0 or more, got {steps}")
        tf = tensorflow()
        # Among a net's variables are also the counters of its dropout.
        self._of = [one for one in variables if tf.as_dtype(one.dtype).is_floating] if steps else []
        self._share = 1 / max(1, steps)
        self.variables = [tf.Variable(one.numpy(), trainable=False) for one in self._of]

    def update(self) -> None:
        """Take in what the variables are now."""
        for mean, one in zip(self.variables, self._of, strict=True):
            mean.assign_add(self._share * (one - mean))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the mean into the place of the variables, for as long as this lasts."""
        now = [one.numpy() for one in self._of]
        for one, mean in zip(self._of, self.variables, strict=True):
            one.assign(mean)
        try:
            yield
        finally:
            for one, value in zip(self._of, now, strict=True):
                one.assign(value)
