"""Conflicts stand as long as they are about what a project says, and until somebody settles them."""

from dataclasses import replace
from typing import Any

import pytest

from samplechop.offline.project.commands import apply
from samplechop.offline.project.conflicts import sentence
from samplechop.offline.project.document import digest, from_document, to_document
from samplechop.offline.project.model import Conflict
from samplechop.realtime.core.errors import UserError
from tests.support.projects import EMPTY, done

OF_CHOP, OF_END = Conflict("chop", 50, 0.5, "together", "c1"), Conflict("end", 90, 0.9, "unheard", "c2")
OF_PLACES = tuple(Conflict(what, at, 1.0) for what, at in (("deleted", 10), ("one", 20), ("tap", 30)))
OF_TEMPO = Conflict("tempo-change", 40, 1.0)
SAID = done(
    {"do": "add", "at": 50},
    {"do": "end", "at": 70, "end": 90},
    {"do": "delete", "at": 10},
    {"do": "tap", "taps": [30, 31, 32]},
    {"do": "one", "at": 20},
    {"do": "tempo-change", "at": 40, "bpm": 90},
)
CONFLICTS = (OF_CHOP, OF_END, *OF_PLACES, OF_TEMPO)
PROJECT = replace(SAID, conflicts=CONFLICTS)


def test_conflicts_are_kept_and_no_kit_is_another_by_them() -> None:
    assert from_document(to_document(PROJECT)) == PROJECT
    assert digest(PROJECT) == digest(SAID)


@pytest.mark.parametrize(
    ("command", "gone"),
    [
        ({"do": "move", "chop": "c1", "to": 60}, {OF_CHOP}),
        ({"do": "delete", "chop": "c1"}, {OF_CHOP}),
        ({"do": "release", "chop": "c2"}, {OF_END}),
        ({"do": "end", "chop": "c2", "end": None}, {OF_END}),
        ({"do": "restore", "at": 10}, {OF_PLACES[0]}),
        ({"do": "not-one", "at": 20}, {OF_PLACES[1]}),
        ({"do": "tempo", "bpm": None}, {OF_PLACES[2]}),
        ({"do": "reset-grid"}, {*OF_PLACES[1:], OF_TEMPO}),
        ({"do": "settle", "chop": "c1"}, {OF_CHOP}),
        ({"do": "settle", "at": 10}, {OF_PLACES[0]}),
        ({"do": "settle"}, {*CONFLICTS}),
        ({"do": "lock", "chop": "c1"}, set()),
        ({"do": "name", "chop": "c2", "name": "intro"}, set()),
    ],
)
def test_what_is_said_of_the_place_settles_a_conflict(command: dict[str, Any], gone: set[Conflict]) -> None:
    assert set(PROJECT.conflicts) - set(apply(PROJECT, command).conflicts) == gone


@pytest.mark.parametrize("command", [{"chop": "c2", "at": 50}, {"chop": "c9"}, {"at": 11}])
def test_what_is_in_no_conflict_cannot_be_settled(command: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"nothing is in conflict|not both"):
        apply(PROJECT, {"do": "settle"} | command)


def test_a_sentence_says_what_is_in_conflict_and_where_it_is_kept() -> None:
    project = apply(PROJECT, {"do": "name", "chop": "c2", "name": "intro"})
    assert sentence(OF_END, project) == (
        "the end of c2 'intro', 0.900 s, has no sound like it in 'song.flac': kept near 0.002 s"
    )
    assert sentence(OF_CHOP, project) == "c1, 0.500 s, came to lie where another does: kept beside it, 0.001 s"


def test_a_conflict_about_what_is_not_there_counts_for_none() -> None:
    assert from_document(to_document(replace(EMPTY, conflicts=CONFLICTS))) == EMPTY


def test_a_project_without_conflicts_may_be_of_the_schema_before() -> None:
    document = to_document(SAID) | {"schema": 1}
    assert from_document(document) == SAID
