"""From the turntable to the pads: one live session, one command, and programs nobody here wrote to open its kit."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.bench.jack import Session
from tests.support.command import samplechop
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.jack
SCHEMAS = os.environ.get("SAMPLECHOP_DAWPROJECT_XSD", "")


@pytest.fixture(scope="module")
def whole(recorded: Session, recordings: Path) -> Path:
    """Give the folder of the recorded session."""
    assert recorded.code == 0, recorded.said
    (found,) = (path for path in recordings.iterdir() if "last" not in path.name)
    return found


@pytest.fixture(scope="module")
def kit(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a kit of it."""
    folder = tmp_path_factory.mktemp("kits")
    outcome = samplechop("chop", whole, "-o", folder, "--count", 8, "--until", "chosen", "--formats", "all")
    assert outcome.code == 0, outcome.err
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def starts(kit: Path) -> list[int]:
    return [part["start"] for part in json.loads((kit / "kit.json").read_text())["slices"]]


def said(*command: object) -> str:
    """Give what a program prints; where it is not installed the test is skipped."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=True, timeout=PATIENCE).stdout


def only(kit: Path, ending: str) -> Path:
    (found,) = kit.rglob(f"*{ending}")
    return found


def test_the_slices_are_the_recorded_session_bit_for_bit(kit: Path, whole: Path) -> None:
    slices = sorted((kit / "slices").iterdir())
    assert len(slices) == 8
    joined = np.concatenate([soundfile.read(path, dtype="int32")[0] for path in slices])
    np.testing.assert_array_equal(joined, soundfile.read(whole / "audio.wav", dtype="int32")[0])


def test_ffprobe_finds_the_slices_in_the_record(kit: Path, starts: list[int]) -> None:
    told = said("ffprobe", "-v", "error", "-of", "json", "-show_chapters", kit / f"{kit.name}.wav")
    assert [chapter["start"] for chapter in json.loads(told)["chapters"]] == starts


def test_sfzlint_opens_the_instrument(kit: Path) -> None:
    pytest.importorskip("sfzlint")
    assert said(sys.executable, "-c", "from sfzlint.cli import sfzlint; sfzlint()", only(kit, ".sfz")) == ""


def test_polyphone_and_fluidsynth_play_the_instrument(
    kit: Path, tmp_path: Path, starts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    said("polyphone", "-1", "-i", only(kit, ".sfz"), "-d", tmp_path, "-o", "kit")
    dry = ("-R", 0, "-C", 0, "-g", 1, "-r", 44_100, "-T", "wav", "-O", "float")
    said("fluidsynth", "-ni", "-q", *dry, "-F", tmp_path / "played.wav", tmp_path / "kit.sf2", only(kit, ".mid"))
    played, _ = soundfile.read(tmp_path / "played.wav")
    whole, _ = soundfile.read(kit / f"{kit.name}.wav")
    for start in starts[1:]:  # where the record has an attack, the pads have one too
        assert np.abs(played[start : start + 4410]).max() > 0.3 * np.abs(whole[start : start + 4410]).max()


def test_hydrogen_accepts_the_drum_kit(kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "JACK_NO_START_SERVER": "1"}.items():
        monkeypatch.setenv(name, value)
    said("h2cli", "-c", only(kit, ".h2drumkit"))


def test_midicsv_reads_a_note_for_every_slice(kit: Path, starts: list[int]) -> None:
    assert said("midicsv", only(kit, ".mid")).count("Note_on_c") == len(starts)


@pytest.mark.skipif(not SCHEMAS, reason="SAMPLECHOP_DAWPROJECT_XSD names no folder with the schemas")
def test_the_daw_project_is_valid(kit: Path) -> None:
    etree = pytest.importorskip("lxml.etree")
    with zipfile.ZipFile(only(kit, ".dawproject")) as project:
        for kind in ("Project", "MetaData"):
            schema = etree.XMLSchema(etree.parse(Path(SCHEMAS, f"{kind}.xsd")))
            schema.assertValid(etree.fromstring(project.read(f"{kind.lower()}.xml")))


def test_rpp_reads_a_region_for_every_slice(kit: Path, starts: list[int]) -> None:
    rpp = pytest.importorskip("rpp")
    project = rpp.loads(only(kit, ".rpp").read_text(encoding="utf-8"))
    begins = [line for line in project if isinstance(line, list) and line[0] == "MARKER" and line[3] != ""]
    assert len(begins) == len(starts)


def test_exiftool_reads_the_drum_sample(kit: Path) -> None:
    (told,) = json.loads(said("exiftool", "-j", only(kit, ".aif")))
    assert (told["FileType"], told["NumChannels"], told["SampleRate"]) == ("AIFF", 1, 44100)


def test_acidcat_finds_nothing_wrong_with_the_mpc_program(kit: Path, starts: list[int]) -> None:
    reader = pytest.importorskip("acidcat.core.walk.mpc", reason="acidcat is not installed")
    chunks, faults = reader.inspect_xpm(str(only(kit, ".xpm")))
    facts = {field["name"]: field["value"] for field in chunks[0]["fields"]}
    assert (faults, facts["referenced_samples"]) == ([], len(starts))


def test_acidcat_finds_nothing_wrong_with_the_drum_rack(kit: Path) -> None:
    reader = pytest.importorskip("acidcat.core.walk.ableton", reason="acidcat is not installed")
    assert reader.inspect_ableton_xml(str(only(kit, ".adg")), "adg")[1] == []


def test_wavinfo_reads_the_names_of_the_slices(kit: Path) -> None:
    wavinfo = pytest.importorskip("wavinfo")
    cues = wavinfo.WavInfoReader(str(kit / f"{kit.name}.wav")).cues
    names = [path.stem for path in sorted((kit / "slices").iterdir())]
    # After the file's name comes what sounds in the slice, where that is clear.
    assert [label.text[: len(name)] for label, name in zip(cues.labels, names, strict=True)] == names
