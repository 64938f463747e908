"""Kits for software samplers: SFZ as it really sounds, DecentSampler, Bitwig and Hydrogen."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile

from samplechop.offline.export import ExportWarning, samplers, timelines
from samplechop.offline.kits.core.model import Kit, Play
from tests.support.kits import make_kit
from tests.support.waiting import PATIENCE

ODD_NAME = "Ünï <b>&amp; 夜 \x01\udcff -- #1 ]]>.wav"
XSD = Path("/usr/share/hydrogen/data/xsd/drumkit.xsd")
LATEST = 220
"""Samples: FluidSynth begins notes between blocks of 64, and players of files count in thousandths of a second."""

sounding = pytest.mark.skipif(
    shutil.which("polyphone") is None or shutil.which("fluidsynth") is None,
    reason="Polyphone and FluidSynth are not both installed",
)


PLAYS = get_args(Play)


def odd(kit: Kit) -> Kit:
    return replace(kit, source=kit.source.with_name(ODD_NAME))


def played(kit: Kit, folder: Path) -> np.ndarray:
    """Give float64 (n,), what FluidSynth plays of the kit's MIDI file on what Polyphone makes of its SFZ."""
    [instrument], [song] = samplers.write_sfz(kit), timelines.write_midi(kit)
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    convert = ["polyphone", "-1", "-i", instrument, "-d", folder, "-o", "kit"]
    subprocess.run(convert, env=environment, check=True, capture_output=True, timeout=PATIENCE)
    dry = ["-R", "0", "-C", "0", "-g", "1", "-r", str(kit.sample_rate), "-T", "wav", "-O", "float"]
    play = ["fluidsynth", "-ni", "-q", *dry, "-F", folder / "played.wav", folder / "kit.sf2", song]
    subprocess.run(play, env=environment, check=True, capture_output=True, timeout=PATIENCE)
    return soundfile.read(folder / "played.wav", always_2d=True)[0][:, 0]


def likeness(sound: np.ndarray, part: np.ndarray) -> float:
    """Give the largest normalised correlation of the part with the sound, which may come up to LATEST samples late."""
    windows = np.lib.stride_tricks.sliding_window_view(sound, len(part))[:LATEST]
    lengths = np.linalg.norm(windows, axis=1) * np.linalg.norm(part)
    return float((windows @ part / np.maximum(lengths, 1e-9)).max())


@pytest.mark.parametrize("play", PLAYS)
def test_sfzlint_finds_no_fault(play: Play, tmp_path: Path) -> None:
    pytest.importorskip("sfzlint")
    kit = replace(odd(make_kit(tmp_path, slices=128, slice_length=300, first_note=0)), play=play)
    [path] = samplers.write_sfz(kit)
    call = [sys.executable, "-c", "from sfzlint.cli import sfzlint; sfzlint()", path]
    told = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_sfzlint_would_find_a_missing_sample(tmp_path: Path) -> None:
    pytest.importorskip("sfzlint")
    kit = make_kit(tmp_path)
    [path] = samplers.write_sfz(kit)
    kit.path(kit.slices[0]).unlink()
    call = [sys.executable, "-c", "from sfzlint.cli import sfzlint; sfzlint()", path]
    assert kit.slices[0].name in subprocess.run(call, capture_output=True, text=True, check=False).stdout


@sounding
@pytest.mark.parametrize(("channels", "subtype"), [(1, "PCM_24"), (2, "PCM_16")])
def test_the_pads_replay_the_record_at_its_pitch_and_in_time(channels: int, subtype: str, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=8, slice_length=12_000, channels=channels, subtype=subtype)
    sound = played(kit, tmp_path)
    parts = [kit.read_slice(part)[:, 0].astype(float) for part in kit.slices]
    for part in kit.slices:
        here = sound[part.start : part.start + len(parts[0]) + LATEST]
        like = [likeness(here, other) for other in parts]
        assert like[part.number - 1] > 0.98
        assert max(like[: part.number - 1] + like[part.number :]) < 0.9


@sounding
def test_a_short_hit_plays_the_whole_slice(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=2, slice_length=12_000, gap=12_000)
    short = replace(kit, slices=tuple(replace(part, stop=part.start + 100) for part in kit.slices))
    sound = played(short, tmp_path)
    for part in short.slices:
        sample = kit.read_slice(part)[:, 0].astype(float)
        assert likeness(sound[part.start : part.start + len(sample) + LATEST], sample) > 0.98


