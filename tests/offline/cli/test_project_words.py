"""Commands of a project as people type them."""

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.cli.project_words import ARGUMENTS, command_of, words_of
from samplechop.offline.project.commands import COMMANDS, apply
from samplechop.offline.project.model import Offer, Project
from samplechop.realtime.core.errors import UserError
from tests.support.projects import AUDIO, EMPTY, done

RATE = 44_100
LONG = Project(replace(AUDIO, length=100 * RATE))
OFFERED = replace(LONG, offer=Offer(("chop", "0" * 64), ((551_690, 0.9), (600_000, 0.8))))

TYPED = {
    "add 1:02.4": {"do": "add", "at": round(62.4 * RATE)},
    "move c1 12.5": {"do": "move", "chop": "c1", "to": round(12.5 * RATE)},
    "move 12.51 12.532": {"do": "move", "at": round(12.51 * RATE), "to": round(12.532 * RATE)},
    "delete 3": {"do": "delete", "at": 3 * RATE},
    "lock c12": {"do": "lock", "chop": "c12"},
    "name c1 the break": {"do": "name", "chop": "c1", "name": "the break"},
    "name c1 'two  spaces'": {"do": "name", "chop": "c1", "name": "two  spaces"},
    "name c1 none": {"do": "name", "chop": "c1", "name": None},
    "pad c1 36": {"do": "pad", "chop": "c1", "note": 36},
    "pad c1 A01": {"do": "pad", "chop": "c1", "note": 36},
    "pad c1 b16": {"do": "pad", "chop": "c1", "note": 67},
    "swap c1 c2": {"do": "swap", "chop": "c1", "with": "c2"},
    "end c1 2.5": {"do": "end", "chop": "c1", "end": round(2.5 * RATE)},
    "end c1 none": {"do": "end", "chop": "c1", "end": None},
    "gain c1 -1.5": {"do": "gain", "chop": "c1", "gain_db": -1.5},
    "kit count 12": {"do": "kit", "option": "count", "value": 12},
    "kit until 1bar": {"do": "kit", "option": "until", "value": "1bar"},
    "key F# minor": {"do": "key", "key": "F# minor"},
    "tempo x2": {"do": "tempo", "factor": 2},
    "tempo /2": {"do": "tempo", "factor": 0.5},
    "tempo 92.5": {"do": "tempo", "bpm": 92.5},
    "shift -1": {"do": "shift", "beats": -1},
    "shift -20ms": {"do": "shift", "by": round(-0.02 * RATE)},
    "shift 0.35 s": {"do": "shift", "by": round(0.35 * RATE)},
    "tap 1 1.5 2.02": {"do": "tap", "taps": [RATE, round(1.5 * RATE), round(2.02 * RATE)]},
    "tempo-change 1:02 100": {"do": "tempo-change", "at": 62 * RATE, "bpm": 100},
    "one 0.5": {"do": "one", "at": RATE // 2},
    "settle c1": {"do": "settle", "chop": "c1"},
    "settle 0.5": {"do": "settle", "at": RATE // 2},
    "settle all": {"do": "settle"},
    "undo": {"do": "undo"},
}


@pytest.mark.parametrize("command", TYPED.values(), ids=list(TYPED))
def test_a_command_is_shown_in_words_that_mean_it(command: dict[str, Any]) -> None:
    assert command_of(words_of(command, RATE), LONG) == command


def test_several_commands_are_shown_as_words_without_what_the_studio_holds() -> None:
    steps = [{"do": "hold", "kit": "", "slices": []}, {"do": "delete", "at": RATE}, {"do": "kit", "option": "count"}]
    assert words_of({"do": "steps", "steps": steps}, RATE) == "delete 1.000, kit count none"


@pytest.mark.parametrize(("text", "command"), TYPED.items())
def test_words_are_the_command_they_say(text: str, command: dict[str, Any]) -> None:
    assert command_of(text, LONG) == command


def test_a_place_means_the_candidate_or_chop_that_is_shown_there() -> None:
    assert command_of("lock 12.51", OFFERED) == {"do": "lock", "at": 551_690}
    assert command_of("lock 12.6", OFFERED) == {"do": "lock", "at": round(12.6 * RATE)}
    project = done({"do": "add", "at": 441_007}, begin=LONG)
    assert command_of("delete 10", project) == {"do": "delete", "at": 441_007}
    assert command_of("move c1 12.51", OFFERED)["to"] == round(12.51 * RATE)


@pytest.mark.parametrize(
    "text", ["", "dance", "mvoe c1 2", "move c1", "undo now", "add here", "add inf", "add nan", "name 'x"]
)
def test_what_is_no_command_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UserError) as error:
        command_of(text, LONG)
    assert "\n" not in str(error.value)


def test_a_misspelt_verb_is_told_which_one_was_meant() -> None:
    with pytest.raises(UserError, match="did you mean 'move'"):
        command_of("mvoe c1 2", LONG)


def test_every_command_of_one_line_has_words() -> None:
    assert {"undo", "redo"} == ARGUMENTS.keys() - COMMANDS.keys()
    assert {"hold", "steps"} == COMMANDS.keys() - ARGUMENTS.keys()
    for verb, names in ARGUMENTS.items():
        if verb in COMMANDS and verb != "tempo":
            assert set(names) - {"chop"} <= COMMANDS[verb][1]


@given(st.text(max_size=40))
def test_no_text_makes_an_edit_fail_otherwise(text: str) -> None:
    with contextlib.suppress(UserError):
        apply(EMPTY, command_of(text, EMPTY))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("add 100.5", "'100.5' lies outside of the record, which has 100.000 s"),
        ("move 1 -0.5", "outside of the record"),
        ("end 2 1.5", "a slice that begins at 2.000 cannot end at 1.500"),
        ("swap 1 2", "no chop of the project lies at '1'"),
    ],
)
def test_what_cannot_be_is_said_in_the_seconds_that_were_typed(text: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        command_of(text, LONG)


def test_chops_that_swap_their_pads_are_named_by_their_places_too() -> None:
    project = done({"do": "pad", "at": RATE, "note": 36}, {"do": "lock", "at": 2 * RATE}, begin=LONG)
    assert command_of("swap 1 2.001", project) == {"do": "swap", "chop": "c1", "with": "c2"}
