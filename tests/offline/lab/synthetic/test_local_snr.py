"""Local signal-to-noise ratios of strokes, on noise whose powers are known."""

import numpy as np
import pytest

from samplechop.offline.audio.reading import RATE
from samplechop.offline.lab.synthetic.local_snr import WIDTH, gain_for, ratios, stroke_energy
from samplechop.offline.lab.synthetic.score import Strike
from samplechop.offline.labels.recording_truth import ALONE_DB

TIMES = (0.5, 1.0, 1.5, 2.0)


def noise(seed, level=1.0):
    return (level * np.random.default_rng(seed).standard_normal(3 * RATE)).astype(np.float32)


def bursts(times=TIMES, level=1.0):
    out, all_noise = np.zeros(3 * RATE, np.float32), noise(1, level)
    for time in times:
        at = round(time * RATE)
        out[at : at + WIDTH] = all_noise[at : at + WIDTH]
    return out


@pytest.mark.parametrize("wanted", [-10.0, 0.0, 8.0])
def test_the_gain_brings_the_median_to_what_is_wanted(wanted):
    strikes = [Strike(time, "kick", 0.9, True) for time in TIMES]
    drums, rest = bursts(), noise(2, 0.3)
    gain = gain_for(drums, rest, strikes, wanted)
    own = np.array([stroke_energy(drums[round(t * RATE) :] * gain, "kick") for t in TIMES])
    assert np.median(ratios(strikes, own, drums * gain, drums * gain, rest)) == pytest.approx(wanted, abs=0.05)


def test_strokes_that_sound_alone_do_not_count_and_too_few_others_give_no_gain():
    rest = noise(2)
    rest[: round(1.8 * RATE)] = 0
    assert gain_for(bursts(), rest, [Strike(time, "snare", 0.9) for time in TIMES], 0.0) is None
    assert gain_for(bursts(), noise(2), [Strike(time, "hat", 0.9) for time in TIMES], 0.0) is None


def test_a_stroke_without_anything_else_is_alone():
    drums = bursts()
    strikes = [Strike(time, "kick", 0.9) for time in TIMES]
    own = np.array([stroke_energy(drums[round(t * RATE) :], "kick") for t in TIMES])
    np.testing.assert_allclose(ratios(strikes, own, drums, drums, np.zeros_like(drums)), ALONE_DB)


def test_other_drums_are_part_of_the_noise():
    drums = bursts()
    strikes = [Strike(TIMES[0], "kick", 0.9), Strike(TIMES[0], "snare", 0.9)]
    whole = stroke_energy(drums[round(TIMES[0] * RATE) :], "kick")
    found = ratios(strikes, np.array([0.8, 0.2]) * whole, drums, drums, np.zeros_like(drums))
    np.testing.assert_allclose(found, [10 * np.log10(4), -10 * np.log10(4)], atol=0.01)


def test_a_hat_is_compared_above_the_bass():
    times = np.arange(3 * RATE) / RATE
    bass = (10 * np.sin(2 * np.pi * 60 * times)).astype(np.float32)
    drums = bursts()
    found = [
        ratios([Strike(1.0, role, 0.9)], np.array([stroke_energy(drums[RATE:], role)]), drums, drums, bass)[0]
        for role in ("hat", "snare")
    ]
    assert found[0] > 20
    assert found[1] < -10
