import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import platformdirs
import platformdirs.windows
import pytest

from samplechop.realtime import cli
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.settings import LiveSettings
from samplechop.realtime.settings_file import config_path, read_settings, undoing
from tests.support.command import samplechop
from tests.test_documents import COMMANDS


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_options_win_over_the_settings_file(tmp_path: Path) -> None:
    read = read_settings(config(tmp_path, '[live]\nmidi-port = "IAC"\nthreshold = 0.7\n'))
    settings = read.for_run({"threshold": 0.3}, None, False).checked({"threshold": 0.3}, None, False)
    assert (settings.midi_port, settings.threshold, settings.pads) == ("IAC", 0.3, "cycle")


def test_a_density_takes_the_place_of_the_files_way_to_choose_and_none_leaves_it(tmp_path: Path) -> None:
    read = read_settings(config(tmp_path, '[live]\nchoose = "hits"\n'))
    for density, choose in ((0.5, "auto"), (None, "hits")):
        given = {"density": density}
        assert read.for_run(given, None, False).checked(given, None, False).choose == choose


def test_no_settings_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.toml").checked({}, None, False) == LiveSettings()


def test_whole_numbers_stand_for_seconds(tmp_path: Path) -> None:
    assert read_settings(config(tmp_path, "[live]\nduration = 3\n")).values == {"duration": 3.0}


def test_a_range_of_tempi_is_a_list_in_the_settings_file(tmp_path: Path) -> None:
    assert read_settings(config(tmp_path, "[live]\ntempo-range = [120, 200]\n")).values == {
        "tempo_range": (120.0, 200.0)
    }


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[live]\ntreshold = 0.5\n", "treshold"),
        ("[live]\nlist_midi = true\n", "take it out, and give --list-midi on the command line"),
        ("[live]\nthreshold = 'high'\n", "threshold"),
        ("[live]\nchannels = true\n", "channels"),
        ("[live]\ntempo-range = 120\n", "tempo-range"),
        ("[live]\nrecord = ''\n", "'record' .* is no name"),
        ("[love]\n", "love"),
        ("live = 3\n", "live"),
        ("[live\n", "cannot be read"),
    ],
)
def test_a_wrong_settings_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UserError, match=named):
        read_settings(config(tmp_path, text))


def test_the_settings_file_takes_option_names_with_dashes(tmp_path: Path) -> None:
    read = read_settings(config(tmp_path, '[live]\nharmony-notes = "pitches"\nosc = "127.0.0.1:9000"\nhalf-life = 1\n'))
    assert read.values == {"harmony_notes": "pitches", "osc": "127.0.0.1:9000", "half_life": 1.0}


def test_on_windows_the_settings_lie_in_one_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs.windows, "get_win_folder", lambda _: "local")
    monkeypatch.setattr(platformdirs, "PlatformDirs", platformdirs.windows.Windows)
    assert config_path() == Path("local/samplechop/config.toml")


def test_a_byte_order_mark_before_the_settings_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[live]\nthreshold = 0.7\n")
    assert read_settings(path).values == {"threshold": 0.7}


def test_a_path_with_backslashes_in_double_quotes_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[live]\nevents = "C:\\Users\\me"\n', encoding="utf-8")
    with pytest.raises(UserError, match="single quotes"):
        read_settings(path)


def test_deep_nesting_in_the_settings_is_an_error_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("live = " + "[" * 5000 + "]" * 5000, encoding="utf-8")
    with pytest.raises(UserError):
        read_settings(path)


@pytest.mark.parametrize(("text", "tempo"), [("tempo = 174", "174"), ('tempo = "x2"', "x2")])
def test_a_tempo_in_the_settings_file_is_a_number_or_a_text(tmp_path: Path, text: str, tempo: str) -> None:
    assert read_settings(config(tmp_path, f"[live]\n{text}\n")).values == {"tempo": tempo}


SENSIBLE = {
    "device": ('"Scarlett"', "3"),
    "channels": ("2",),
    "samplerate": ("48000",),
    "blocksize": ("64",),
    "monitor": ('"aligned"', '"direct"'),
    "midi-port": ('"virtual"', '"IAC"'),
    "midi-file": ('"last.mid"',),
    "midi-channel": ("3",),
    "beat-channel": ("9",),
    "confirmed-channel": ("12",),
    "drum-channel": ("9",),
    "harmony-channel": ("3",),
    "harmony-notes": ('"pitches"',),
    "midi-clock": ("true",),
    "pads": ('"similar"',),
    "note-low": ("48",),
    "note-high": ("63",),
    "osc": ('"localhost:9000"',),
    "gate": ("0.2",),
    "half-life": ("0.3",),
    "events": ('"last.jsonl"', '"-"'),
    "detect": ('"chops,beats,drums,harmony"', '"drums"', '"beats"'),
    "model": ('"chop-61"',),
    "drum-model": ('"drums"',),
    "drum-threshold": ('"kick=0.4"', "0.5"),
    "harmony-model": ('"harmony"',),
    "threshold": ("0.6",),
    "min-gap": ("0.2",),
    "hold": ("0.25",),
    "choose": ('"hits"',),
    "density": ("0.5",),
    "tempo-range": ("[80, 160]",),
    "tempo": ('"x2"', "174"),
    "channel": ('"left"',),
    "tap": ("true",),
    "tap-port": ('"mpd"',),
    "tap-file": ('"taps.jsonl"',),
    "record": ('"sessions"',),
    "record-format": ('"flac"',),
    "keep-last": ('30\nkeep-dir = "sessions"',),
    "keep-dir": ('"sessions"',),
    "duration": ("60",),
    "log": ('"log.txt"',),
    "quiet": ("true",),
}
FILES = [f"{key} = {value}\n" for key, values in SENSIBLE.items() for value in values]
EVERYTHING = "".join(f"{key} = {values[0]}\n" for key, values in SENSIBLE.items() if key not in ("keep-dir", "choose"))
README = 'device = "Scarlett"\nmidi-port = "virtual"\npads = "similar"\n'
LIVE = [line for line in COMMANDS if line.startswith("live ") and "--list" not in line]


