"""The kit of a record beside other ways to choose as many slices."""

from typing import Any

import numpy as np
import pytest
import soundfile

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record, open_record
from samplechop.offline.kits.decided import hold
from samplechop.offline.kits.plan import Plan, planned
from samplechop.offline.project.commands import apply
from samplechop.offline.project.model import Audio, Project
from samplechop.offline.studio import compare
from tests.offline.studio.conftest import RATE, groove


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    folder = tmp_path_factory.mktemp("compare")
    soundfile.write(folder / "groove.wav", groove(), RATE, "PCM_16")
    return open_record(folder / "groove.wav", folder).with_cache(ArrayCache(folder / "cache"))


OPTIONS = ChopOptions(count=6)


def kit_of(record: Record, *commands: dict[str, Any]) -> tuple[Project, Plan]:
    """Decide one after the other in the kit that is shown, as the studio does; give the project and its kit."""
    project = Project(Audio("", RATE, record.length, record.channels, "groove.wav"))
    plan = planned(record, OPTIONS, 0, record.length, project=project)
    for command in commands:
        project = apply(apply(project, hold(plan, OPTIONS)), command)
        plan = planned(record, OPTIONS, 0, record.length, project=project)
    return project, plan


def ways_of(record: Record, **others: object) -> dict[str, compare.Way]:
    return {way.name: way for way in compare.ways(record, OPTIONS, *kit_of(record), **others)}


def test_all_ways_have_as_many_slices_as_the_kit_and_are_judged(record):
    for way in (found := ways_of(record)).values():
        assert len(way.starts) == len(way.stops) == 6
        assert way.figures is not None
        assert list(way.figures) == ["repeats", "distance", "probability"]
    assert list(found) == ["kit", "strongest", "grid", "beats"]


def test_the_kit_is_shown_and_judged_as_it_is_on_the_pads(record):
    _, before = kit_of(record)
    second, last = before.pieces[1].start, before.pieces[-1].start
    project, plan = kit_of(record, {"do": "move", "at": second, "to": second + 900}, {"do": "delete", "at": last})
    kit = next(iter(compare.ways(record, OPTIONS, project, plan)))
    assert (kit.name, kit.figures) == ("kit", plan.redundancy["kit"])
    assert (kit.starts, kit.stops) == ([one.start for one in plan.pieces], [one.stop for one in plan.pieces])
    assert second + 900 in kit.starts


def test_an_equal_grid_has_parts_of_one_length(record):
    assert np.ptp(np.diff(ways_of(record)["grid"].starts)) <= 1


def test_the_strongest_are_surer_than_the_kit(record):
    found = ways_of(record)
    assert found["strongest"].figures["probability"] >= found["kit"].figures["probability"]


def test_librosa_and_another_model_are_compared_with_where_they_are_asked_for(record):
    onsets = compare.librosa_onsets(record)
    assert np.all((onsets >= 0) & (onsets <= [record.length, 1.0]))
    found = ways_of(record, library=True, models=["chop-61"])
    assert list(found)[4:] == ["librosa", "chop-61"]
    assert set(found["librosa"].starts) <= set(np.rint(onsets[:, 0]).astype(int).tolist())
