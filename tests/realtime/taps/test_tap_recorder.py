"""Taps: where they belong, and that nothing of them is lost."""

import json
import os
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.audio.source import StreamClock
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.outputs.sinks import LineFile
from samplechop.realtime.taps.keyboard import Keyboard
from samplechop.realtime.taps.pads import KeyPad, MidiPad
from samplechop.realtime.taps.tap_recorder import TapRecorder, position_at, tap_path
from tests.support.waiting import PATIENCE, wait_until

RATE = 44_100


class Pad:
    """A pad that a test hits."""

    source, name, warning = "midi", "test pad", ""

    def __init__(self) -> None:
        self.closed = 0

    def start(self, on_hit: Callable[[int], None]) -> None:
        self.hit = on_hit

    def close(self) -> None:
        self.closed += 1


class Clock:
    """A stream that began at 100 s and drifts a little."""

    def time_of(self, position: int) -> float:
        return 100.0 + position / RATE * 1.0001


def recorded(path: Path, moments: list[float], **options: object) -> list[dict[str, object]]:
    pad, now = Pad(), iter(moments)
    recorder = TapRecorder(pad, Clock(), RATE, path, now=lambda: next(now), **options)  # type: ignore[arg-type]
    recorder.start()
    for k in range(len(moments)):
        pad.hit(1 + k % 127)
    recorder.close()
    recorder.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    assert recorder.count == len(lines)
    return lines


