"""One planner plans kit after kit, and each is the one that is planned alone."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record, open_record
from samplechop.offline.kits.plan import Plan, planned
from samplechop.offline.kits.planner import Planner
from samplechop.offline.lab.bench.studio import RATE, make_record
from samplechop.offline.project.model import Audio, Chop, Project

AUDIO = Audio("", RATE, 20 * RATE, 2, "")
PROJECTS = (
    Project(AUDIO),
    Project(AUDIO, chops=(Chop("c1", RATE, None, True), Chop("c2", 5 * RATE + 7, 5 * RATE)), deleted=(9 * RATE,)),
)
OPTIONS: dict[str, list[Any]] = {
    "count": [None, 1, 4, 12, 30, 64],
    "diversity": [None, 0.0, 0.6, 1.0],
    "density": [None, 0.2, 0.8],
    "reroll": [0, 3],
    "min_gap": [None, 1.5],
    "candidates": [None, 9],
    "distance": ["min", "mean"],
    "bars": [False, True],
    "until": ["next", "chosen"],
}
CHANGES = st.sampled_from([(name, value) for name, values in OPTIONS.items() for value in values])


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Record:
    folder = tmp_path_factory.mktemp("planner")
    return open_record(make_record(folder / "made.wav", 1 / 3), folder).with_cache(ArrayCache(folder / "cache"))


def facts(plan: Plan) -> tuple[Any, ...]:
    return plan.pieces, plan.found.candidates, plan.redundancy, plan.at_bars, plan.chops, plan.similarity.tolist()


@settings(max_examples=6)
@given(st.lists(st.tuples(CHANGES, st.sampled_from(PROJECTS)), min_size=3, max_size=6))
def test_whatever_was_planned_before_a_kit_is_the_same(taken: Record, turned: Any) -> None:
    planner, options = Planner(), dict[str, Any]()
    for (name, value), project in turned:
        options[name] = value
        said = ChopOptions(**options)
        found = planner.planned(taken, said, 0, taken.length, project=project)
        assert facts(found) == facts(planned(taken, said, 0, taken.length, project=project))


def test_what_there_is_to_choose_from_is_kept_while_it_is_only_chosen_otherwise(taken: Record) -> None:
    planner = Planner()
    first = planner.choice(taken, ChopOptions(), 0, taken.length)
    again = planner.choice(taken, ChopOptions(count=5, diversity=0.9, reroll=2), 0, taken.length)
    assert again.places is first.places
    assert len(again.cuts) == 5
