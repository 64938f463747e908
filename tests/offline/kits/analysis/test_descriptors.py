"""What slices are described by, on sounds whose truth is known."""

from collections.abc import Iterator

import librosa
import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from samplechop.offline.kits.analysis import descriptors, record_spectra
from samplechop.offline.kits.analysis.descriptors import Descriptors, describe, describe_in
from samplechop.offline.kits.core.record import Record
from tests.support.signals import RATE, chord, kick, record


class Samples:
    """A record in memory. audio: float32, (n,) or (n, channels)."""

    channel, mono, cache = "auto", Record.mono, None

    def __init__(self, audio: NDArray[np.float32], sample_rate: int = RATE, most: int | None = None) -> None:
        self.audio = audio.reshape(len(audio), -1)
        self.sample_rate, self.length, self.most = sample_rate, len(audio), most
        self.channels = self.audio.shape[1]

    def blocks(
        self,
        block: int,
        first: int = 0,
        last: int | None = None,
        dtype: str = "float32",
    ) -> Iterator[NDArray[np.float32]]:
        stop, step = self.length if last is None else last, min(block, self.most or block)
        for start in range(first, stop, step):
            yield self.audio[start : min(start + step, stop)].astype(dtype)


def close(one: Descriptors, other: Descriptors, tolerance: float, where: ArrayLike | slice = slice(None)) -> bool:
    """Compare all of `other` with `one`, or with some of its slices."""
    names = ("harmonic", "frame", "timbre", "level_db")
    return all(
        np.allclose(getattr(one, name)[where], getattr(other, name), rtol=1e-5 if tolerance else 0, atol=tolerance)
        for name in names
    )


def chords(*roots_hz: float) -> NDArray[np.float32]:
    return np.concatenate([chord(root, 1.0) for root in roots_hz])


SECOND = np.arange(8) * RATE


