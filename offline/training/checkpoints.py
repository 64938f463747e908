"""A training on disk, so that one that was killed goes on where it stood, to the same result, bit for bit.

A checkpoint is one .npz, whole or not there: the variables of net and optimizer, the best weights so far, the state of
chance, and what the losses were; nothing is pickled.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.arrays import MOST_BYTES, read_arrays
from samplechop.offline.common.atomic import replacing

Arrays = list[NDArray[Any]]
STATE = "state"
"""The array with everything that is no array, as JSON in UTF-8."""


@dataclass(slots=True)
class State:
    """Where a training stands after `step` steps.

    running: the training loss, smoothed. best: the lowest validation loss, None before the first. waited: evaluations
    since. chance: of the generator that draws batches. original: the validation loss before the first step, where a net
    is fine-tuned. steps, training_loss, validation_loss: at each evaluation. ended: whether nothing is left to do.
    """

    step: int = 0
    running: float = 0.0
    best: float | None = None
    waited: int = 0
    original: float | None = None
    chance: dict[str, Any] = field(default_factory=dict)
    steps: list[int] = field(default_factory=list)
    training_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place on disk for the state of one training. made_of: says which; that of another is passed over."""

    path: Path
    made_of: str

    def save(self, state: State, variables: Sequence[Any], best: Sequence[NDArray[Any]] | None) -> None:
        """Write it, whole or not at all. variables: of the net and the optimizer. best: weights, None before the first.

        Raises UserError if the disk does not take it.
        """
        record = json.dumps({"made_of": self.made_of, **asdict(state)})
        arrays = {STATE: np.frombuffer(record.encode(), np.uint8)}
        arrays |= {f"now_{number:04d}": np.asarray(one) for number, one in enumerate(variables)}
        arrays |= {f"best_{number:04d}": np.asarray(one) for number, one in enumerate(best or ())}
        with replacing(self.path) as part, part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    def load(self, variables: Sequence[Any]) -> tuple[State, Arrays] | None:
        """Set the variables to what was saved; gives the state and the best weights, None where nothing fits."""
        try:
            arrays = read_arrays(self.path, MOST_BYTES)
            record = json.loads(arrays.pop(STATE).tobytes())
            if record.pop("made_of") != self.made_of:
                return None
            state = State(**record)
            now, best = ([arrays[name] for name in sorted(arrays) if name.startswith(f"{kind}_")] for kind in KINDS)
            if [one.shape for one in now] != [tuple(one.shape) for one in variables]:
                return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None  # none, or one that was not written by this
        for variable, value in zip(variables, now, strict=True):
            variable.assign(value)
        return state, best

    def remove(self) -> None:
        """Delete it; where there is none, nothing happens."""
        self.path.unlink(missing_ok=True)


KINDS = ("now", "best")


def digest(*parts: object, arrays: Iterable[NDArray[Any]] = ()) -> str:
    """Give a SHA-256 over the texts of the parts, and over arrays, as hexadecimal digits."""
    found = hashlib.sha256(repr(parts).encode())
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
