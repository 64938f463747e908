import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits.core.record import inputs, open_record
from samplechop.realtime.audio import ffmpeg
from samplechop.realtime.core.errors import UserError

RATE = 44_100
with_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def noise(frames: int = 30_000, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(7).uniform(-0.5, 0.5, (frames, channels))


def write(path, samples=None, subtype="PCM_16", form=None, rate=RATE):
    soundfile.write(path, noise() if samples is None else samples, rate, subtype, format=form)
    return path


def samples_of(record, dtype="float64", **span):
    return np.concatenate(list(record.blocks(7_001, dtype=dtype, **span)))


@pytest.mark.parametrize(
    ("ending", "form", "subtype", "of_slices"),
    [
        ("wav", "WAV", "PCM_U8", "PCM_U8"),
        ("wav", "WAV", "PCM_16", "PCM_16"),
        ("wav", "WAVEX", "PCM_24", "PCM_24"),
        ("wav", "RF64", "PCM_32", "PCM_32"),
        ("wav", "WAV", "FLOAT", "FLOAT"),
        ("wav", "WAV", "DOUBLE", "DOUBLE"),
        ("flac", "FLAC", "PCM_S8", "PCM_U8"),
        ("flac", "FLAC", "PCM_24", "PCM_24"),
        ("aiff", "AIFF", "PCM_S8", "PCM_U8"),
        ("aif", "AIFF", "PCM_16", "PCM_16"),
        ("au", "AU", "PCM_24", "PCM_24"),
    ],
)
def test_lossless_files_are_read_in_place_exactly(tmp_path, scratch, ending, form, subtype, of_slices):
    path = write(tmp_path / f"song.{ending}", subtype=subtype, form=form)
    record = open_record(path, scratch)
    assert (record.source, record.audio, record.name) == (path, path, "song")
    assert (record.sample_rate, record.channels, record.length) == (RATE, 2, 30_000)
    assert record.subtype == of_slices and not record.warnings
    assert not list(scratch.iterdir())
    np.testing.assert_array_equal(samples_of(record), soundfile.read(path, always_2d=True)[0])


@pytest.mark.parametrize(
    ("ending", "form", "subtype"), [("ogg", "OGG", "VORBIS"), ("opus", "OGG", "OPUS"), ("mp3", "MP3", "MPEG_LAYER_III")]
)
def test_lossy_files_are_decoded_once_to_24_bits(tmp_path, scratch, ending, form, subtype):
    path = write(tmp_path / f"song.{ending}", subtype=subtype, form=form, rate=48_000)
    record = open_record(path, scratch)
    assert record.audio.parent == scratch and record.subtype == "PCM_24" == soundfile.info(record.audio).subtype
    expected = soundfile.read(path, always_2d=True)[0]
    assert record.length == len(expected) and record.sample_rate == 48_000
    np.testing.assert_allclose(samples_of(record), np.clip(expected, -1, 1), atol=2**-22)


@pytest.mark.parametrize(
    ("form", "subtype", "of_slices"),
    [("WAV", "ULAW", "PCM_16"), ("WAV", "MS_ADPCM", "PCM_16"), ("CAF", "ALAC_24", "PCM_24")],
)
def test_packed_integers_are_decoded_exactly(tmp_path, scratch, form, subtype, of_slices):
    path = write(tmp_path / f"song.{form.lower()}", subtype=subtype, form=form)
    record = open_record(path, scratch)
    assert record.audio.parent == scratch and record.subtype == of_slices
    np.testing.assert_array_equal(samples_of(record, "int32"), soundfile.read(path, dtype="int32", always_2d=True)[0])


@given(st.integers(1, 5000), st.integers(0, 3000), st.integers(0, 3000))
def test_blocks_put_together_are_the_part_asked_for(tmp_path_factory, block, first, more):
    folder = tmp_path_factory.getbasetemp()
    path, samples = folder / "blocks.flac", noise(6_000)
    if not path.exists():
        write(path, samples)
    record = open_record(path, folder)
    blocks = list(record.blocks(block, first, first + more, "int16"))
    assert all(len(one) == block for one in blocks[:-1])
    whole = soundfile.read(path, dtype="int16")[0]
    np.testing.assert_array_equal(np.concatenate([whole[:0], *blocks]), whole[first : first + more])


@pytest.mark.parametrize(("block", "first", "last"), [(0, 0, 10), (1, -1, 10), (1, 5, 4), (1, 0, 30_001)])
def test_blocks_outside_the_record_are_a_mistake(tmp_path, scratch, block, first, last):
    record = open_record(write(tmp_path / "a.wav"), scratch)
    with pytest.raises(ValueError, match="0 <= first <= last <= 30000"):
        next(record.blocks(block, first, last))


def test_a_file_that_shrinks_while_it_is_read_is_told(tmp_path, scratch):
    record = open_record(write(tmp_path / "a.wav"), scratch)
    write(tmp_path / "a.wav", noise(100))
    with pytest.raises(UserError, match="was it changed meanwhile"):
        list(record.blocks(1000))


@pytest.mark.parametrize("form", ["WAV", "AIFF"])
def test_what_is_left_of_a_cut_off_file_is_used_with_a_warning(tmp_path, scratch, form):
    path = write(tmp_path / "a", form=form)
    path.write_bytes(path.read_bytes()[:50_000])
    record = open_record(path, scratch)
    assert 12_000 < record.length < 12_500
    (warning,) = record.warnings
    assert warning.startswith(f"{str(path)!r} ends early, after {record.length} of ")
    assert warning.endswith(" samples: 0.40 of 0.68 s are missing; what came before was used")


def test_a_wav_written_to_a_pipe_is_whole(tmp_path, scratch):
    path = write(tmp_path / "a.wav")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    path.write_bytes(data)
    record = open_record(path, scratch)
    assert record.length == 30_000 and not record.warnings


def test_a_damaged_flac_is_used_up_to_the_damage(tmp_path, scratch):
    path = write(tmp_path / "a.flac")
    data = path.read_bytes()
    whole = soundfile.read(path, dtype="int32")[0]
    path.write_bytes(data[: len(data) // 2])
    record = open_record(path, scratch)
    assert record.audio.parent == scratch and record.subtype == "PCM_16"
    assert 10_000 < record.length < 16_000 and "damaged" in record.warnings[0]
    np.testing.assert_array_equal(samples_of(record, "int32"), whole[: record.length])


def streaminfo_length(path, length: int) -> None:
    data = bytearray(path.read_bytes())
    data[21] = (data[21] & 0xF0) | length >> 32
    data[22:26] = struct.pack(">I", length & 0xFFFF_FFFF)
    path.write_bytes(data)


def test_a_flac_that_does_not_tell_its_length_is_decoded(tmp_path, scratch):
    path = write(tmp_path / "a.flac")
    whole = soundfile.read(path, dtype="int32")[0]
    streaminfo_length(path, 0)
    record = open_record(path, scratch)
    assert not record.warnings
    np.testing.assert_array_equal(samples_of(record, "int32"), whole)


def test_silence_without_end_is_refused(tmp_path, scratch, monkeypatch):
    path = write(tmp_path / "a.flac", np.zeros((300_000, 1)))
    streaminfo_length(path, 0)
    monkeypatch.setattr(ffmpeg, "ROOM", 1000)
    monkeypatch.setattr(ffmpeg, "EXPANSION", 100)
    with pytest.raises(UserError, match="does not state its length and goes on for"):
        open_record(path, scratch)


def test_days_of_silence_are_refused(tmp_path, scratch):
    path = write(tmp_path / "a.flac", np.zeros((1000, 1)))
    streaminfo_length(path, RATE * 3600 * 13)
    with pytest.raises(UserError, match=r"claims to last 13\.0 hours: only 12\.0 hours can be chopped"):
        open_record(path, scratch)


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_what_is_no_number_becomes_silence_and_the_rest_stays(tmp_path, scratch, subtype):
    samples = noise()
    samples[5, 0], samples[20_000, 1], samples[20_001] = np.nan, np.inf, 1e30
    record = open_record(write(tmp_path / "a.wav", samples, subtype), scratch)
    assert "holds 4 samples that are no audio" in record.warnings[0] and record.subtype == subtype
    samples[5, 0] = samples[20_000, 1] = samples[20_001] = 0
    expected = samples.astype(np.float32) if subtype == "FLOAT" else samples
    np.testing.assert_array_equal(samples_of(record), expected)


@pytest.mark.parametrize(
    ("place", "form", "value", "told"),
    [
        (22, "<H", 0, "Channel count is zero"),
        (24, "<I", 1, "claims a rate of 1 Hz"),
        (24, "<I", 10**9, "rate of 1000000000 Hz"),
        (22, "<H", 255, "claims 255 channels: only 1 to 64"),
    ],
)
def test_headers_that_lie_are_refused(tmp_path, scratch, place, form, value, told):
    path = write(tmp_path / "a.wav")
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, place, value)
    if value == 255:
        struct.pack_into("<H", data, 32, 510)
    path.write_bytes(data)
    with pytest.raises(UserError, match=told):
        open_record(path, scratch)


def test_a_disk_without_room_is_told_before_decoding(tmp_path, scratch, monkeypatch):
    path = write(tmp_path / "a.ogg", subtype="VORBIS")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(UserError, match=r"takes \d+ kB, but the disk of '/\S+' has 1 kB free: make room"):
        open_record(path, scratch)


@with_ffmpeg
@pytest.mark.parametrize(
    ("ending", "codec", "subtype"),
    [("m4a", "aac", "PCM_24"), ("m4a", "alac", "PCM_16"), ("wma", "wmav2", "PCM_24"), ("mka", "flac", "PCM_16")],
)
def test_other_formats_are_decoded_by_ffmpeg(tmp_path, scratch, ending, codec, subtype):
    source, path = write(tmp_path / "a.wav"), tmp_path / f"b.{ending}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-c:a", codec, path], check=True)
    record = open_record(path, scratch)
    assert (record.sample_rate, record.channels, record.subtype) == (RATE, 2, subtype)
    assert abs(record.length - 30_000) < 3000 and not record.warnings
    if codec in ("alac", "flac"):
        np.testing.assert_array_equal(samples_of(record), soundfile.read(source)[0])


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    """Give a file that ffmpeg decodes."""
    folder = tmp_path_factory.mktemp("encoded")
    subprocess.run(["ffmpeg", "-v", "error", "-i", write(folder / "a.wav"), folder / "b.m4a"], check=True)
    return folder / "b.m4a"


