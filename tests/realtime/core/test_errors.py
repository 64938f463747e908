import sys
from pathlib import Path

import pytest

from samplechop.realtime.core.errors import guarded, reason_of


def test_a_reason_names_neither_number_nor_path() -> None:
    with pytest.raises(OSError, match="Errno") as caught:
        Path("/proc/none/nowhere").mkdir()
    assert reason_of(caught.value) == "No such file or directory"
    assert reason_of(ValueError("it is no list")) == "it is no list"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no such device")
def test_standard_output_on_a_full_disk_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr(sys, "argv", ["samplechop"])
        assert guarded(lambda: print("word", flush=True)) == 2
    err = capfd.readouterr().err
    assert err == "samplechop: cannot write to standard output (No space left on device): lead it to another file\n"


def test_an_error_that_is_not_of_standard_output_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["samplechop"])
    with pytest.raises(FileNotFoundError):
        guarded(lambda: Path("/proc/none/nowhere").read_bytes())
