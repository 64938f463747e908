"""The Drum Rack, unpacked by ableton-device-creator and acidcat, and compared with what Live itself wrote."""

import gzip
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
import soundfile

from samplechop.offline.export import ExportWarning
from samplechop.offline.export.ableton import LONGEST_SECONDS, PROJECT, write
from tests.support.kits import make_kit


def rack_of(kit) -> ET.Element:
    return ET.fromstring(gzip.decompress(write(kit)[0].read_bytes()))


def value(element: ET.Element, place: str) -> str:
    found = element.find(place)
    assert found is not None
    return found.get("Value", "")


def test_every_slice_lies_on_the_pad_of_its_note(tmp_path):
    kit = make_kit(tmp_path, slices=6, first_note=40, sample_rate=48_000, name="Größe & <サンプル>")
    rack = rack_of(kit)
    pads = rack.findall(".//DrumBranchPreset")
    for part, pad in zip(kit.slices, pads, strict=True):
        assert int(value(pad, "ZoneSettings/ReceivingNote")) == 128 - part.note
        assert value(pad, "Name") == part.name
        sample = kit.folder / value(pad, ".//UserSample//RelativePath")
        facts = soundfile.info(sample)
        assert int(value(pad, ".//DefaultDuration")) == facts.frames == part.frames
        assert int(value(pad, ".//DefaultSampleRate")) == facts.samplerate
        assert int(value(pad, ".//UserSample//OriginalFileSize")) == sample.stat().st_size
    assert value(rack, "GroupDevicePreset/Device/DrumGroupDevice/UserName") == "Größe & <サンプル>"


def test_pads_have_ids_of_their_own(tmp_path):
    pads = rack_of(make_kit(tmp_path, slices=128, slice_length=20, first_note=0)).findall(".//DrumBranchPreset")
    assert [pad.get("Id") for pad in pads] == [str(index) for index in range(128)]


def test_a_pad_plays_its_slice_to_the_end(tmp_path):
    cell = rack_of(make_kit(tmp_path, slices=1)).find(".//DrumCell")
    assert value(cell, "Voice_Envelope_Mode/Manual") == "0"
    assert float(value(cell, "Voice_Envelope_Hold/Manual")) == LONGEST_SECONDS
    assert (value(cell, "Voice_PlaybackStart/Manual"), value(cell, "Voice_PlaybackLength/Manual")) == ("0", "1")


def test_a_pad_holds_its_sound_as_long_as_live_lets_it(tmp_path):
    cell = rack_of(make_kit(tmp_path, slices=1)).find(".//DrumCell")
    assert float(value(cell, "Voice_Envelope_Hold/MidiControllerRange/Max")) == pytest.approx(LONGEST_SECONDS, abs=1e-3)


@pytest.mark.parametrize(("more", "warned"), [(0, 0), (1, 1)])
def test_slices_longer_than_a_pad_holds_are_told(more, warned, tmp_path, recwarn):
    rate = 4_000
    write(make_kit(tmp_path, slices=2, channels=1, sample_rate=rate, slice_length=LONGEST_SECONDS * rate + more))
    assert [issubclass(warning.category, ExportWarning) for warning in recwarn] == [True] * warned


@pytest.mark.parametrize(("choke", "group"), [(True, "1"), (False, "0")])
def test_pads_choke_each_other(choke, group, tmp_path):
    rack = rack_of(replace(make_kit(tmp_path), choke=choke))
    assert {found.get("Value") for found in rack.iter("ChokeGroup")} == {group}


@pytest.mark.parametrize("play", ["gate", "loop"])
@pytest.mark.filterwarnings("ignore:Ableton")
def test_a_gated_pad_ends_with_its_note(play, tmp_path):
    cell = rack_of(replace(make_kit(tmp_path, slices=1), play=play)).find(".//DrumCell")
    assert value(cell, "Voice_Envelope_Mode/Manual") == "1"
    assert 0.001 <= float(value(cell, "Voice_Envelope_Decay/Manual")) <= 0.02


def test_a_drum_rack_does_not_loop_and_says_so(tmp_path):
    with pytest.warns(ExportWarning, match="does not loop"):
        write(replace(make_kit(tmp_path), play="loop"))


def test_the_lowest_pad_is_in_sight(tmp_path):
    place = "GroupDevicePreset/Device/DrumGroupDevice/PadScrollPosition"
    assert value(rack_of(make_kit(tmp_path, first_note=36)), place) == "19"
    assert value(rack_of(make_kit(tmp_path, first_note=124)), place) == "0"


def test_the_kits_folder_is_a_project_of_live(tmp_path):
    kit = make_kit(tmp_path)
    rack = rack_of(kit)
    assert (kit.folder / PROJECT).is_dir()
    assert {found.get("Value") for found in rack.findall(".//UserSample//RelativePathType")} == {"3"}
    assert not any(found.get("Value", "").startswith(str(tmp_path)) for found in rack.iter("Path"))


def test_ableton_device_creator_unpacks_it(tmp_path):
    core = pytest.importorskip("ableton_device_creator.core", reason="ableton-device-creator is not installed")
    kit = make_kit(tmp_path, slices=3)
    assert core.decode_adg(write(kit)[0]).count("<DrumBranchPreset ") == 3


def test_it_has_every_element_that_live_gave_its_own_rack(tmp_path):
    bundled = pytest.importorskip("ableton_device_creator.bundled", reason="ableton-device-creator is not installed")
    theirs = ET.fromstring(gzip.decompress(bundled.DRUM_RACK_TEMPLATE.read_bytes()))
    ours = rack_of(make_kit(tmp_path, slices=1))
    mapped = "KeyMidi"  # of macros, which ours has not
    for place in ("GroupDevicePreset/Device/DrumGroupDevice", "GroupDevicePreset/BranchPresets/DrumBranchPreset[1]"):
        wanted, got = ({each.tag for each in tree.find(place).iter()} for tree in (theirs, ours))
        assert wanted - got <= {mapped, *(each.tag for each in theirs.find(".//KeyMidi").iter()), *SOURCES}


SOURCES = {"FilePresetRef", "OriginalFileRef", "BrowserContentPath", "LocalFiltersJson", "DeviceId"}
"""Where their samples and presets had come from, and a plug-in's name."""


def test_acidcat_takes_it_for_a_preset_of_live(tmp_path):
    reader = pytest.importorskip("acidcat.core.walk.ableton", reason="acidcat is not installed")
    chunks, faults = reader.inspect_ableton_xml(str(write(make_kit(tmp_path))[0]), "adg")
    assert faults == []
    assert "Ableton Live 12" in chunks[0]["summary"]
