"""Whether drums alone sound, at the hops that the early stage of a net answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.models import ModelError
from samplechop.realtime.detectors.chop.decision import DrumsAlone
from samplechop.realtime.detectors.chop.drums_alone import SOLO, DrumsAloneState, HopStates, PassageFeatures, at_hops
from samplechop.realtime.nets.features import STACK

HEADS = ("hit", "onset", SOLO)
LOOKAHEAD, FRAME_SECONDS, HOPS = 3, 512 / 44_100, 120
RULE = DrumsAlone({SOLO: 1.0}, 0.0, 0.05, 0.5, -0.5, 1.0)


def heads() -> np.ndarray:
    """Give what a net says of a passage of drums, one of music, and drums again."""
    rows = np.full((HOPS // STACK - LOOKAHEAD, len(HEADS)), 0.5, np.float32)
    rows[:, 2] = 0.9
    rows[15:35, 2] = 0.1
    return rows


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_states_of_hops_do_not_depend_on_how_they_come(sizes: list[int]) -> None:
    rows = heads()
    states = HopStates(RULE, HEADS, LOOKAHEAD, HOPS, FRAME_SECONDS)
    found: list[bool] = []
    for size in (*sizes, HOPS):
        first, last = len(found), min(len(found) + size, HOPS)
        given_rows = slice(*(max(0, at // STACK - LOOKAHEAD) for at in (first, last)))
        found += states.push(rows[given_rows], last - first).tolist()
    known = DrumsAloneState(RULE).push(PassageFeatures(HEADS, RULE.seconds, FRAME_SECONDS).push(rows, rows[:, :0]))
    assert found == at_hops(known, True, HOPS, LOOKAHEAD).tolist()
    assert found[0] and not all(found) and found[-1]


def test_a_rule_that_asks_for_a_spectrum_is_refused() -> None:
    rule = DrumsAlone({"contrast": 1.0}, 0.0, 2.0, 0.5, -0.5, 1.0)
    with pytest.raises(ModelError, match="asks for a spectrum"):
        HopStates(rule, HEADS, LOOKAHEAD, HOPS, FRAME_SECONDS)
