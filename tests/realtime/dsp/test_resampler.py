import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.dsp.resampler import Resampler

RATES = [4_000, 8_000, 22_050, 32_000, 44_099, 48_000, 96_000, 192_000, 384_000]


def turned(samples: np.ndarray, rate: int, size: int = 1000) -> np.ndarray:
    resampler = Resampler(rate, 44_100, size)
    return np.concatenate([resampler.push(samples[at : at + size]).copy() for at in range(0, len(samples), size)])


def tone(hertz: float, rate: int, seconds: float = 0.2) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("share", [0.005, 0.1, 0.38])
def test_a_tone_stays_where_and_as_loud_as_it_was(rate: int, share: float) -> None:
    hertz = share * min(rate, 44_100)
    out = turned(tone(hertz, rate), rate)
    wanted = tone(hertz, 44_100)[: len(out)]
    inner = slice(2000, -2000)
    assert np.abs(out[inner] - wanted[inner]).max() < 0.01


@pytest.mark.parametrize("rate", [48_000, 96_000, 192_000])
def test_what_the_lower_rate_cannot_hold_is_gone(rate: int) -> None:
    assert np.abs(turned(tone(0.53 * 44_100, rate), rate)[500:-500]).max() < 0.003


@pytest.mark.parametrize("rate", RATES)
def test_no_sample_is_later_than_stated(rate: int) -> None:
    resampler = Resampler(rate, 44_100, 1)
    given = np.cumsum([len(resampler.push(np.zeros(1, np.float32))) for _ in range(2000)])
    lag = np.arange(1, 2001) * 44_100 / rate - given
    assert resampler.delay - 2 - 44_100 / rate < lag.max() <= resampler.delay


@pytest.mark.parametrize("rate", [44_101, 48_000, 88_200, 96_000, 192_000])
def test_what_a_sound_card_brings_is_less_than_a_millisecond_late(rate: int) -> None:
    assert Resampler(rate, 44_100, 256).delay < 44.1


@given(st.sampled_from(RATES), st.lists(st.integers(1, 700), max_size=20))
def test_blocks_do_not_matter(rate: int, sizes: list[int]) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, sum(sizes)).astype(np.float32)
    resampler, end, parts = Resampler(rate, 44_100, 700), 0, [np.zeros(0, np.float32)]
    for size in sizes:
        parts.append(resampler.push(samples[end : end + size]).copy())
        end += size
    assert np.array_equal(np.concatenate(parts), turned(samples, rate) if sizes else parts[0])


def test_after_a_reset_it_is_as_new() -> None:
    resampler, samples = Resampler(48_000, 44_100, 1000), tone(440, 48_000)[:1000]
    first = resampler.push(samples).copy()
    resampler.reset()
    assert np.array_equal(resampler.push(samples), first)


def test_rates_and_blocks_that_cannot_be_are_refused() -> None:
    for wrong in [(0, 44_100, 256), (48_000, 0, 256), (48_000, 44_100, 0)]:
        with pytest.raises(ValueError, match="at least 1"):
            Resampler(*wrong)
    with pytest.raises(ValueError, match="may have 4"):
        Resampler(48_000, 44_100, 4).push(np.zeros(5, np.float32))
