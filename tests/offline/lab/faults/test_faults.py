"""The table of faults, and the benchmark of kills: what they say of what they found."""

import os
import sys
from pathlib import Path

import pytest

from samplechop.offline.lab.faults import kills, table
from samplechop.offline.lab.faults.program import check, pipe
from samplechop.offline.lab.faults.scenario import Place, Scenario, write_song
from tests.support.command import samplechop

SCENARIOS = [
    Scenario("kind", "holds", "nothing", lambda _: None),
    Scenario("kind", "fails", "something", lambda _: check(False, "nothing")),
]
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are those of Linux")


def test_every_fault_has_a_name_of_its_own() -> None:
    names = [str(one) for one in table.all_scenarios()]
    assert len(set(names)) == len(names) > 65


@linux
def test_a_table_says_what_holds_and_what_is_there_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "all_scenarios", lambda: SCENARIOS)
    both = samplechop("bench", "faults")
    assert both.code == 1 and "1 of 2 hold" in both.out and "nothing" in both.out
    one = samplechop("bench", "faults", "--only", "HOLDS")
    assert one.code == 0 and "1 of 1 hold" in one.out
    assert samplechop("bench", "faults", "--only", "no such fault").code == 2


def test_what_cannot_be_run_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "PLATFORM", "win32")
    (result,) = table.run(SCENARIOS[:1])
    assert result.held is None and "Linux" in result.instead


@linux
@pytest.mark.parametrize("record_format", ["wav24", "flac"])
def test_a_recording_is_killed_at_its_begin_and_what_is_left_read(tmp_path: Path, record_format: str) -> None:
    with Place(tmp_path, write_song(tmp_path / "song.wav")) as place:
        left = kills.killed(place, 0.0, record_format, with_sound=True)
        assert left.readable is not None and left.log and left.midi is not False
        place.run("sessions", place.sessions, "--repair")
        place.check_recording("broken off, repaired", seconds=0.0)


def test_an_unknown_format_is_no_recording() -> None:
    assert samplechop("bench", "kills", "--record-format", "mp3").code == 2


@linux
def test_an_end_of_a_pipe_that_was_closed_before_closes_nobody_elses_file(tmp_path: Path) -> None:
    with Path(tmp_path, "other").open("wb") as other, pipe(full=True) as (_, into):
        number = into.fileno()
        into.close()
        os.dup2(other.fileno(), number)
    os.close(number)  # still open


def test_a_check_that_breaks_off_is_a_line_of_the_table(tmp_path: Path) -> None:
    def breaks_off(_: object) -> None:
        raise RuntimeError("no port")

    result = table.run_one(Scenario("kind", "name", "all is well", breaks_off), tmp_path / "song.wav")
    assert (result.held, result.instead) == (False, "the check broke off: RuntimeError: no port")
