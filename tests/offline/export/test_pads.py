"""What somebody said of single pads, in every format that can say it; where one cannot, it says so, once."""

import gzip
import json
import subprocess
import sys
import tarfile
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.export import FORMATS, ExportWarning, ableton, mpc, octatrack, op1, samplers, timelines, writers
from samplechop.offline.export.pads import alike, rgb
from samplechop.offline.kits.core.model import KIT_GROUP, NOTES, Kit, Play
from tests.support.kits import make_kit

BLUE = "#56b4e9"
XSD = Path("/usr/share/hydrogen/data/xsd/drumkit.xsd")
EVERY = [format.name for format in FORMATS]


@pytest.fixture(name="kit")
def said_of_pads(tmp_path: Path) -> Kit:
    """A kit of which nothing was said of the first pad, and all there is to say of the three others."""
    kit = make_kit(tmp_path, slices=4, slice_length=900)
    first, second, third, fourth = kit.slices
    second = replace(second, choke=2, play="gate", colour=BLUE)
    third = replace(third, choke=2, play="loop", colour="#ff0000")
    fourth = replace(fourth, choke=0, play="one-shot", colour=BLUE)
    return replace(kit, slices=(first, second, third, fourth))


@pytest.mark.filterwarnings("ignore:SFZ")
def test_sfz_has_a_group_for_pads_that_are_alike(kit: Kit) -> None:
    [path] = samplers.write_sfz(kit)
    groups: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if line.startswith("<group>"):
            groups[line.removeprefix("<group> ")] = parts = []
        elif line.startswith("<region>"):
            parts.append(line.partition("sample=")[2])
    assert groups == {
        "loop_mode=one_shot group=1 off_by=1": [kit.slices[0].file],
        "loop_mode=no_loop group=2 off_by=2": [kit.slices[1].file],
        "loop_mode=loop_continuous group=2 off_by=2": [kit.slices[2].file],
        "loop_mode=one_shot": [kit.slices[3].file],
    }
    assert path.read_text().count("loop_start=0") == 1


@pytest.mark.filterwarnings("ignore:SFZ")
def test_sfzlint_finds_no_fault(kit: Kit) -> None:
    pytest.importorskip("sfzlint")
    call = [sys.executable, "-c", "from sfzlint.cli import sfzlint; sfzlint()", samplers.write_sfz(kit)[0]]
    told = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_decent_sampler_has_groups_tags_and_coloured_keys(kit: Kit) -> None:
    root = ET.parse(samplers.write_decent_sampler(kit)[0]).getroot()
    told = [[group.get(key) for key in ("ampEnvEnabled", "loopEnabled", "silencedByTags")] for group in root[-1]]
    assert told == [
        ["false", "false", "pads"],
        ["true", "false", "pads2"],
        ["true", "true", "pads2"],
        ["false", "false", None],
    ]
    assert all(group.get("tags") == group.get("silencedByTags") for group in root[-1])
    assert [group[0].get("path") for group in root[-1]] == [part.file for part in kit.slices]
    keys = {int(key.get("loNote", "")): key.get("color", "") for key in root.iter("color")}
    assert set(keys) == {part.note for part in kit.slices}
    assert [keys[part.note] for part in kit.slices[1:]] == ["FF56B4E9", "FFFF0000", "FF56B4E9"]


@pytest.mark.filterwarnings("ignore:Bitwig")
def test_a_multisample_has_loops_and_a_group_for_each_colour(kit: Kit) -> None:
    with zipfile.ZipFile(samplers.write_bitwig(kit)[0]) as archive:
        root = ET.fromstring(archive.read("multisample.xml"))
    assert [group.get("color") for group in root.findall("group")] == ["56b4e9", "ff0000"]
    samples = root.findall("sample")
    assert [sample.get("group") for sample in samples] == [None, "0", "1", "0"]
    assert [sample.find("loop").get("mode") for sample in samples] == ["off", "off", "loop", "off"]


@pytest.mark.filterwarnings("ignore:Hydrogen")
def test_pads_of_hydrogen_are_muted_by_those_of_their_group(kit: Kit) -> None:
    with tarfile.open(samplers.write_hydrogen(kit)[0]) as archive:
        root = ET.parse(archive.extractfile(f"{kit.name}/drumkit.xml")).getroot()
    space = {"h": samplers.NAMESPACE}
    instruments = root.findall("h:instrumentList/h:instrument", space)
    told = [[each.findtext(f"h:{tag}", "", space) for tag in ("muteGroup", "isStopNote")] for each in instruments]
    assert told == [["0", "true"], ["1", "true"], ["1", "true"], ["-1", "false"]]


@pytest.mark.filterwarnings("ignore:Hydrogen")
@pytest.mark.skipif(not XSD.is_file(), reason="Hydrogen's schemas (Debian: hydrogen-data) are not installed")
def test_a_hydrogen_kit_is_still_what_hydrogens_schema_says(kit: Kit) -> None:
    etree = pytest.importorskip("lxml.etree")
    with tarfile.open(samplers.write_hydrogen(kit)[0]) as archive:
        document = etree.parse(archive.extractfile(f"{kit.name}/drumkit.xml"))
    etree.XMLSchema(etree.parse(XSD)).assertValid(document)


