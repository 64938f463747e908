"""A file comes through sample for sample, at the speed asked for, and a wrong one is refused in a sentence."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from samplechop.realtime.audio.audio_file import DECODE_FRAMES
from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.audio.source import StreamClock
from samplechop.realtime.core.errors import UserError

RATE = 44_100


def noise(n: int, channels: int = 2, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (n, channels)).astype(np.float32)


def everything(source: FileSource) -> NDArray[np.float32]:
    """Read to the end, checking that the chunks follow each other."""
    source.start()
    chunks = []
    position = 0
    while (chunk := source.read()) is not None:
        assert chunk.start == position
        assert chunk.gap == 0
        assert 1 <= len(chunk.samples) <= source.block_size
        assert chunk.samples.dtype == np.float32
        position += len(chunk.samples)
        chunks.append(chunk.samples.copy())
    assert source.read() is None
    source.stop()
    return np.concatenate(chunks) if chunks else np.zeros((0, source.channels), np.float32)


@pytest.mark.parametrize("block_size", [1, 64, 65, 256, 8193, 100_000])
def test_every_sample_arrives_whatever_the_block_size(tmp_path: Path, block_size: int) -> None:
    audio = noise(2 * DECODE_FRAMES + 77 if block_size > 1 else 300)
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="FLOAT")
    np.testing.assert_array_equal(everything(FileSource(tmp_path / "a.wav", block_size, realtime=False)), audio)


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("suffix", ["mp3", "ogg", "flac", "aiff"])
def test_every_format_comes_as_it_decodes_in_one_go(tmp_path: Path, suffix: str, ahead: bool) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, noise(2 * RATE), RATE)
    whole, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(everything(FileSource(path, 256, realtime=False, ahead=ahead)), whole)


@pytest.mark.parametrize("ahead", [False, True])
def test_a_file_that_breaks_in_the_middle_counts_up_to_there(tmp_path: Path, ahead: bool) -> None:
    path = tmp_path / "a.flac"
    audio = noise(4 * DECODE_FRAMES)
    soundfile.write(path, audio, RATE)
    path.write_bytes(path.read_bytes()[:-20_000])
    source = FileSource(path, 1000, realtime=False, ahead=ahead)
    got = everything(source)
    assert 2 * DECODE_FRAMES < len(got) < len(audio)
    np.testing.assert_allclose(got, audio[: len(got)], atol=1e-4)
    (warning,) = source.warnings
    assert f"after {len(got)} samples" in warning


def test_a_file_that_is_read_ahead_ends_when_it_is_stopped(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.ogg", noise(20 * DECODE_FRAMES), RATE)
    source = FileSource(tmp_path / "a.ogg", DECODE_FRAMES, realtime=False, ahead=True)
    for _ in range(5):  # more than the beginning, which is there when it is opened
        assert source.read() is not None
    source.stop()
    assert source.read() is None


@pytest.mark.parametrize(("channels", "rate"), [(8, 96_000), (1, 8_000)])
def test_many_channels_and_other_rates_come_unchanged(tmp_path: Path, channels: int, rate: int) -> None:
    audio = noise(5000, channels)
    soundfile.write(tmp_path / "a.wav", audio, rate, subtype="FLOAT")
    source = FileSource(tmp_path / "a.wav", 512, realtime=False)
    assert (source.channels, source.sample_rate) == (channels, rate)
    np.testing.assert_array_equal(everything(source), audio)


def test_samples_that_are_no_numbers_come_as_they_are(tmp_path: Path) -> None:
    audio = noise(1000)
    audio[10], audio[20] = np.nan, np.inf
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="FLOAT")
    np.testing.assert_array_equal(everything(FileSource(tmp_path / "a.wav", realtime=False)), audio)


class Timeline:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.time = 100.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """One second of noise."""
    soundfile.write(tmp_path / "second.wav", noise(RATE), RATE, subtype="FLOAT")
    return tmp_path / "second.wav"


def test_in_real_time_a_chunk_comes_when_its_last_sample_was_played(second: Path) -> None:
    timeline = Timeline()
    source = FileSource(second, 441, realtime=True, now=timeline.now, wait=timeline.wait)
    timeline.time = 200.0
    source.start()
    while (chunk := source.read()) is not None:
        assert timeline.time == pytest.approx(200.0 + (chunk.start + len(chunk.samples)) / RATE)
        assert timeline.time == pytest.approx(source.time_of(chunk.start + len(chunk.samples)))
    assert timeline.time == pytest.approx(201.0)


def test_time_lost_elsewhere_is_caught_up(second: Path) -> None:
    timeline = Timeline()
    source = FileSource(second, 441, realtime=True, now=timeline.now, wait=timeline.wait)
    source.start()
    timeline.time += 0.5  # somebody slept
    while not timeline.waits:
        chunk = source.read()
        assert chunk is not None
    assert RATE // 2 < chunk.start + len(chunk.samples) <= RATE // 2 + 441
    assert timeline.time == pytest.approx(source.time_of(chunk.start + len(chunk.samples)))


def test_fast_never_waits(second: Path) -> None:
    timeline = Timeline()
    everything(FileSource(second, 441, realtime=False, now=timeline.now, wait=timeline.wait))
    assert timeline.waits == []


def test_stopping_ends_the_audio_even_in_the_middle_of_a_wait(second: Path) -> None:
    timeline = Timeline()
    source: FileSource

    def stopped_by_another_thread(seconds: float) -> None:
        timeline.wait(seconds)
        source.stop()

    source = FileSource(second, 441, realtime=True, now=timeline.now, wait=stopped_by_another_thread)
    source.start()
    assert source.read() is None
    assert source.read() is None
    source.stop()


def write_text(path: Path) -> None:
    path.write_text("a shopping list\n" * 50)


def write_nothing(path: Path) -> None:
    path.touch()


def write_header_only(path: Path) -> None:
    soundfile.write(path, np.zeros((0, 2)), RATE)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda _: None, "there is no file"),
        (lambda path: path.mkdir(), "is a folder"),
        (write_text, "cannot be read as audio"),
        (write_nothing, "is empty"),
        (write_header_only, "holds no audio"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_with_its_name(
    tmp_path: Path, make: Callable[[Path], None], sentence: str
) -> None:
    path = tmp_path / "wrong.wav"
    make(path)
    with pytest.raises(UserError, match=sentence) as refusal:
        FileSource(path)
    assert "wrong.wav" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "wav"])
def test_a_file_cut_short_gives_what_is_left_of_it(tmp_path: Path, suffix: str) -> None:
    whole, cut = tmp_path / f"whole.{suffix}", tmp_path / f"cut.{suffix}"
    soundfile.write(whole, noise(5 * RATE), RATE)
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    source = FileSource(cut, 256, realtime=False)
    audio = everything(source)
    assert 2 * RATE < len(audio) < 3 * RATE
    reference, _ = soundfile.read(whole, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(audio[: 2 * RATE], reference[: 2 * RATE])
    if suffix != "ogg":  # those whose headers still tell the old length
        assert len(source.warnings) == 1
        assert f"ends early, after {len(audio)} of " in source.warnings[0]
        assert re.search(r": 2\.[45]\d of 5\.00 s are missing; what came before was used$", source.warnings[0])


@pytest.mark.parametrize("block_size", [64, 8193])
def test_a_file_that_breaks_counts_as_far_as_it_was_decoded(tmp_path: Path, block_size: int) -> None:
    whole, cut = tmp_path / "whole.flac", tmp_path / "cut.flac"
    soundfile.write(whole, noise(5 * RATE), RATE)
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    source = FileSource(cut, block_size, realtime=False)
    audio = everything(source)
    reference, _ = soundfile.read(whole, dtype="float32", always_2d=True)
    assert len(audio) > 2 * RATE
    np.testing.assert_array_equal(audio, reference[: len(audio)])
    assert f"is damaged after {len(audio)} samples" in source.warnings[0]


def test_a_block_size_below_one_is_refused(second: Path) -> None:
    with pytest.raises(ValueError, match="block_size must be at least 1, got 0"):
        FileSource(second, 0)


def test_the_stream_clock_smooths_jitter_and_follows_drift() -> None:
    rng = np.random.default_rng(1)
    rate, true_rate, block = 44_100, 44_100 * (1 + 1e-4), 256
    clock = StreamClock(rate, 0, 10.0)
    errors = []
    for position in range(block, 60 * rate, block):
        arrival = 10.0 + position / true_rate
        clock.update(position, arrival + rng.normal(0, 0.001))
        errors.append(clock.time_of(position) - arrival)
    assert np.std(errors[len(errors) // 2 :]) < 2e-4
    assert abs(np.mean(errors[len(errors) // 2 :])) < 5e-5


def test_the_stream_clock_is_monotone_in_the_position() -> None:
    rng = np.random.default_rng(2)
    clock = StreamClock(44_100, 0, 0.0)
    for block in range(1, 500):
        clock.update(block * 256, block * 256 / 44_100 + rng.uniform(0, 0.02))
        times = [clock.time_of(block * 256 + i) for i in range(0, 512, 16)]
        assert (np.diff(times) > 0).all()


def test_the_stream_clock_believes_a_jump_at_once() -> None:
    clock = StreamClock(44_100, 0, 0.0)
    clock.update(44_100, 1.0)
    clock.update(88_200, 7.0)
    assert clock.time_of(88_200) == 7.0


@pytest.mark.parametrize("late", [0.03, -0.03])
def test_the_stream_clock_follows_a_step_within_a_dozen_blocks(late: float) -> None:
    rng = np.random.default_rng(3)
    rate, block = 44_100, 256
    clock = StreamClock(rate, 0, 0.0)
    errors = []
    for n in range(1, 800):
        arrival = n * block / rate + late * (n >= 400)
        clock.update(n * block, arrival + rng.uniform(0, 0.002))
        errors.append(clock.time_of(n * block) - arrival)
    assert np.abs(errors[412:]).max() < 0.006


def test_a_few_late_blocks_hardly_move_the_stream_clock() -> None:
    rate, block = 44_100, 256
    clock = StreamClock(rate, 0, 0.0)
    for n in range(1, 400):
        clock.update(n * block, n * block / rate + 0.02 * (n % 100 < 5))
    assert abs(clock.time_of(400 * block) - 400 * block / rate) < 0.004