@with_ffmpeg
@pytest.mark.parametrize("name", ["-i.m4a", "concat:a|b.m4a", "http:x.m4a", "%d.m4a", "a'b\n.m4a"])
def test_a_name_is_nothing_but_a_name_to_ffmpeg(tmp_path, scratch, name, monkeypatch, encoded):
    path = tmp_path / name
    path.write_bytes(encoded.read_bytes())
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert open_record(path.relative_to(tmp_path), scratch).length > 29_000
    assert sorted(tmp_path.iterdir()) == before


@with_ffmpeg
@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\na.wav\n", "ffconcat version 1.0\nfile a.wav\n"])
def test_lists_that_name_other_files_are_not_followed(tmp_path, scratch, text):
    write(tmp_path / "a.wav")
    path = tmp_path / "list.m4a"
    path.write_text(text)
    with pytest.raises(UserError, match=r"cannot be read as audio \(Format not recognised\)"):
        open_record(path, scratch)


def test_without_ffmpeg_one_sentence_says_what_to_install(tmp_path, scratch, monkeypatch):
    monkeypatch.setattr(ffmpeg.shutil, "which", lambda _: None)
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    with pytest.raises(UserError, match="needs the ffmpeg program to be read: install ffmpeg"):
        open_record(tmp_path / "a.m4a", scratch)


