"""Streams that take no output, and those that are not there."""

import os
import subprocess
import sys

import pytest

from samplechop.realtime.core.standard_streams import TerminalWriter, open_standard_files, takes_output
from tests.support.command import ROOT


@pytest.mark.skipif(not hasattr(os, "set_blocking") or sys.platform == "win32", reason="Windows cannot ask a pipe")
def test_a_full_pipe_takes_no_output() -> None:
    out, into = os.pipe()
    os.set_blocking(into, False)
    with os.fdopen(into, "w") as stream, os.fdopen(out):
        assert takes_output(stream)
        with pytest.raises(BlockingIOError):
            while True:
                os.write(into, b"." * 512)
        assert not takes_output(stream)


def test_a_terminal_that_takes_nothing_keeps_nobody_waiting_and_gets_it_later(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    picture = "─" * 200_000  # more than any terminal holds that nobody reads
    with os.fdopen(os.dup(theirs), "w", encoding="utf-8") as stream:
        writer = TerminalWriter(stream)
        writer.write(picture)
        writer.flush()
        assert writer.rest and writer.isatty()
        taken = b""
        while len(taken) < 3 * len(picture):
            taken += os.read(ours, 1 << 16)
            writer.flush()
    assert taken.decode() == picture


@pytest.mark.skipif(os.name == "nt", reason="Windows hands on no such numbers")
def test_a_file_that_is_opened_takes_no_number_of_a_standard_stream() -> None:
    close = "import os, sys; os.close(0); os.close(2); "
    opened = "from samplechop.realtime.core.standard_streams import open_standard_files; open_standard_files(); "
    code = close + opened + "print(os.open(os.devnull, os.O_RDONLY) > 2)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "True\n"


def test_a_stream_that_is_not_there_is_one_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    open_standard_files()
    with sys.stdin as given, sys.stdout as out, sys.stderr as err:
        print("word", file=out)
        assert (given.read(), out.isatty(), err.isatty()) == ("", False, False)
