import re
import sys
from pathlib import Path

import pytest
from rich.table import Table

from samplechop.offline.common.terminal import console, echo, print_table
from tests.support.command import ROOT

HOSTILE = "a\x1b[2J\x1b]0;x\x07\u202eb\r"


def test_lines_have_nothing_that_moves_the_cursor(capsys):
    echo(f"one {HOSTILE}", "two\nthree", err=True)
    assert capsys.readouterr().err == "one a?[2J?]0;x??b?\ntwo?three\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no such device")
def test_a_message_that_nobody_can_read_ends_nothing(monkeypatch):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        echo("word", err=True)


def test_tables_show_names_as_they_are_but_for_what_cannot_be_printed(capsys):
    table = Table(HOSTILE, title=HOSTILE)
    table.add_row(f"[red]{HOSTILE}[/red]")
    table.add_row(":smile: ä")
    console().print(table)
    out = capsys.readouterr().out
    assert re.findall(r"[^\w\s\[\]()?;/:─━┏┓┃┡┩│└┘┴┬┼┳╇]", out.replace("\n", "")) == []
    assert "\x1b" not in out and "\x07" not in out
    assert "[red]a?" in out and ":smile: ä" in out


def test_nothing_of_ours_writes_to_the_terminal_in_another_way():
    ours = [path for path in (ROOT / "offline").rglob("*.py") if path.name != "terminal.py"]
    raw = re.compile(r"typer\.echo|\bConsole\(")
    assert [str(path.relative_to(ROOT)) for path in ours if raw.search(path.read_text("utf-8"))] == []


def test_a_word_that_does_not_fit_goes_on_below_and_is_not_cut(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    table = Table("pad", "slice")
    table.add_row("A01", "01_000.000s_Amin_92bpm_" * 3)
    print_table(table)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 40
    assert "".join(re.findall(r"[\w.]+", out)).endswith("01_000.000s_Amin_92bpm_" * 3)
    assert "…" not in out


def test_a_table_with_too_many_columns_becomes_several_with_the_first_column_each(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    names = [f"system-number-{at}" for at in range(7)]
    table = Table("measure", *names, title="Mean")
    table.add_row("F of chosen chops", *(f"[bold]0.{at}[/]" for at in range(7)))
    print_table(table, markup=True, split=True)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 60
    assert out.count("F of chosen chops") == out.count("measure") > 1
    assert out.count("Mean") == 1
    assert all(name in out and f"0.{at}" in out for at, name in enumerate(names))
