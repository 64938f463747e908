"""Which systems there are, and how they are named."""

from typing import get_args

import pytest

from samplechop.offline.evaluate import systems
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors.chop import Choose
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from tests.support.signals import record


def test_each_way_to_choose_is_a_column_of_streaming_models_alone():
    ways = [f"chop@{way}" for way in get_args(Choose)]
    assert systems.chosen_ways(["chop", "chop-61", "detector:beats"], ["all"]) == [*ways, "chop-61", "detector:beats"]
    assert systems.chosen_ways(["chop"], []) == ["chop"]
    assert systems.title("mine/me.json@hits") == "me hits"
    assert systems.parted("mine@home/me.json") == ("mine@home/me.json", "")
    with pytest.raises(UserError, match="--choose must be all or one of"):
        systems.chosen_ways(["chop"], ["never"])


def test_a_way_or_density_that_no_system_knows_is_refused():
    for named in (systems.chosen_ways, ["all"]), (systems.at_density, 0.5):
        with pytest.raises(UserError, match="is for chops of a streaming model, such as chop"):
            named[0](["chop-61", "detector:beats"], named[1])


def test_a_way_to_choose_is_that_of_the_detector():
    sound = record(6.0)[0]
    found = systems.open_system("chop@hits")(sound)
    expected = systems.live_system(ChopDetector(ChopSettings(choose="hits")))(sound)
    assert found.times.tolist() == expected.times.tolist()
    assert (found.wants, expected.wants) == ("strong", None)
    assert systems.open_system("chop@hits") is not systems.open_system("chop")


def test_a_density_is_that_of_the_detector_and_judged_by_every_attack():
    assert systems.at_density(["chop", "chop-61", "detector:beats"], 0.9) == [
        "chop@density 0.9",
        "chop-61",
        "detector:beats",
    ]
    sound = record(6.0)[0]
    found = systems.open_system("chop@density 0.9")(sound)
    expected = systems.live_system(ChopDetector(ChopSettings(density=0.9)))(sound)
    assert found.times.tolist() == expected.times.tolist()
    assert found.wants == "onsets"


@pytest.mark.parametrize("odd", ["density 7", "density 1.2.3", "density nan", "density ", "0.5"])
def test_what_is_no_density_is_no_way_but_belongs_to_the_name_of_a_model(odd):
    assert systems.parted(f"chop@{odd}") == (f"chop@{odd}", "")
    assert [systems.parted(one) for one in systems.at_density(["chop"], -0.0)] == [("chop", "density -0")]


def test_a_beat_labelled_one_is_a_downbeat():
    events = [Event("beat", 88_200, 90_000, 0.5, "2"), Event("beat", 44_100, 46_000, 0.9, "1")]
    found = systems.markers_of(events)
    assert found.times.tolist() == [1.0, 2.0]
    assert found.strengths.tolist() == [0.9, 0.5]
    assert found.downbeats.tolist() == [True, False]
    assert systems.markers_of([Event("chop", 44_100, 46_000, 0.9)]).downbeats is None


def test_models_of_other_kinds_are_not_judged_as_chops():
    assert "chop" in systems.released(("chop", "stream"))
    assert "chop" not in systems.released(("drums", "harmony"))
    with pytest.raises(UserError, match="model 'chop' cannot be evaluated here"):
        systems.check(["chop"], ("drums",))