def test_timbre_is_of_one_length_wherever_slices_end() -> None:
    audio = chords(220.0, 311.1, 415.3, 220.0)
    one, two = (describe(Samples(audio), SECOND[:3], stops) for stops in (SECOND[1:4], SECOND[:3] + RATE // 8))
    assert np.allclose(one.timbre, two.timbre, atol=1e-4)
    assert not np.allclose(one.harmonic, two.harmonic, atol=1e-4)


def test_the_same_chord_is_alike_and_another_is_not() -> None:
    found = describe(Samples(chords(220.0, 311.1, 220.0)), SECOND[:3], SECOND[1:4])
    alike = found.similarity([0, 1, 2])
    assert alike[0, 2] > 0.98
    assert max(alike[0, 1], alike[1, 2]) < 0.9


def test_a_drum_does_not_make_a_chord_another_one() -> None:
    audio = chords(220.0, 311.1, 220.0)
    drum = kick(np.random.default_rng(0))
    audio[2 * RATE : 2 * RATE + len(drum)] += 0.3 * drum
    found = describe(Samples(audio), SECOND[:3], SECOND[1:4])
    assert found.similarity([0, 2])[0, 1] > 0.9


def test_loudness_is_in_the_level_and_in_nothing_that_is_compared() -> None:
    loud = describe(Samples(chords(220.0, 330.0)), SECOND[:2], SECOND[1:3])
    soft = describe(Samples(0.1 * chords(220.0, 330.0)), SECOND[:2], SECOND[1:3])
    assert np.allclose(loud.harmonic, soft.harmonic, atol=1e-3)
    assert np.allclose(loud.level_db - soft.level_db, 20.0, atol=0.01)


def test_descriptions_do_not_depend_on_the_blocks_they_are_read_in() -> None:
    audio, starts = record(16.0)
    stops = np.append(starts[1:], len(audio))
    whole = describe(Samples(audio), starts, stops)
    pieces = describe(Samples(audio, most=7777), starts, stops)
    assert close(whole, pieces, 1e-3)


def test_descriptions_do_not_depend_on_what_else_is_described() -> None:
    audio, starts = record(40.0)
    stops = np.append(starts[1:], len(audio))
    some = np.array([50, 0, 20])
    alone = describe(Samples(audio), starts[some], stops[some])
    assert close(describe(Samples(audio), starts, stops), alone, 1e-3, some)


@pytest.mark.parametrize("rate", [22_050, 48_000, 96_000])
def test_the_rate_of_the_record_hardly_matters(rate: int) -> None:
    t = np.arange(2 * rate) / rate
    audio = np.concatenate([0.3 * np.sin(2 * np.pi * hz * t) for hz in (220.0, 440.0)]).astype(np.float32)
    found = describe(Samples(audio, rate), [0, 2 * rate], [2 * rate, 4 * rate])
    assert found.frame.argmax(axis=1).tolist() == [21, 33]
    assert found.similarity([0, 1])[0, 1] < 0.5


def test_both_channels_are_heard() -> None:
    audio = chords(220.0, 330.0)
    left, right = np.stack([audio, 0 * audio], axis=1), np.stack([0 * audio, audio], axis=1)
    assert close(*(describe(Samples(side), SECOND[:2], SECOND[1:3]) for side in (left, right)), tolerance=1e-4)


def test_only_the_first_two_seconds_of_a_slice_are_heard() -> None:
    audio = chords(220.0, 220.0, 311.1, 311.1)
    short, long = (describe(Samples(audio), [0], [stop]) for stop in (2 * RATE, 4 * RATE))
    assert close(short, long, 1e-3)


def test_frames_are_compared_when_asked_for() -> None:
    audio = chords(220.0, 311.1)
    slices, frames = (describe(Samples(audio), [0, RATE // 2], [RATE, 2 * RATE], how) for how in ("slice", "frame"))
    assert np.array_equal(slices.frame, frames.frame)
    assert frames.similarity([0, 1])[0, 1] > slices.similarity([0, 1])[0, 1] + 0.1


def test_silence_broken_samples_and_one_sample_are_survived() -> None:
    audio = np.zeros(RATE, np.float32)
    audio[100:200] = np.nan
    audio[300:400] = np.inf
    found = describe(Samples(audio), [0, 5000, RATE - 1, RATE], [5000, 5001, RATE, RATE])
    for values in (found.harmonic, found.frame, found.timbre, found.level_db, found.similarity(range(4))):
        assert np.isfinite(values).all()


def test_silence_has_the_least_level() -> None:
    assert describe(Samples(np.zeros(RATE, np.float32)), [0], [RATE]).level_db == descriptors.SILENCE_DB


def test_no_slices_have_no_descriptions() -> None:
    assert len(describe(Samples(np.zeros(10, np.float32)), [], [])) == 0


def test_a_slice_outside_the_record_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"lie in 0\.\.10 samples"):
        describe(Samples(np.zeros(10, np.float32)), [0], [11])


def test_the_harmonic_part_is_that_of_librosa() -> None:
    magnitudes = np.random.default_rng(3).random((200, record_spectra.SEMITONES), np.float32) ** 4
    magnitudes[50:60] = 0.0
    expected, _ = librosa.decompose.hpss(
        magnitudes.T, kernel_size=(record_spectra.KERNEL_FRAMES, record_spectra.KERNEL_SEMITONES)
    )
    np.testing.assert_allclose(record_spectra.harmonic_part(magnitudes), expected.T, atol=1e-6)


def test_the_number_of_cores_changes_no_bit() -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 10 * RATE).astype(np.float32)
    described = []
    for cores in (1, 2, 3):
        with threadpool_limits(cores, "blas"):
            described.append(describe(Samples(noise), SECOND[:7], SECOND[1:]))
    assert all(close(described[0], other, 0.0) for other in described[1:])


def test_what_was_described_before_is_described_the_same() -> None:
    rng = np.random.default_rng(4)
    sound = Samples(np.concatenate([rng.uniform(-0.5, 0.5, 4 * RATE).astype(np.float32), chords(220.0, 330.0)]))
    kept = record_spectra.spectra(sound, 0, sound.length)
    for count in (300, 5, 300):
        starts = rng.choice(sound.length // 2000, count) * 1000
        stops = starts + rng.integers(0, sound.length - starts.max(), count)
        found = describe_in(kept, starts, stops)
        anew = describe_in(record_spectra.spectra(sound, 0, sound.length), starts, stops)
        assert all(np.array_equal(*both) for both in zip(found.columns, anew.columns, strict=True))