@sounding
@pytest.mark.parametrize(
    ("choke", "groups", "sounds"),
    [(True, (None, None), False), (False, (None, None), True), (True, (None, 2), True), (False, (3, 3), False)],
)
def test_a_pad_ends_the_one_that_sounds_in_its_group(
    choke: bool, groups: tuple[int | None, int | None], sounds: bool, tmp_path: Path
) -> None:
    kit = replace(make_kit(tmp_path, slices=2, slice_length=24_000), choke=choke)
    second = replace(kit.slices[1], start=8_000, stop=32_000, choke=groups[1])
    sound = played(replace(kit, slices=(replace(kit.slices[0], choke=groups[0]), second)), tmp_path)
    first = kit.read_slice(kit.slices[0])[:, 0].astype(float)
    rest = slice(16_000, 22_000)
    alone = kit.read_slice(second)[:, 0].astype(float)[rest.start - 8_000 : rest.stop - 8_000]
    here = sound[rest.start : rest.stop + LATEST]
    assert (likeness(here, alone) < 0.98) is sounds
    assert likeness(sound[: 8_000 + LATEST], first[:8_000]) > 0.98


@sounding
@pytest.mark.parametrize(("play", "sounds"), [("one-shot", True), ("gate", False)])
def test_a_gated_pad_ends_with_its_note(play: Play, sounds: bool, tmp_path: Path) -> None:
    kit = replace(make_kit(tmp_path, slices=1, slice_length=24_000), play=play)
    sound = played(replace(kit, slices=(replace(kit.slices[0], stop=6_000),)), tmp_path)
    assert (float(np.abs(sound[12_000:20_000]).max()) > 0.01) is sounds


@pytest.mark.parametrize(
    ("play", "opcodes"),
    [
        ("one-shot", "loop_mode=one_shot group=1 off_by=1"),
        ("gate", "loop_mode=no_loop group=1 off_by=1"),
        ("loop", "loop_mode=loop_continuous group=1 off_by=1"),
    ],
)
def test_sfz_says_how_pads_play(play: Play, opcodes: str, tmp_path: Path) -> None:
    kit = replace(make_kit(tmp_path), play=play)
    text = samplers.write_sfz(kit)[0].read_text()
    assert f"<group> {opcodes}\n" in text
    assert text.count(f"loop_start=0 loop_end={kit.slices[0].frames - 1}") == (len(kit.slices) if play == "loop" else 0)
    assert "off_by" not in samplers.write_sfz(replace(kit, choke=False))[0].read_text()


@pytest.mark.parametrize(
    ("play", "envelope", "loop"), [("one-shot", "false", "false"), ("gate", "true", "false"), ("loop", "true", "true")]
)
def test_decent_sampler_is_told_how_pads_play(play: Play, envelope: str, loop: str, tmp_path: Path) -> None:
    kit = replace(make_kit(tmp_path), play=play)
    [group] = ET.parse(samplers.write_decent_sampler(kit)[0]).getroot().iter("group")
    assert (group.get("ampEnvEnabled"), group.get("loopEnabled")) == (envelope, loop)
    assert (group.get("tags"), group.get("silencedByTags"), group.get("silencingMode")) == ("pads", "pads", "fast")
    [group] = ET.parse(samplers.write_decent_sampler(replace(kit, choke=False))[0]).getroot().iter("group")
    assert group.get("silencedByTags") is None


def test_a_multisample_loops_when_asked_for(tmp_path: Path) -> None:
    for play, mode in (("gate", "off"), ("loop", "loop")):
        with zipfile.ZipFile(samplers.write_bitwig(replace(make_kit(tmp_path), play=play))[0]) as archive:
            loops = ET.fromstring(archive.read("multisample.xml")).iter("loop")
        assert {loop.get("mode") for loop in loops} == {mode}


def test_decent_sampler_gets_one_pad_for_each_slice(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=16)
    root = ET.parse(samplers.write_decent_sampler(kit)[0]).getroot()
    group = root.find("groups/group")
    assert (root.tag, group.get("ampEnvEnabled"), group.get("loopEnabled")) == ("DecentSampler", "false", "false")
    told = [(pad.get("path"), {int(pad.get(key)) for key in ("rootNote", "loNote", "hiNote")}) for pad in group]
    assert told == [(part.file, {part.note}) for part in kit.slices]


def test_a_multisample_holds_the_slices_uncompressed_and_unchanged(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=16)
    with zipfile.ZipFile(samplers.write_bitwig(kit)[0]) as archive:
        assert archive.testzip() is None
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.namelist() == ["multisample.xml", *(f"{part.name}.wav" for part in kit.slices)]
        for part in kit.slices:
            assert archive.read(f"{part.name}.wav") == kit.path(part).read_bytes()


def test_a_multisample_puts_each_slice_on_its_own_key(tmp_path: Path) -> None:
    kit = odd(make_kit(tmp_path, slices=16, slice_rate=48_000))
    with zipfile.ZipFile(samplers.write_bitwig(kit)[0]) as archive:
        root = ET.fromstring(archive.read("multisample.xml"))
    assert [child.tag for child in root][:5] == ["generator", "category", "creator", "description", "keywords"]
    for sample, part in zip(root.findall("sample"), kit.slices, strict=True):
        assert [child.tag for child in sample] == ["key", "velocity", "select", "loop"]
        assert (sample.get("file"), float(sample.get("sample-stop"))) == (f"{part.name}.wav", part.frames)
        assert {int(sample.find("key").get(key)) for key in ("root", "low", "high")} == {part.note}