def test_each_option_has_sensible_values() -> None:
    assert set(SENSIBLE) == {one.name.replace("_", "-") for one in fields(LiveSettings)}


@pytest.mark.parametrize("line", LIVE)
def test_commands_of_the_documents_are_right_with_any_settings_file(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: list[tuple[dict[str, Any], Path | None, bool]] = []
    monkeypatch.setattr(cli, "config_path", lambda: tmp_path / "config.toml")
    monkeypatch.setattr(cli, "in_a_session", lambda _, *what: typed.append(what))
    outcome = samplechop(*re.split(r" {2,}|[;&|]", line)[0].split())
    assert (outcome.code, outcome.err) == (0, "")
    for text in (README, EVERYTHING, *FILES):
        try:
            read_settings(config(tmp_path, "[live]\n" + text)).for_run(*typed[0]).checked(*typed[0])
        except UserError as error:
            pytest.fail(f"{text}{error}")


@pytest.mark.parametrize("key", SENSIBLE)
def test_every_setting_of_the_file_can_be_undone(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[LiveSettings] = []
    monkeypatch.setattr(cli, "config_path", lambda: tmp_path / "config.toml")
    monkeypatch.setattr(cli, "_run", lambda settings, *_: checked.append(settings))
    name = key.replace("-", "_")
    for value in SENSIBLE[key]:
        config(tmp_path, f"[live]\n{key} = {value}\n")
        needed = {"detect": "", "tap": ""}.get(key, "--detect chops,beats,drums,confirmed,harmony --tap")
        outcome = samplechop("live", *needed.split(), *undoing(name).split())
        assert (outcome.code, outcome.err) == (0, "")
        assert getattr(checked[-1], name) in (getattr(LiveSettings(), name), (40.0, 250.0))


def test_what_says_nothing_of_a_run_is_passed_over(tmp_path: Path) -> None:
    read = read_settings(config(tmp_path, "[live]\n" + README + 'midi-clock = true\nmonitor = "aligned"\n'))
    assert set(read.for_run({}, None, False).values) == {"device", "midi_port", "pads", "midi_clock", "monitor"}
    assert set(read.for_run({}, Path("a.wav"), False).values) == {"midi_port", "pads", "midi_clock", "monitor"}
    assert set(read.for_run({}, Path("a.wav"), True).values) == {"pads"}
    assert set(read.for_run({"midi_port": None}, None, False).values) == {"device", "pads", "monitor"}


@pytest.mark.parametrize(
    ("text", "arguments", "named"),
    [
        ('device = "no such input"\n', [], "--device default"),
        ('midi-port = "no such port"\n', ["--demo"], "--midi-port off"),
        ('model = "no-such-model"\n', ["--demo", "--fast"], "--model chop"),
        ('detect = "chops,durms"\n', ["--demo", "--fast"], "--detect chops"),
        ('events = "no such folder/a.jsonl"\n', ["--demo", "--fast"], "--events off"),
        ("threshold = 7\n", ["--demo"], "--threshold default"),
        ("keep-last = 60\n", ["--demo"], "--keep-last off"),
        ("note-low = 60\n", ["--demo"], "--note-low 36"),
    ],
)
def test_an_error_that_comes_from_the_file_names_it_and_what_undoes_it(
    text: str, arguments: list[str], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config(tmp_path, "[live]\n" + text)
    monkeypatch.setattr(cli, "config_path", lambda: path)
    monkeypatch.chdir(tmp_path)
    outcome = samplechop("live", *arguments)
    assert outcome.code == 2
    assert repr(str(path)) in outcome.err
    assert named in outcome.err
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]


def test_an_error_of_the_command_line_does_not_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config(tmp_path, "[live]\n" + README)
    monkeypatch.setattr(cli, "config_path", lambda: path)
    for typed in (["--demo", "--device", "x"], ["--demo", "--fast", "--midi-port", "IAC"], ["--demo", "--tempo", "x2"]):
        outcome = samplechop("live", *typed)
        assert outcome.code == 2
        assert "config.toml" not in outcome.err


def test_an_unknown_key_is_told_which_one_was_meant(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"did you mean 'threshold'\?"):
        read_settings(config(tmp_path, "[live]\ntreshold = 0.5\n"))
