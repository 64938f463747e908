"""Names that are not UTF-8, too long or empty are refused in one sentence, whichever command is given them."""

import sys

import pytest

from samplechop.offline.cli.main import app
from samplechop.realtime.core.errors import guarded
from tests.support.command import samplechop

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


@pytest.mark.parametrize("arguments", [["live"], ["sessions"], ["evaluate"], ["chop"], ["labels", "show"]])
def test_a_name_no_file_system_holds_is_reported_in_one_sentence(arguments, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["samplechop", *arguments, "x" * 300 + ".wav"])
    assert guarded(app) == 2
    out, err = capfd.readouterr()
    assert not out and err.count("\n") == 1 and err.startswith("samplechop: ")


def test_a_list_may_name_what_no_file_can_be_called(tmp_path, monkeypatch, capfd):
    (tmp_path / "list.tsv").write_text("x" * 300 + ".wav\t0\t1\n")
    monkeypatch.setattr(
        sys, "argv", ["samplechop", "chop", "--from-list", str(tmp_path / "list.tsv"), "-o", str(tmp_path)]
    )
    assert guarded(app) == 2
    err = capfd.readouterr().err
    assert err.count("\n") == 1 and "kit cannot be written" not in err and "x" * 300 in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["chop", ""],
        ["chop", "song.wav", "-o", ""],
        ["live", ""],
        ["live", "--record", ""],
        ["project", "show", ""],
        ["labels", "show", ""],
        ["studio", ""],
        ["evaluate", "drums", "records", "--page="],
        ["atlas", "collect", "records", "", "-o", "atlas"],
    ],
)
def test_an_empty_name_is_not_the_current_folder(arguments):
    outcome = samplechop(*arguments)
    assert outcome.code == 2 and not outcome.out and outcome.err.count("\n") == 1
    assert "'' is no name of a file or folder: give one" in outcome.err


def test_what_may_be_empty_stays_so():
    assert samplechop("chop", "--list-formats", "--lock", "", "--formats", "").code == 0
