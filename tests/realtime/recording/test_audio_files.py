"""The files of a recording: exact, and readable by programs nobody here wrote at every moment they grow."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import wavfile

from samplechop.realtime.recording.audio_files import (
    FORMATS,
    RIFF_LIMIT,
    FlacFile,
    WavFile,
    packed24,
    pcm24,
    wav_header,
)

RATE = 48_000


def noise(n: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (n, channels)).astype(np.float32)


def rounded(samples: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(samples.astype(np.float64) * 2**23), -(2**23), 2**23 - 1)


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float64", always_2d=True)[0]


@given(st.integers(-(2**23), 2**23 - 1))
def test_a_sample_of_24_bits_comes_back_as_it_was(number: int) -> None:
    assert pcm24(np.array([[number / 2**23]], np.float32))[0, 0] == number


def test_what_cannot_be_told_in_24_bits_is_clipped_or_silent() -> None:
    odd = np.array([[1.0, 1.5, -1.5, np.nan, np.inf, -np.inf]], np.float32)
    top = 2**23 - 1
    assert pcm24(odd).tolist() == [[top, top, -(2**23), 0, top, -(2**23)]]


def test_three_bytes_are_little_endian_and_interleaved() -> None:
    assert packed24(np.array([[1 / 2**23, -1 / 2**23]], np.float32)) == b"\x01\x00\x00\xff\xff\xff"


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("is_float", [False, True])
@pytest.mark.parametrize("limit", [RIFF_LIMIT, 2_000])
def test_a_wav_is_read_at_every_moment_by_every_program(
    tmp_path: Path, channels: int, is_float: bool, limit: int
) -> None:
    samples = noise(3_001, channels)
    wanted = samples.astype(np.float64) if is_float else rounded(samples) / 2**23
    path = tmp_path / "audio.wav"
    file = WavFile(path, RATE, channels, is_float, limit)
    assert len(read(path)) == 0
    for end in (1, 1_000, 3_001):
        file.write(samples[file.frames : end])
        before = len(read(path))  # the samples are there, the header does not tell of them yet
        file.flush()
        assert before < end
        assert np.array_equal(read(path), wanted[:end])
        rate, by_scipy = wavfile.read(path)
        assert (rate, len(by_scipy)) == (RATE, end)
        assert by_ffprobe(path) in (None, (RATE, channels, end))
    file.close()
    assert np.array_equal(read(path), wanted)
    assert (soundfile.info(path).format == "RF64") == (limit < RIFF_LIMIT)


def by_ffprobe(path: Path) -> tuple[int, int, int] | None:
    if shutil.which("ffprobe") is None:
        return None
    entries = "stream=sample_rate,channels,duration_ts"
    command = ["ffprobe", "-v", "error", "-show_entries", entries, "-of", "csv=p=0", str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    rate, channels, length = (int(part) for part in answer.split(","))
    return rate, channels, length


@given(st.integers(1, 8), st.sampled_from([(3, False), (4, True)]), st.integers(0, 2**41))
def test_the_header_is_as_long_whatever_the_length_of_the_audio(
    channels: int, kind: tuple[int, bool], frames: int
) -> None:
    size = frames * channels * kind[0]
    header = wav_header(RATE, channels, *kind, size)
    assert len(header) == len(wav_header(RATE, channels, *kind, 0))
    assert header.startswith(b"RIFF" if len(header) + size + size % 2 - 8 <= RIFF_LIMIT else b"RF64")


def test_beyond_4_gb_other_programs_find_all_samples(tmp_path: Path) -> None:
    path = tmp_path / "audio.wav"
    file = WavFile(path, RATE, 2)
    long = 2**32 // 6 + 1_000
    try:
        file.write_silence(long)  # takes no room
    except OSError:
        pytest.skip("this disk takes no files of 4 GB")
    last = noise(100)
    file.write(last)
    file.flush()
    assert soundfile.info(path).frames == long + 100
    with soundfile.SoundFile(path) as there:
        there.seek(long)
        assert np.array_equal(there.read(dtype="float64"), rounded(last) / 2**23)
    assert by_ffprobe(path) in (None, (RATE, 2, long + 100))
    file.close()
    assert soundfile.info(path).frames == long + 100


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=5), st.integers(1, 8))
def test_a_flac_is_exact_and_read_but_for_its_last_blocks_while_it_grows(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], channels: int
) -> None:
    path = tmp_path_factory.mktemp("flac") / "audio.flac"
    samples = noise(sum(sizes), channels)
    wanted = rounded(samples) / 2**23
    file = FlacFile(path, RATE, channels)
    for size in sizes:
        file.write(samples[file.frames : file.frames + size])
        file.flush()
        if file.frames > 2 * 4_096:
            there = read(path)
            assert file.frames - len(there) <= 2 * 4_096
            assert np.array_equal(there, wanted[: len(there)])
    file.close()
    assert np.array_equal(read(path), wanted)


@pytest.mark.parametrize("name", list(FORMATS))
def test_silence_is_silence(tmp_path: Path, name: str) -> None:
    file_name, create = FORMATS[name]
    file = create(tmp_path / file_name, RATE, 2)
    samples = noise(100)
    file.write(samples)
    file.write_silence(70_001)
    file.write(samples)
    assert file.frames == 70_201
    file.close()
    there = read(tmp_path / file_name)
    assert len(there) == 70_201
    assert not there[100:-100].any()
    assert np.array_equal(there[:100], there[-100:])


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_file_that_is_there_is_never_written_over(tmp_path: Path, name: str) -> None:
    file_name, create = FORMATS[name]
    (tmp_path / file_name).write_text("mine")
    with pytest.raises(FileExistsError):
        create(tmp_path / file_name, RATE, 2)
    assert (tmp_path / file_name).read_text() == "mine"
