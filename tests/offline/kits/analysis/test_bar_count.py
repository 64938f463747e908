from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import given

from samplechop.offline.kits.analysis.bar_count import counted, in_fours
from samplechop.realtime.core.events import BEAT, Event

RATE, PERIOD = 1000, 500


def beats(places: list[int], start: int = 0) -> list[Event]:
    """Beats one after the other, with their places in the bar."""
    at = [start + PERIOD * number for number in range(len(places))]
    return [Event(BEAT, one, one, 0.9, str(place), tempo=120.0) for one, place in zip(at, places, strict=True)]


def labels(found: tuple[Event, ...]) -> list[int]:
    return [int(one.label or 0) for one in found]


EVEN = [1, 2, 3, 4] * 6


def test_an_even_count_stays() -> None:
    assert counted(beats(EVEN), RATE) == tuple(beats(EVEN))


@given(st.sets(st.integers(0, 23), max_size=4), st.integers(1, 4))
def test_a_few_doubtful_beats_change_nothing(wrong: set[int], place: int) -> None:
    said = [place if number in wrong else one for number, one in enumerate(EVEN)]
    assert labels(counted(beats(said), RATE)) == EVEN


def test_a_first_count_that_is_given_up_is_counted_back() -> None:
    assert labels(counted(beats([3, 4, 1, 2, 3, 1, 2, 3, 4, *EVEN]), RATE))[:9] == [
        4,
        1,
        2,
        3,
        4,
        1,
        2,
        3,
        4,
    ]


def test_a_first_count_of_three_bars_is_counted_back() -> None:
    assert labels(counted(beats([*[2, 3, 4, 1] * 3, *EVEN]), RATE)) == [*EVEN[:12], *EVEN]


def test_a_count_that_begins_anew_for_good_is_followed() -> None:
    said = [*EVEN, 1, 2, *EVEN]
    assert labels(counted(beats(said), RATE)) == said


def test_a_beat_that_was_missed_is_counted() -> None:
    some = beats(EVEN)
    assert labels(counted([*some[:9], *some[10:]], RATE)) == [*EVEN[:9], *EVEN[10:]]


def test_of_two_beats_in_one_place_the_first_stays() -> None:
    some = beats(EVEN)
    twice = [*some[:6], replace(some[5], sample=some[5].sample + 20), *some[6:]]
    assert counted(twice, RATE) == tuple(some)


def test_bars_of_several_meters_stay_as_they_are() -> None:
    said = [1, 2, 3, 1, 2, 3, 4, 5, 1, 2, 1, 2, 3, 4, 5, 6, 7] * 3
    assert labels(counted(beats(said), RATE)) == said


def test_without_beats_there_is_no_count() -> None:
    assert counted([], RATE) == ()


TWOS = [2, *[1, 2] * 10]


def test_of_beats_in_halves_two_bars_of_two_are_one_of_four() -> None:
    eighths = range(0, PERIOD * len(TWOS), PERIOD // 2)
    some = beats(TWOS)
    assert labels(in_fours([*some[:4], *some[5:]], eighths, RATE)) == [4, 1, 2, 3, *[1, 2, 3, 4] * 4]


def test_of_beats_in_threes_bars_of_two_stay() -> None:
    eighths = [round(number * PERIOD / 3) for number in range(3 * len(TWOS))]
    assert labels(in_fours(beats(TWOS), eighths, RATE)) == TWOS
