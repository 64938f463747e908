from samplechop.offline.kits import plan
from samplechop.offline.kits.core.model import Candidate

PLACES = tuple(Candidate(sample, 0.9) for sample in (0, 500, 950))


def test_a_sliver_at_the_end_is_no_chop_while_there_are_others() -> None:
    assert plan._long_enough(PLACES, set(), 2, 900) == list(PLACES[:2])


def test_a_sliver_that_is_fixed_or_needed_stays() -> None:
    assert plan._long_enough(PLACES, {950}, 2, 900) == list(PLACES)
    assert plan._long_enough(PLACES, set(), 3, 900) == PLACES
    assert plan._long_enough(PLACES[2:], set(), 1, 900) == PLACES[2:]
