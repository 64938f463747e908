"""The command line as a whole: help, version, completion, and words that are misspelt."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from samplechop import models
from samplechop.offline.cli.main import COMMANDS, app
from samplechop.realtime.core.help_texts import fitted
from tests.support.command import samplechop

COLUMNS = 80


def every(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    for name, one in getattr(command, "commands", {}).items():
        yield from every(one, *path, name)


PATHS = list(every(typer.main.get_command(app)))


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    monkeypatch.setenv("TERMINAL_WIDTH", str(COLUMNS))


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_of_every_command_fits_eighty_columns(path: tuple[str, ...], option: str) -> None:
    outcome = samplechop(*path, option)
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= COLUMNS
    assert "…" not in outcome.out


@pytest.mark.parametrize(
    ("command", "heads"),
    [
        ("live", ["Audio input", "Notes and events", "Detectors", "Taps", "Recording", "Session"]),
        ("chop", ["Which chops", "Where slices begin and end", "What is written", "Many records"]),
    ],
)
def test_options_stand_under_few_heads(command: str, heads: list[str]) -> None:
    out = samplechop(command, "-h").out
    shown = re.findall("^╭─ (.*?) ─+╮$", out, re.M)
    assert set(heads) <= set(shown)
    assert len(shown) <= 8


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_help_of_a_group_has_the_options_of_its_default_command(command: str) -> None:
    whole, own = samplechop(command, "-h").out, samplechop(command, "chop", "-h").out
    assert set(re.findall(r"--[a-z-]+", own)) <= set(re.findall(r"--[a-z-]+", whole))


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_and_option_has_a_help(path: tuple[str, ...]) -> None:
    command = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]  # type: ignore[attr-defined]
    assert command.help
    assert re.findall(r"(?<!\\)\[[a-z/].*?\]", command.help) == [], "taken for markup, and not shown"
    assert [one.name for one in command.params if not getattr(one, "help", None) and not one.hidden] == []


def test_the_commands_are_listed_without_importing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr("samplechop.offline.cli.main.import_module", unwanted)
    out = samplechop("-h").out
    assert all(name in out for name in COMMANDS)


def completed(monkeypatch: pytest.MonkeyPatch, words: str) -> list[str]:
    monkeypatch.setenv("_SAMPLECHOP_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"samplechop {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" "))))
    monkeypatch.setattr("typer._click.utils._detect_program_name", lambda: "samplechop")
    return samplechop().out.split()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("li", {"live"}),
        ("evaluate h", {"harmony"}),
        ("live --midi-f", {"--midi-file"}),
        ("live --monitor a", {"aligned"}),
        ("chop --want ", {"harmony", "drums", "both"}),
        ("evaluate my-records --pee", {"--peers"}),
    ],
)
def test_a_shell_completes_commands_options_and_choices(
    words: str, found: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(completed(monkeypatch, words)) == found


def test_the_version_is_that_of_the_package() -> None:
    assert re.fullmatch(r"samplechop \d+\.\d+\.\d+\S*\n", samplechop("--version").out)


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["lvie"], "live"),
        (["evaluate", "drum"], "drums"),
        (["live", "--divice", "x"], "--device"),
        (["chop", "song.wav", "--formats", "sfx"], "sfz"),
        (["live", "--demo", "--fast", "--model", "chop61"], "chop-61"),
        (["live", "--demo", "--fast", "--detect", "chops,drum"], "drums"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_one_that_was_meant(arguments: list[str], meant: str) -> None:
    outcome = samplechop(*arguments)
    assert outcome.code == 2
    assert meant in outcome.err


def test_too_many_arguments_are_answered_with_quotes() -> None:
    outcome = samplechop("live", "my", "song.ogg", "--fast")
    assert outcome.code == 2
    assert "needs" in outcome.err and "'my song.wav'" in outcome.err


def test_a_model_that_nobody_knows_is_one_sentence() -> None:
    with pytest.raises(models.ModelError, match=r"no model 'harmny' \(did you mean 'harmony'\?\)"):
        models.load("harmny")


def test_examples_that_do_not_fit_have_their_comment_below() -> None:
    text = "What it does\nin short.\n\n\b\nsamplechop live --demo      " + "a record without any turntable " * 2
    assert fitted(text, 40).splitlines() == [
        "What it does in short.",
        "",
        "samplechop live --demo",
        "    a record without any turntable a",
        "    record without any turntable",
    ]
