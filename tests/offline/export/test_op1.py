"""The OP-1's drum sample, read by libsndfile and exiftool, and its JSON by what teoperator writes."""

import json
import shutil
import struct
import subprocess
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.export import ExportWarning
from samplechop.offline.export.op1 import KEYS, MOST_SAMPLES, UNIT, share, write
from tests.support.kits import make_kit

LARGEST_POSITION = 0x7FFFFFFE


def chunks_of(path: Path) -> dict[bytes, bytes]:
    data = path.read_bytes()
    assert data[:4] == b"FORM" and data[8:12] == b"AIFF"
    assert struct.unpack(">I", data[4:8])[0] == len(data) - 8
    found, at = {}, 12
    while at < len(data):
        kind, size = struct.unpack(">4sI", data[at : at + 8])
        found[kind] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return found


def keys_of(path: Path) -> dict:
    content = chunks_of(path)[b"APPL"]
    assert content[:4] == b"op-1"
    return json.loads(content[4:])


def test_libsndfile_reads_the_slices_at_the_places_the_keys_name(tmp_path):
    kit = make_kit(tmp_path, slices=5, channels=1)
    samples, rate = soundfile.read(write(kit)[0], dtype="int16")
    keys = keys_of(tmp_path / "kit" / "op1" / "record.aif")
    assert rate == 44_100
    for part, start, end in zip(kit.slices, keys["start"], keys["end"], strict=False):
        heard = samples[start // UNIT : end // UNIT + 1]
        assert np.array_equal(heard, kit.read_slice(part, dtype="int16")[:, 0])


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed (libimage-exiftool-perl)")
def test_exiftool_reads_a_mono_aiff_of_sixteen_bits(tmp_path):
    path = write(make_kit(tmp_path, subtype="FLOAT", sample_rate=48_000))[0]
    told = subprocess.run(["exiftool", "-json", str(path)], capture_output=True, check=True, text=True).stdout
    facts = json.loads(told)[0]
    assert json.loads(facts["ApplicationData"].removeprefix("op-1")) == keys_of(path)
    assert "Warning" not in facts and "Error" not in facts
    assert facts["FileType"] == "AIFF"
    assert (facts["NumChannels"], facts["SampleSize"], facts["SampleRate"]) == (1, 16, 44_100)


def test_the_json_stands_before_the_samples_with_its_keys_in_alphabetical_order(tmp_path):
    path = write(make_kit(tmp_path))[0]
    assert list(chunks_of(path)) == [b"COMM", b"APPL", b"SSND"]
    assert list(keys_of(path)) == sorted(keys_of(path))


@pytest.mark.parametrize(("play", "mode"), [("one-shot", 8192), ("gate", 4096), ("loop", 18432)])
def test_the_keys_say_how_they_play(play, mode, tmp_path):
    assert keys_of(write(replace(make_kit(tmp_path), play=play))[0])["playmode"] == [mode] * KEYS


def test_all_keys_have_a_place_within_the_sample(tmp_path):
    path = write(make_kit(tmp_path, slices=3))[0]
    keys, length = keys_of(path), soundfile.info(path).frames
    for name in ("start", "end", "pitch", "playmode", "reverse", "volume"):
        assert len(keys[name]) == KEYS
    for start, end in zip(keys["start"], keys["end"], strict=True):
        assert 0 <= start <= end <= min((length - 1) * UNIT, LARGEST_POSITION)


def test_more_slices_than_keys_are_left_out_with_a_warning(tmp_path):
    with pytest.warns(ExportWarning, match="6 slices are left out"):
        path = write(make_kit(tmp_path, slices=30, slice_length=100))[0]
    assert soundfile.info(path).frames == KEYS * 100


def test_slices_that_are_too_long_are_shortened_and_end_in_silence(tmp_path):
    kit = make_kit(tmp_path, slices=3, channels=1, slice_length=300_000)
    with pytest.warns(ExportWarning, match="shortened"):
        path = write(kit)[0]
    samples, _ = soundfile.read(path, dtype="int16")
    assert len(samples) == MOST_SAMPLES
    assert keys_of(path)["end"][-1] <= LARGEST_POSITION
    assert all(samples[end // UNIT] == 0 for end in keys_of(path)["end"])


def test_a_resampled_slice_keeps_its_length_in_seconds(tmp_path):
    kit = make_kit(tmp_path, slices=2, sample_rate=96_000, slice_length=9_600)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = write(kit)[0]
    assert soundfile.info(path).frames == 2 * 4_410


def test_what_is_not_a_number_becomes_silence(tmp_path):
    kit = make_kit(tmp_path, slices=1, channels=1, subtype="FLOAT")
    soundfile.write(kit.path(kit.slices[0]), np.full(100, np.nan, np.float32), 44_100, subtype="FLOAT")
    samples, _ = soundfile.read(write(kit)[0], dtype="int16")
    assert not samples.any()


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=24), st.integers(24, 100_000))
def test_a_share_fits_and_no_longer_one_would(lengths, total):
    longest = share(lengths, total)
    assert sum(min(length, longest) for length in lengths) <= total
    if longest < max(lengths):
        assert sum(min(length, longest + 1) for length in lengths) > total
