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
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile

from samplechop.offline.export import ExportWarning, samplers, timelines
from samplechop.offline.kits.core.model import Kit
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


def test_sfzlint_finds_no_fault(tmp_path: Path) -> None:
    pytest.importorskip("sfzlint")
    [path] = samplers.write_sfz(odd(make_kit(tmp_path, slices=128, slice_length=300, first_note=0)))
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


@pytest.mark.skipif(not XSD.is_file(), reason="Hydrogen's schemas (Debian: hydrogen-data) are not installed")
def test_a_hydrogen_kit_is_what_hydrogens_schema_says(tmp_path: Path) -> None:
    etree = pytest.importorskip("lxml.etree")
    kit = odd(make_kit(tmp_path, slices=128, slice_length=300, first_note=0))
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
