import itertools
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given

from samplechop.api import detect
from samplechop.offline.kits.analysis import candidates
from samplechop.offline.kits.analysis.passages import Beginning, beginnings
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.events import ATTACK, CHOP, Event

MEMORY = 100


def struck(*places: int) -> list[Event]:
    """Attacks, those of drums alone below zero."""
    return [Event(CHOP, abs(one), 0, 0.9, way="attacks" if one < 0 else "both") for one in places]


def test_a_passage_began_up_to_the_memory_before_it_was_known() -> None:
    assert beginnings(struck(10, 350, 450, -500, -600), 0, MEMORY) == [Beginning(400, 500)]


def test_a_record_that_opens_with_drums_is_looked_back_on_to_its_beginning() -> None:
    assert beginnings(struck(0, 90, -190, -250), 0, MEMORY) == [Beginning(0, 190)]
    assert beginnings(struck(1000, 1090, -1190), 1000, MEMORY) == [Beginning(1000, 1190)]


def test_no_passage_is_looked_back_on_beyond_the_one_before() -> None:
    assert beginnings(struck(-200, -300, 310, 320, -350), 0, MEMORY)[1:] == [Beginning(301, 350)]


def test_drums_that_are_known_at_once_have_nothing_before() -> None:
    assert beginnings(struck(-1, 5), 1, MEMORY) == []
    assert beginnings(struck(), 0, MEMORY) == []


@given(st.lists(st.integers(-5000, 5000), max_size=30))
def test_beginnings_are_apart_and_in_order(places: list[int]) -> None:
    found = beginnings(struck(*places), 0, MEMORY)
    assert all(one.start < one.stop for one in found)
    assert all(one.stop <= after.start for one, after in itertools.pairwise(found))


def test_the_strokes_a_break_begins_with_are_judged_as_those_after_them(tmp_path: Path) -> None:
    record, options = open_record(DEMO, tmp_path), ChopOptions()
    kept = candidates.find(record, options, 0, record.length).candidates
    alone = [one.sample for one in kept if one.alone]
    live = [one.sample for one in detect(DEMO) if one.kind in (CHOP, ATTACK) and one.way == "attacks"]
    memory = round(2.0 * record.sample_rate)
    assert live[0] - memory <= alone[0] < live[0] - memory // 2
    assert set(live) <= set(alone)
