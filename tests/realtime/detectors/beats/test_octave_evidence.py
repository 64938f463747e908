"""Which octave of the pulse is the beat: activations of drum patterns in, an octave out."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.detectors.beats import octave_evidence
from samplechop.realtime.detectors.beats.octave_evidence import (
    BINS,
    EARLY,
    ENOUGH,
    FEATURES,
    HEADS,
    MEMORY,
    OctaveEvidence,
)
from samplechop.realtime.detectors.beats.weights import OctaveWeights, beat_weights

FRAME_RATE = 44_100 / 512
WEIGHTS = beat_weights().octave
TWO_STEP = {
    "kick": (0, 2.5),
    "snare": (1, 3),
    "onset": np.arange(0, 4, 0.25),
    "beat": (0, 1, 2, 3),
    "downbeat": (0,),
}
"""Drum and bass, in beats of its own."""
BACKBEAT = {
    "kick": (0, 1.5, 2.5, 2.75),
    "snare": (1, 3),
    "onset": np.arange(0, 4, 0.5),
    "beat": (0, 1, 2, 3),
    "downbeat": (0,),
}
Pattern = dict[str, object]


def activations(pattern: Pattern, bpm: float, seconds: float) -> np.ndarray:
    """Play a bar of four beats over and over: float32 (n, len(HEADS)), a bump at each stroke."""
    frames, bar = np.arange(round(seconds * FRAME_RATE)), 4 * 60 / bpm * FRAME_RATE
    rows = np.zeros((len(frames), len(HEADS)), np.float32)
    for column, head in enumerate(HEADS):
        for place in pattern[head]:  # type: ignore[attr-defined]
            off = (frames - place * bar / 4 + bar / 2) % bar - bar / 2
            rows[:, column] = np.maximum(rows[:, column], 0.8 * np.exp(-0.5 * off**2))
    return rows


def octaves(evidence: OctaveEvidence, rows: np.ndarray, pulse_bpm: float) -> list[int]:
    """Give the octave after each beat of an even pulse."""
    period, done, found = 60 / pulse_bpm * FRAME_RATE, 0, []
    for place in np.arange(0, len(rows) - 4, period):
        until = round(place) + 3
        evidence.push(rows[done:until])
        done = until
        found.append(evidence.take(float(place), period))
    return found


@pytest.mark.parametrize("bpm", [164, 170, 174])
def test_a_two_step_tracked_at_half_its_tempo_is_doubled(bpm: float) -> None:
    found = octaves(OctaveEvidence(FRAME_RATE, 55, 200, WEIGHTS), activations(TWO_STEP, bpm, 12), bpm / 2)
    assert found[:ENOUGH] == [0] * ENOUGH
    assert found[-1] == 1


@pytest.mark.parametrize("bpm", [85, 95, 120, 128])
def test_a_backbeat_at_a_usual_tempo_stays(bpm: float) -> None:
    assert set(octaves(OctaveEvidence(FRAME_RATE, 55, 200, WEIGHTS), activations(BACKBEAT, bpm, 16), bpm)) == {0}


def test_no_octave_out_of_the_range_is_taken() -> None:
    assert set(octaves(OctaveEvidence(FRAME_RATE, 55, 160, WEIGHTS), activations(TWO_STEP, 174, 12), 87)) == {0}


def test_the_beat_stays_where_the_pulse_hops_an_octave() -> None:
    evidence, rows = OctaveEvidence(FRAME_RATE, 55, 200, WEIGHTS), activations(TWO_STEP, 174, 12)
    assert octaves(evidence, rows, 87)[-1] == 1
    evidence.push(rows[:20])
    assert evidence.take(len(rows) + 10.0, 60 / 174 * FRAME_RATE) == 0
    evidence.reset()
    octaves(evidence, rows, 87)
    assert evidence.take(len(rows) + 10.0, 1.5 * 60 / 87 * FRAME_RATE) == 0  # another tempo is begun anew


@given(sizes=st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_features_do_not_depend_on_how_frames_are_pushed(sizes: list[int]) -> None:
    rows = np.random.default_rng(0).random((200, len(HEADS))).astype(np.float32)
    found = []
    for cuts in ([200], sizes):
        evidence, at, turn = OctaveEvidence(FRAME_RATE, 55, 200, WEIGHTS), 0, 0
        while at < len(rows):
            evidence.push(rows[at : at + cuts[turn % len(cuts)]])
            at, turn = at + cuts[turn % len(cuts)], turn + 1
        for place in (10.0, 60.5, 111.0, 161.5):
            evidence.take(place, 50.5)
        found.append(evidence.features())
    np.testing.assert_array_equal(*found)


def test_an_octave_out_of_range_takes_no_chance_from_the_others_however_likely() -> None:
    output = WEIGHTS.output.copy()
    output[0, -1] += 2000
    evidence = OctaveEvidence(FRAME_RATE, 100, 200, OctaveWeights(WEIGHTS.hidden, output))
    assert set(octaves(evidence, activations(BACKBEAT, 120, 12.0), 120)) == {0}
    assert evidence.odds[-1][1:] == (octave_evidence.UNLIKELY, 0, octave_evidence.UNLIKELY)


def test_every_feature_has_its_weights() -> None:
    assert WEIGHTS.hidden.shape[1] == len(FEATURES) + 1
    assert WEIGHTS.output.shape == (3, len(WEIGHTS.hidden) + 1)


@given(beats=st.integers(2, 20), seed=st.integers(0, 99), period=st.floats(9.0, 60.0))
def test_features_are_those_of_the_profiles_definition(beats: int, seed: int, period: float) -> None:
    rows = np.random.default_rng(seed).random((round((beats + 1) * period) + 2, len(HEADS))).astype(np.float32)
    evidence, profiles, was = OctaveEvidence(FRAME_RATE, 55, 200, WEIGHTS), np.zeros((3, len(HEADS), BINS), complex), 0
    for beat in range(1, beats):
        now = round((beat + 1) * period) + 2
        evidence.push(rows[was:now])
        was = now
        evidence.take(beat * period, period)
        early = (beat - 1) * period - EARLY * period
        frames = np.arange(max(math.ceil(early), 0), math.ceil(early + period))
        part = np.clip(np.floor((frames - early) / period * BINS).astype(int), 0, BINS - 1)
        one = np.zeros((BINS, len(HEADS)))
        np.maximum.at(one, part, rows[frames])
        turns = np.array([1, (-1) ** beat, 1j**beat])[:, None, None]
        profiles += (turns * one.T - profiles) / min(beat, MEMORY)
    mean, two, four = abs(profiles)
    tops, energy = mean.max(axis=1) + 0.05, (mean**2).sum(axis=1) + 0.05**2
    octaves, (kick, snare, onset) = np.log2(60 * FRAME_RATE / period / 110), mean[:3]
    alternating, turning = (two**2).sum(axis=1) / energy, (four**2).sum(axis=1) / energy
    apart, together = kick @ np.roll(snare, BINS // 2), kick @ snare
    balance, odd = (apart - together) / (apart + together + 0.05), onset[1::2].mean() / tops[2]
    quarters, half = (mean[:3, 2] + mean[:3, 6]) / (2 * tops[:3]), mean[:, BINS // 2] / tops
    told = octaves, octaves**2, balance, odd, *quarters, *half, *alternating, *turning, *(octaves * alternating[:2])
    np.testing.assert_allclose(evidence.features(), told, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("odds", "other"), [((-3.0, 0.0, -4.0), 0), ((-1.5, 0.0, -4.0), -1), ((-1.5, 0.0, -0.5), 1), ((3.0, 0.0, -4.0), -1)]
)
def test_another_octave_is_open_where_it_is_nearly_as_likely(
    odds: tuple[float, float, float], other: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = OctaveEvidence(FRAME_RATE, 40.0, 250.0, WEIGHTS)
    octaves(evidence, activations(BACKBEAT, 100.0, 10.0), 100.0)
    assert evidence.octave == 0
    monkeypatch.setattr(OctaveWeights, "log_odds", lambda *_: np.array(odds))
    assert evidence.runner_up() == other


def test_before_there_is_evidence_a_usual_tempo_is_as_likely_as_an_unusual_one() -> None:
    for bpm, other in ((180.0, -1), (110.0, 0), (58.0, 1)):
        evidence = OctaveEvidence(FRAME_RATE, 40.0, 250.0, WEIGHTS)
        assert evidence.runner_up() == 0
        evidence.take(0.0, 60 * FRAME_RATE / bpm)
        assert evidence.runner_up() == other


def test_what_the_octave_was_for_long_it_stays_unless_much_speaks_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for beats, odds, octave in ((10, 2.0, 1), (60, 2.0, 0), (60, 4.0, 1)):
        evidence = OctaveEvidence(FRAME_RATE, 40.0, 250.0, WEIGHTS)
        monkeypatch.setattr(OctaveWeights, "log_odds", lambda *_: np.array((-9.0, 0.0, -3.0)))
        assert set(octaves(evidence, activations(BACKBEAT, 100.0, beats * 0.6), 100.0)) == {0}
        monkeypatch.setattr(OctaveWeights, "log_odds", lambda *_, odds=odds: np.array((-9.0, 0.0, odds)))
        found = [evidence.take(evidence._place + 60 / 100 * FRAME_RATE, 60 / 100 * FRAME_RATE) for _ in range(2)]
        assert found[-1] == octave


def test_how_likely_each_octave_was_is_kept_for_each_beat() -> None:
    evidence = OctaveEvidence(FRAME_RATE, 60.0, 250.0, WEIGHTS)
    octaves(evidence, activations(BACKBEAT, 100.0, 12.0), 100.0)
    assert len(evidence.odds) == evidence.beats - ENOUGH
    assert all(one.bpm == pytest.approx(100.0) and one.below == octave_evidence.UNLIKELY for one in evidence.odds)
    assert all(np.exp(one.same) + np.exp(one.above) == pytest.approx(1.0, abs=0.01) for one in evidence.odds)
