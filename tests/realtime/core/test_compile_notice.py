"""What is said while numba compiles."""

import io
import sys
from pathlib import Path

import pytest
from numba.core import event

from samplechop.realtime.core import compile_notice


def test_what_is_compiled_is_counted_without_what_it_calls() -> None:
    shown: list[tuple[int, int]] = []
    with compile_notice.compiling_shown(lambda done, parts: shown.append((done, parts))):
        for _ in range(2):
            event.start_event("numba:compile")
            event.start_event("numba:compile")
            event.end_event("numba:compile")
            event.end_event("numba:compile")
    parts = compile_notice.COMPILED_PARTS
    assert shown == [(0, parts), (1, parts), (2, parts), (parts, parts)]
    event.start_event("numba:compile")
    event.end_event("numba:compile")
    assert len(shown) == 4


def test_where_nothing_is_compiled_nothing_is_shown() -> None:
    with compile_notice.compiling_shown(lambda *_: pytest.fail("nothing was compiled")):
        pass


def test_without_a_terminal_compiling_is_said_once_however_often_it_begins(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compile_notice, "_said", False)
    for done in (*range(compile_notice.COMPILED_PARTS + 1), *range(compile_notice.COMPILED_PARTS + 1)):
        compile_notice.show_compiling(done, compile_notice.COMPILED_PARTS)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_where_another_command_has_compiled_before_it_is_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    for said in ("compiling for this processor, once", "compiling more"):
        monkeypatch.setattr(compile_notice, "_said", False)
        compile_notice.show_compiling(0, compile_notice.COMPILED_PARTS)
        assert said in capsys.readouterr().err
        (tmp_path / "one.nbi").touch()


def test_on_a_terminal_compiling_is_one_line_that_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    for done in (0, 7, compile_notice.COMPILED_PARTS):
        compile_notice.show_compiling(done, compile_notice.COMPILED_PARTS)
    lines = terminal.getvalue().split("\r\x1b[K")
    assert "part 7 of up to" in lines[-2] and lines[-1] == ""
    assert max(map(len, lines)) < 80
