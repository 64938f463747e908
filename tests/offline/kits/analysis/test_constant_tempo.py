"""Records of one tempo, as a sequencer makes them: their beats, whatever was tracked of them."""

from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import soundfile
from hypothesis import given, settings
from numpy.typing import NDArray

from samplechop.offline.kits.analysis import candidates
from samplechop.offline.kits.analysis.bar_count import counted
from samplechop.offline.kits.analysis.constant_tempo import SHORTEST_SECONDS, even
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.realtime.core.events import BEAT, Event
from tests.support import made_drums

RATE = 44_100
SECONDS = 100
PATTERN = (0, 3, 4, 6, 8, 10, 11, 12, 14)
"""Sixteenths of a bar that are struck; every fourth is a beat."""


def struck(bpm: float, seconds: float = SECONDS) -> NDArray[np.float64]:
    """Give the times at which PATTERN is struck, from 0.2 seconds on, by hands that are 4 ms off."""
    sixteenths = np.array([16 * bar + one for bar in range(int(seconds * bpm / 240) + 1) for one in PATTERN])
    times = 0.2 + sixteenths * 15 / bpm
    return times[times < seconds] + np.random.default_rng(1).normal(0, 0.004, int((times < seconds).sum()))


def tracked(bpm: float, first: float, last: float, moved: float = 0.0, position: int = 1) -> list[Event]:
    """Give beats as a tracker has them, from `first` to `last` beats after 0.2 seconds, `moved` beats late."""
    numbers = np.arange(first, last) + moved
    samples = np.round((0.2 + numbers * 60 / bpm) * RATE).astype(int).tolist()
    return [
        Event(BEAT, sample, sample, 0.8, str((position - 1 + at) % 4 + 1), tempo=bpm)
        for at, sample in enumerate(samples)
    ]


def found(times: NDArray[np.float64], beats: list[Event], first: int = 0) -> tuple[Event, ...] | None:
    """Give the beats of a record that ends with its last attack."""
    samples = np.round(times * RATE).astype(np.int64)
    last = int(samples.max(initial=0)) + 1
    return even(beats, samples, np.ones(len(samples)), np.zeros(len(samples)), first, last, RATE)


@given(st.floats(70, 180))
@settings(max_examples=20)
def test_beats_lie_evenly_where_the_tracker_lost_the_pulse_or_followed_off_beats(bpm: float) -> None:
    beats = [*tracked(bpm, 8, 40), *tracked(bpm, 60, 70, 0.5)]
    made = found(struck(bpm), beats)
    assert made is not None
    off = (np.array([one.sample for one in made]) / RATE - 0.2) * bpm / 60
    assert np.abs(off - np.arange(len(off))).max() < 0.05
    assert abs(made[-1].sample / RATE - SECONDS) < 240 / bpm


def test_where_beats_and_off_beats_were_tracked_alike_a_record_begins_with_a_beat() -> None:
    beats = [*tracked(120, 8, 40), *tracked(120, 100, 140, 0.5)]
    for begins, first in ((0.0, 0.0), (0.06, 0.31)):  # of the second beats there are more, by a fifth
        moved = [replace(one, sample=one.sample + round((begins - 0.2) * RATE)) for one in beats]
        made = found(np.maximum(struck(120) - 0.2 + begins, 0), moved)
        assert made is not None
        assert abs(made[0].sample / RATE - first) < 0.01


def test_the_grid_of_a_file_that_begins_with_it_has_no_lead() -> None:
    beats = [replace(one, sample=one.sample - round(0.19 * RATE)) for one in tracked(120, 8, 40)]
    made = found(struck(120) - 0.19, beats)
    assert made is not None and made[0].sample == 0


@given(st.integers(60, 190))
@settings(max_examples=20)
def test_a_whole_tempo_is_found_exactly(bpm: int) -> None:
    made = found(struck(bpm), tracked(bpm * 1.004, 4, 60))
    assert made is not None
    assert {round(one.tempo or 0, 9) for one in made} == {bpm}


def test_bars_are_counted_over_what_was_not_followed() -> None:
    made = found(struck(120), [*tracked(120, 8, 40), *tracked(120, 100, 110, 0.5, 3)])
    assert made is not None
    assert [one.label for one in counted(made, RATE)] == [str(number % 4 + 1) for number in range(len(made))]


def test_what_was_not_tracked_is_as_sure_as_beats_are_on_average() -> None:
    made = found(struck(120), tracked(120, 8, 40))
    assert made is not None
    assert {one.strength for one in made} == {0.8}
    assert sum(one.label is None for one in made) == len(made) - 32


def test_no_beat_lies_beyond_the_part_of_the_record() -> None:
    times = struck(120)
    for sixteenths in range(4):
        struck_in = times[(times > 1.3) & (times < 99 + sixteenths / 8)]
        first, last = (round(struck_in[end] * RATE) for end in (0, -1))
        made = found(struck_in, tracked(120, 8, 40), first)
        assert made is not None and first <= made[0].sample and made[-1].sample <= last


def test_a_drummer_who_slows_down_has_no_constant_tempo() -> None:
    times = struck(120)
    assert found(times * (1 + 0.01 * times / SECONDS), tracked(120, 8, 40)) is None


def test_two_pieces_of_two_tempi_have_no_constant_one() -> None:
    times = np.concatenate([struck(120, 60), 60 + struck(126, 60)])
    assert found(times, tracked(120, 8, 40)) is None


@given(st.integers(0, 9))
def test_attacks_anywhere_have_none(seed: int) -> None:
    times = np.sort(np.random.default_rng(seed).uniform(0, SECONDS, 400))
    assert found(times, tracked(120, 8, 40)) is None


def test_in_a_short_record_no_drift_would_show() -> None:
    assert found(struck(120, SHORTEST_SECONDS - 1), tracked(120, 8, 40)) is None
    assert found(struck(120)[:0], tracked(120, 8, 40)) is None


def test_of_a_file_with_a_breakdown_all_beats_are_even(tmp_path: Path) -> None:
    beats = made_drums.even(124, 94)
    silent = (beats > 30) & (beats < 60)
    bars = [beats[bar : bar + 4] for bar in range(0, len(beats), 4) if not silent[bar : bar + 4].any()]
    played = [made_drums.drums(bar, made_drums.ROCK, 4, 94) for bar in bars]
    soundfile.write(tmp_path / "song.wav", np.sum(played, axis=0), made_drums.RATE)
    record = open_record(tmp_path / "song.wav", tmp_path)
    found = candidates.find(record, ChopOptions(choose="bars"), 0, record.length)
    assert found.tempo is not None and found.tempo.value == "124.0"
    places = np.array([beat.sample for beat in found.beats]) / made_drums.RATE
    assert np.abs(places - beats[: len(places)]).max() < 0.02 and len(beats) - len(places) <= 4
    assert len({beat.sample for beat in found.beats if beat.label == "1"}) == len(beats) // 4 + 1
