"""Undo and redo."""

import pytest

from samplechop.offline.project.document import to_document
from samplechop.offline.project.history import History
from samplechop.realtime.core.errors import UserError
from tests.support.projects import EMPTY, done

ADD, LOCK = {"do": "add", "at": 1}, {"do": "lock", "at": 2}
UNDO, REDO = {"do": "undo"}, {"do": "redo"}


def test_undo_and_redo_lead_back_and_forth() -> None:
    history = History(EMPTY, [ADD, LOCK, UNDO])
    assert history.project == done(ADD)
    assert history.redoable == LOCK
    assert history.do(REDO) == done(ADD, LOCK)


def test_an_edit_after_undo_ends_what_could_be_done_again() -> None:
    history = History(EMPTY, [ADD, UNDO, LOCK])
    with pytest.raises(UserError, match="there is nothing to redo"):
        history.do(REDO)
    assert history.project == done(LOCK)


def test_an_edit_that_cannot_be_done_changes_nothing() -> None:
    history = History(EMPTY, [ADD, UNDO])
    with pytest.raises(UserError):
        history.do({"do": "lock", "chop": "c9"})
    assert history.do(REDO) == done(ADD)


def test_a_project_is_replaced_and_that_is_undone() -> None:
    history = History(EMPTY, [ADD])
    other = done(LOCK)
    assert history.do({"do": "replace", "project": to_document(other)}) == other
    assert history.do(UNDO) == done(ADD)
