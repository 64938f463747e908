"""Which places a kit may take."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits.analysis.attacks import Attacks, at_places, on_pulse
from samplechop.offline.kits.analysis.candidates import chosen, found_of, on_grid
from samplechop.offline.kits.analysis.detection import Detection
from samplechop.offline.kits.core.model import Guess
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.realtime.core.events import ATTACK, BEAT, CHOP, Event


def event(kind: str, sample: int, strength: float, level: float, way: str = "both") -> Event:
    return Event(kind, sample, sample, strength, way=way, level=level)


FOUND = Attacks.of(
    [
        event(CHOP, 100, 0.9, 0.2),
        event(ATTACK, 200, 0.4, 0.9),
        event(ATTACK, 300, 0.3, 0.5),
        event(CHOP, 400, 0.8, 0.7),
        event(ATTACK, 500, 0.5, 0.9),
    ]
)


def test_where_there_are_enough_chops_only_they_are_candidates() -> None:
    assert [one.sample for one in chosen(FOUND, 2)] == [100, 400]


def test_the_best_other_attacks_fill_a_kit_that_wants_more() -> None:
    assert [one.sample for one in chosen(FOUND, 3)] == [100, 300, 400]
    assert [one.sample for one in chosen(FOUND, 4)] == [100, 300, 400, 500]
    assert [one.sample for one in chosen(FOUND, 9)] == [100, 200, 300, 400, 500]


def test_without_a_count_only_the_chops_are_candidates() -> None:
    assert [one.sample for one in chosen(FOUND, 0)] == [100, 400]


def test_chosen_beats_of_a_file_are_those_that_were_found_in_the_whole() -> None:
    """Live a beat was missed, and an off-beat taken for one."""
    places = range(22_050, 441_000, 22_050)
    struck = [event(CHOP if at != 66_150 else ATTACK, at + 200, 0.9, 0) for at in places]
    off = event(CHOP, 33_075, 0.9, 0)
    beats = tuple(Event(BEAT, at, at, 0.9, str(k % 4 + 1), tempo=120.0) for k, at in enumerate(places))
    attacks = Attacks.of([*struck, off])
    found = Detection(attacks, attacks, beats, ("chop", ""), Guess("120.0", 1.0, ""))
    for choose, step in (("beats", 1), ("bars", 4)):
        chops = found_of(found, ChopOptions(choose=choose), 44_100).candidates
        assert [one.sample for one in chops] == [at + 200 for at in places[::step]]


@given(st.lists(st.floats(0, 1), min_size=40, max_size=40))
def test_on_the_dial_of_a_file_are_its_bars_then_its_beats_then_all_as_live(levels: list[float]) -> None:
    beats = [22_050 * k for k in range(10)]
    struck = [replace(event(ATTACK, 5_513 * k + 100, 0.5, level), dial=(0.5,) * 4) for k, level in enumerate(levels)]
    found = on_pulse(Attacks.of(struck), beats, beats[::4], 44_100)
    for density, step in ((0.0, 16), (0.33, 4)):
        assert np.flatnonzero(found.at(density).chops).tolist() == list(range(0, 40, step))
    between, live = np.arange(40) % 4 > 0, np.array(levels)
    np.testing.assert_allclose(found.levels[between], np.maximum(live[between], 1 / 3 + 0.01))


def test_at_the_density_of_bars_a_corrected_grid_has_its_own_bars() -> None:
    beats = [Event(BEAT, 22_050 * k, 0, 0.9, str(k % 4 + 1), tempo=120.0) for k in range(12)]
    struck = [replace(event(ATTACK, beat.sample + 100, 0.5, 0.5), dial=(0.5,) * 4) for beat in beats]
    samples = [beat.sample for beat in beats]
    detected, options = on_pulse(Attacks.of(struck), samples, samples[::4], 44_100).at(0.0), ChopOptions(density=0.0)
    found = found_of(Detection(detected, detected, tuple(beats), ("chop", ""), Guess("120.0", 1.0)), options, 44_100)
    assert [one.sample for one in found.candidates] == [at + 100 for at in samples[::4]]
    moved = tuple(replace(beat, label=str((k - 1) % 4 + 1)) for k, beat in enumerate(beats))
    corrected = on_grid(replace(found, beats=moved), options, 44_100)
    assert [one.sample for one in corrected.candidates] == [at + 100 for at in samples[1::4]]


def test_far_from_all_beats_attacks_keep_their_place_on_the_dial_behind_the_bars() -> None:
    levels = [0.0, 0.2, 0.9]
    struck = [replace(event(ATTACK, 44_100 * (7 + k), 0.5, level), dial=(0.5,) * 4) for k, level in enumerate(levels)]
    for beats in ([22_050 * k for k in range(8)], [22_050 * k for k in range(23, 30)]):
        assert on_pulse(Attacks.of(struck), beats, beats[::4], 44_100).levels.tolist() == [0.01, 0.2, 0.9]


def test_of_two_chops_on_one_sample_the_stronger_stays() -> None:
    assert [one.strength for one in chosen(Attacks.of([event(CHOP, 1, 0.2, 0), event(CHOP, 1, 0.7, 0)]), 1)] == [0.7]


@given(st.lists(st.integers(0, 5000), unique=True, max_size=40), st.integers(0, 300), st.integers(120, 900))
def test_at_each_place_wanted_there_is_one_chop_and_nowhere_else(struck: list[int], first: int, step: int) -> None:
    found = at_places(Attacks.of([event(CHOP, at, 0.9, 0) for at in struck]), range(first, 5000, step), 1000)
    assert len(found.samples) - len(struck) == int((found.strengths == 0).sum())
    heard = at_places(
        Attacks.of([event(CHOP, at, 0.9, 0) for at in struck]), range(first, 5000, step), 1000, bare=False
    )
    assert heard.samples[heard.chops].tolist() == found.samples[found.chops & (found.strengths > 0)].tolist()
    for at, place in zip(np.sort(found.samples[found.chops]).tolist(), range(first, 5000, step), strict=True):
        assert abs(at - place) == min([abs(one - place) for one in struck if abs(one - place) <= 50], default=0)