def test_a_program_of_the_mpc_says_all_of_it(kit: Kit) -> None:
    program = ET.parse(mpc.write(kit)[0]).getroot().find("Program")
    pads = program.findall("Instruments/Instrument")[:4]
    told = [[pad.findtext(tag) for tag in ("OneShot", "Layers/Layer/SliceLoop", "MuteGroup")] for pad in pads]
    assert told == [["True", "0", "1"], ["False", "0", "2"], ["False", "1", "2"], ["True", "0", "0"]]
    colours = json.loads(program.findtext("ProgramPads"))["ProgramPads"]
    assert colours["Universal"] == {"value0": False}
    given = [colours["pads"][f"value{index}"] for index in range(NOTES)]
    assert given == [colours["universalPad"], 0x2B5A74, 0x7F0000, 0x2B5A74, *[0] * (NOTES - 4)]


@pytest.mark.filterwarnings("ignore:Ableton")
def test_a_drum_rack_says_all_but_loops(kit: Kit) -> None:
    rack = ET.fromstring(gzip.decompress(ableton.write(kit)[0].read_bytes()))
    places = ("ZoneSettings/ChokeGroup", ".//Voice_Envelope_Mode/Manual", "AutoColored", "DocumentColorIndex")
    told = [[pad.find(place).get("Value") for place in places] for pad in rack.findall(".//DrumBranchPreset")]
    assert told == [
        ["1", "0", "true", "26"],
        ["2", "1", "false", "9"],
        ["2", "1", "false", "14"],
        ["0", "0", "false", "9"],
    ]


def test_every_colour_of_live_is_its_own_nearest() -> None:
    colours = [ableton.COLOURS[at : at + 3] for at in range(0, len(ableton.COLOURS), 3)]
    assert len(set(colours)) == len(colours) == 70
    assert [ableton.nearest(f"#{colour.hex()}") for colour in colours] == list(range(70))


@pytest.mark.filterwarnings("ignore:OP-1")
def test_keys_of_an_op1_play_each_as_it_was_said(kit: Kit) -> None:
    content = op1.write(kit)[0].read_bytes()
    keys, _ = json.JSONDecoder().raw_decode(content[content.index(b"op-1") + 4 :].decode("latin-1"))
    assert keys["playmode"] == [0x2000, 0x1000, 0x4800, 0x2000] + [0x2000] * (op1.KEYS - 4)


def test_regions_of_reaper_have_their_colour(kit: Kit) -> None:
    rpp = pytest.importorskip("rpp")
    with timelines.write_reaper(kit)[0].open(encoding="utf-8") as file:
        marks = [line for line in rpp.load(file) if isinstance(line, list) and line[0] == "MARKER"]
    assert [line[5:] for line in marks[::2]] == [[], [str(0x1E9B456)], [str(0x10000FF)], [str(0x1E9B456)]]
    assert [line[5:] for line in marks[1::2]] == [line[5:] for line in marks[::2]]


def test_markers_of_a_dawproject_have_their_colour(kit: Kit) -> None:
    with zipfile.ZipFile(timelines.write_dawproject(kit)[0]) as archive:
        markers = ET.fromstring(archive.read("project.xml")).findall(".//Marker")
    assert [marker.get("color") for marker in markers] == [part.colour for part in kit.slices]


UNSAID = {
    "sfz": ["SFZ leaves out the colour of 3 slices, which"],
    "bitwig": ["leaves out the play mode of 2 and the choke group of 3 slices"],
    "hydrogen": ["the play mode of 2 and the colour of 3 slices"],
    "op1": ["the choke group of 3 and the colour of 3 slices"],
    "octatrack": ["the play mode of 3, the choke group of 3 and the colour of 3 slices"],
    "ableton": ["does not loop"],
}


@pytest.mark.parametrize("name", EVERY)
def test_what_a_format_cannot_say_of_pads_it_says_once(name: str, kit: Kit) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        writers([name])[name](kit)
    assert all(issubclass(one.category, ExportWarning) for one in told)
    assert len(told) == len(UNSAID.get(name, []))
    assert all(words in str(one.message) for one, words in zip(told, UNSAID.get(name, []), strict=True))


def test_an_octatrack_chokes_as_long_as_all_pads_are_in_one_group(kit: Kit) -> None:
    together = replace(kit, slices=tuple(replace(part, choke=3, play=None, colour=None) for part in kit.slices))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        octatrack.write(together)


@pytest.mark.parametrize("name", EVERY)
def test_to_say_what_the_kit_says_changes_only_the_manifest(name: str, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=3, slice_length=900)
    same = tuple(replace(part, choke=KIT_GROUP, play="one-shot") for part in kit.slices)
    contents = []
    for each in (kit, replace(kit, slices=same)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExportWarning)
            contents.append([path.read_bytes() for path in writers([name])[name](each)])
    assert (contents[0] == contents[1]) is (name != "json")


@given(
    said=st.lists(
        st.tuples(st.none() | st.integers(0, 16), st.none() | st.sampled_from(get_args(Play))), min_size=4, max_size=4
    ),
    choke=st.booleans(),
)
def test_every_slice_is_with_those_alike_in_order_of_time(
    said: list[tuple[int | None, Play | None]], choke: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kit = make_kit(tmp_path_factory.getbasetemp() / "alike", slices=4, slice_length=10)
    parts = [replace(part, choke=told[0], play=told[1]) for part, told in zip(kit.slices, said, strict=True)]
    groups = alike(replace(kit, slices=tuple(parts), choke=choke))
    assert sorted(part.number for group in groups.values() for part in group) == [1, 2, 3, 4]
    for (play, number), group in groups.items():
        assert [part.number for part in group] == sorted(part.number for part in group)
        assert all(part.play in (None, play) and part.choke in (None, number) for part in group)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_colour_is_red_green_and_blue(parts: tuple[int, int, int]) -> None:
    assert rgb("#{:02x}{:02x}{:02x}".format(*parts)) == parts
