import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.dsp.onset_refinement import ATTACK_SEARCH, BACK, FORWARD, AttackSearch, begins_with_attack
from tests.support.signals import chord, kick, snare

SOUNDS = {"kick": kick, "snare": snare, "chord": lambda rng: chord(110 * 2 ** rng.random(), 1.0)}


def segment(sound: np.ndarray, offset: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Hiss in which `sound` begins `offset` samples after the frame's centre."""
    out = rng.standard_normal(ATTACK_SEARCH.length) * noise
    start = ATTACK_SEARCH.margin + BACK + offset
    out[start:] += sound[: ATTACK_SEARCH.length - start]
    return out.astype(np.float32)


@pytest.mark.parametrize("name", sorted(SOUNDS))
def test_an_attack_is_found_to_three_milliseconds(name: str) -> None:
    errors = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        offset = int(rng.integers(-1500, 1001))
        found = ATTACK_SEARCH.offset(segment(SOUNDS[name](rng), offset, 1e-3, rng))
        errors.append(abs(found - offset))
    # A chord's beating now and then rises more than its attack did.
    assert np.quantile(errors, 0.98 if name == "chord" else 1.0) <= 132


def test_silence_keeps_the_frame() -> None:
    assert ATTACK_SEARCH.offset(np.zeros(ATTACK_SEARCH.length, np.float32)) == 0


@pytest.mark.parametrize("samples", [1, 15, 16, 17, 640])
def test_a_sound_that_begins_at_the_very_end_of_silence_is_no_fault(samples: int) -> None:
    sound = np.zeros(ATTACK_SEARCH.length, np.float32)
    sound[-samples:] = 0.5
    assert -BACK <= ATTACK_SEARCH.offset(sound) <= FORWARD + ATTACK_SEARCH.margin


@given(st.integers(0, 2**32 - 1))
def test_the_attack_lies_in_the_range_that_the_latency_counts_on(seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal(ATTACK_SEARCH.length).astype(np.float32)
    assert -BACK <= ATTACK_SEARCH.offset(noise) <= FORWARD


def test_a_segment_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="segment must have"):
        ATTACK_SEARCH.offset(np.zeros(10, np.float32))


SHORT = AttackSearch(320, 128, -206, 512.0, 256, 384)
"""As the drum detector searches: with little of what follows."""


@given(offset=st.integers(-320, 0), seed=st.integers(0, 2**32 - 1))
def test_an_attack_is_found_with_little_of_what_follows(offset: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    audio = rng.standard_normal(SHORT.length) * 1e-3
    start = SHORT.margin + SHORT.back + offset
    audio[start:] += snare(rng)[: SHORT.length - start]
    assert abs(SHORT.offset(audio.astype(np.float32)) - offset) <= 132


def test_without_any_rise_an_attack_is_where_attacks_usually_lie() -> None:
    assert abs(SHORT.offset(np.zeros(SHORT.length, np.float32)) + 206) < 16


def test_lengths_that_are_no_multiples_of_a_cell_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 16"):
        AttackSearch(321, 128, 0, 512.0, 256, 384)


@pytest.mark.parametrize("rise", [0.001, 0.02, 0.05])
def test_a_recording_begins_with_a_kick_whose_body_follows_its_click(rise: float) -> None:
    time = np.arange(15_000) / 44_100
    sound = 0.8 * np.sin(2 * np.pi * 55 * time) * np.minimum(1, time / rise) * np.exp(-time / 0.08)
    assert begins_with_attack(sound[:, np.newaxis].astype(np.float32), 44_100)
