"""Events on disk: JSON lines and Standard MIDI Files, read back by other programs where there are any."""

import os
import shutil
import subprocess
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.file import MidiFileSink
from samplechop.realtime.midi.sender import MidiPortSink
from samplechop.realtime.outputs.json_lines import JsonLinesSink
from samplechop.realtime.outputs.sinks import check_target

RATE = 44_100
TICK_SECONDS = 0.5 / 1920


def chop(sample: int, note: int = 36, velocity: int = 100) -> Event:
    return Event("chop", sample, sample + 9000, 0.75, note=note, velocity=velocity)


def write_midi(path: Path, events: list[Event], **options) -> mido.MidiFile:
    sink = MidiFileSink(path, RATE, **options)
    for event in events:
        sink.write(event)
    sink.close()
    return mido.MidiFile(path)


def notes_of(file: mido.MidiFile) -> list[tuple[float, str, int, int]]:
    """(seconds, "note_on" or "note_off", note, velocity)"""
    now, notes = 0.0, []
    for message in file:
        now += message.time
        if not message.is_meta:
            notes.append((now, message.type, message.note, message.velocity))
    return notes


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    for sink in (JsonLinesSink(tmp_path / "a", RATE), JsonLinesSink("-", RATE), MidiFileSink(tmp_path / "b", RATE)):
        sink.close()
        sink.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10**8), st.integers(0, 127), st.integers(1, 127)), max_size=30))
