import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer.main

from samplechop.offline.cli import chop
from samplechop.offline.cli.main import app
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.realtime import settings_file
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.options import option_name
from samplechop.realtime.settings import LiveSettings
from samplechop.realtime.settings_file import read_settings, undoing
from tests.support.command import samplechop

SENSIBLE = {
    "count": "8",
    "diversity": "0.4",
    "candidates": "100",
    "compare": '"frame"',
    "distance": '"mean"',
    "classic": "true",
    "harmonic": "true",
    "write-harmonic": "true",
    "start": "1.5",
    "end": "20",
    "start-note": "48",
    "min-gap": "0.2",
    "max-length": '"4beats"',
    "lock": "[1.5, 2.5]",
    "reroll": "2",
    "bars": "true",
    "want": '"drums"',
    "until": '"candidate"',
    "model": '"chop-61"',
    "threshold": "0.6",
    "choose": '"hits"',
    "density": "0.5",
    "tempo-range": "[80, 160]",
    "channel": '"left"',
    "tempo": "174",
    "pre-roll": "2",
    "snap": "3",
    "fade": "5",
    "declick": "true",
    "tail": "10",
    "normalise": '"peak"',
    "mono": "true",
    "resample": "48000",
    "trim": "true",
    "template": '"{number}"',
    "formats": '["sfz", "midi"]',
    "play": '"gate"',
    "choke": "false",
    "picture": "false",
}


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setattr(settings_file, "config_path", lambda: path)
    return path


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[ChopOptions]:
    """What the command would chop by."""
    found: list[ChopOptions] = []

    def records(_inputs: Any, _demo: bool, _output: Path, given: dict[str, Any], usual: Any, *_: Any) -> None:
        found.append(ChopOptions(**{**chop.parsed(dict(usual)), **chop.parsed(given)}))

    monkeypatch.setattr(chop, "_records", records)
    return found


def test_each_option_of_a_kit_has_a_sensible_value() -> None:
    names = [option_name(ChopOptions, one.name).partition("/")[0].removeprefix("--") for one in fields(ChopOptions)]
    assert list(SENSIBLE) == names


@pytest.mark.parametrize(("key", "name"), list(zip(SENSIBLE, [one.name for one in fields(ChopOptions)], strict=True)))
def test_every_option_of_a_kit_can_stand_in_the_file_and_be_undone(
    key: str, name: str, config: Path, taken: list[ChopOptions]
) -> None:
    config.write_text(f"[chop]\n{key} = {SENSIBLE[key]}\n", encoding="utf-8")
    assert samplechop("chop", "--demo").code == 0
    assert getattr(taken[0], name) != getattr(ChopOptions(), name)
    outcome = samplechop("chop", "--demo", *shlex.split(undoing(name, ChopOptions)))
    assert (outcome.code, outcome.err) == (0, "")
    assert getattr(taken[1], name) in (getattr(ChopOptions(), name), (40.0, 250.0))


def test_density_and_choose_replace_each_other(config: Path, taken: list[ChopOptions]) -> None:
    config.write_text('[chop]\nchoose = "hits"\n', encoding="utf-8")
    assert samplechop("chop", "--demo", "--density", 0.5).code == 0
    config.write_text("[chop]\ndensity = 0.5\n", encoding="utf-8")
    assert samplechop("chop", "--demo", "--choose", "beats").code == 0
    assert [(one.choose, one.density) for one in taken] == [("auto", 0.5), ("beats", None)]


def test_no_density_leaves_the_way_to_choose_of_the_file(config: Path, taken: list[ChopOptions]) -> None:
    config.write_text('[chop]\nchoose = "hits"\n', encoding="utf-8")
    assert samplechop("chop", "--demo", "--density", "default").code == 0
    assert (taken[0].choose, taken[0].density) == ("hits", None)


def test_what_says_nothing_of_listed_sounds_is_passed_over(config: Path, tmp_path: Path) -> None:
    config.write_text("[chop]\ncount = 8\nfade = 5\n", encoding="utf-8")
    outcome = samplechop("chop", "--from-list", tmp_path / "none.tsv")
    assert outcome.code == 2
    assert "--count" not in outcome.err


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("start-note = 126", "--start-note 36"),
        ('until = "never"', "--until next"),
        ('model = "no-such-model"', "--model chop"),
        ('formats = ["exs"]', "--formats default"),
        ('template = "{nmae}"', "--template {number}"),
    ],
)
def test_an_error_that_comes_from_the_file_names_it_and_what_undoes_it(text: str, named: str, config: Path) -> None:
    config.write_text(f"[chop]\n{text}\n", encoding="utf-8")
    outcome = samplechop("chop", "--demo", "-o", config.parent / "kits")
    assert outcome.code == 2
    assert repr(str(config)) in outcome.err
    assert named in outcome.err


def test_each_command_reads_its_own_table(config: Path) -> None:
    config.write_text("[live]\nthreshold = 0.7\n[chop]\ncount = 8\n", encoding="utf-8")
    assert read_settings(config).values == {"threshold": 0.7}
    assert read_settings(config, "chop", ChopOptions).values == {"count": 8}


def test_an_unknown_key_is_told_which_one_was_meant(config: Path) -> None:
    config.write_text("[chop]\nformat = 3\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"did you mean 'formats'\?"):
        read_settings(config, "chop", ChopOptions)


@pytest.mark.parametrize(("command", "options"), [("live", LiveSettings), ("chop", ChopOptions)])
def test_what_is_no_setting_is_sent_to_the_command_line(command: str, options: type, config: Path) -> None:
    own = {"help", *(name for one in fields(options) for name in (one.name, f"no_{one.name}"))}
    params = [one for one in typer.main.get_command(app).commands[command].params if one.param_type_name == "option"]
    for name in (max(one.opts, key=len) for one in params if one.name not in own):
        config.write_text(f"[{command}]\n{name.removeprefix('--')} = 1\n")
        with pytest.raises(UserError, match=f"take it out, and give {name} on the command line"):
            read_settings(config, command, options)
