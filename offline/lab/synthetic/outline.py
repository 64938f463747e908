"""What kind of record comes next: decided by the seed and its number alone."""

from dataclasses import dataclass

import numpy as np

SHORTEST, LONGEST = 20.0, 45.0
SHARES = {"noise": 0.2, "drums": 0.18, "solo": 0.14, "band": 0.08, "full": 0.4}
"""Kinds of records and their shares: surface noise only, drums alone, no pulse, a band without drums, everything."""
VALIDATION = 0.12


@dataclass(frozen=True, slots=True)
class Outline:
    """What is decided about a record before it is composed: its kind, its side of the split, its length in seconds."""

    kind: str
    split: str
    length: float


def outline(seed: int, number: int) -> Outline:
    """Decide about record `number` of the crate with this seed; it depends on nothing else."""
    rng = np.random.default_rng([seed, number, 0])
    kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    split = "validation" if rng.random() < VALIDATION else "train"
    return Outline(kind, split, round(float(rng.uniform(SHORTEST, LONGEST)), 3))
