"""`samplechop bench kit`: how fast chops are chosen, and how little the chosen repeat themselves."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from samplechop.offline.kits.analysis import descriptors
from samplechop.offline.kits.analysis.descriptors import Descriptors
from samplechop.offline.kits.model import Candidate
from samplechop.offline.kits.open import open_record
from samplechop.offline.kits.options import ChopOptions
from samplechop.offline.kits.selection import plan, redundancy, select
from samplechop.offline.lab.bench.figures import Figure
from samplechop.offline.lab.bench.timing import best_seconds

MANY = 2000
RATE = 44_100
OPTIONS = ChopOptions()
CLASSIC = ChopOptions(classic=True)
"""The choice of 2017."""
TELLING = 0.1
"""Least MFCC similarity of the strongest chops that can be lowered by a share of it: below, they do not repeat."""
LONGEST_NAME = 20


def diversification() -> Iterator[Figure]:
    """Choose 16 of 2,000 made-up candidates: clean-up, distances, ranks, ban and the greedy choice, after features."""
    luck = np.random.default_rng(0)
    found = [Candidate(index * RATE // 4, float(p)) for index, p in enumerate(luck.uniform(0.4, 1.0, MANY))]
    harmonic = (luck.random((MANY, descriptors.SEMITONES)) ** 3).astype(np.float32)
    level_db, timbre = np.zeros(MANY, np.float32), np.zeros((MANY, descriptors.MFCCS), np.float32)
    described = Descriptors("slice", RATE, harmonic, harmonic, timbre, level_db)
    took = 1e3 * best_seconds(lambda: select.choose(found, described, OPTIONS, (), (), RATE))
    yield Figure(f"16 of {MANY:,} candidates", took, "ms", goal="≤ 50", reached=took <= 50)


def redundancies(path: Path) -> Iterator[Figure]:
    """Judge the kit of one record, and what else could be made of the same candidates. The goals are the kit's.

    Raises UserError for what cannot be read.
    """
    with tempfile.TemporaryDirectory() as scratch:
        record = open_record(path, Path(scratch))
        among = plan.choice(record, OPTIONS, 0, record.length)
        starts = np.array([place.sample for place in among.places], np.int64)
        stops = np.append(starts, record.length)[1:]
        took = best_seconds(lambda: descriptors.describe(record, starts, stops), 2)
    chosen, classic = (among.chosen(options) for options in (OPTIONS, CLASSIC))
    judged = redundancy.figures(
        among.places, among.described, chosen, OPTIONS.count, 0, record.length, {"classic": classic}
    )
    name = path.stem if len(path.stem) <= LONGEST_NAME else path.stem[: LONGEST_NAME - 1] + "…"
    yield Figure(f"{name}: candidates", len(among.found.candidates), "")
    yield Figure(f"{name}: features", record.length / record.sample_rate / took, "× real time")
    if not judged:
        return
    for what in ("duplicates", "similarity", "probability"):
        for way, values in judged.items():
            yield _with_goal(Figure(f"{name}: {_WORDS[what]}, {way}", values[what], ""), what, way)
    kit, top = judged["kit"], judged["top-N"]
    loss = 1 - kit["probability"] / max(top["probability"], 1e-9)
    yield Figure(f"{name}: probability lost", 100 * loss, "%", goal="≤ 5", reached=loss <= 0.05)
    if top["similarity"] >= TELLING:
        lower = 1 - kit["similarity"] / top["similarity"]
        yield Figure(f"{name}: MFCC similarity lowered", 100 * lower, "%", goal="≥ 30", reached=lower >= 0.3)


_WORDS = {"duplicates": "duplicate rate", "similarity": "MFCC similarity", "probability": "mean probability"}


def _with_goal(figure: Figure, what: str, way: str) -> Figure:
    wanted = what == "duplicates" and way == "kit"
    return figure.with_goal("≤ .25", figure.value <= 0.25) if wanted else figure