def session(folder):
    folder.mkdir(parents=True)
    write(folder / "audio.wav")
    (folder / "events.jsonl").write_text("{}\n")
    return folder


def test_a_session_is_one_record_named_after_its_folder(tmp_path, scratch):
    folder = session(tmp_path / "2026-11-21 night")
    by_folder, by_file = open_record(folder, scratch), open_record(folder / "audio.wav", scratch)
    assert by_folder.source == folder and by_folder.audio == folder / "audio.wav"
    assert by_folder.name == by_file.name == "2026-11-21_night"


def test_a_log_without_audio_hides_nothing_beside_it(tmp_path):
    (tmp_path / "events.jsonl").write_text("{}\n")
    assert inputs([tmp_path, write(tmp_path / "song.wav")]) == [tmp_path / "song.wav"]


def test_folders_give_their_audio_and_sessions_in_order(tmp_path):
    wanted = [write(tmp_path / "b.wav"), session(tmp_path / "night"), tmp_path / "sub" / "a.FLAC"]
    (tmp_path / "sub" / ".hidden").mkdir(parents=True)
    write(tmp_path / "sub" / "a.FLAC", form="FLAC")
    for name in ("._b.wav", ".x.wav", "notes.txt", "sub/.hidden/c.wav"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    kit = tmp_path / "kit"
    (kit / "slices").mkdir(parents=True)
    (kit / "kit.json").write_text("{}")
    write(kit / "slices" / "01.wav")
    assert inputs([tmp_path]) == wanted


def test_nothing_comes_twice(tmp_path):
    path = write(tmp_path / "a.wav")
    assert inputs([path, tmp_path, tmp_path / "." / "a.wav"]) == [path]


def test_what_is_not_there_is_told_at_once(tmp_path):
    with pytest.raises(UserError, match="there is no file or folder"):
        inputs([tmp_path / "missing"])
    with pytest.raises(UserError, match="there is no audio in"):
        inputs([tmp_path])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int32"])
def test_samples_of_16_bits_are_read_as_libsndfile_gives_them(tmp_path: Path, dtype: str) -> None:
    every = np.arange(-(2**15), 2**15, dtype=np.int16).reshape(-1, 2)
    soundfile.write(tmp_path / "every.wav", every, 44_100, "PCM_16")
    record = open_record(tmp_path / "every.wav", tmp_path)
    expected, _ = soundfile.read(tmp_path / "every.wav", dtype=dtype)
    found = np.concatenate(list(record.blocks(1000, dtype=dtype)))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
