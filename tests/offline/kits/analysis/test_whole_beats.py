"""The beats of a whole record, which is looked at from end to end."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop import models
from samplechop.offline.kits.analysis import candidates
from samplechop.offline.kits.analysis.whole_beats import BREAK, SIDE, HeardPulse, tracked, trusted
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from tests.support import made_drums

FRAME_RATE = 44_100 / 512
HEADS = ("hit", "beat")


def beats_in(sound: np.ndarray, tmp_path: Path) -> np.ndarray:
    """Give the places of the beats that a kit's analysis finds, in seconds."""
    soundfile.write(tmp_path / "record.wav", sound, made_drums.RATE)
    record = open_record(tmp_path / "record.wav", tmp_path)
    found = candidates.find(record, ChopOptions(), 0, record.length)
    return np.array([beat.sample / record.sample_rate for beat in found.beats])


def test_beats_go_on_where_the_drums_pause(tmp_path: Path) -> None:
    beats = made_drums.even(101.0, 30.0)
    sound = made_drums.drums(beats, made_drums.ROCK, 4, 30.0)
    silent = slice(*(round(at * made_drums.RATE) for at in (beats[20] - 0.05, beats[32] - 0.05)))
    sound[silent] = 0
    found = beats_in(sound, tmp_path)
    assert np.abs(found[:, None] - beats).min(axis=1).max() < 0.06
    assert len(found) == pytest.approx(len(beats), abs=2)


def test_a_record_has_beats_from_its_first_sample_on(tmp_path: Path) -> None:
    beats = made_drums.even(117.0, 20.0, first=0.0)
    found = beats_in(made_drums.drums(beats, made_drums.ROCK, 4, 20.0), tmp_path)
    assert found[0] < 0.03
    np.testing.assert_allclose(np.diff(found), 60 / 117.0, atol=0.06)


def test_where_nothing_has_a_pulse_there_are_no_beats(tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(3).standard_normal(20 * made_drums.RATE)
    assert not len(beats_in(noise.astype(np.float32), tmp_path))


def test_what_is_kept_of_a_stream_does_not_depend_on_the_blocks() -> None:
    sound = made_drums.drums(made_drums.even(120.0, 4.0), made_drums.ROCK, 4, 4.0)
    kept = []
    for size in (256, 4096):
        pulse = PulseStream(models.load("chop"), size)
        heard = HeardPulse(pulse)
        for at in range(0, len(sound) // 4096 * 4096, size):
            pulse.push(np.ascontiguousarray(sound[at : at + size]))
            heard.grow()
        kept.append((heard.activations(), heard.harmony()))
    for one, other in zip(*kept, strict=True):
        assert len(one) and one.shape == other.shape
        np.testing.assert_allclose(one.astype(np.float32), other.astype(np.float32), rtol=2e-3, atol=1e-4)


@pytest.mark.filterwarnings("error")
def test_what_is_far_louder_than_full_scale_can_be_kept() -> None:
    tone = np.sin(2 * np.pi * 220 / 44_100 * np.arange(44_100))
    pulse = PulseStream(models.load("chop"), len(tone))
    heard = HeardPulse(pulse)
    pulse.push((30_000 * tone).astype(np.float32))
    heard.grow()
    assert np.isfinite(heard.harmony()).all() and heard.harmony().max() > 10_000


def activations(places: np.ndarray, n: int) -> np.ndarray:
    frames = np.arange(n)
    bumps = np.exp(-0.5 * (frames[:, None] - places[None, :]) ** 2).max(axis=1)
    return np.stack([0.5 * bumps, 0.02 + 0.75 * bumps], axis=1).astype(np.float32)


@given(shift=st.floats(-0.4, 0.4), period=st.floats(34.0, 60.0))
def test_beats_lie_where_activations_are_highest_between_frames_too(shift: float, period: float) -> None:
    places = 40 + shift + period * np.arange(20)
    pulse = tracked(activations(places, 1300), HEADS, FRAME_RATE, (55.0, 200.0))
    inner = pulse.places[(pulse.places > 39) & (pulse.places < places[-1] + 1)]
    assert len(inner) == len(places)
    np.testing.assert_allclose(inner, places, atol=0.15)
    settled = (pulse.places > places[SIDE]) & (pulse.places < places[-SIDE - 1])
    np.testing.assert_allclose(pulse.periods[settled], period, rtol=0.01)


def test_trust_is_told_by_both_sides() -> None:
    places = np.arange(40, 3000, 43.0)
    played = places[places < 1500]
    pulse = tracked(activations(played, 3000), HEADS, FRAME_RATE, (55.0, 200.0))
    early, late = pulse.told_by[pulse.places < 1200], pulse.told_by[pulse.places > 1800]
    assert (early.min(axis=0) > late.max(axis=0)).all()


def test_stretches_are_trusted_that_are_sure_anywhere() -> None:
    trust = np.array([0.05, 0.3, 0.9, 0.2, *[0.05] * (BREAK + 1), 0.3, 0.4, 0.05])
    assert np.flatnonzero(trusted(trust, 0.6, 0.1)).tolist() == [1, 2, 3]
    assert not trusted(trust, 0.95, 0.1).any()
    assert not len(trusted(np.zeros(0), 0.5, 0.1))


def test_a_pulse_that_goes_on_is_counted_through_a_short_break() -> None:
    trust = np.array([0.9, *[0.05] * BREAK, 0.7, 0.05])
    anew = np.zeros(len(trust), bool)
    assert trusted(trust, 0.6, 0.1, anew).tolist() == [True] * (BREAK + 2) + [False]
    anew[3] = True
    assert np.flatnonzero(trusted(trust, 0.6, 0.1, anew)).tolist() == [0, BREAK + 1]
