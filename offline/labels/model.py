"""What labels are, once read."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

REJECT = "reject"
"""The label text that says: here is no chop."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place as it stands in a file: seconds, its name ("" for none), and for people where it stands ("line 3")."""

    time: float
    name: str
    where: str


def _no_times() -> NDArray[np.float64]:
    return np.zeros(0)


@dataclass(frozen=True, slots=True)
class Labels:
    """The places at which one recording is cut.

    times: float64, (n,), seconds from the first sample, rising.
    names: what each is called, "" for nothing; none at all means that for every one.
    rejected: float64, (m,), seconds, rising: where somebody said that there is no chop.
    source: the file they were read from. kind: what it was, in words, such as "Audacity label track".

    Raises ValueError for times that do not rise, and for more or fewer names than times.
    """

    times: NDArray[np.float64]
    names: tuple[str, ...] = ()
    rejected: NDArray[np.float64] = field(default_factory=_no_times)
    source: Path | None = None
    kind: str = ""

    def __post_init__(self) -> None:
        """Give every time a name, and refuse what cannot be."""
        for name in ("times", "rejected"):
            values = np.asarray(getattr(self, name), np.float64)
            if values.ndim != 1 or (np.diff(values) < 0).any() or not np.isfinite(values).all():
                raise ValueError(f"{name} must be finite and rise, got {values}")
            object.__setattr__(self, name, values)
        if not self.names:
            object.__setattr__(self, "names", ("",) * len(self.times))
        if len(self.names) != len(self.times):
            raise ValueError(f"names must be as many as times, {len(self.times)}, got {len(self.names)}")
