"""The first and the last sample of a recording, and sounds that break off: attacks are chops, edges are not."""

import numpy as np
import pytest
from numpy.typing import NDArray

import samplechop

RATE = 44_100


def hits(*seconds: float, length: float = 3.0) -> NDArray[np.float32]:
    """Kicks, a falling sine with a burst of noise, on silence, float32 (n,)."""
    sound = np.zeros(round(length * RATE))
    for at in seconds:
        n, begin = RATE // 4, round(at * RATE)
        time = np.arange(n) / RATE
        burst = 0.6 * np.sin(2 * np.pi * (50 * time - 4 * np.exp(-time / 0.03))) * np.exp(-time / 0.1)
        burst += 0.25 * np.random.default_rng(begin).standard_normal(n) * np.exp(-time / 0.01)
        sound[begin : begin + n] += burst[: len(sound) - begin]
    return sound.astype(np.float32)


def places(sound: NDArray[np.float32], kind: str = "chop", rate: int = RATE) -> list[float]:
    events = samplechop.detect(sound, rate, detectors=["chops", "drums"])
    return [event.sample / rate for event in events if event.kind == kind]


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_a_hit_on_the_first_sample_is_a_chop_and_a_drum_there(rate: int) -> None:
    sound = hits(0, 0.5, 1, 1.5, 2)
    assert places(sound, "chop", rate)[0] == 0
    assert places(sound, "drum", rate)[0] == 0


def test_trimming_a_recording_to_its_first_hit_changes_no_chop() -> None:
    sound = hits(0.5, 1, 1.5, 2)
    whole, trimmed = places(sound), places(sound[RATE // 2 :])
    assert np.allclose(np.array(whole) - 0.5, trimmed, atol=32 / RATE)


@pytest.mark.parametrize("level", [0.003, 0.03, 0.3])
@pytest.mark.parametrize("kind", ["hiss", "hum"])
def test_hiss_and_hum_that_begin_with_the_recording_make_no_chop(kind: str, level: float) -> None:
    time = np.arange(4 * RATE) / RATE
    hiss = np.random.default_rng(4).standard_normal(len(time)) / 3
    sound = level * (hiss if kind == "hiss" else np.sin(2 * np.pi * 50 * time) + 0.3 * np.sin(2 * np.pi * 150 * time))
    assert places(sound.astype(np.float32)) == []


def test_a_constant_offset_makes_no_chop() -> None:
    sound = hits(0.5, 1, 1.5, 2)
    assert np.allclose(places(sound + np.float32(0.2)), places(sound), atol=32 / RATE)


@pytest.mark.parametrize("after", [0.0, 1.0], ids=["at the end", "in silence"])
def test_a_bass_note_that_is_cut_off_makes_no_chop(after: float) -> None:
    time = np.arange(round(2.3021 * RATE)) / RATE
    bass = 0.5 * np.sin(2 * np.pi * 55 * time) * np.minimum(1, time / 0.01)
    sound = np.concatenate([np.zeros(RATE // 2), bass, np.zeros(round(after * RATE))]).astype(np.float32)
    assert all(abs(place - 0.5) < 0.05 for place in places(sound))


def test_a_hit_shortly_before_the_end_is_a_chop() -> None:
    sound = hits(0.5, 1, 1.5, 2, 2.5, length=2.58)
    assert abs(places(sound)[-1] - 2.5) < 0.01


def test_an_inverted_channel_is_analysed_and_named_unless_the_mix_is_asked_for() -> None:
    sound = hits(0.5, 1, 1.5, 2)
    both = np.stack([sound, -sound], axis=1)
    with pytest.warns(UserWarning, match="cancel each other"):
        found = samplechop.detect(both, RATE)
    assert np.allclose([event.sample / RATE for event in found], places(sound), atol=32 / RATE)
    assert samplechop.detect(both, RATE, channel="mix") == []
    assert [event.sample for event in samplechop.detect(both, RATE, channel="left")] == [
        event.sample for event in samplechop.detect(sound, RATE)
    ]
