"""Whether drums alone sound, or nothing yet, at the hops that the early stage of a net answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.models import ModelError
from samplechop.realtime.detectors.chop.decision import DrumsAlone
from samplechop.realtime.detectors.chop.drums_alone import (
    DRUMS_ALONE,
    MUSIC,
    NOTHING_HEARD,
    SOLO,
    DrumsAloneState,
    HopStates,
    PassageFeatures,
    at_hops,
)
from samplechop.realtime.nets.features import STACK

HEADS = ("hit", "onset", SOLO)
LOOKAHEAD, FRAME_SECONDS, HOPS = 3, 512 / 44_100, 120
RULE = DrumsAlone({SOLO: 1.0}, 0.0, 0.05, 0.5, -0.5, 1.0)
ATTACK, MEMORY = 0.4, 0.1


def made(rule: DrumsAlone = RULE) -> HopStates:
    return HopStates(rule, ATTACK, MEMORY, HEADS, LOOKAHEAD, HOPS, FRAME_SECONDS)


def heads() -> np.ndarray:
    """Give what a net says of a passage of drums, one of music, and drums again."""
    rows = np.full((HOPS // STACK - LOOKAHEAD, len(HEADS)), 0.5, np.float32)
    rows[:, 2] = 0.9
    rows[15:35, 2] = 0.1
    return rows


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_states_of_hops_do_not_depend_on_how_they_come(sizes: list[int]) -> None:
    rows, states = heads(), made()
    found: list[int] = []
    for size in (*sizes, HOPS):
        first, last = len(found), min(len(found) + size, HOPS)
        given_rows = slice(*(max(0, at // STACK - LOOKAHEAD) for at in (first, last)))
        found += states.push(rows[given_rows], last - first).tolist()
    known = DrumsAloneState(RULE).push(PassageFeatures(HEADS, RULE.seconds, FRAME_SECONDS).push(rows, rows[:, :0]))
    there = np.arange(HOPS) >= STACK * (LOOKAHEAD + 1) - 1
    alone = at_hops(known, True, HOPS, LOOKAHEAD)
    assert found == np.where(there, np.where(alone, DRUMS_ALONE, MUSIC), NOTHING_HEARD).tolist()
    assert set(found) == {MUSIC, DRUMS_ALONE, NOTHING_HEARD}


def test_nothing_is_heard_before_an_attack_and_some_time_after_the_last() -> None:
    rows = heads()
    rows[:, 1] = 0.3
    rows[10, 1] = ATTACK
    found = made().push(rows, HOPS)
    heard = np.flatnonzero(found != NOTHING_HEARD)
    first, frames = STACK * (10 + LOOKAHEAD + 1) - 1, int(np.ceil(MEMORY / FRAME_SECONDS)) + 1
    assert heard.tolist() == list(range(first, first + STACK * frames))


def test_a_rule_that_asks_for_a_spectrum_is_refused() -> None:
    rule = DrumsAlone({"contrast": 1.0}, 0.0, 2.0, 0.5, -0.5, 1.0)
    with pytest.raises(ModelError, match="asks for a spectrum"):
        made(rule)
