"""Every wrong input: one sentence, exit code 2, nothing left behind."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop import models
from samplechop.realtime import cli
from samplechop.realtime.cli import DEMO
from tests.support.command import ROOT, Outcome, program, samplechop
from tests.support.waiting import PATIENCE


@pytest.fixture(autouse=True)
def no_settings_and_no_servers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "config_path", lambda: tmp_path_factory.getbasetemp() / "no settings.toml")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody-runs-this")


def check(outcome: Outcome, folder: Path, *named: str, left: set[str] = frozenset()) -> None:
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert len(outcome.err.strip().splitlines()) == 1, outcome.err
    assert outcome.err.startswith("samplechop: ")
    for name in named:
        assert name in outcome.err
    assert {path.name for path in folder.iterdir()} == left


def outputs(folder: Path) -> list[object]:
    return ["--events", folder / "events.jsonl", "--midi-file", folder / "out.mid"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.wav", None, "there is no file"),
        ("text.wav", b"This is not audio at all, though it is called so.\n" * 50, "cannot be read as audio"),
        ("empty.wav", b"", "is empty"),
    ],
)
def test_a_file_that_is_no_audio_is_named(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    result = samplechop("live", path, "--fast", *outputs(tmp_path))
    check(result, tmp_path, name, says, left=set() if content is None else {name})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    result = samplechop("live", tmp_path / "records", "--fast", *outputs(tmp_path))
    check(result, tmp_path, "is a folder", left={"records"})


def test_a_file_without_samples_is_named(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 2), np.float32), 44_100)
    check(samplechop("live", tmp_path / "none.wav", "--fast"), tmp_path, "no audio", left={"none.wav"})


@pytest.mark.parametrize(("rate", "channels"), [(96_000, 8), (8_000, 1), (48_000, 2)])
def test_any_rate_and_number_of_channels_is_heard(tmp_path: Path, rate: int, channels: int) -> None:
    rng = np.random.default_rng(0)
    audio = rng.standard_normal((3 * rate, channels)) * 1e-4
    for start in (rate, 2 * rate):
        length = rate // 5
        audio[start : start + length] += 0.5 * rng.standard_normal((length, 1)) * np.linspace(1, 0, length)[:, None]
    soundfile.write(tmp_path / "odd.wav", audio, rate)
    result = samplechop("live", tmp_path / "odd.wav", "--fast", "--events", "-", "--quiet")
    assert result.code == 0, result.err
    places = [json.loads(line)["time"] for line in result.out.splitlines()]
    assert any(abs(place - 2.0) < 0.05 for place in places), places


def test_broken_samples_do_not_stop_the_ear(tmp_path: Path) -> None:
    audio, rate = soundfile.read(DEMO, dtype="float32", frames=8 * 44_100)
    broken = audio.copy()
    broken[rate : rate + 2000] = np.nan
    broken[2 * rate] = np.inf
    soundfile.write(tmp_path / "broken.wav", broken, rate, subtype="FLOAT")
    result = samplechop("live", tmp_path / "broken.wav", "--fast", "--events", "-", "--quiet")
    assert result.code == 0
    assert [line for line in result.out.splitlines() if json.loads(line)["time"] > 4]


def test_a_truncated_mp3_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    audio, rate = soundfile.read(DEMO, dtype="float32", frames=10 * 44_100)
    soundfile.write(tmp_path / "whole.mp3", audio, rate)
    content = (tmp_path / "whole.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(content[: len(content) // 2])
    result = samplechop("live", tmp_path / "cut.mp3", "--fast", "--events", "-", "--quiet")
    assert result.code == 0, result.err
    assert result.out
    assert "cut.mp3" in result.err


def test_without_a_sound_card_the_way_out_is_named(tmp_path: Path) -> None:
    check(samplechop("live", "--device", "turntable", *outputs(tmp_path)), tmp_path, "audio input")


def test_an_unknown_midi_port_is_named(tmp_path: Path) -> None:
    result = samplechop("live", "--demo", "--midi-port", "no such port", *outputs(tmp_path))
    check(result, tmp_path, "MIDI")


def test_without_portaudio_the_package_to_install_is_named(tmp_path: Path) -> None:
    script = tmp_path / "hidden.py"
    script.write_text(
        "import ctypes.util, runpy, sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "ctypes.util.find_library = lambda name: None\n"
        f"runpy.run_path({str(ROOT / 'run_live.py')!r}, run_name='__main__')\n"
    )
    process = program("--device", "x", script=str(script))
    out, err = process.communicate(timeout=PATIENCE)
    check(Outcome(process.returncode, out, err), tmp_path, "PortAudio", "libportaudio2", left={"hidden.py"})


def copy_of_model(folder: Path) -> Path:
    for suffix in (".json", ".tflite"):
        shutil.copy(models.FOLDER / f"chop-61{suffix}", folder / f"mine{suffix}")
    manifest = json.loads((folder / "mine.json").read_text())
    (folder / "mine.json").write_text(json.dumps({**manifest, "file": "mine.tflite"}))
    return folder / "mine.json"


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_an_unknown_model_is_named_with_those_there_are(tmp_path: Path) -> None:
    check(samplechop("live", "--demo", "--fast", "--model", "chop-9000", *outputs(tmp_path)), tmp_path, "chop-61")


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    path = copy_of_model(tmp_path)
    content = bytearray((tmp_path / "mine.tflite").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "mine.tflite").write_bytes(content)
    result = samplechop("live", "--demo", "--fast", "--model", path, *outputs(tmp_path))
    check(result, tmp_path, "mine.tflite", "sha256", left={"mine.json", "mine.tflite"})


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    import hashlib

    path = copy_of_model(tmp_path)
    (tmp_path / "mine.tflite").write_bytes(b"no model")
    change(path, sha256=hashlib.sha256(b"no model").hexdigest())
    result = samplechop("live", "--demo", "--fast", "--model", path, *outputs(tmp_path))
    check(result, tmp_path, "not a TFLite model", left={"mine.json", "mine.tflite"})


def test_a_model_for_other_features_is_refused(tmp_path: Path) -> None:
    path = copy_of_model(tmp_path)
    features = json.loads(path.read_text())["features"]
    change(path, features={**features, "bands": [[0, 24], [24, 48]]})
    result = samplechop("live", "--demo", "--fast", "--model", path, *outputs(tmp_path))
    check(result, tmp_path, "122", left={"mine.json", "mine.tflite"})


@pytest.mark.parametrize("file", ["", "gone.tflite"])
def test_a_model_whose_file_is_not_there_is_refused(tmp_path: Path, file: str) -> None:
    path = copy_of_model(tmp_path)
    change(path, file=file)
    result = samplechop("live", "--demo", "--fast", "--model", path, *outputs(tmp_path))
    check(result, tmp_path, "not beside it", left={"mine.json", "mine.tflite"})


@pytest.mark.parametrize("option", ["--events", "--midi-file"])
def test_an_output_in_no_folder_is_named(tmp_path: Path, option: str) -> None:
    check(samplechop("live", "--demo", "--fast", option, tmp_path / "no" / "such"), tmp_path, "folder")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no full device")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    result = samplechop("live", "--demo", "--fast", "--quiet", "--events", "/dev/full")
    check(result, tmp_path, "/dev/full", "No space left")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--fast"], "--fast needs a file"),
        (["--demo", "--fast", "--midi-port", "virtual"], "--midi-port plays in real time"),
        (["--demo", "--fast", "--monitor", "aligned"], "real time"),
        (["--demo", "--device", "x"], "--device is for listening to a device"),
        (["--demo", "song.wav"], "--demo plays its own record"),
        (["--demo", "--threshold", "2"], "--threshold must lie between 0 and 1"),
        (["--demo", "--pads", "all"], "--pads must be one of"),
        (["--demo", "--fast", "--osc", "localhost:9000"], "--osc sends in real time"),
        (["--demo", "--osc", "nowhere"], "--osc must be HOST:PORT"),
        (["--demo", "--harmony-notes", "all"], "--harmony-notes must be one of"),
        (["--demo", "--fast", "--detect", "drums", "--drum-model", "nope"], "no model 'nope'"),
        (
            ["--demo", "--fast", "--detect", "drums", "--drum-model", "chop-61"],
            "needs kind 'drums', or a 'stream' that",
        ),
        (["--demo", "--fast", "--model", "drums"], "the chop detector needs 'chop' or 'stream'"),
        (["--demo", "--fast", "--detect", "harmony", "--harmony-model", "chop"], "does not detect harmony"),
        (["--demo", "--fast", "--drum-channel", "9"], "--drum-channel 9 is for the drums: add --detect drums"),
        (["--demo", "--fast", "--detect", "harmony", "--half-life", "1"], "--half-life 1.0 is for the drums"),
        (["--demo", "--fast", "--detect", "drums", "--harmony-channel", "3"], "--harmony-channel 3 is for the harmony"),
        (["--demo", "--detect", "chops,durms"], "no detector 'durms'"),
        (["--demo", "--fast", "--keep-dir", "kept"], "is for what --keep-last keeps: add --keep-last"),
        (["--demo", "--fast", "--model", "chop-61", "--choose", "bars"], "--choose bars is for a streaming model"),
        (["--demo", "--fast", "--model", "chop-61", "--density", "0"], "--density 0 is for a streaming model"),
    ],
)
def test_options_that_contradict_each_other_are_named(tmp_path: Path, arguments: list[str], says: str) -> None:
    check(samplechop("live", *arguments, *outputs(tmp_path)), tmp_path, says)


def test_the_settings_file_is_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text("[live]\ntreshold = 0.5\n")
    monkeypatch.setattr(cli, "config_path", lambda: tmp_path / "config.toml")
    check(samplechop("live", "--demo", "--fast"), tmp_path, "treshold", "config.toml", left={"config.toml"})


def test_taps_need_real_time(tmp_path: Path) -> None:
    check(samplechop("live", "--demo", "--fast", "--tap", *outputs(tmp_path)), tmp_path, "--fast", "--tap")


def test_a_pad_without_taps_is_a_mistake(tmp_path: Path) -> None:
    check(samplechop("live", "--demo", "--tap-port", "mpd", *outputs(tmp_path)), tmp_path, "'mpd'", "add --tap")


def test_without_a_terminal_a_pad_is_asked_for(tmp_path: Path) -> None:
    process = program("--demo", "--quiet", "--tap", "--tap-file", tmp_path / "t.jsonl", stdin=subprocess.DEVNULL)
    out, err = process.communicate(timeout=PATIENCE)
    check(Outcome(process.returncode, out, err), tmp_path, "no terminal", "--tap-port")


def test_an_unknown_pad_is_named(tmp_path: Path) -> None:
    target = ["--tap-file", tmp_path / "t.jsonl", "--quiet"]
    check(samplechop("live", "--demo", "--tap", "--tap-port", "no such pad", *target), tmp_path, "space bar")


def test_taps_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text("mine\n")
    result = samplechop("live", "--demo", "--quiet", "--tap", "--tap-port", "x", "--tap-file", tmp_path / "t.jsonl")
    check(result, tmp_path, "t.jsonl", "there already", left={"t.jsonl"})
    assert (tmp_path / "t.jsonl").read_text() == "mine\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["live", "--demo", "--fast", "--record", "sessions", "--log", "log.txt", "--model", "nosuch"],
        ["live", "--demo", "--fast", "--detect", "drums", "--log", "log.txt", "--drum-model", "nosuch"],
        ["live", "--demo", "--fast", "--midi-file", "a.mid", "--events", "/proc/a.jsonl"],
        ["live", "--demo", "--fast", "--midi-file", "a.mid", "--record", "/proc/nope"],
        ["chop", "--demo", "-o", "new/kits", "--model", "nosuch"],
        ["chop", "--demo", "-o", "new/kits", "--model", "chop-61", "--density", "0.5"],
        ["chop", "--demo", "-o", "new/kits", "--formats", "sfz,nosuch"],
        ["chop", "--demo", "-o", "new/kits", "--template", "{nosuch}"],
        ["chop", "--demo", "-o", "/proc/nope"],
        ["train", "nosuch", "-o", "new/me"],
        ["train", ".", "-o", "new/me", "--from", "nosuch"],
        ["drums", "clips", "nosuch", "-o", "new/clips"],
        ["evaluate", ".", "--model", "nosuch", "--page", "page.html"],
    ],
    ids=" ".join,
)
def test_an_option_that_cannot_be_meant_leaves_nothing_behind(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check(samplechop(*arguments), tmp_path)
