"""The whole record as wav: the record's own samples, and its slices as other programs read them."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.audio.sample_formats import Cue, chunk, cue_chunks, undate, wav_header
from samplechop.offline.export import ExportWarning
from samplechop.offline.export.record import cues as cues_of
from samplechop.offline.export.record import whole_wav
from samplechop.offline.kits.core.model import Kit
from samplechop.offline.labels.formats import read_cues
from samplechop.realtime.core.errors import UserError
from tests.support.kits import make_kit

SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]


def chapters(path: Path) -> list[tuple[int, str]]:
    """Give sample and name of each chapter that ffmpeg finds."""
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    call = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", path]
    found = json.loads(subprocess.run(call, capture_output=True, check=True).stdout)["chapters"]
    return [(chapter["start"], chapter["tags"]["title"]) for chapter in found]


def marked(kit: Kit) -> list[tuple[int, str]]:
    return [(part.start, part.name) for part in kit.slices]


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_samples_are_the_records_bit_for_bit(subtype: str, channels: int, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, subtype=subtype, channels=channels, slice_length=667, slices=3)
    path = whole_wav(kit)
    kind = "float64" if subtype in ("FLOAT", "DOUBLE") else "int32"
    samples, rate = soundfile.read(path, dtype=kind, always_2d=True)
    assert (rate, soundfile.info(path).subtype, soundfile.info(path).format) == (kit.sample_rate, subtype, "WAV")
    assert np.array_equal(samples, soundfile.read(kit.source, dtype=kind, always_2d=True)[0])


def test_values_that_only_floats_have_are_kept(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, subtype="FLOAT", channels=1, slices=1, slice_length=64)
    samples = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3.5, -7.25, 1.0] * 8, np.float32)
    soundfile.write(kit.source, samples, kit.sample_rate, subtype="FLOAT")
    assert soundfile.read(whole_wav(kit), dtype="float32")[0].tobytes() == samples.tobytes()


def test_a_record_of_several_blocks_is_copied_whole(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, subtype="PCM_24", channels=1, slices=2, slice_length=100_001)
    assert np.array_equal(soundfile.read(whole_wav(kit))[0], soundfile.read(kit.source)[0])


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_beyond_what_riff_can_hold_it_is_rf64(subtype: str, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, subtype=subtype, channels=1, slice_length=667, slices=3)
    path = whole_wav(kit, largest=1000)
    assert path.read_bytes()[:4] == b"RF64"
    assert soundfile.info(path).format == "RF64"
    assert np.array_equal(soundfile.read(path)[0], soundfile.read(kit.source)[0])
    assert [(round(mark.time * kit.sample_rate), mark.name) for mark in read_cues(path)[0]] == marked(kit)
    assert chapters(path) == marked(kit)


def test_the_largest_riff_file_has_the_size_the_header_says(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, channels=1, slice_length=667, slices=3)
    size = whole_wav(kit).stat().st_size - 8
    assert whole_wav(kit, largest=size).read_bytes()[:4] == b"RIFF"
    assert whole_wav(kit, largest=size - 1).read_bytes()[:4] == b"RF64"


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_the_header_of_whole_numbers_is_the_one_libsndfile_writes(subtype: str, tmp_path: Path) -> None:
    samples = np.zeros((100, 2))
    soundfile.write(tmp_path / "plain.wav", samples, 48_000, subtype=subtype)
    content = (tmp_path / "plain.wav").read_bytes()
    header = wav_header(subtype, 48_000, 2, 100, 0)
    assert content[: len(header)] == header


def test_ffmpeg_reads_the_slices_as_chapters(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=5)
    assert chapters(whole_wav(kit)) == marked(kit)


def test_wavinfo_reads_cues_names_ranges_and_loops(tmp_path: Path) -> None:
    wavinfo = pytest.importorskip("wavinfo")
    kit = make_kit(tmp_path, slices=5, gap=50)
    info = wavinfo.WavInfoReader(str(whole_wav(kit)))
    assert [cue.sample_offset for cue in info.cues.cues] == [part.start for part in kit.slices]
    assert [label.text for label in info.cues.labels] == [part.name for part in kit.slices]
    assert [entry.length for entry in info.cues.ranges] == [part.stop - part.start for part in kit.slices]
    assert [(loop.start, loop.end) for loop in info.smpl.sample_loops] == [
        (part.start, part.stop - 1) for part in kit.slices
    ]
    assert [loop.ident for loop in info.smpl.sample_loops] == [cue.name for cue in info.cues.cues]


def test_a_cue_stands_at_the_first_sample_whatever_part_was_chopped(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=3, first=1000, tail=500)
    assert chapters(whole_wav(kit)) == [(0, kit.name), *marked(kit)]


def test_the_record_is_written_once_for_all_writers_of_an_export(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    written = whole_wav(kit).stat().st_ino
    assert whole_wav(kit).stat().st_ino == written


def test_a_record_with_other_slices_is_written_anew(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    whole_wav(kit)
    renamed = tuple(replace(part, name=part.name[::-1]) for part in kit.slices)
    assert [name for _, name in chapters(whole_wav(replace(kit, slices=renamed)))] == [part.name for part in renamed]


def test_a_record_older_than_the_slices_is_written_anew(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, subtype="PCM_16", channels=1)
    path = whole_wav(kit)
    soundfile.write(kit.source, np.zeros(kit.length), kit.sample_rate)
    os.utime(path, (0, 0))
    assert not soundfile.read(whole_wav(kit))[0].any()


def test_a_record_that_became_shorter_is_refused_in_a_sentence(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    with pytest.raises(UserError, match=rf"ends after {kit.length} of {kit.length + 1} samples"):
        whole_wav(replace(kit, length=kit.length + 1))
    assert sorted(path.name for path in kit.folder.iterdir()) == ["slices"]


def test_slices_beyond_32_bits_have_no_cue_and_a_warning_says_so(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=2)
    far = replace(kit.slices[1], start=(1 << 32) - 10, stop=1 << 32)
    with pytest.warns(ExportWarning, match="1 slices lie beyond"):
        assert cues_of(replace(kit, slices=(kit.slices[0], far))) == cues_of(kit)[:1]


@given(
    st.lists(
        st.builds(
            Cue,
            st.integers(0, 0xFFFFFFFF),
            st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), max_size=9),
            st.integers(0, 0xFFFFFFFF),
        ),
        min_size=1,
        max_size=9,
        unique_by=lambda cue: cue.sample,
    )
)
def test_what_is_written_as_cues_is_read_as_cues(tmp_path_factory: pytest.TempPathFactory, cues: list[Cue]) -> None:
    path = tmp_path_factory.getbasetemp() / "cues.wav"
    after = cue_chunks(cues)
    path.write_bytes(wav_header("PCM_16", 1, 1, 0, len(after)) + after)
    assert [(mark.time, mark.name) for mark in read_cues(path)[0]] == sorted((cue.sample, cue.name) for cue in cues)


@given(st.binary(max_size=9))
def test_chunks_have_an_even_number_of_bytes(content: bytes) -> None:
    assert len(chunk(b"test", content)) == 8 + len(content) + len(content) % 2


def test_a_place_beyond_32_bits_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be in 0\.\.4294967295"):
        cue_chunks([Cue(1 << 32)])


def test_a_format_no_wav_has_is_refused() -> None:
    with pytest.raises(ValueError, match="subtype must be one of PCM_U8"):
        wav_header("VORBIS", 44_100, 2, 1, 0)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT", "DOUBLE"])
def test_a_file_without_its_date_has_the_same_samples_and_no_date(subtype: str, tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    samples = np.linspace(-1.0, 1.0, 99)
    soundfile.write(path, samples, 44_100, subtype=subtype)
    before = path.read_bytes()
    peak = before.find(b"PEAK")
    undate(path)
    assert path.read_bytes() == (before if peak < 0 else before[: peak + 12] + bytes(4) + before[peak + 16 :])
    assert soundfile.read(path)[0] == pytest.approx(samples, abs=1e-4)
