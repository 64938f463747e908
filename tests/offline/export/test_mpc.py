"""The MPC's drum program, read as XML and by acidcat, and the slices in a wav file as lib-akai-mpc looks for them."""

import json
import struct
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.export import ExportWarning
from samplechop.offline.export.mpc import sample_names, write
from samplechop.offline.export.record import atem_chunk
from samplechop.offline.kits.core.model import NOTES, Guess
from tests.support.kits import make_kit


def program_of(kit) -> ET.Element:
    program = ET.parse(write(kit)[0]).getroot().find("Program")
    assert program is not None and program.get("type") == "Drum"
    return program


def test_every_slice_lies_on_its_pad_with_its_note(tmp_path):
    kit = make_kit(tmp_path, slices=6, first_note=40)
    program = program_of(kit)
    pads = program.findall("Instruments/Instrument")
    notes = [int(note.findtext("Note", "")) for note in program.findall("PadNoteMap/PadNote")]
    assert [pad.get("number") for pad in pads] == [str(number) for number in range(1, NOTES + 1)]
    assert notes[:6] == [part.note for part in kit.slices] and sorted(notes) == list(range(128))
    for pad, part in zip(pads, kit.slices, strict=False):
        sample = kit.folder / "mpc" / f"{pad.findtext('Layers/Layer/SampleName')}.wav"
        assert np.array_equal(soundfile.read(sample, dtype="int16")[0], kit.read_slice(part, dtype="int16"))
        assert int(pad.findtext("Layers/Layer/SliceEnd", "")) == part.frames - 1
        assert pad.findtext("OneShot") == "True"
    assert all(not pad.findtext("Layers/Layer/SampleName") for pad in pads[6:])


@pytest.mark.parametrize(
    ("play", "told"), [("one-shot", ("True", "0")), ("gate", ("False", "0")), ("loop", ("False", "1"))]
)
@pytest.mark.parametrize(("choke", "group"), [(True, "1"), (False, "0")])
def test_a_program_says_how_pads_play_and_choke(play, told, choke, group, tmp_path):
    pads = program_of(replace(make_kit(tmp_path, slices=3), play=play, choke=choke)).findall("Instruments/Instrument")
    for pad in pads[:3]:
        assert (pad.findtext("OneShot"), pad.findtext("Layers/Layer/SliceLoop")) == told
        assert pad.findtext("MuteGroup") == group
    assert {pad.findtext("MuteGroup") for pad in pads[3:]} == {"0"}


def test_names_in_any_script_survive(tmp_path):
    assert program_of(make_kit(tmp_path, name="Größe & <サンプル>")).findtext("ProgramName") == "Größe & <サンプル>"


def test_the_colours_of_the_pads_are_json_within_the_xml(tmp_path):
    colours = json.loads(program_of(make_kit(tmp_path)).findtext("ProgramPads", ""))
    assert len(colours["ProgramPads"]["pads"]) == NOTES


def test_acidcat_finds_the_program_and_its_samples(tmp_path):
    reader = pytest.importorskip("acidcat.core.walk.mpc", reason="acidcat is not installed")
    kit = make_kit(tmp_path, slices=5)
    chunks, faults = reader.inspect_xpm(str(write(kit)[0]))
    facts = {field["name"]: field["value"] for field in chunks[0]["fields"]}
    assert faults == []
    assert (facts["program_name"], facts["program_type"], facts["referenced_samples"]) == ("record", "Drum", 5)


@pytest.mark.parametrize(("subtype", "stored"), [("PCM_24", "PCM_24"), ("FLOAT", "PCM_24"), ("PCM_U8", "PCM_24")])
def test_samples_are_of_sixteen_or_twenty_four_bit(tmp_path, subtype, stored):
    kit = make_kit(tmp_path, slices=2, subtype=subtype)
    for part, sample in zip(kit.slices, write(kit)[1:3], strict=True):
        samples, _ = soundfile.read(sample, dtype="float64")
        assert soundfile.info(sample).subtype == stored
        assert np.abs(samples - kit.read_slice(part, dtype="float64")).max() <= 2**-24


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_more_channels_than_a_pad_plays_are_mixed_to_one_and_told(tmp_path, subtype):
    kit = make_kit(tmp_path, slices=2, channels=6, subtype=subtype)
    with pytest.warns(ExportWarning, match="6 channels"):
        samples = write(kit)[1:]
    for part, sample in zip(kit.slices, samples, strict=True):
        mean = kit.read_slice(part, dtype="float64").mean(axis=1)
        np.testing.assert_allclose(soundfile.read(sample, always_2d=True)[0][:, 0], mean, atol=2**-16)
        assert soundfile.info(sample).channels == 1


def test_the_record_is_not_copied(tmp_path):
    kit = make_kit(tmp_path, slices=3)
    assert {path.parent for path in write(kit)} == {kit.folder / "mpc"}


@given(st.lists(st.text("aA.-2", min_size=1, max_size=5), max_size=20))
def test_sample_names_have_no_dots_and_differ_even_without_regard_to_case(names):
    found = sample_names(names)
    assert len({name.lower() for name in found}) == len(names)
    assert not any("." in name for name in found)


def test_the_slices_of_a_wav_file_are_json_of_an_even_length(tmp_path):
    kit = make_kit(tmp_path, slices=5, first=500, gap=100, tail=300, key=Guess("Eb minor", 0.7))
    chunk = atem_chunk(kit)
    kind, size = struct.unpack("<4sI", chunk[:8])
    content = json.loads(chunk[8:])
    assert (kind, size, size % 2) == (b"atem", len(chunk) - 8, 0)
    slices = [value for name, value in content["value0"].items() if name.startswith("Slice")]
    assert [(each["Start"], each["End"]) for each in slices] == [(part.start, part.stop) for part in kit.slices]
    assert content["value0"]["Num slices"] == 5
    assert (content["value1"]["note"], content["value1"]["scale"]) == ("D#", "Minor")


def test_no_slice_of_a_wav_file_ends_behind_its_last_sample(tmp_path):
    kit = make_kit(tmp_path, slices=3)
    content = json.loads(atem_chunk(kit)[8:])["value0"]
    assert content["defaultSlice"]["End"] == content["Slice 3"]["End"] == kit.length - 1


def test_an_unknown_tempo_and_key_are_no_trouble(tmp_path):
    content = json.loads(atem_chunk(make_kit(tmp_path, tempo=None, key=None))[8:])
    assert content["value0"]["numBars"] == 1


def test_a_full_program_needs_no_warning(tmp_path, recwarn):
    program_of(make_kit(tmp_path, slices=128, slice_length=20, first_note=0))
    assert not [warning for warning in recwarn if issubclass(warning.category, ExportWarning)]


def test_an_instrument_is_that_of_its_pad_whatever_order_the_slices_lie_in(tmp_path):
    kit = make_kit(tmp_path, slices=3, first_note=36)
    notes = (38, 36, 41)
    kit = replace(
        kit,
        slices=tuple(replace(part, note=note) for part, note in zip(kit.slices, notes, strict=True)),
        settings={**kit.settings, "start_note": 36},
    )
    pads = program_of(kit).findall("Instruments/Instrument")
    names = [pad.findtext("Layers/Layer/SampleName", "") for pad in pads]
    first, second, third = sample_names(part.name for part in kit.slices)
    assert names[:6] == [second, "", first, "", "", third]
