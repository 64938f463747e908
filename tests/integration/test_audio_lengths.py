"""The length in a header is a claim: a file played live and a file that is chopped give all samples that are there."""

import os
import select
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.audio.reading import read_at_own_rate
from samplechop.offline.kits.core.record import open_record
from samplechop.realtime.audio import ffmpeg
from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.audio.ordinary_file import is_folder
from samplechop.realtime.core.errors import UserError

RATE = 44_100
FRAMES = 3 * RATE + 711
with_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")


def noise(frames: int = FRAMES, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(3).uniform(-0.3, 0.3, (frames, channels))


def wav(path: Path, subtype: str = "PCM_16", channels: int = 1, form: str = "WAV") -> Path:
    soundfile.write(path, noise(channels=channels), RATE, subtype, format=form)
    return path


def encode(folder: Path, name: str, *options: str) -> Path:
    path = folder / name
    source = wav(folder / "source.wav")
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, *options, path], check=True)
    source.unlink()
    return path


def patch(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def live(path: Path) -> tuple[np.ndarray, list[str]]:
    source = FileSource(path, 1000, realtime=False)
    try:
        blocks = []
        while (chunk := source.read()) is not None:
            blocks.append(chunk.samples.copy())
    finally:
        source.stop()
    return np.concatenate(blocks), source.warnings


def both(path: Path, scratch: Path) -> np.ndarray:
    """Read a file in all three ways; give the samples, which must be the same, and without a warning."""
    samples, warnings = live(path)
    scratch.mkdir()
    record = open_record(path, scratch)
    chopped = np.concatenate(list(record.blocks(5000)))
    assert not warnings and not record.warnings
    np.testing.assert_allclose(samples, chopped, rtol=0, atol=2**-22)
    np.testing.assert_array_equal(read_at_own_rate(path)[0], samples.mean(axis=1))
    return samples


def joined(name: str, *options: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = encode(folder, name, *options)
        path.write_bytes(2 * path.read_bytes())
        return path

    return make


VARIABLE = ("-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0", "-id3v2_version", "0")
"""Of variable bitrate without a header: the first frames say nothing of how long it is."""
ENCODED = {
    "mp3_joined": ("a.mp3", "-b:a", "128k"),
    "mp3_joined_with_tags": ("a.mp3", "-b:a", "128k", "-metadata", "title=x", "-write_id3v1", "1"),
    "vorbis_chained": ("a.ogg", "-c:a", "libvorbis"),
    "opus_chained": ("a.opus", "-c:a", "libopus"),
    "mp3_loud_first": ("a.mp3", *VARIABLE),
    "mp3_silent_first": ("a.mp3", *VARIABLE),
    "mp3_no_header": ("a.mp3", "-b:a", "96k", "-write_xing", "0"),
    "mp3_in_wav": ("a.wav", "-c:a", "libmp3lame"),
    "flac_in_ogg": ("a.oga", "-c:a", "flac"),
    "m4a": ("a.m4a", "-c:a", "aac"),
    "m4a_named_wav": ("a.m4a", "-c:a", "aac"),
    "alac_without_ending": ("a.m4a", "-c:a", "alac"),
    "mp2": ("a.mp2", "-c:a", "mp2"),
}
TWICE = ("mp3_joined", "mp3_joined_with_tags", "vorbis_chained", "opus_chained")
NAMED = {"m4a_named_wav": "really_m4a.wav", "alac_without_ending": "no_ending"}


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, int]]:
    """Give each encoded file, and how many samples ffmpeg decodes of it: of all at once, as it takes long to start."""
    folder = tmp_path_factory.mktemp("encoded")
    silence = np.zeros((4 * RATE, 1))
    sources = {
        "plain": noise(),
        "mp3_loud_first": np.concatenate([noise(RATE), silence, silence]),
        "mp3_silent_first": np.concatenate([silence, noise(4 * RATE)]),
    }
    command: list[object] = ["ffmpeg", "-v", "error"]
    for name, samples in sources.items():
        soundfile.write(folder / f"{name}.wav", samples, RATE)
        command += ["-i", folder / f"{name}.wav"]
    paths = {name: folder / name / file for name, (file, *_) in ENCODED.items()}
    for name, path in paths.items():
        path.parent.mkdir()
        source = name if name in sources else "plain"
        command += ["-map", f"{list(sources).index(source)}:a", *ENCODED[name][1:], path]
    subprocess.run(list(map(str, command)), check=True)
    for name, path in paths.items():
        if name in TWICE:
            path.write_bytes(2 * path.read_bytes())
        paths[name] = path.rename(path.with_name(NAMED.get(name, path.name)))
    command = ["ffmpeg", "-v", "quiet", *(word for path in paths.values() for word in ("-i", path))]
    for number, path in enumerate(paths.values()):
        command += ["-map", f"{number}:a", "-f", "s16le", "-ac", "1", path.with_name("raw")]
    subprocess.run(list(map(str, command)), check=True)
    return {name: (path, path.with_name("raw").stat().st_size // 2) for name, path in paths.items()}


@with_ffmpeg
@pytest.mark.parametrize("name", ENCODED)
def test_all_that_ffmpeg_decodes_is_there(counted: dict[str, tuple[Path, int]], tmp_path: Path, name: str) -> None:
    path, samples = counted[name]
    # libsndfile and ffmpeg skip another part of what the encoder put before the first sample.
    assert abs(len(both(path, tmp_path / "scratch")) - samples) <= 1152


@pytest.mark.parametrize("frames", [FRAMES, 16_384, 4096, 5])
def test_a_flac_of_unknown_length_is_read_to_the_last_sample(tmp_path: Path, frames: int) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(frames), RATE, "PCM_16")
    whole = soundfile.read(path, dtype="float32", always_2d=True)[0]
    patch(path, 21, bytes([path.read_bytes()[21] & 0xF0]) + b"\0" * 4)
    np.testing.assert_array_equal(both(path, tmp_path / "scratch"), whole)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("stated", [0, 4800])
def test_a_wav_that_was_never_finished_is_read_whole(tmp_path: Path, subtype: str, stated: int) -> None:
    path = wav(tmp_path / "a.wav", subtype, channels=2)
    whole = soundfile.read(path, dtype="float32")[0]
    place = path.read_bytes().index(b"data") + 4
    patch(path, place, struct.pack("<I", stated))
    patch(path, 4, struct.pack("<I", stated and stated + place - 4))
    np.testing.assert_array_equal(both(path, tmp_path / "scratch"), whole)


def test_an_aiff_that_was_never_finished_is_read_whole(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.aiff", form="AIFF")
    whole = soundfile.read(path, dtype="float32", always_2d=True)[0]
    data = path.read_bytes()
    for place in (4, data.index(b"SSND") + 4, data.index(b"COMM") + 10):
        patch(path, place, b"\0" * 4)
    np.testing.assert_array_equal(both(path, tmp_path / "scratch"), whole)


@pytest.mark.parametrize("more", [b"LIST\x04\0\0\0INFO", b"\0" * 300, b"TAG" + b"title" * 25])
def test_what_follows_the_samples_of_a_finished_wav_is_no_sound(tmp_path: Path, more: bytes) -> None:
    path = wav(tmp_path / "a.wav")
    path.write_bytes(path.read_bytes() + more)
    assert len(both(path, tmp_path / "scratch")) == FRAMES


@pytest.mark.parametrize(("name", "form", "subtype"), [("a.wav", "WAV", "PCM_16"), ("a.flac", "FLAC", "PCM_16")])
def test_damage_tells_how_much_is_missing(tmp_path: Path, name: str, form: str, subtype: str) -> None:
    path = wav(tmp_path / name, subtype, form=form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    samples, (warning,) = live(path)
    record = open_record(path, tmp_path)
    assert record.length == len(samples) and record.warnings == (warning,)
    assert f"{(FRAMES - len(samples)) / RATE:.2f} of {FRAMES / RATE:.2f} s are missing" in warning


@with_ffmpeg
def test_joined_flac_files_tell_what_of_them_is_missing(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.flac", form="FLAC")
    path.write_bytes(2 * path.read_bytes())
    samples, (warning,) = live(path)
    assert FRAMES < len(samples) <= 2 * FRAMES
    assert f" of {2 * FRAMES / RATE:.2f} s are missing" in warning
    record = open_record(path, tmp_path)
    assert record.length == len(samples) and record.warnings == (warning,)


@with_ffmpeg
def test_without_ffmpeg_the_part_that_can_be_read_is_used_and_the_rest_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = joined("a.ogg", "-c:a", "libvorbis")(tmp_path)
    monkeypatch.setattr(ffmpeg.shutil, "which", lambda _: None)
    samples, warnings = live(path)
    assert len(samples) == FRAMES
    told = f"holds 6.03 s, of which only the first {FRAMES / RATE:.2f} s can be read without the ffmpeg program"
    assert told in warnings[0] and told in open_record(path, tmp_path).warnings[0]


def test_without_ffmpeg_what_needs_it_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg.shutil, "which", lambda _: None)
    path = tmp_path / "a.wav"
    path.write_bytes(b"\0\0\0\x20ftypM4A " * 20)
    with pytest.raises(UserError, match=r"a\.wav' cannot be read as audio \(.*\); it needs the ffmpeg program to be"):
        FileSource(path)


def open_files() -> int:
    return len(list(ffmpeg.DESCRIPTORS.iterdir()))


@with_ffmpeg
@pytest.mark.skipif(not ffmpeg.DESCRIPTORS.is_dir(), reason="open files have no names here")
def test_the_decoded_copy_has_no_name_and_is_gone_when_the_source_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = encode(tmp_path, "a.m4a", "-c:a", "aac")
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    before = open_files()
    source = FileSource(path, realtime=False)
    assert list(place.iterdir()) == [] and open_files() > before
    source.stop()
    assert open_files() == before
    path.write_bytes(b"no audio at all " * 50)
    with pytest.raises(UserError, match="cannot be read as audio"):
        FileSource(path)
    assert list(place.iterdir()) == [] and open_files() == before


@pytest.mark.skipif(not ffmpeg.DESCRIPTORS.is_dir(), reason="open files have no names here")
def test_a_kill_while_ffmpeg_decodes_leaves_nothing_behind(tmp_path: Path) -> None:
    programs, place, song = tmp_path / "bin", tmp_path / "temporary", tmp_path / "a.m4a"
    programs.mkdir()
    place.mkdir()
    song.write_bytes(b"\0\0\0\x20ftypM4A " * 20)
    answer = '{"streams": [{"codec_name": "aac", "duration": "9"}]}'
    scripts = {
        "ffprobe": f"echo '{answer}'",
        # The last argument is where it is to write to.
        "ffmpeg": 'for last; do :; done; head -c 4096 /dev/zero > "${last#file:}"; echo decoding > "$PIPE"; sleep 60',
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    os.mkfifo(tmp_path / "pipe")
    code = f"from samplechop.realtime.audio.file_source import FileSource; FileSource({str(song)!r})"
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(place),
        "PIPE": str(tmp_path / "pipe"),
    }
    pipe = os.open(tmp_path / "pipe", os.O_RDWR)  # so that there is no end when ffprobe closes it
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as process:
        try:
            assert select.select([pipe], [], [], 120)[0] and os.read(pipe, 8) == b"decoding"
        finally:
            process.kill()
            os.close(pipe)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(("length", "refused"), [(240, False), (300, True)])
def test_a_path_too_long_for_windows_is_said_to_be(tmp_path: Path, length: int, refused: bool) -> None:
    path = tmp_path / ("x" * 40)
    while len(str(path)) < length - 42:
        path /= "y" * 40
    path /= "z" * (length - len(str(path)) - 1)
    assert len(str(path)) == length
    if refused:
        with pytest.raises(UserError, match=r"is longer than the 259 characters that Windows opens"):
            is_folder(path, windows=True)
    else:
        assert not is_folder(path, windows=True)
    path.parent.mkdir(parents=True)
    path.mkdir()
    assert is_folder(path, windows=True)  # where long paths are enabled


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "\udcff"])
def test_names_that_no_system_takes_are_refused_live_and_offline(tmp_path: Path, name: str) -> None:
    for opened in (FileSource, lambda path: open_record(path, tmp_path)):
        with pytest.raises(UserError, match=r"cannot be opened|is not UTF-8|there is no file"):
            opened(tmp_path / name)


def test_what_is_beyond_all_audio_is_refused_alike(tmp_path: Path) -> None:
    slow, fast, wide, pipe = (tmp_path / f"{name}.wav" for name in ("slow", "fast", "wide", "pipe"))
    for path, rate in ((slow, 1), (fast, 768_000)):
        patch(wav(path), 24, struct.pack("<I", rate))
    soundfile.write(wide, np.zeros((100, 65)), RATE)
    os.mkfifo(pipe)
    for path, reason in (
        (slow, "claims a rate of 1 Hz: only 4000 to 384000 Hz can be read"),
        (fast, "claims a rate of 768000 Hz: only 4000 to 384000 Hz can be read"),
        (wide, "claims 65 channels: only 1 to 64 can be read"),
        (pipe, "is no ordinary file: give an audio file"),
    ):
        for opened in (lambda path: open_record(path, tmp_path), FileSource, read_at_own_rate):
            with pytest.raises(UserError, match=f"^{str(path)!r} {reason}$"):
                opened(path)
