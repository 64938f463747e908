"""Where events go: JSON lines, prompt and complete whatever their reader does, and targets that cannot be written."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from samplechop.offline.common.atomic import write_bytes
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.file import MidiFileSink
from samplechop.realtime.outputs import sinks
from samplechop.realtime.outputs.sinks import JsonLinesSink, check_target
from tests.support.command import ROOT
from tests.support.waiting import wait_until

RATE = 44_100


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    for sink in (JsonLinesSink(tmp_path / "a", RATE), JsonLinesSink("-", RATE), MidiFileSink(tmp_path / "b", RATE)):
        sink.close()
        sink.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no file that is open, and has no such pipes")
def test_a_file_that_is_deleted_begins_anew_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    sink = JsonLinesSink(path, RATE)
    sink.write(Event("chop", 1, 2, 0.5))
    wait_until(lambda: path.exists() and path.read_text().count("\n") == 1)
    path.unlink()
    sink.write(Event("chop", 3, 4, 0.5))
    sink.close()
    assert [json.loads(line)["sample"] for line in path.read_text().splitlines()] == [3]
    (warning,) = sink.warnings()
    assert "was deleted while events were written" in warning


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
@pytest.mark.parametrize("make", [lambda path: MidiFileSink(path, RATE), lambda path: write_bytes(path, b"")])
def test_no_file_takes_the_place_of_a_pipe(make, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="is a pipe or a device"):
        make(tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize(
    "make", [check_target, lambda path: JsonLinesSink(path, RATE), lambda path: MidiFileSink(path, RATE)]
)
def test_a_target_that_cannot_be_written_is_refused_up_front(make, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it is a folder"):
        make(tmp_path)
    with pytest.raises(UserError, match=r"there is no folder .*nowhere"):
        make(tmp_path / "nowhere" / "out")
    make(tmp_path / "fine")
    assert list(tmp_path.iterdir()) == []


def test_a_target_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UserError, match="no permission"):
        check_target(tmp_path / "out.mid")


def chop(sample: int) -> Event:
    return Event("chop", sample, sample + 9000, 0.75, note=36, velocity=100)


def test_each_event_is_one_line_before_the_next_is_known(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "events.jsonl")
    sink = JsonLinesSink(tmp_path / "events.jsonl", RATE)
    sink.write(chop(0))
    with (tmp_path / "events.jsonl").open() as reader:
        lines = [json.loads(reader.readline())]
        sink.write(chop(44_100))
        lines.append(json.loads(reader.readline()))
        sink.close()
    assert [line["sample"] for line in lines] == [0, 44_100]
    assert list(lines[1]) == ["kind", "sample", "time", "strength", "note", "velocity", "emitted"]


def test_a_reader_that_stands_still_delays_nobody_and_gets_every_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "events.jsonl")
    sink = JsonLinesSink(tmp_path / "events.jsonl", RATE)
    count = 3000  # far more than a pipe holds
    for sample in range(count):
        sink.write(chop(sample))  # would never come back if it waited: nobody reads yet
    with (tmp_path / "events.jsonl").open() as reader, ThreadPoolExecutor(1) as pool:
        closed = pool.submit(sink.close)
        samples = [json.loads(reader.readline())["sample"] for _ in range(count)]
        closed.result()
        assert reader.read() == ""
    assert samples == list(range(count))


def test_a_pipe_that_does_not_block_loses_nothing() -> None:
    out, into = os.pipe()
    os.set_blocking(into, False)
    with (
        os.fdopen(into, "w") as stream,
        os.fdopen(out) as reader,
        redirect_stdout(stream),
        ThreadPoolExecutor(1) as pool,
    ):
        sink = JsonLinesSink("-", RATE)
        for sample in range(3000):
            sink.write(chop(sample))
        samples = pool.submit(lambda: [json.loads(reader.readline())["sample"] for _ in range(3000)])
        sink.close()
        assert samples.result() == list(range(3000))


def test_a_session_without_events_leaves_an_empty_file(tmp_path: Path) -> None:
    JsonLinesSink(tmp_path / "events.jsonl", RATE).close()
    assert (tmp_path / "events.jsonl").read_text() == ""


def test_lines_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    sink = JsonLinesSink("-", RATE)
    sink.write(chop(4410))
    sink.close()
    assert json.loads(capsys.readouterr().out)["time"] == 0.1


def test_a_reader_that_leaves_ends_the_lines_quietly() -> None:
    program = (
        "from samplechop.realtime.core.events import Event\n"
        "from samplechop.realtime.outputs.sinks import JsonLinesSink\n"
        "import sys\n"
        "sink = JsonLinesSink('-', 44100)\n"
        "sink.write(Event('chop', 0, 0, 1.0))\n"
        "sys.stdin.read()\n"
        "sink.write(Event('chop', 1, 1, 1.0))\n"
        "sink.write(Event('chop', 2, 2, 1.0))\n"
        "sink.close()\n"
        "sys.exit(0 if sink.broken else 1)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        assert json.loads(process.stdout.readline())["sample"] == 0
        process.stdout.close()
        process.stdin.close()
        complaint = process.stderr.read()
    assert (process.returncode, complaint) == (0, b"")


def test_a_chord_is_a_line_with_its_notes(tmp_path: Path) -> None:
    sink = JsonLinesSink(tmp_path / "events.jsonl", RATE)
    sink.write(Event("chord", 0, 9000, 0.75, "C:maj", velocity=80, notes=(48, 60)))
    sink.close()
    line = json.loads((tmp_path / "events.jsonl").read_text())
    assert (line["kind"], line["label"], line["notes"]) == ("chord", "C:maj", [48, 60])


def test_a_full_disk_is_one_sentence() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    sink = JsonLinesSink("/dev/full", RATE)
    sink.write(chop(0))
    with pytest.raises(UserError, match="cannot write events to '/dev/full'"):
        sink.close()
    assert sink.broken
    sink.close()


def test_a_reader_that_never_reads_is_given_up_and_what_it_missed_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "STALL_SECONDS", 0.05)
    os.mkfifo(tmp_path / "events.jsonl")
    sink = JsonLinesSink(tmp_path / "events.jsonl", RATE)
    for sample in range(3):
        sink.write(chop(sample))
    assert sink.warnings() == ()
    sink.close()
    (warning,) = sink.warnings()
    assert warning.startswith("3 events were not written to ") and warning.endswith("its reader stands still")
    os.close(os.open(tmp_path / "events.jsonl", os.O_RDONLY | os.O_NONBLOCK))  # lets the thread go
