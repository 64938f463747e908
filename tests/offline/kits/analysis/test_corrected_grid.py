"""Corrections of the beat grid: what each does to an even one, and that the others stay out of it."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits.analysis.corrected_grid import corrected
from samplechop.offline.kits.core.model import Guess
from samplechop.offline.project.model import Grid, TempoChange
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import BEAT, DOWNBEAT, Event

RATE, PERIOD, LENGTH = 1000, 500, 20_000
TEMPO = Guess("120.0", 0.9, "240.0")

phases = st.integers(0, PERIOD - 1)
meters = st.integers(2, 7)


def beats(phase: int = 0, meter: int = 4) -> tuple[Event, ...]:
    """Give beats of 120 a minute, all over the record."""
    places = range(phase, LENGTH, PERIOD)
    return tuple(
        Event(BEAT, at, at, 0.9, str(number % meter + 1), tempo=60 * RATE / PERIOD) for number, at in enumerate(places)
    )


def by(given: tuple[Event, ...], grid: Grid, tempo: Guess | None = TEMPO) -> tuple[tuple[Event, ...], Guess | None]:
    return corrected(given, tempo, grid, 0, LENGTH, 0, RATE)


def places(found: tuple[Event, ...]) -> list[int]:
    return [beat.sample for beat in found]


def labels(found: tuple[Event, ...]) -> list[int]:
    return [int(beat.label or 0) for beat in found]


def downbeats(found: tuple[Event, ...]) -> list[int]:
    return [beat.sample for beat in found if beat.label == DOWNBEAT]


@given(phases, meters, st.sampled_from([2.0, 4.0, 8.0]))
def test_a_tempo_times_n_and_then_by_n_gives_the_same_beats(phase: int, meter: int, factor: float) -> None:
    given = beats(phase, meter)
    faster, tempo = by(given, Grid(factor=factor))
    assert len(faster) >= factor * (len(given) - 1) and float(tempo.value if tempo else 0) == 120 * factor
    back, tempo = by(faster, Grid(factor=1 / factor), tempo)
    assert places(back) == places(given) and tempo == replace(TEMPO, other="")


@given(phases, meters, st.integers(-8, 8))
def test_a_shift_by_the_samples_of_beats_is_one_by_beats(phase: int, meter: int, count: int) -> None:
    given = beats(phase, meter)
    by_samples, _ = by(given, Grid(shift=count * PERIOD))
    by_beats, _ = by(given, Grid(shift_beats=count))
    assert places(by_samples) == places(by_beats) == places(given)
    assert labels(by_samples) == labels(by_beats)


@given(phases, st.integers(-PERIOD // 2 + 1, PERIOD // 2 - 1))
def test_a_shift_moves_every_beat(phase: int, shift: int) -> None:
    found, tempo = by(beats(phase), Grid(shift=shift))
    assert tempo == TEMPO and {b - a for a, b in pairwise(places(found))} == {PERIOD}
    assert all((place - phase - shift) % PERIOD == 0 for place in places(found))


@given(phases, meters, st.integers(0, LENGTH - 1))
def test_a_bar_begins_where_that_was_said_and_bars_lie_around_it(phase: int, meter: int, one: int) -> None:
    found, tempo = by(beats(phase, 4), Grid(ones=(one,), beats_per_bar=meter))
    assert one in downbeats(found) and tempo == TEMPO
    assert all((place - one) % (meter * PERIOD) == 0 for place in downbeats(found))
    assert {b - a for a, b in pairwise(places(found))} == {PERIOD}
    assert places(found)[0] < 1.5 * PERIOD and places(found)[-1] >= LENGTH - 1.5 * PERIOD


@given(st.lists(st.integers(0, LENGTH - 1), min_size=1, max_size=6, unique=True).map(sorted), phases)
def test_each_place_said_begins_a_bar_and_beats_never_crowd(ones: list[int], phase: int) -> None:
    found, _ = by(beats(phase), Grid(ones=tuple(ones)))
    assert set(ones) <= set(downbeats(found))
    gaps = {(a, b - a) for a, b in pairwise(places(found))}
    assert all(gap >= PERIOD / 2 or (a in ones and a + gap in ones) for a, gap in gaps)


@given(phases, st.integers(0, 30))
def test_what_was_said_of_a_bar_stands_when_detection_gives_another_phase(phase: int, later: int) -> None:
    grid = Grid(ones=(7 * PERIOD,))
    assert downbeats(by(beats(phase), grid)[0]) == downbeats(by(beats(min(phase + later, PERIOD - 1)), grid)[0])


@given(st.floats(40, 300), phases)
def test_a_said_tempo_gives_even_beats_from_the_first_bar(bpm: float, phase: int) -> None:
    found, tempo = by(beats(phase), Grid(bpm=bpm))
    assert phase in downbeats(found) and tempo and float(tempo.value) == pytest.approx(bpm, abs=0.001)
    assert all(abs(b - a - 60 * RATE / bpm) <= 1 for a, b in pairwise(places(found)))
    assert places(found)[0] < 60 * RATE / bpm and places(found)[-1] > LENGTH - 60 * RATE / bpm - 1


def test_a_said_tempo_needs_no_detected_one() -> None:
    found, tempo = corrected((), None, Grid(bpm=100.0, beats_per_bar=3), 0, LENGTH, 250, RATE)
    assert tempo == Guess("100.0", 1.0) and downbeats(found)[:2] == [250, 2050]
    assert by((), Grid(factor=2.0, shift=9, ones=(40,)), None) == ((), None)


@given(st.integers(300, 1000), st.integers(4, 12), st.integers(0, 5000))
def test_taps_give_tempo_and_phase_also_where_one_was_left_out(period: int, count: int, first: int) -> None:
    taps = [first + number * period for number in range(count + 1)]
    del taps[2]
    found, tempo = by(beats(), Grid(taps=tuple(taps)))
    assert set(taps) <= set(places(found)) and first in downbeats(found)
    assert tempo and float(tempo.value) == pytest.approx(60 * RATE / period, abs=0.001)


def test_taps_that_no_music_is_as_fast_as_are_refused() -> None:
    with pytest.raises(UserError, match="tapped tempo is 60000 beats per minute"):
        by(beats(), Grid(taps=(0, 1, 2)))


@given(st.integers(1, LENGTH - 1), st.floats(60, 200))
def test_from_a_change_on_beats_have_its_tempo_and_are_counted_on(at: int, bpm: float) -> None:
    found, tempo = by(beats(), Grid(changes=(TempoChange(at, bpm),)))
    after = [place for place in places(found) if place >= at]
    assert after[0] == at and all(abs(b - a - 60 * RATE / bpm) <= 1 for a, b in pairwise(after))
    assert [place for place in places(found) if place < at] == [p for p in range(0, LENGTH, PERIOD) if p < at - 250]
    assert all(then == now % 4 + 1 for now, then in pairwise(labels(found)))
    assert tempo and float(tempo.value) == pytest.approx(bpm if at < LENGTH / 2 else 120, abs=0.001)


@given(phases, meters, meters)
def test_a_meter_keeps_a_bar_where_the_first_was(phase: int, before: int, after: int) -> None:
    given = beats(phase, before)
    found, _ = by(given, Grid(beats_per_bar=after))
    assert places(found) == places(given)
    assert all(then == now % after + 1 for now, then in pairwise(labels(found)))
    assert before != after or labels(found) == labels(given)


def test_without_corrections_all_is_as_it_came() -> None:
    odd = tuple(Event(BEAT, at, 0, 0.3, "5", tempo=90.0) for at in (100, 900, 1300))
    assert by(odd, Grid()) == (odd, TEMPO)
    assert by(odd, Grid(), None) == (odd, None)
