"""The presence of drums: up with a hit, down by halves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.core.events import DRUMS, Event
from samplechop.realtime.outputs.osc import Presence

RATE = 1000
HALF_LIFE = 0.15


def hit(sample: int, velocity: int | None = 127, label: str | None = "kick") -> Event:
    return Event("drum", sample, sample + 10, 0.5, label, note=36, velocity=velocity)


hits = st.lists(
    st.builds(hit, st.integers(0, 10_000), st.integers(0, 127), st.sampled_from([*DRUMS, "clap", None])), max_size=20
)


def of(events: list[Event]) -> Presence:
    presence = Presence(HALF_LIFE, RATE)
    for event in events:
        presence.hit(event)
    return presence


def test_nothing_is_present_at_first() -> None:
    assert of([]).at(5) == dict.fromkeys(DRUMS, 0.0)


def test_a_hit_jumps_to_its_level_and_halves_every_half_life() -> None:
    presence = of([hit(100, 64)])
    assert [presence.at(100 + 150 * n)["kick"] for n in range(4)] == [64 / 127 / 2**n for n in range(4)]


def test_a_softer_hit_does_not_lower_what_is_there() -> None:
    assert of([hit(100), hit(110, 1)]).at(250)["kick"] == pytest.approx(0.5)


def test_a_hit_without_a_velocity_counts_by_its_strength() -> None:
    assert of([hit(0, None)]).at(0)["kick"] == 0.5


@given(hits, st.integers(0, 20_000))
def test_a_level_stays_between_0_and_1(events: list[Event], sample: int) -> None:
    assert all(0.0 <= level <= 1.0 for level in of(events).at(sample).values())


@given(hits)
def test_the_order_in_which_hits_are_told_does_not_matter(events: list[Event]) -> None:
    one, other = of(events).at(10_000), of(events[::-1]).at(10_000)
    assert one == pytest.approx(other)


@given(hits, st.lists(st.integers(10_000, 30_000)))
def test_looking_changes_nothing(events: list[Event], looks: list[int]) -> None:
    presence = of(events)
    for sample in looks:
        presence.at(sample)
    assert presence.at(30_000) == of(events).at(30_000)


@given(hits)
def test_a_hit_lifts_its_own_class_only(events: list[Event]) -> None:
    before = of(events).at(10_000)
    after = of([*events, hit(10_000)]).at(10_000)
    assert after["kick"] == 1.0
    assert {label: after[label] for label in before if label != "kick"} == {
        label: level for label, level in before.items() if label != "kick"
    }


@pytest.mark.parametrize(("half_life", "rate"), [(0, RATE), (-1, RATE), (float("nan"), RATE), (HALF_LIFE, 0)])
def test_what_cannot_be_is_refused(half_life: float, rate: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        Presence(half_life, rate)