def test_notes_in_a_midi_file_are_at_the_true_positions(tmp_path: Path, notes: list[tuple[int, int, int]]) -> None:
    # One strike per note and tenth of a second, so that nothing is merged.
    notes = sorted({(sample // 4410, note): (sample // 4410 * 4410, note, v) for sample, note, v in notes}.values())
    file = write_midi(tmp_path / "out.mid", [chop(*note) for note in notes])
    found = sorted((note, time, velocity) for time, kind, note, velocity in notes_of(file) if kind == "note_on")
    for (note, time, velocity), (sample, meant, strength) in zip(
        found, sorted(notes, key=lambda n: (n[1], n[0])), strict=True
    ):
        assert (note, velocity) == (meant, strength)
        assert time == pytest.approx(sample / RATE, abs=TICK_SECONDS / 2 + 1e-6)


def test_a_note_struck_again_ends_first(tmp_path: Path) -> None:
    file = write_midi(tmp_path / "out.mid", [chop(0), chop(2205, velocity=50)], gate_seconds=0.1)
    assert [(kind, velocity) for _, kind, _, velocity in notes_of(file)] == [
        ("note_on", 100),
        ("note_off", 0),
        ("note_on", 50),
        ("note_off", 0),
    ]
    assert [round(time, 2) for time, *_ in notes_of(file)] == [0.0, 0.05, 0.05, 0.15]


def test_of_two_strikes_at_one_tick_the_stronger_stays(tmp_path: Path) -> None:
    file = write_midi(tmp_path / "out.mid", [chop(0, velocity=50), chop(1, velocity=90), chop(2, velocity=20)])
    assert [velocity for _, kind, _, velocity in notes_of(file) if kind == "note_on"] == [90]


def test_events_may_come_out_of_order(tmp_path: Path) -> None:
    file = write_midi(tmp_path / "out.mid", [chop(44_100, note=40), chop(0, note=41)])
    assert [note for _, kind, note, _ in notes_of(file) if kind == "note_on"] == [41, 40]


def test_a_midi_file_says_its_channel_name_and_tempo(tmp_path: Path) -> None:
    file = write_midi(tmp_path / "out.mid", [chop(0)], channel=10)
    assert (file.type, file.ticks_per_beat, file.tracks[0].name) == (0, 1920, "samplechop")
    assert {message.channel for message in file if not message.is_meta} == {9}
    assert [message.tempo for message in file.tracks[0] if message.type == "set_tempo"] == [500_000]


@pytest.mark.skipif(shutil.which("midicsv") is None, reason="midicsv is not installed")
def test_midicsv_reads_the_file(tmp_path: Path) -> None:
    write_midi(tmp_path / "out.mid", [chop(44_100, note=38, velocity=77)])
    text = subprocess.run(["midicsv", tmp_path / "out.mid"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(", ") for line in text.splitlines()]
    assert ["1", "3840", "Note_on_c", "0", "38", "77"] in rows
    assert ["1", "4224", "Note_off_c", "0", "38", "0"] in rows


def test_a_midi_file_appears_only_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.mid"
    target.write_bytes(b"before")
    sink = MidiFileSink(target, RATE)
    sink.write(chop(0))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"out\.mid.*No space left on device"):
        sink.close()
    assert [path.name for path in tmp_path.iterdir()] == ["out.mid"]
    assert target.read_bytes() == b"before"


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


def test_an_event_without_a_note_does_not_go_into_a_midi_file(tmp_path: Path) -> None:
    assert notes_of(write_midi(tmp_path / "out.mid", [Event("beat", 0, 0, 1.0, "1")])) == []


def test_a_note_without_a_velocity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a velocity"):
        MidiFileSink(tmp_path / "out.mid", RATE).write(Event("chop", 0, 0, 1.0, note=36))


def test_a_kind_of_event_can_have_a_channel_of_its_own(tmp_path: Path) -> None:
    beat = Event("beat", 0, 0, 1.0, "1", note=36, velocity=90)
    file = write_midi(tmp_path / "out.mid", [chop(0), beat], channel=2, channels={"beat": 10})
    ons = [(message.channel, message.velocity) for message in file if message.type == "note_on"]
    assert ons == [(1, 100), (9, 90)]


def chord(sample: int, *notes: int, kind: str = "chord") -> Event:
    return Event(kind, sample, sample + 9000, 0.75, "C:maj", velocity=80, notes=notes)


def lengths_of(file: mido.MidiFile) -> list[tuple[int, int, float, float]]:
    """(channel, note, seconds of its begin, seconds it lasts), in the order of the ends"""
    now, begun, lengths = 0.0, {}, []
    for message in file:
        now += message.time
        if message.type == "note_on":
            assert begun.setdefault((message.channel + 1, message.note), now) == now
        elif message.type == "note_off":
            begin = begun.pop((message.channel + 1, message.note))
            lengths.append((message.channel + 1, message.note, round(begin, 3), round(now - begin, 3)))
    assert not begun
    return lengths


def test_held_notes_last_until_a_chord_comes_without_them(tmp_path: Path) -> None:
    events = [chord(0, 48, 60), chord(RATE, 48, 62), chord(2 * RATE), chord(3 * RATE, 50)]
    file = write_midi(tmp_path / "out.mid", events, channels={"chord": 2}, heard=lambda: 7 * RATE)
    assert lengths_of(file) == [(2, 60, 0.0, 1.0), (2, 48, 0.0, 2.0), (2, 62, 1.0, 1.0), (2, 50, 3.0, 4.0)]


def test_the_last_chord_lasts_a_bar_where_nobody_knows_the_end(tmp_path: Path) -> None:
    assert lengths_of(write_midi(tmp_path / "out.mid", [chord(0, 48)])) == [(1, 48, 0.0, 2.0)]


def test_two_kinds_of_held_notes_do_not_end_each_other(tmp_path: Path) -> None:
    events = [chord(0, 48), chord(RATE, 60, kind="pitches"), chord(2 * RATE)]
    file = write_midi(tmp_path / "out.mid", events, channels={"chord": 2, "pitches": 3}, heard=lambda: 4 * RATE)
    assert lengths_of(file) == [(2, 48, 0.0, 2.0), (3, 60, 1.0, 3.0)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.lists(st.integers(60, 64), max_size=5)), max_size=12),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(60, 64)), max_size=12),
)
def test_no_note_hangs_or_ends_twice_whatever_is_struck_and_held(tmp_path: Path, held, struck) -> None:
    events = [chord(sample, *notes) for sample, notes in held] + [chop(*strike) for strike in struck]
    lengths_of(write_midi(tmp_path / "out.mid", events, gate_seconds=0.01, heard=lambda: 3000))


def test_notes_without_a_velocity_are_not_played(tmp_path: Path) -> None:
    silent = Event("pitches", 0, 0, 1.0, "C", notes=(60,))
    assert notes_of(write_midi(tmp_path / "out.mid", [silent])) == []
    sent: list[Event] = []

    class Sender:
        def start(self) -> None:
            """Nothing to start."""

        def send(self, event: Event) -> None:
            sent.append(event)

    sink = MidiPortSink(Sender())
    for event in (silent, chord(0, 60), chord(1)):
        sink.write(event)
    assert sent == [chord(0, 60), chord(1)]


def test_a_port_sink_starts_feeds_and_stops_its_sender() -> None:
    class Sender:
        def __init__(self) -> None:
            self.calls: list[object] = []

        def start(self) -> None:
            self.calls.append("start")

        def send(self, event: Event) -> None:
            self.calls.append(event)

        def stop(self) -> None:
            self.calls.append("stop")

    sender = Sender()
    sink = MidiPortSink(sender)
    sink.write(chop(5))
    sink.close()
    assert sender.calls == ["start", chop(5), "stop"]
