"""The Octatrack's sample, read by libsndfile, and its .ot, taken apart by the layout OctaChainer's otwriter.h gives."""

import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.export import ExportWarning
from samplechop.offline.export.octatrack import SLICES, ot, write
from samplechop.offline.kits.core.model import Guess
from tests.support.kits import make_kit

LAYOUT = ">16s7s5IHB3I192IIH"
SETTINGS = ("tempo", "trim_length", "loop_length", "stretch", "loop", "gain", "quantize")
TRIM = ("trim_start", "trim_end", "loop_point")


def parse(content: bytes) -> dict:
    assert len(content) == struct.calcsize(LAYOUT) == 832
    fields = struct.unpack(LAYOUT, content)
    assert fields[0] == b"FORM\0\0\0\0DPS1SMPA" and fields[1] == b"\0\0\0\0\0\x02\0"
    assert fields[-1] == sum(content[0x10:0x33E]) % 65_536
    count = fields[-2]
    table = [fields[12 + 3 * index : 15 + 3 * index] for index in range(count)]
    assert not any(fields[12 + 3 * count : 12 + 3 * SLICES])
    return {**dict(zip(SETTINGS + TRIM, fields[2:12], strict=True)), "slices": table}


@pytest.mark.parametrize(("subtype", "stored"), [("PCM_16", "PCM_16"), ("PCM_24", "PCM_24"), ("FLOAT", "PCM_24")])
def test_the_sample_is_the_slices_in_order(tmp_path, subtype, stored):
    kit = make_kit(tmp_path, slices=5, subtype=subtype)
    sample, places = write(kit)
    assert soundfile.info(sample).subtype == stored and soundfile.info(sample).channels == 2
    samples, rate = soundfile.read(sample)
    assert rate == 44_100
    for part, (start, stop, loop) in zip(kit.slices, parse(places.read_bytes())["slices"], strict=True):
        source = kit.read_slice(part, dtype="float64")
        assert loop == 0xFFFFFFFF
        assert np.abs(samples[start:stop] - source).max() <= (0 if subtype != "FLOAT" else 2**-24)


def test_a_record_of_full_scale_is_copied_bit_by_bit(tmp_path):
    kit = make_kit(tmp_path, slices=1, channels=1)
    loud = np.array([-32_768, 32_767, -1, 0, 1, 12_345], np.int16)
    soundfile.write(kit.path(kit.slices[0]), loud, 44_100, subtype="PCM_16")
    assert np.array_equal(soundfile.read(write(kit)[0], dtype="int16")[0], loud)


def test_settings_are_a_plain_sample_at_its_tempo(tmp_path):
    kit = make_kit(tmp_path, slices=4, slice_length=44_100, tempo=Guess("92.0", 0.9))
    settings = parse(write(kit)[1].read_bytes())
    assert settings["tempo"] == 92 * 24
    assert settings["trim_length"] == settings["loop_length"] == 25 * 6  # 4 s are 6.1 beats: one and a half bars
    assert (settings["stretch"], settings["loop"], settings["gain"], settings["quantize"]) == (0, 0, 48, 255)
    assert (settings["trim_start"], settings["trim_end"], settings["loop_point"]) == (0, 4 * 44_100, 0)


def test_slices_of_another_rate_lie_where_they_are_heard(tmp_path):
    kit = make_kit(tmp_path, slices=6, sample_rate=48_000, slice_length=24_001, channels=1)
    sample, places = write(kit)
    samples, rate = soundfile.read(sample)
    assert rate == 44_100 and abs(len(samples) - 6 * 24_001 * 44_100 / 48_000) <= 2
    for index, (start, stop, _) in enumerate(parse(places.read_bytes())["slices"]):
        spectrum = np.abs(np.fft.rfft(samples[start : start + 8_820] * np.hanning(8_820)))
        assert abs(np.argmax(spectrum) * 5.0 - 220.0 * 2 ** (index / 12)) <= 5.0
        assert stop <= len(samples)


def test_more_than_sixty_four_slices_are_left_out_with_a_warning(tmp_path):
    with pytest.warns(ExportWarning, match="6 slices are left out"):
        sample, places = write(make_kit(tmp_path, slices=70, slice_length=50))
    assert soundfile.info(sample).frames == 64 * 50
    assert len(parse(places.read_bytes())["slices"]) == 64


def test_a_single_slice_is_the_sample_as_a_whole(tmp_path):
    settings = parse(write(make_kit(tmp_path, slices=1))[1].read_bytes())
    assert settings["slices"] == [] and settings["trim_end"] == 4_001


def test_more_than_two_channels_are_mixed_to_one_and_told(tmp_path):
    with pytest.warns(ExportWarning, match="3 channels"):
        sample, _ = write(make_kit(tmp_path, channels=3))
    assert soundfile.info(sample).channels == 1


@given(st.lists(st.integers(1, 2**24), min_size=2, max_size=64), st.floats(1.0, 999.0))
def test_any_slices_make_a_file_with_a_right_sum(lengths, tempo):
    edges = [0, *np.cumsum(lengths).tolist()]
    settings = parse(ot(edges, edges[-1], tempo))
    assert [start for start, _, _ in settings["slices"]] == edges[:-1]
    assert 30 * 24 <= settings["tempo"] <= 300 * 24


def test_too_many_slices_for_one_file_are_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="got 65"):
        ot(list(range(66)), 65, 120.0)
