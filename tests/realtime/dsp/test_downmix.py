"""The mix to mono: the mean, bit for bit, unless the channels cancel each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samplechop.realtime.core.channels import CHANNELS, Channel
from samplechop.realtime.dsp.downmix import STRETCH, Downmix

RATE = 44_100


def hits(seconds: float = 3.0, period: float = 0.5, first: float = 0.3) -> NDArray[np.float32]:
    """Decaying noise bursts on silence, float32 (n,)."""
    sound = np.zeros(round(seconds * RATE), np.float32)
    for at in np.arange(first, seconds - 0.2, period):
        n, begin = RATE // 5, round(at * RATE)
        burst = np.random.default_rng(begin).standard_normal(n) * np.exp(-np.arange(n) / 2000) * 0.3
        sound[begin : begin + n] += burst.astype(np.float32)
    return sound


def mixed(
    samples: NDArray[np.float32], channel: Channel = "auto", sizes: tuple[int, ...] = (4096,)
) -> NDArray[np.float32]:
    downmix, parts, at, turn = Downmix(RATE, samples.shape[1], max(sizes), channel), [], 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        parts.append(downmix.process(np.ascontiguousarray(samples[at : at + size])).copy())
        at, turn = at + size, turn + 1
    return np.concatenate(parts)


def stereo(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.stack([left, right], axis=1))


@pytest.mark.parametrize("width", [0.0, 0.5, 1.0])
def test_stereo_in_phase_gives_the_mean_to_the_last_bit(width: float) -> None:
    rng = np.random.default_rng(1)
    left, right = hits(), (hits() * (1 - width) + width * rng.standard_normal(3 * RATE).astype(np.float32) * 0.1)
    both = stereo(left, right.astype(np.float32))
    assert np.array_equal(mixed(both), mixed(both, "mix"))


def test_an_inverted_channel_gives_the_sound_from_its_first_attack_on() -> None:
    sound = hits()
    mono = mixed(stereo(sound, -sound))
    away = np.flatnonzero(mono != sound)
    assert len(away) <= 16 and (not len(away) or away[-1] - np.flatnonzero(sound)[0] <= 16)


def test_an_inverted_channel_of_wide_stereo_is_found_within_two_seconds() -> None:
    rng = np.random.default_rng(2)
    middle, width = (rng.standard_normal(4 * RATE).astype(np.float32) * level for level in (0.2, 0.06))
    downmix = Downmix(RATE, 2, len(middle))
    mono = downmix.process(stereo(middle + width, -(middle - width)))
    assert downmix.antiphase_at is not None and downmix.antiphase_at < 2 * RATE
    assert np.allclose(mono[2 * RATE :], middle[2 * RATE :], atol=1e-6)


def test_it_goes_back_to_the_mean_when_the_phase_is_right_again() -> None:
    sound = hits()
    mono = mixed(np.concatenate([stereo(sound, -sound), stereo(sound, sound), stereo(sound, sound)]))
    assert np.array_equal(mono[-len(sound) :], sound)


def test_silence_between_changes_nothing() -> None:
    sound, silence = hits(), np.zeros(20 * RATE, np.float32)
    quiet = np.concatenate([sound, silence, sound])
    assert np.array_equal(mixed(stereo(quiet, -quiet))[-len(sound) :], sound)


def test_a_lead_in_groove_in_antiphase_is_not_worth_a_warning_once_the_music_plays() -> None:
    noise = (0.003 * np.random.default_rng(4).standard_normal(3 * RATE)).astype(np.float32)
    music = hits()
    for loud, worth in ((stereo(music, music), False), (stereo(music, -music), True)):
        downmix = Downmix(RATE, 2, len(music))
        downmix.process(stereo(noise, -noise))
        assert downmix.warning() is not None
        downmix.process(loud)
        assert (downmix.warning() is not None) == worth


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=5))
def test_block_sizes_change_nothing(sizes: list[int]) -> None:
    sound = hits(1.5)
    both = np.concatenate([stereo(sound, -sound), stereo(sound, sound)])
    assert np.array_equal(mixed(both, sizes=tuple(sizes)), mixed(both, sizes=(len(both),)))


@pytest.mark.parametrize("width", [0.2, 0.9, 1.1, 3.0])
def test_stretches_looked_at_together_give_what_single_samples_give(width: float) -> None:
    mid, rng = hits(4.0), np.random.default_rng(2)
    side = width * np.roll(mid, 300) * np.linspace(0.5, 1.5, len(mid), dtype=np.float32)
    both = stereo(mid + side, mid - side) + rng.normal(0, 1e-4, (len(mid), 2)).astype(np.float32)
    found = []
    for size in (STRETCH - 1, len(both)):  # shorter blocks hold no stretch
        downmix = Downmix(RATE, 2, size)
        mono = [downmix.process(both[at : at + size]).copy() for at in range(0, len(both), size)]
        found.append((np.concatenate(mono), downmix.antiphase_at, downmix.warning()))
    (mono, at, warning), (mono_alone, at_alone, warning_alone) = found
    assert np.array_equal(mono, mono_alone) and (at, warning) == (at_alone, warning_alone)
    assert (at is None) == (width < 2)


def test_each_choice_gives_its_part_of_the_input() -> None:
    rng = np.random.default_rng(3)
    left, right = rng.standard_normal((2, 1000)).astype(np.float32)
    wanted = {
        "left": left,
        "right": right,
        "mid": (left + right) / 2,
        "side": (left - right) / 2,
        "mix": (left + right) / 2,
    }
    for channel, want in wanted.items():
        assert np.allclose(mixed(stereo(left, right), channel), want, atol=1e-6), channel  # type: ignore[arg-type]


@pytest.mark.parametrize("channel", CHANNELS)
def test_mono_is_itself_whatever_is_chosen(channel: Channel) -> None:
    sound = hits(1.0)
    assert np.array_equal(mixed(sound[:, None], channel), sound)


def test_what_is_no_number_becomes_silence_in_every_choice() -> None:
    broken = np.full((100, 2), np.nan, np.float32)
    for channel in CHANNELS:
        assert not mixed(broken, channel).any()


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="channel"):
        Downmix(RATE, 2, 64, "both")  # type: ignore[arg-type]


@pytest.mark.parametrize("samples", [np.zeros((64, 2), np.int32), np.zeros((2, 64), np.float32).T, np.zeros(64)])
def test_samples_that_are_no_rows_of_float32_are_refused(samples: NDArray[np.generic]) -> None:
    with pytest.raises(TypeError):
        Downmix(RATE, 2, 64).process(samples)


def test_a_gap_in_the_input_forgets_neither_the_phase_nor_where_it_was_found() -> None:
    sound = hits()
    downmix = Downmix(RATE, 2, len(sound))
    downmix.reset(1000)
    downmix.process(stereo(sound, -sound))
    found = downmix.antiphase_at
    assert found is not None and found >= 1000 + np.flatnonzero(sound)[0]
    downmix.reset(10 * RATE)
    assert np.array_equal(downmix.process(stereo(sound, -sound)), sound)
    assert downmix.antiphase_at == found
    assert downmix.warning() is not None
