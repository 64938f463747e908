"""Two systems on the same recordings: the mean of the paired differences and its standard error.

A difference of means says little beside how much recordings differ; recording by recording, what is hard for one system
is hard for the other, too, and falls away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samplechop.offline.evaluate.measures import standard_error
from samplechop.offline.evaluate.runner import Result

SURE = 2.0
"""Standard errors by which a difference must lie above 0 to be taken for one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How a system does against the one before it, over recordings of which both are measured.

    before, after: means. mean, error: of the paired differences, and its standard error; nan for under two recordings.
    better, worse: how many recordings.
    """

    recordings: int
    before: float
    after: float
    mean: float
    error: float
    better: int
    worse: int

    @property
    def is_sure(self) -> bool:
        """Whether the system is better by more than SURE standard errors."""
        return self.recordings > 1 and self.mean > SURE * self.error

    def __str__(self) -> str:
        """Say it in half a sentence."""
        ones = f"{self.recordings} recording{'' if self.recordings == 1 else 's'}"
        error = "" if np.isnan(self.error) else f" ± {self.error:.3f}"
        return (
            f"{self.after:.3f} after {self.before:.3f}, {self.mean:+.3f}{error} paired over {ones}, "
            f"better in {self.better}, worse in {self.worse}"
        )


def difference(before: Sequence[float], after: Sequence[float]) -> Difference:
    """Compare two systems by one number for each recording, in the same order."""
    first, second = np.asarray(before, float), np.asarray(after, float)
    each = second - first
    better, worse = int(np.sum(each > 0)), int(np.sum(each < 0))
    means = [float(np.mean(some)) if some.size else float("nan") for some in (first, second, each)]
    one, other, mean = means
    return Difference(each.size, one, other, mean, standard_error(each.tolist()), better, worse)


def compare(result: Result, before: str, after: str) -> Difference:
    """Compare two systems of an evaluation by the first F of the task's principal measures that each recording has."""
    measures = [key for key in result.task.principal if key.endswith("_f") or key == "name"]
    pairs = []
    for row in result.tracks:
        one, other = row.by_system[before].measures, row.by_system[after].measures
        known = ((one.get(key), other.get(key)) for key in measures)
        pairs += [(a, b) for a, b in known if a is not None and b is not None][:1]
    return difference([a for a, _ in pairs], [b for _, b in pairs])
