"""Names that are not UTF-8 are refused in one sentence, whichever command is given them."""

import sys

import pytest

from samplechop.offline.cli.main import app
from samplechop.realtime.cli import guarded

NAME = "caf\udce9.wav"
"""As Python sees a file called by the bytes 63 61 66 e9 2e 77 61 76."""


@pytest.mark.parametrize(
    "arguments",
    [
        ["live", NAME, "--fast"],
        ["live", "--record", NAME],
        ["chop", NAME],
        ["sessions", NAME],
        ["labels", "show", NAME],
        ["labels", "convert", "a.txt", NAME],
        ["evaluate", "chops", f"--out={NAME}"],
        ["train", NAME],
        ["atlas", "build", NAME],
        ["drums", "by-hand", NAME],
    ],
)
def test_a_name_that_is_not_utf8_is_refused(arguments, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["samplechop", *arguments])
    assert guarded(app) == 2
    out, err = capfd.readouterr()
    assert not out and err.count("\n") == 1
    assert "is not UTF-8: rename it" in err and "caf\\udce9.wav" in err


def test_a_name_found_in_a_folder_that_is_not_utf8_is_refused(monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["samplechop"])
    assert guarded(lambda: NAME.encode()) == 2
    assert capfd.readouterr().err == f"samplechop: the name {NAME!r} is not UTF-8: rename it\n"
