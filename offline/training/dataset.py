"""Training and validation windows: many made records, heard and labelled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import Features
from offline.training.features import CLASSIC, windows
from offline.training.labels import label
from offline.training.notes import play
from offline.training.plans import Plan, plan
from offline.training.records import Record, build
from offline.training.sounds import Shot
from offline.training.wear import empty, worn

SECONDS = 20.0
BATCH = 15
# drums and band, drums alone, band alone, nothing at all
KINDS, SHARES = ("full", "drums", "band", "empty"), (0.45, 0.13, 0.12, 0.30)


@dataclass(frozen=True, slots=True)
class Frames:
    """Labelled windows: x float32 (n, n_inputs), target float32 (n,) in 0..1."""

    x: NDArray[np.float32]
    target: NDArray[np.float32]

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Say which windows are at a chop or beside one."""
        return self.target > 0


def make_records(minutes: float, shots: Sequence[Shot], font: Path, rng: np.random.Generator) -> Iterator[Record]:
    """Make records of 20 s, worn, until there are `minutes` of them, and at least three."""
    left = max(3, round(minutes * 60 / SECONDS))
    while left > 0:
        kinds = [str(kind) for kind in rng.choice(KINDS, size=min(BATCH, left), p=SHARES)]
        left -= len(kinds)
        plans = [
            Plan(SECONDS) if kind == "empty" else plan(rng, SECONDS, drums=kind != "band", tones=kind != "drums")
            for kind in kinds
        ]
        tonal = play([made.tones for made in plans], SECONDS, font, rng)
        for kind, made, sound in zip(kinds, plans, tonal, strict=True):
            if kind == "empty":
                yield empty(SECONDS, rng)
            else:
                yield worn(build(made, sound if made.tones else None, shots, rng), rng)


def hear(
    records: Iterator[Record], rng: np.random.Generator, keep: float = 1.0, features: Features = CLASSIC
) -> Frames:
    """Turn records into labelled windows; silent windows and frames nobody can label are left out.

    keep: share of the frames without a chop to keep, in records that have chops. Records without any keep all of
    theirs, so that staying quiet on noise weighs more than precision in music.
    """
    rows, targets = [], []
    for record in records:
        heard, silent = windows(record.samples, features)
        target, weight = label(record, len(heard), features.hop_length)
        used = (weight > 0) & ~silent
        if record.chops:
            used &= (target > 0) | (rng.random(len(target)) < keep)
        rows.append(heard[used])
        targets.append(target[used])
    return Frames(np.concatenate(rows), np.concatenate(targets))
