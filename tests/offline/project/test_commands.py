"""What each command makes of a project, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from samplechop.offline.project.commands import COMMANDS, apply
from samplechop.offline.project.document import from_document, to_document
from samplechop.offline.project.kit_options import chop_options
from samplechop.offline.project.model import Grid, Project, TempoChange
from samplechop.realtime.core.errors import UserError
from tests.support import projects

EMPTY = replace(projects.EMPTY, audio=replace(projects.AUDIO, length=1_000_000))


def done(*commands: dict[str, Any], begin: Project = EMPTY) -> Project:
    return projects.done(*commands, begin=begin)


def test_a_moved_candidate_remembers_where_it_was_found() -> None:
    (chop,) = done({"do": "move", "at": 5000, "to": 5100}).chops
    assert (chop.id, chop.at, chop.origin) == ("c1", 5100, 5000)


def test_a_candidates_place_means_the_chop_that_it_has_become() -> None:
    (chop,) = done({"do": "move", "at": 5000, "to": 5100}, {"do": "lock", "at": 5000}).chops
    assert (chop.id, chop.at, chop.locked) == ("c1", 5100, True)


def test_a_deleted_chop_leaves_its_place_and_its_candidates() -> None:
    project = done({"do": "move", "at": 5000, "to": 5100}, {"do": "delete", "chop": "c1"})
    assert project.chops == ()
    assert project.deleted == (5000, 5100)


def test_a_place_that_is_added_again_is_deleted_no_more() -> None:
    project = done({"do": "delete", "at": 700}, {"do": "add", "at": 700})
    assert project.deleted == ()
    assert [chop.at for chop in project.chops] == [700]


def test_a_candidate_of_which_nothing_is_said_any_more_is_the_machines_again() -> None:
    assert done({"do": "lock", "at": 9}, {"do": "unlock", "at": 9}).is_empty


def test_no_id_is_given_twice() -> None:
    project = done({"do": "add", "at": 1}, {"do": "delete", "chop": "c1"}, {"do": "add", "at": 2})
    assert [chop.id for chop in project.chops] == ["c2"]


def test_properties_are_said_and_taken_back() -> None:
    said = [
        {"do": "name", "chop": "c1", "name": "intro ä"},
        {"do": "pad", "chop": "c1", "note": 40},
        {"do": "end", "chop": "c1", "end": 2000},
        {"do": "gain", "chop": "c1", "gain_db": -3},
        {"do": "choke", "chop": "c1", "choke": 2},
        {"do": "play", "chop": "c1", "play": "gate"},
        {"do": "colour", "chop": "c1", "colour": "#56B4E9"},
    ]
    project = done({"do": "add", "at": 100}, *said)
    (chop,) = project.chops
    assert (chop.name, chop.note, chop.end, chop.gain_db, chop.choke, chop.play, chop.colour) == (
        *("intro ä", 40, 2000, -3.0, 2, "gate", "#56b4e9"),
    )
    nothing = [command | {name: None for name in command if name not in ("do", "chop")} for command in said]
    assert done(*nothing, begin=project).chops == done({"do": "add", "at": 100}).chops


def test_pads_are_swapped() -> None:
    project = done(
        {"do": "pad", "at": 1, "note": 36},
        {"do": "pad", "at": 2, "note": 37},
        {"do": "swap", "chop": "c1", "with": "c2"},
    )
    assert [(chop.id, chop.note) for chop in project.chops] == [("c1", 37), ("c2", 36)]


def test_several_steps_are_one_command_all_or_none() -> None:
    steps = {"do": "steps", "steps": [{"do": "add", "at": 1}, {"do": "lock", "chop": "c1"}]}
    (chop,) = apply(EMPTY, steps).chops
    assert chop.locked
    with pytest.raises(UserError, match=r"step 2: there is no chop 'c9'"):
        apply(EMPTY, {"do": "steps", "steps": [{"do": "add", "at": 1}, {"do": "lock", "chop": "c9"}]})


def test_settings_of_the_kit_are_kept_and_taken_back() -> None:
    project = done(
        {"do": "kit", "option": "count", "value": 12},
        {"do": "kit", "option": "formats", "value": ["default", "op1"]},
        {"do": "kit", "option": "until", "value": "chosen"},
        {"do": "kit", "option": "until", "value": None},
    )
    assert project.kit == {"count": 12, "formats": ("default", "op1")}


def test_of_two_settings_that_do_not_go_together_the_later_counts_and_others_are_refused() -> None:
    project = done({"do": "kit", "option": "choose", "value": "bars"}, {"do": "kit", "option": "density", "value": 0.3})
    assert from_document(to_document(project)).kit == {"density": 0.3}
    project = done({"do": "kit", "option": "start", "value": 9.0})
    with pytest.raises(UserError, match="--start must be 0 or more and lie before --end, 5 s"):
        apply(project, {"do": "kit", "option": "end", "value": 5.0})


def test_a_density_said_now_takes_the_place_of_the_projects_way_to_choose_and_none_leaves_it() -> None:
    project = done({"do": "kit", "option": "choose", "value": "bars"})
    assert chop_options(project, {"density": 0.3}).choose == "auto"
    assert chop_options(project, {"density": None}).choose == "bars"


def test_corrections_of_the_grid_add_up() -> None:
    project = done(
        {"do": "tempo", "factor": 2},
        {"do": "tempo", "factor": 2},
        {"do": "shift", "by": -100},
        {"do": "shift", "by": 30},
        {"do": "shift", "beats": 1},
        {"do": "one", "at": 44_100},
        {"do": "meter", "beats_per_bar": 3},
        {"do": "tempo-change", "at": 500_000, "bpm": 96.5},
    )
    assert project.grid == Grid(4.0, None, (), -70, 1, (44_100,), 3, (TempoChange(500_000, 96.5),))
    assert apply(project, {"do": "reset-grid"}).is_empty
    with pytest.raises(UserError, match=r"a bar begins at 1\.000 s, as was said, wherever the grid is shifted"):
        apply(project, {"do": "shift", "beats": 1})


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (7, "a command is an object"),
        ({"do": "mvoe"}, r"no command 'mvoe' \(did you mean 'move'\?\)"),
        ({"do": "add"}, "the command 'add' lacks 'at'"),
        ({"do": "add", "at": 1_000_000}, r"at must be a sample of the record, an integer in 0..999999, got 1000000"),
        ({"do": "add", "at": True}, "at must be a sample"),
        ({"do": "add", "at": 500}, "there is a chop at 0.011 s already, c1"),
        ({"do": "add", "at": 7, "name": "x"}, "'name', which nobody knows"),
        ({"do": "move", "chop": "c1", "at": 7, "to": 9}, "not by both"),
        ({"do": "move", "to": 9}, "says which chop it means"),
        ({"do": "move", "chop": "c9", "to": 9}, "there is no chop 'c9'"),
        ({"do": "move", "at": 7, "to": 500}, "there is a chop at 0.011 s already, c1"),
        (
            {"do": "move", "chop": "c1", "to": 900},
            "cannot move to 0.020 s: its slice ends at 0.018 s; move its end first",
        ),
        ({"do": "move", "at": 7, "to": 9, "further": 1}, "further must be true or false, got 1"),
        ({"do": "end", "chop": "c1", "end": 500}, r"the slice of c1 begins at 0.011 s: it cannot end at 0.011 s"),
        ({"do": "pad", "at": 7, "note": 36}, "note 36 is c1's"),
        ({"do": "pad", "at": 7, "note": 128}, r"note must be an integer in 0..127"),
        ({"do": "gain", "at": 7, "gain_db": float("nan")}, r"gain_db must be a number in -60..24"),
        ({"do": "name", "at": 7, "name": "a\nb"}, "printable characters"),
        ({"do": "restore", "at": 7}, "nothing was deleted at 0.000 s"),
        ({"do": "kit", "option": "lock", "value": [1.0]}, "lock the chop itself instead"),
        ({"do": "kit", "option": "cuont", "value": 1}, r"did you mean 'count'"),
        ({"do": "kit", "option": "count", "value": "12"}, "kit.count must be an integer"),
        ({"do": "kit", "option": "count", "value": 500}, r"--count must be in 1..128"),
        ({"do": "kit", "option": "model", "value": "../x.json"}, "name of a released model"),
        ({"do": "key", "key": "H moll"}, "must be a key such as"),
        ({"do": "tempo", "factor": 3}, "factor must be one of"),
        ({"do": "tempo", "factor": 2, "bpm": 90}, "either a factor"),
        ({"do": "tap", "taps": [5, 3, 9]}, "taps must rise"),
        ({"do": "steps", "steps": [{"do": "steps", "steps": []}]}, "steps cannot hold steps"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(command: object, sentence: str) -> None:
    there = done(
        {"do": "add", "at": 500}, {"do": "end", "chop": "c1", "end": 800}, {"do": "pad", "chop": "c1", "note": 36}
    )
    with pytest.raises(UserError, match=sentence):
        apply(there, command)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"delete", "release", "lock", "unlock", "reset-grid"}))
def test_every_command_that_needs_something_says_so(name: str) -> None:
    with pytest.raises(UserError):
        apply(EMPTY, {"do": name})


def test_a_slice_that_is_held_moves_with_its_chop() -> None:
    held = {"do": "hold", "kit": "", "slices": [[100, 300, 36], [400, 500, 37]]}
    project = done(held, {"do": "move", "at": 400, "to": 50})
    assert project.held is not None
    assert [(one.at, one.end, one.note) for one in project.held.slices] == [(50, 500, 37), (100, 300, 36)]
    assert done(held, {"do": "hold", "kit": "", "slices": []}).held is None
