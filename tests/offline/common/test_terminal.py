import re

from rich.table import Table

from samplechop.offline.common.terminal import console, echo
from tests.support.command import ROOT

HOSTILE = "a\x1b[2J\x1b]0;x\x07\u202eb\r"


def test_lines_have_nothing_that_moves_the_cursor(capsys):
    echo(f"one {HOSTILE}", "two\nthree", err=True)
    assert capsys.readouterr().err == "one a?[2J?]0;x??b?\ntwo?three\n"


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
