"""Projects as JSON: what is written is read again, keeps to the published schema, and differs line by line."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.project.commands import apply
from samplechop.offline.project.document import SCHEMA, from_document, text_of, to_document
from samplechop.offline.project.model import Conflict, Offer, Project
from samplechop.realtime.core.errors import UserError
from tests.support.command import ROOT
from tests.support.projects import EMPTY, edits

PUBLISHED = fastjsonschema.compile(json.loads((ROOT / "docs" / "project.schema.json").read_text(encoding="utf-8")))
OFFER = Offer(("chop", "0" * 64), ((5, 0.5), (90, 1.0)))


def edited(commands: list[dict[str, Any]]) -> Project:
    project = replace(EMPTY, offer=OFFER)
    for command in commands:
        with suppress(UserError):
            project = apply(project, command)
    return project


@given(st.lists(edits, max_size=30))
def test_what_is_written_is_read_again_and_keeps_to_the_published_schema(commands: list[dict[str, Any]]) -> None:
    project = edited(commands)
    for chop in project.chops[:1]:
        project = replace(project, conflicts=(Conflict("chop", chop.at, 2.5, "together", chop.id),))
    document = json.loads(text_of(project))
    PUBLISHED(document)
    assert from_document(document) == project
    assert text_of(from_document(document)) == text_of(project)


def test_an_edit_of_one_chop_changes_one_line() -> None:
    project = edited([{"do": "add", "at": 50}, {"do": "add", "at": 100}, {"do": "lock", "at": 200}])
    before = text_of(project).splitlines()
    after = text_of(apply(project, {"do": "name", "chop": "c2", "name": "intro"})).splitlines()
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def broken(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = to_document(edited([{"do": "add", "at": 50}, {"do": "add", "at": 100}]))
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.pop("schema"), "schema must be an integer"),
        (lambda d: d.update(schema=SCHEMA + 1), "made by a later samplechop"),
        (lambda d: d.update(schema=0), "older than any"),
        (lambda d: d.pop("audio"), "lacks 'audio'"),
        (lambda d: d.update(extra=1), "'extra', which nobody knows"),
        (lambda d: d["chops"][1].update(at=50), "two chops lie at 50"),
        (lambda d: d["chops"][1].update(id="c1"), "the id c1 twice"),
        (lambda d: d["chops"][1].update(at=-1), r"chops\[1\].at must be a sample of the record"),
        (lambda d: d["chops"][0].update(end=50), r"chops\[0\].end must be an integer in 51..1000"),
        (lambda d: d["chops"][0].update(name="\ud800"), "printable characters"),
        (lambda d: d["kit"].update(cuont=3), "kit.cuont is no option"),
        (lambda d: d["grid"].update(factor=3), "grid.factor must be one of"),
        (lambda d: d["audio"].update(length=90), r"chops\[1\].at must be a sample"),
        (lambda d: d["offer"].update(places=[[9, 0.1], [3, 0.1]]), "offer.places must rise"),
        (
            lambda d: d.update(held={"kit": "", "slices": [[9, 5, 36]]}),
            "the end of slice 1 must be an integer in 10..1000",
        ),
        (lambda d: d.update(held={"kit": "", "slices": [[9, 15, 36], [20, 30, 36]]}), "held: two slices have one note"),
        (lambda d: d.update(held={"kit": "", "slices": [[9, 15]]}), "held: slices must be a list of .begin, end, note"),
        (
            lambda d: d.update(conflicts=[{"what": "pad", "at": 1, "was": 0}]),
            r"conflicts\[0\].what must be one of chop",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: Callable[[dict[str, Any]], object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        from_document(broken(change))


def test_older_schemas_are_migrated_step_by_step() -> None:
    def first(document: dict[str, Any]) -> dict[str, Any]:
        return document | {"deleted": document.pop("gone")}

    def second(document: dict[str, Any]) -> dict[str, Any]:
        return document | {"deleted": [2 * place for place in document["deleted"]]}

    old = {"schema": 0, "audio": to_document(EMPTY)["audio"], "gone": [5, 9]}
    assert from_document(old, 2, {0: first, 1: second}).deleted == (10, 18)
    assert old["schema"] == 0
