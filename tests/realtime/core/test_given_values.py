"""What is read quickly is what Typer reads, and what is refused is refused by Typer's own words."""

from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from samplechop.realtime.core.given_values import read_quickly


def _double(text: str) -> float:
    if text == "never":
        raise typer.BadParameter("never, it says")
    return 2 * float(text)


def _command() -> Any:
    app = typer.Typer()

    @app.command()
    def run(
        paths: Annotated[list[Path] | None, typer.Argument()] = None,
        text: Annotated[str | None, typer.Option()] = None,
        whole: Annotated[int, typer.Option(min=-5)] = 3,
        count: Annotated[int | None, typer.Option()] = None,
        number: Annotated[float, typer.Option()] = 1,
        parsed: Annotated[Any, typer.Option(parser=_double)] = None,
        out: Annotated[Path | None, typer.Option()] = None,
        there: Annotated[Path | None, typer.Option(exists=True)] = None,
        pair: Annotated[tuple[float, float] | None, typer.Option()] = None,
        words: Annotated[list[str] | None, typer.Option()] = None,
        flag: Annotated[bool | None, typer.Option("--flag/--no-flag")] = None,
        called: Annotated[str | None, typer.Option(callback=lambda value: f"called with {value}")] = None,
    ) -> None:
        """Do nothing."""

    return typer.main.get_command(app)


def _outcome(given: list[str], quickly: bool) -> Any:
    command = _command()
    if quickly:
        for param in command.params:
            read_quickly(param)
    try:
        context = command.make_context("run", list(given))
    except Exception as error:
        return type(error), str(error)
    return {name: (type(value), repr(value)) for name, value in context.params.items()}


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["a.wav", "no such file", "."],
        *(["--text", text] for text in ("", "word", "-", "\udcff", "3")),
        *(["--whole", text] for text in ("0", "-5", "-6", "12")),
        *(["--count", text] for text in ("12", "-3", "007", "+1", " 4", "1_000", "1.0", "1.5", "x", "", "9" * 30)),
        *(["--number", text] for text in ("12", "-3.25", ".5", "1e3", "nan", "inf", "1_0", "x", "0.1", "5.")),
        *(["--parsed", text] for text in ("2", "x", "never")),
        *(["--out", text] for text in ("a/b", "", ".", "\udcff")),
        *(["--there", text] for text in (".", "no such file")),
        ["--pair", "1", "2"],
        ["--pair", "1", "x"],
        ["--words", "a", "--words", "b"],
        ["--flag"],
        ["--no-flag"],
        ["--called", "x"],
    ],
    ids=repr,
)
def test_a_value_is_what_typer_makes_of_it(given: list[str]) -> None:
    assert _outcome(given, True) == _outcome(given, False)
