"""The beats of a whole record: what is there before the first tracked one, and a loop from end to end."""

import pytest

from samplechop.offline.kits.analysis.beat_grid import whole
from samplechop.realtime.core.events import BEAT, Event

RATE = 1000
PERIOD = 500


def beats(start: int, count: int, position: int = 1, meter: int = 4) -> list[Event]:
    return [
        Event(BEAT, start + number * PERIOD, 0, 0.9, str((position - 1 + number) % meter + 1), tempo=120.0)
        for number in range(count)
    ]


def grid(found: tuple[Event, ...]) -> list[tuple[int, str | None]]:
    return [(beat.sample, beat.label) for beat in found]


def test_beats_go_back_to_the_first_attack() -> None:
    tracked, attacks = beats(5000, 12, position=3), list(range(1000, 11_000, 250))
    found = whole(tracked, attacks, 0, 11_130, RATE, False)
    assert grid(found)[:4] == [(1000, "3"), (1500, "4"), (2000, "1"), (2500, "2")]
    assert found[-12:] == tuple(tracked)


def test_a_record_that_begins_with_an_attack_has_a_beat_there() -> None:
    found = whole(beats(4010, 12), list(range(10, 10_000, 500)), 0, 10_260, RATE, True)
    assert grid(found)[0] == (10, "1")


def test_beats_do_not_go_on_where_nothing_is_struck_for_a_bar() -> None:
    attacks = [100, 340, *range(6000, 12_000, 500)]
    assert whole(beats(8000, 12), attacks, 0, 14_130, RATE, False)[0].sample == 6000


def test_beats_before_those_in_tempo_give_way_to_the_grid() -> None:
    stray = [Event(BEAT, at, 0, 0.3, "2", tempo=90.0) for at in (1200, 1930)]
    found = whole([*stray, *beats(4000, 12)], list(range(0, 10_000, 500)), 0, 10_260, RATE, True)
    assert [beat.sample for beat in found][:5] == [0, 500, 1000, 1500, 2000]


@pytest.mark.parametrize("off", [20, PERIOD // 2 - 20])
@pytest.mark.parametrize("meter", [3, 4])
def test_a_loop_is_whole_bars_from_its_first_sample(meter: int, off: int) -> None:
    length = 4 * meter * PERIOD + 3
    found = whole(beats(2 * PERIOD + off, 4 * meter - 3, position=1, meter=meter), [0], 0, length, RATE, True)
    assert len(found) == 4 * meter
    assert found[0].sample == 0 and [beat.label for beat in found][: meter + 1] == [*map(str, range(1, meter + 1)), "1"]
    assert found[-1].sample == pytest.approx(length - PERIOD, abs=2)


def test_without_beats_in_tempo_nothing_is_added() -> None:
    stray = tuple(Event(BEAT, at, 0, 0.3, "1", tempo=90.0) for at in (100, 900, 1300, 2600))
    assert whole(stray, [0, 100], 0, 3000, RATE, True) == stray
    assert whole((), [0, 100], 0, 3000, RATE, True) == ()
