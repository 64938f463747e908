"""The key: chords in known keys, and what has none."""

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from scipy.ndimage import uniform_filter1d

from samplechop.offline.kits.analysis import tempo_and_key
from samplechop.offline.kits.analysis.tempo_and_key import (
    EXCERPT_SECONDS,
    EXCERPTS,
    key_of_record,
    key_of_samples,
    moving_average,
    pitch_classes,
)
from samplechop.offline.kits.core.record import open_record
from samplechop.realtime.detectors.harmony.key_tracker import KEYS

RATE = 44_100
MAJOR, MINOR = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)), ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7))


def chords(tonic: float, steps: tuple[tuple[int, ...], ...], rate: int = RATE) -> np.ndarray:
    """Play one chord a second, float32, with five harmonics a note. tonic: MIDI pitch."""
    seconds = np.arange(rate) / rate
    played = []
    for chord in steps:
        notes = [440 * 2 ** ((tonic + step - 69) / 12) for step in chord]
        tones = [np.sin(2 * np.pi * k * note * seconds) / k**2 for note in notes for k in range(1, 6)]
        played.append(np.sum(tones, axis=0) * np.exp(-2 * seconds))
    return (np.concatenate(played) / 8).astype(np.float32)


@pytest.mark.parametrize(
    ("tonic", "steps", "name"),
    [
        (60, MAJOR, "C major"),
        (57, MINOR, "A minor"),
        (66, MINOR, "F# minor"),
        (63, MAJOR, "Eb major"),
        (56, MINOR, "G# minor"),
        (56, MAJOR, "Ab major"),
    ],
)
def test_a_cadence_tells_its_key(tonic: int, steps: tuple[tuple[int, ...], ...], name: str) -> None:
    got = key_of_samples(chords(tonic, steps), RATE)
    assert got is not None
    assert got.value == name
    assert 0.5 <= got.confidence <= 1


@pytest.mark.parametrize("off", [-0.3, 0.2, 0.4])
def test_a_turntable_off_pitch_changes_nothing(off: float) -> None:
    got = key_of_samples(chords(57 + off, MINOR), RATE)
    assert got is not None
    assert got.value == "A minor"


@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000])
def test_the_rate_does_not_matter(rate: int) -> None:
    got = key_of_samples(chords(57, MINOR, rate), rate)
    assert got is not None
    assert got.value == "A minor"


def test_drums_over_it_do_not_matter() -> None:
    music = chords(57, MINOR)
    hits = np.random.default_rng(2).standard_normal(len(music)) * np.exp(-20 * (np.arange(len(music)) / RATE % 0.25))
    got = key_of_samples(music + 0.2 * hits.astype(np.float32), RATE)
    assert got is not None
    assert got.value == "A minor"


@pytest.mark.parametrize(
    "samples",
    [
        np.random.default_rng(1).standard_normal(4 * RATE),
        np.zeros(RATE),
        np.zeros(0),
        np.ones(RATE),
        np.full(RATE, np.nan),
        np.eye(1, 10)[0],
        np.sign(np.sin(np.arange(2 * RATE) * 0.001)) * 1e38,
    ],
)
def test_what_has_no_key_gets_none(samples: np.ndarray) -> None:
    assert key_of_samples(samples.astype(np.float32), RATE) is None


def test_broken_samples_do_not_hide_the_key() -> None:
    music = chords(57, MINOR)
    music[[5, 70_000]] = np.nan, np.inf
    got = key_of_samples(music, RATE)
    assert got is not None
    assert got.value == "A minor"


def test_the_strongest_pitch_classes_are_those_played() -> None:
    found = pitch_classes(chords(60, ((0, 4, 7),)), RATE)
    assert set(np.argsort(-found)[:3]) == {0, 4, 7}


def test_the_part_of_a_record_that_is_chopped_is_heard(tmp_path: Path) -> None:
    first, second = chords(57, MINOR), chords(63, MAJOR)
    soundfile.write(tmp_path / "two.wav", np.concatenate([first, second]), RATE)
    record = open_record(tmp_path / "two.wav", tmp_path)
    got = [key_of_record(record, 0, len(first)), key_of_record(record, len(first))]
    assert [key and key.value for key in got] == ["A minor", "Eb major"]


def test_no_more_of_a_long_record_is_heard_than_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "long.wav", np.zeros(300 * 4_000, np.float32), 4_000)
    record, heard = open_record(tmp_path / "long.wav", tmp_path), []
    monkeypatch.setattr(
        "samplechop.offline.kits.analysis.tempo_and_key.key_of_samples",
        lambda samples, rate: heard.append(len(samples) / rate),
    )
    key_of_record(record)
    assert heard == [EXCERPTS * EXCERPT_SECONDS]


@pytest.mark.parametrize(("lead", "other"), [(0.05, "A minor"), (0.2, "")])
def test_a_key_that_is_nearly_as_likely_is_named(lead: float, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    alike = np.zeros(len(KEYS))
    names = [key.name for key in KEYS]
    alike[names.index("A major")], alike[names.index("A minor")] = 0.95, 0.95 - lead
    monkeypatch.setattr(tempo_and_key, "likeness", lambda _: alike)
    got = key_of_samples(chords(57, MAJOR), RATE)
    assert got is not None
    assert (got.value, got.other) == ("A major", other)


def test_spectral_peaks_and_tuning_are_those_of_librosa() -> None:
    rng = np.random.default_rng(5)
    seconds = np.arange(3 * 6000) / 6000
    tones = [np.sin(2 * np.pi * hertz * seconds) for hertz in (82.0, 221.0, 440.0 * 2**0.02, 1333.0)]
    audio = (sum(tones) + 0.1 * rng.standard_normal(len(seconds))).astype(np.float32)
    spectrum = np.abs(librosa.stft(audio, n_fft=2048, hop_length=1024))
    floor = np.full_like(spectrum, np.median(spectrum) * 4)
    pitches, sizes = librosa.piptrack(
        S=spectrum, sr=6000, n_fft=2048, hop_length=1024, fmin=60.0, fmax=2400.0, threshold=1.0, ref=floor
    )
    peaks = np.nonzero(sizes)
    hertz, height, frame = tempo_and_key._peaks(tempo_and_key._magnitudes(audio), floor)
    assert len(hertz) > 50
    for ours, theirs in ((hertz, pitches[peaks]), (height, sizes[peaks]), (frame, peaks[1])):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert tempo_and_key._tuning(hertz) == pytest.approx(librosa.pitch_tuning(hertz))


@pytest.mark.parametrize(("rows", "columns"), [(1025, 40), (40, 3), (9, 2), (5, 1)])
def test_averages_are_those_of_scipy_to_the_last_bit(rows: int, columns: int) -> None:
    spectrum = (np.random.default_rng(4).random((rows, columns)) ** 8 * 100).astype(np.float32)
    np.testing.assert_array_equal(moving_average(spectrum, 9), uniform_filter1d(spectrum, 9, axis=0))
