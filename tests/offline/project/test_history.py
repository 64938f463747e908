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


def move(to: int, further: bool = True, **chop: object) -> dict[str, object]:
    """Give a move of the chop that was found at 100, as a nudge says it."""
    return {"do": "move", **(chop or {"at": 100}), "to": to, **({"further": True} if further else {})}


def test_nudges_of_one_cut_are_one_step() -> None:
    nudges = [move(110, further=False), *(move(to, chop="c2") for to in (120, 130, 140, 150))]
    history = History(EMPTY, [ADD, *nudges])
    assert history.project == done(ADD, move(150, further=False))
    assert history.do(UNDO) == done(ADD)
    assert history.do(REDO) == done(ADD, move(150, further=False))


def test_a_nudge_behind_another_edit_or_of_another_cut_is_a_step_of_its_own() -> None:
    history = History(EMPTY, [move(110), LOCK, move(120), {"do": "move", "at": 300, "to": 310, "further": True}])
    assert history.do(UNDO) == done(move(110), LOCK, move(120))
    assert history.do(UNDO) == done(move(110), LOCK)


def test_a_move_that_does_not_say_that_it_goes_further_is_a_step_of_its_own() -> None:
    assert History(EMPTY, [move(110), move(120, further=False), UNDO]).project == done(move(110))


def test_a_nudged_cut_holds_the_kit_as_it_was_before_the_first() -> None:
    hold = {"do": "hold", "kit": "ab" * 32, "slices": [[100, 200, 36], [200, 300, 37]]}
    passed = {**hold, "slices": [[200, 300, 36]]}
    history = History(
        EMPTY, [{"do": "steps", "steps": [hold, move(200)]}, {"do": "steps", "steps": [passed, move(150)]}]
    )
    assert history.project == done(hold, move(150))
    assert history.do(UNDO) == EMPTY


def test_nudges_of_an_end_are_one_step() -> None:
    ends = [{"do": "end", "at": 100, "end": end, "further": True} for end in (200, 210, 220)]
    history = History(EMPTY, ends)
    assert history.project == done(ends[-1])
    assert history.do(UNDO) == EMPTY


def test_steps_of_one_option_are_one_step() -> None:
    counts = [{"do": "kit", "option": "count", "value": count, "further": True} for count in (12, 13, 14)]
    history = History(EMPTY, [*counts, {"do": "kit", "option": "min_gap", "value": 1, "further": True}])
    assert history.do(UNDO).kit == {"count": 14}
    assert history.do(UNDO) == EMPTY


def test_formats_are_passed_by_undo_and_redo() -> None:
    history = History(EMPTY, [ADD, LOCK, UNDO, {"do": "formats", "formats": ["op1"]}])
    assert history.project.kit == {"formats": ("op1",)}
    assert history.do(REDO) == done(ADD, LOCK, {"do": "kit", "option": "formats", "value": ["op1"]})
    history.do(UNDO)
    assert history.do(UNDO) == done({"do": "kit", "option": "formats", "value": ["op1"]})
    with pytest.raises(UserError, match="nothing to undo"):
        history.do(UNDO)
    history.do({"do": "formats", "formats": None})
    assert history.do(REDO) == done(ADD)


def test_formats_that_are_none_change_nothing() -> None:
    history = History(EMPTY, [ADD])
    with pytest.raises(UserError, match=r"kit\.formats must be a list"):
        history.do({"do": "formats", "formats": "op1"})
    assert history.project == done(ADD)
