"""From candidates to a kit: what is chosen, whatever the options."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samplechop.offline.kits.analysis.descriptors import Descriptors
from samplechop.offline.kits.core.model import Candidate
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.selection import TOGETHER_SECONDS, select

RATE = 44_100
OPTIONS = st.builds(
    ChopOptions,
    count=st.integers(1, 12),
    diversity=st.floats(0, 1),
    candidates=st.none() | st.integers(1, 30),
    distance=st.sampled_from(["mean", "min"]),
    classic=st.booleans(),
    reroll=st.integers(0, 3),
    bars=st.booleans(),
    min_gap=st.none() | st.floats(0, 1),
)


def described(harmonic: NDArray[np.float64], level_db: NDArray[np.float64] | None = None) -> Descriptors:
    n = len(harmonic)
    vectors = harmonic.astype(np.float32)
    levels = np.zeros(n, np.float32) if level_db is None else level_db.astype(np.float32)
    return Descriptors("slice", RATE, vectors, vectors, np.zeros((n, 19), np.float32), levels)


def made(n: int, seed: int) -> tuple[list[Candidate], Descriptors]:
    """Make candidates with distinct strengths, a tenth of a second apart on average."""
    luck = np.random.default_rng(seed)
    samples = np.sort(luck.choice(max(1, n) * RATE // 10, n, replace=False))
    strengths = luck.permutation(np.linspace(0.4, 1.0, n))
    candidates = [Candidate(int(sample), float(strength)) for sample, strength in zip(samples, strengths, strict=True)]
    return candidates, described(luck.random((n, 6)) ** 3, luck.normal(-20, 8, n))


def apart(n: int) -> list[Candidate]:
    """Make n candidates a second apart, each a little weaker than the one before."""
    return [Candidate(index * RATE, 0.9 - index / 100) for index in range(n)]


DISTINCT = np.eye(40)


@given(st.integers(1, 40), st.integers(0, 9), OPTIONS, st.data())
def test_locking_what_is_chosen_changes_nothing(n: int, seed: int, options: ChopOptions, data: st.DataObject) -> None:
    candidates, descriptors = made(n, seed)
    chosen = select(candidates, descriptors, options).tolist()
    locked = data.draw(st.lists(st.sampled_from(chosen), unique=True))
    assert select(candidates, descriptors, options, locked).tolist() == chosen


def test_at_a_density_of_all_attacks_strengths_count_as_with_choose_attacks() -> None:
    different = described(np.random.default_rng(5).random((24, 6)))
    attacks = [Candidate(place * RATE, 0.99 if place % 2 else 0.96, alone=True) for place in range(24)]
    at_density = [one._replace(alone=False) for one in attacks]
    chosen = select(attacks, different, ChopOptions(choose="attacks", count=8))
    assert select(at_density, different, ChopOptions(density=1.0, count=8)).tolist() == chosen.tolist()


def test_of_weak_strokes_beside_music_that_is_hardly_likely_the_one_that_suits_is_chosen() -> None:
    music = [Candidate(place * RATE, 0.05) for place in range(20)]
    strokes = [Candidate(place * RATE, 0.5 if place in (24, 25) else 0.95, alone=True) for place in range(20, 40)]
    suits = np.where(np.arange(40) < 20, 0.0, 1.0)
    suits[[24, 25]] = 0.9, 0.4
    options = ChopOptions(count=19, diversity=0.1, want="drums")
    assert 25 not in select([*music, *strokes], described(DISTINCT), options, suits=suits)


@given(st.integers(0, 40), st.integers(0, 9), OPTIONS, st.data())
def test_the_choice_is_in_order_of_time_and_holds_what_is_locked(
    n: int, seed: int, options: ChopOptions, data: st.DataObject
) -> None:
    candidates, descriptors = made(n, seed)
    locked = data.draw(st.lists(st.integers(0, n - 1), unique=True, max_size=5)) if n else []
    downbeats = np.arange(0, n * RATE // 10, RATE)
    chosen = select(candidates, descriptors, options, locked, downbeats, RATE).tolist()
    assert chosen == sorted(set(chosen))
    assert set(locked) <= set(chosen)
    assert len(chosen) <= max(options.count, len(locked))


@given(st.integers(0, 9), st.sampled_from([0, 0.25, 0.7, 1]), st.floats(0.3, 0.99))
def test_how_wide_strengths_are_spread_beyond_what_is_usual_does_not_weigh_against_diversity(
    seed: int, diversity: float, share: float
) -> None:
    candidates, descriptors = made(30, seed)
    wide = [one._replace(strength=float(index % 2)) for index, one in enumerate(candidates)]
    narrower = [one._replace(strength=share * one.strength) for one in wide]
    options = ChopOptions(count=8, diversity=diversity)
    assert select(narrower, descriptors, options).tolist() == select(wide, descriptors, options).tolist()


@given(st.integers(0, 40), st.integers(0, 9), OPTIONS)
def test_the_choice_does_not_depend_on_the_order_of_the_candidates(n: int, seed: int, options: ChopOptions) -> None:
    candidates, descriptors = made(n, seed)
    order = np.random.default_rng(seed).permutation(n)
    shuffled = replace(
        descriptors,
        harmonic=descriptors.harmonic[order],
        frame=descriptors.frame[order],
        level_db=descriptors.level_db[order],
    )
    chosen = select(candidates, descriptors, options, sample_rate=RATE)
    again = select([candidates[index] for index in order], shuffled, options, sample_rate=RATE)
    assert order[again].tolist() == chosen.tolist()


@given(st.integers(0, 40), st.integers(0, 9), OPTIONS)
def test_chosen_chops_keep_their_distance(n: int, seed: int, options: ChopOptions) -> None:
    candidates, descriptors = made(n, seed)
    samples = np.array([candidate.sample for candidate in candidates], np.int64)
    chosen = select(candidates, descriptors, options, sample_rate=RATE)
    least = round(max(TOGETHER_SECONDS, options.min_gap or 0.0) * RATE)
    assert np.all(np.diff(samples[chosen]) >= least)


@given(st.integers(0, 40), st.integers(0, 9), OPTIONS)
def test_a_kit_is_full_where_there_is_enough_to_fill_it(n: int, seed: int, options: ChopOptions) -> None:
    _, descriptors = made(n, seed)
    options = replace(options, min_gap=None)
    assert len(select(apart(n), descriptors, options, sample_rate=RATE)) == min(n, options.count)


@pytest.mark.parametrize("classic", [False, True])
def test_without_diversity_the_strongest_are_chosen(classic: bool) -> None:
    options = ChopOptions(count=5, diversity=0.0, classic=classic)
    assert select(apart(20), described(np.ones((20, 3))), options).tolist() == [0, 1, 2, 3, 4]


def test_a_near_duplicate_is_passed_over() -> None:
    harmonic = DISTINCT[:20].copy()
    harmonic[1] = harmonic[0]
    assert select(apart(20), described(harmonic), ChopOptions(count=4, diversity=0.01)).tolist() == [0, 2, 3, 4]


def test_the_classic_choice_bans_nothing() -> None:
    harmonic = DISTINCT[:20].copy()
    harmonic[1] = harmonic[0]
    options = ChopOptions(count=4, diversity=0.01, classic=True)
    assert select(apart(20), described(harmonic), options).tolist() == [0, 1, 2, 3]


def test_the_quiet_are_passed_over_unless_the_kit_would_not_be_full() -> None:
    level_db = np.zeros(20)
    level_db[[0, 1]] = -30.0, -40.0
    descriptors = described(DISTINCT[:20], level_db)
    assert select(apart(20), descriptors, ChopOptions(count=3, diversity=0.0)).tolist() == [2, 3, 4]
    assert 0 in select(apart(20), descriptors, ChopOptions(count=19, diversity=0.0))
    assert select(apart(20), descriptors, ChopOptions(count=3, diversity=0.0, classic=True)).tolist() == [0, 1, 2]


def test_of_candidates_that_are_one_the_strongest_counts() -> None:
    candidates = [Candidate(0, 0.5), Candidate(500, 0.9), Candidate(RATE, 0.6)]
    assert select(candidates, described(DISTINCT[:3]), ChopOptions(count=3)).tolist() == [1, 2]


def test_only_the_strongest_candidates_are_considered() -> None:
    options = ChopOptions(count=2, diversity=1.0, candidates=3)
    harmonic = np.ones((20, 2))
    harmonic[2] = 0.5, 1.0
    harmonic[19] = 0.0, 1.0
    assert select(apart(20), described(harmonic), options).tolist() == [0, 2]


def test_another_set_is_another_set_and_nearly_as_good() -> None:
    candidates, descriptors = made(200, 0)
    strengths = np.array([candidate.strength for candidate in candidates])
    sets = [select(candidates, descriptors, ChopOptions(reroll=seed), sample_rate=RATE) for seed in (0, 1, 2)]
    assert len({tuple(chosen) for chosen in sets}) == 3
    assert min(strengths[chosen].mean() for chosen in sets) > strengths[sets[0]].mean() - 0.1
    again = select(candidates, descriptors, ChopOptions(reroll=2), sample_rate=RATE)
    assert again.tolist() == sets[2].tolist()


def test_a_kit_is_less_alike_than_random_picks_though_it_takes_strong_chops() -> None:
    """Twelve sounds that come back again and again, some more often: of each chance has several, a kit one."""
    luck = np.random.default_rng(0)
    which = luck.choice(12, 240, p=np.arange(1, 13) / 78)
    sounds = luck.random((12, 30)) ** 4
    descriptors = described(sounds[which] + 0.01 * luck.random((240, 30)))
    places = [Candidate(index * RATE, float(p)) for index, p in enumerate(luck.uniform(0.4, 1.0, 240))]
    chosen = select(places, descriptors, ChopOptions(count=12), sample_rate=RATE)
    draws = [len(set(which[luck.choice(240, 12, replace=False)])) for _ in range(50)]
    assert len(set(which[chosen])) >= max(draws)
    assert np.mean([places[index].strength for index in chosen]) > 0.85


def test_bar_starts_are_preferred_when_asked_for() -> None:
    downbeats = [4 * RATE + 800, 12 * RATE - 800]
    options = ChopOptions(count=2, diversity=0.0, bars=True)
    assert select(apart(20), described(DISTINCT[:20]), options, downbeats=downbeats).tolist() == [4, 12]
    assert select(apart(20), described(DISTINCT[:20]), options).tolist() == [0, 1]


def test_a_break_does_not_fill_the_kit_of_a_song() -> None:
    """Strokes of drums alone are surer than chops of music, and no better."""
    song = [Candidate(index * RATE, 0.7 + index / 200, alone=index >= 20) for index in range(40)]
    sure = [one._replace(strength=0.98) if one.alone else one for one in song]
    chosen = select(sure, described(DISTINCT), ChopOptions(count=16))
    assert 4 <= sum(sure[index].alone for index in chosen) <= 12
    plain = select(sure, described(DISTINCT), ChopOptions(count=16, diversity=0.0))
    assert all(sure[index].alone for index in plain)


def test_of_strokes_of_drums_alone_that_are_all_sure_the_stronger_ones_come_first() -> None:
    different = described(np.random.default_rng(5).random((24, 6)))
    strokes = [Candidate(place * RATE, 0.99 if place % 2 else 0.96, alone=True) for place in range(24)]
    chosen = select(strokes, different, ChopOptions(count=8)) % 2
    of_music = select([one._replace(alone=False) for one in strokes], different, ChopOptions(count=8)) % 2
    assert chosen.sum() == 8 > of_music.sum()