@pytest.mark.parametrize("shape", [{"subtype": "DOUBLE"}, {"channels": 4}])
def test_a_multisample_that_not_all_players_know_is_written_with_a_warning(shape: dict, tmp_path: Path) -> None:
    with pytest.warns(ExportWarning, match="64 bits or more than two channels"):
        samplers.write_bitwig(make_kit(tmp_path, **shape))


@pytest.mark.parametrize(("choke", "told"), [(True, ("0", "true")), (False, ("-1", "false"))])
def test_pads_of_hydrogen_mute_each_other_and_themselves(choke: bool, told: tuple, tmp_path: Path) -> None:
    kit, space = replace(make_kit(tmp_path), choke=choke), {"h": samplers.NAMESPACE}
    with tarfile.open(samplers.write_hydrogen(kit)[0]) as archive:
        root = ET.parse(archive.extractfile(f"{kit.name}/drumkit.xml")).getroot()
    for instrument in root.findall("h:instrumentList/h:instrument", space):
        assert tuple(instrument.findtext(f"h:{tag}", namespaces=space) for tag in ("muteGroup", "isStopNote")) == told


def test_hydrogen_cannot_say_that_a_pad_is_gated(tmp_path: Path) -> None:
    with pytest.warns(ExportWarning, match="--play gate"):
        samplers.write_hydrogen(replace(make_kit(tmp_path), play="gate"))


@pytest.mark.parametrize("choke", [True, False])
@pytest.mark.skipif(not XSD.is_file(), reason="Hydrogen's schemas (Debian: hydrogen-data) are not installed")
def test_a_hydrogen_kit_is_what_hydrogens_schema_says(choke: bool, tmp_path: Path) -> None:
    etree = pytest.importorskip("lxml.etree")
    kit = replace(odd(make_kit(tmp_path, slices=128, slice_length=300, first_note=0)), choke=choke)
    with tarfile.open(samplers.write_hydrogen(kit)[0]) as archive:
        document = etree.parse(archive.extractfile(f"{kit.name}/drumkit.xml"))
    etree.XMLSchema(etree.parse(XSD)).assertValid(document)


@pytest.mark.skipif(shutil.which("h2cli") is None, reason="Hydrogen is not installed")
def test_hydrogen_itself_opens_the_kit_with_all_its_samples(tmp_path: Path) -> None:
    kit = odd(make_kit(tmp_path, slices=32, subtype="PCM_24"))
    [path] = samplers.write_hydrogen(kit)
    # No sound is played: without a screen, a JACK server, or anything of the user's.
    own = {"QT_QPA_PLATFORM": "offscreen", "JACK_NO_START_SERVER": "1"}
    own |= dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "TMPDIR"), str(tmp_path))
    for call, told in ((["-c", path], "is valid"), (["-x", path, "-t", tmp_path / "out"], "successfully extracted")):
        done = subprocess.run(
            ["h2cli", *call], env=os.environ | own, capture_output=True, text=True, check=True, timeout=PATIENCE
        )
        assert told in done.stdout
    samples = {file.name: file.read_bytes() for file in (tmp_path / "out" / kit.name).glob("*.wav")}
    assert samples == {f"{part.name}.wav": kit.path(part).read_bytes() for part in kit.slices}


def test_a_hydrogen_kit_has_an_instrument_for_each_slice(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=16)
    spaces = {"h": samplers.NAMESPACE}
    with tarfile.open(samplers.write_hydrogen(kit)[0]) as archive:
        root = ET.parse(archive.extractfile(f"{kit.name}/drumkit.xml")).getroot()
        instruments = root.findall("h:instrumentList/h:instrument", spaces)
        for instrument, part in zip(instruments, kit.slices, strict=True):
            assert instrument.findtext("h:midiOutNote", namespaces=spaces) == str(part.note)
            file = instrument.findtext("h:instrumentComponent/h:layer/h:filename", namespaces=spaces)
            held = archive.extractfile(f"{kit.name}/{file}").read()
            assert held == kit.path(part).read_bytes()
            assert soundfile.info(io.BytesIO(held)).frames == part.frames


def test_hydrogen_lists_instruments_in_the_order_of_their_pads(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=3)
    first, second, third = kit.slices
    swapped = replace(kit, slices=(replace(first, note=third.note), second, replace(third, note=first.note)))
    with tarfile.open(samplers.write_hydrogen(swapped)[0]) as archive:
        root = ET.parse(archive.extractfile(f"{kit.name}/drumkit.xml")).getroot()
    notes = [int(one.text) for one in root.iter(f"{{{samplers.NAMESPACE}}}midiOutNote")]
    assert notes == sorted(notes)