@given(st.integers(0, 10**10), st.floats(-3e-4, 3e-4), st.floats(0, 1e6))
def test_a_moment_leads_back_to_its_position(position: int, drift: float, began: float) -> None:
    clock = StreamClock(RATE, position // 2, began)
    for block in range(1, 200):
        clock.update(position // 2 + 256 * block, began + 256 * block / RATE * (1 + drift))
    assert abs(position_at(clock, RATE, clock.time_of(position)) - position) < 0.01


def test_a_tap_stands_where_the_record_was_when_it_was_hit(tmp_path: Path) -> None:
    lines = recorded(tmp_path / "t.jsonl", [Clock().time_of(sample) for sample in (0, 1000, 7 * RATE)])
    assert [line["sample"] for line in lines] == [0, 1000, 7 * RATE]
    assert lines[-1] == {"kind": "tap", "sample": 7 * RATE, "time": 7.0, "velocity": 3, "source": "midi"}


def test_a_monitor_that_is_late_is_taken_into_account(tmp_path: Path) -> None:
    lines = recorded(tmp_path / "t.jsonl", [Clock().time_of(20_000)], delay=15_000)
    assert [line["sample"] for line in lines] == [5_000]


def test_hits_while_nothing_is_heard_are_let_go(tmp_path: Path) -> None:
    moments = [Clock().time_of(sample) for sample in (-500, 3_000, 9_000)]
    assert [line["sample"] for line in recorded(tmp_path / "t.jsonl", moments, length=8_000)] == [3_000]
    assert recorded(tmp_path / "none.jsonl", moments, sounds=lambda: False) == []


def test_a_session_without_hits_leaves_no_file(tmp_path: Path) -> None:
    recorded(tmp_path / "t.jsonl", [])
    assert list(tmp_path.iterdir()) == []


def test_what_was_hit_is_on_disk_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = threading.Event()

    def fsync(fd: int) -> None:
        real(fd)
        kept.set()

    real = os.fsync
    monkeypatch.setattr("os.fsync", fsync)
    pad = Pad()
    recorder = TapRecorder(pad, Clock(), RATE, tmp_path / "t.jsonl", now=lambda: 101.0)
    recorder.start()
    pad.hit(90)
    assert kept.wait(PATIENCE)
    assert json.loads((tmp_path / "t.jsonl").read_text())["velocity"] == 90
    recorder.close()


def test_a_full_disk_delays_lines_but_loses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = [3]

    def write(fd: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(28, "No space left on device")
        taken = real(fd, data[: room[0]])
        room[0] -= taken
        return taken

    real = os.write
    file = LineFile(tmp_path / "t.jsonl", "taps")
    file.open()
    with monkeypatch.context() as full:
        full.setattr("os.write", write)
        file.add(["one", "two"])
        assert file.fault == "No space left on device"
        room[0] = 2
        file.add(["three"])
    file.close()
    assert (tmp_path / "t.jsonl").read_text() == "one\ntwo\nthree\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no file that is open")
@pytest.mark.parametrize("hits", [1, 2])
def test_taps_whose_file_is_deleted_are_there_again_and_that_is_said(tmp_path: Path, hits: int) -> None:
    path, pad = tmp_path / "t.jsonl", Pad()
    recorder = TapRecorder(pad, Clock(), RATE, path, now=lambda: 101.0)
    recorder.start()
    pad.hit(1)
    wait_until(lambda: recorder.count == 1)
    path.unlink()
    for velocity in range(2, hits + 1):
        pad.hit(velocity)
    recorder.close()
    velocities = [json.loads(line)["velocity"] for line in path.read_text().splitlines()]
    assert velocities == list(range(1, hits + 1))
    (warning,) = recorder.warnings()
    assert "was deleted while taps were written to it" in warning


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no file that is open")
def test_taps_whose_folder_is_deleted_are_counted_at_the_end(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "gone" / "t.jsonl", "taps", restored=True)
    file.path.parent.mkdir()
    file.open()
    file.add(["one"])
    file.path.unlink()
    file.path.parent.rmdir()
    file.add(["two"])
    assert file.fault == "No such file or directory"
    with pytest.raises(UserError, match=r"last 2 taps .*No such file"):
        file.close()


def test_a_disk_that_stays_full_is_told_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", write)
    file = LineFile(tmp_path / "t.jsonl", "taps")
    file.open()
    file.add(["one", "two"])
    with pytest.raises(UserError, match=r"last 2 taps .*No space left"):
        file.close()


def test_taps_that_are_there_are_never_written_over(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    assert tap_path(None, None, song) == tmp_path / "song.taps.jsonl"
    (tmp_path / "song.taps.jsonl").write_text("old")
    assert tap_path(None, None, song) == tmp_path / "song.taps-2.jsonl"
    (tmp_path / "song.taps-2.jsonl").write_text("old")
    assert tap_path(None, None, song) == tmp_path / "song.taps-3.jsonl"
    with pytest.raises(UserError, match="there already"):
        tap_path(tmp_path / "song.taps.jsonl", None, song)
    file = LineFile(tmp_path / "song.taps.jsonl", "taps")
    with pytest.raises(UserError, match="File exists"):
        file.open()
    assert (tmp_path / "song.taps.jsonl").read_text() == "old"


def test_taps_lie_beside_the_events_or_are_named_by_the_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    assert tap_path(None, "out/mine.jsonl", Path("song.wav")) == Path("out/mine.taps.jsonl")
    assert tap_path(None, "-", None, datetime(2025, 3, 4, 5, 6, 7)) == Path("taps-20250304-050607.jsonl")


def test_the_space_bar_taps_without_return_and_the_terminal_is_given_back(terminal: tuple[int, int]) -> None:
    import termios

    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    hits: list[int] = []
    heard = threading.Semaphore(0)

    def hit(velocity: int) -> None:
        hits.append(velocity)
        heard.release()

    pad = KeyPad(Keyboard(theirs))
    pad.start(hit)
    assert termios.tcgetattr(theirs) != before
    os.write(ours, b" x \r ")
    for _ in range(3):
        assert heard.acquire(timeout=PATIENCE)
    pad.close()
    pad.close()
    assert termios.tcgetattr(theirs) == before
    assert hits == [100, 100, 100]


def test_keys_need_a_terminal(tmp_path: Path) -> None:
    with (tmp_path / "no terminal").open("w") as file, pytest.raises(UserError, match="no terminal"):
        Keyboard(file.fileno())


def test_only_note_ons_are_hits(monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        def get_current_api(self) -> int:
            return 1

        def set_callback(self, function: Callable[[object, object], None]) -> None:
            self.play = function

        def get_ports(self) -> list[str]:
            return there

        def delete(self) -> None:
            pass

    there, made = ["MPD"], Input()
    monkeypatch.setattr("samplechop.realtime.midi.ports.claim", lambda *_: (made, "MPD"))
    monkeypatch.setattr("samplechop.realtime.taps.pads.LOOK_SECONDS", -1.0)
    pad, hits = MidiPad("mpd"), []
    pad.start(hits.append)
    for message in ([0x90, 36, 100], [0x80, 36, 0], [0x99, 40, 1], [0x90, 36, 0], [0xA0, 36, 90], [0xF8]):
        made.play((message, 0.0), None)
    assert hits == [100, 1]
    assert pad.warning == ""
    there.clear()
    assert "'MPD' is gone" in pad.warning
    pad.close()
    pad.close()


def test_in_the_background_of_a_terminal_no_key_is_read(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = terminal
    keyboard, hit = Keyboard(theirs), threading.Event()
    keyboard.listen(b"k", hit.set)
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
    assert keyboard.in_background
    os.write(ours, b"k")
    keyboard.release(b"k")  # nor is the terminal set
    assert not hit.is_set()
