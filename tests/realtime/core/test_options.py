"""Options that a dataclass declares: what is refused, and the command made from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from typer.testing import CliRunner

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.options import Option, check, option_name, read_clock, value_types, with_options


@dataclass(frozen=True)
class Settings:
    count: Annotated[int, Option("Slices, {low} to {high} (default: {default}).", "Kit", 1, 128)] = 16
    share: Annotated[float | None, Option("A share.", "Kit", 0, 1, exclusive=True)] = None
    want: Annotated[Literal["drums", "both"], Option("What.", "Kit")] = "both"
    level: Annotated[Literal["peak", "lufs"] | None, Option("How loud.", "Kit", names=("--level", "--loud"))] = None
    snap_ms: Annotated[float, Option("Milliseconds.", "Kit", 0, 100, names=("--snap",))] = 0.0
    lock: Annotated[tuple[float, ...], Option("Seconds, with commas between.", "Kit")] = ()
    path: Annotated[Path | None, Option("A file.", "Kit")] = None
    mono: Annotated[bool, Option("Mix to mono.", "Kit")] = False
    inner: int = 3

    def __post_init__(self) -> None:
        check(self)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("count", 0, r"--count must be in 1\.\.128, got 0"),
        ("share", 1.0, "--share must lie between 0 and 1, got 1"),
        ("share", float("nan"), "--share must lie between 0 and 1, got nan"),
        ("want", None, "--want must be one of drums, both, got None"),
        ("level", "rms", "--level must be one of peak, lufs, got 'rms'"),
        ("snap_ms", -1.0, r"--snap must be in 0\.\.100, got -1"),
    ],
)
def test_what_is_out_of_range_or_no_choice_is_refused(name: str, value: object, says: str) -> None:
    with pytest.raises(UserError, match=says):
        Settings(**{name: value})


@pytest.mark.parametrize(("text", "seconds"), [("12.5", 12.5), ("1:02.4", 62.4), ("1:00:03", 3603), ("0:00", 0)])
def test_places_are_read_as_seconds_or_clock(text: str, seconds: float) -> None:
    assert read_clock(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "1:75", "1:2:3:4", "-1:02", "1:"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_clock(text)


def run(*arguments: str) -> tuple[str, list[dict[str, Any]]]:
    given_to: list[dict[str, Any]] = []

    @with_options(Settings)
    def command(demo: Annotated[bool, typer.Option("--demo")] = False, **given: Any) -> None:
        """Do it."""
        given_to.append(given | {"demo": demo})

    app = typer.Typer(rich_markup_mode=None)
    app.command()(command)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output, given_to


def test_a_command_is_given_what_stands_on_its_line_by_the_names_of_the_fields() -> None:
    line = ["--demo", "--count", "3", "--loud", "peak", "--snap", "5", "--lock", "1,2.5", "--path", "a.wav", "--mono"]
    _, given = run(*line)
    assert given == [
        {
            "demo": True,
            "count": 3,
            "level": "peak",
            "snap_ms": 5.0,
            "lock": "1,2.5",
            "path": Path("a.wav"),
            "mono": True,
        }
    ]


def test_a_command_is_given_nothing_else() -> None:
    assert run()[1] == [{"demo": False}]


def test_the_help_has_ranges_and_defaults_and_no_field_that_is_no_option() -> None:
    text, _ = run("--help")
    assert "Slices, 1 to 128 (default: 16)." in text
    assert "--inner" not in text


def test_the_type_behind_a_field_is_found() -> None:
    types = value_types(Settings)
    assert [types[name] for name in ("count", "share", "want", "level", "path", "mono", "lock")] == [
        int, float, str, str, Path, bool, tuple[float, ...],
    ]  # fmt: skip


def test_an_option_is_named_as_the_user_types_it() -> None:
    assert [option_name(Settings, name) for name in ("snap_ms", "level", "inner")] == ["--snap", "--level", "--inner"]
