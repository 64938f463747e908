"""Standard MIDI Files: notes at their true places, bars where the record has them; read back by other programs."""

import os
import shutil
import subprocess
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.midi import file as midi_file
from samplechop.realtime.midi import tempo_map
from samplechop.realtime.midi.file import MidiFileSink
from samplechop.realtime.midi.tempo_map import BAR, TICKS_PER_BEAT, TempoMap

RATE = 44_100
TICK_SECONDS = 0.5 / TICKS_PER_BEAT


def beats_at(seconds: list[float], tempo: float, first: int = 1) -> list[Event]:
    return [
        Event("beat", round(place * RATE), 0, 0.9, str((first - 1 + k) % 4 + 1), tempo=tempo)
        for k, place in enumerate(seconds)
    ]


def test_beats_lie_on_whole_beats_and_downbeats_on_whole_bars() -> None:
    beats = beats_at([1.7, 2.21, 2.69, 3.2, 3.72, 4.2], 119.0, first=3)
    ticks = [TempoMap(beats, RATE).tick(beat.sample / RATE) for beat in beats]
    assert [tick % TICKS_PER_BEAT for tick in ticks] == [0] * len(ticks)
    assert np.diff(ticks).tolist() == [TICKS_PER_BEAT] * 5
    assert ticks[2] % (BAR * TICKS_PER_BEAT) == 0


@pytest.mark.parametrize("first", [0.3, 2.0])
@pytest.mark.parametrize("bars", [[3] * 5, [4, 4, 2, 4, 4], [2, 2, 4, 4, 3], [4, 1, 4]])
def test_a_bar_of_the_file_begins_at_each_downbeat_in_any_meter(bars: list[int], first: float, tmp_path: Path) -> None:
    labels = [str(place) for bar in bars for place in range(1, bar + 1)] + ["1"]
    places = [round((first + k / 2) * RATE) for k in range(len(labels))]
    beats = [Event("beat", at, 0, 0.9, one, tempo=120.0) for at, one in zip(places, labels, strict=True)]
    meters, ticks = [(0, BAR)], {one.sample: TempoMap(beats, RATE).tick(one.sample / RATE) for one in beats}
    tick = 0
    for message in write_midi(tmp_path / "out.mid", [*beats, chop(beats[-1].sample)]).tracks[0]:
        tick += message.time
        if message.type == "time_signature":
            meters.append((tick, message.numerator))
    lines, line = set(), 0
    while line <= max(ticks.values()):
        lines.add(line)
        line += [beats_per_bar for begin, beats_per_bar in meters if begin <= line][-1] * TICKS_PER_BEAT
    assert {ticks[one.sample] for one in beats if one.label == "1"} <= lines


def test_a_missed_beat_leaves_room_for_itself() -> None:
    ticks = [TempoMap(beats_at([2.0, 2.5, 3.5], 120.0), RATE).tick(place) for place in (2.0, 2.5, 3.5)]
    assert np.diff(ticks).tolist() == [TICKS_PER_BEAT, 2 * TICKS_PER_BEAT]


@pytest.mark.parametrize("before", [[], [2.0, 2.5]])
def test_a_beat_after_a_long_break_lies_on_its_bar_and_leaves_what_is_too_long_ago(before: list[float]) -> None:
    beats = beats_at(before, 120.0)
    break_, later = TempoMap(beats, RATE), beats_at([1000.1, 1000.8], 87.0)
    ticks = [break_.tick(second) for second in range(700)]
    for beat in later:
        break_.add(beat)
    assert [break_.tick(second) for second in range(700)] == ticks
    first, second = (break_.tick(place) for place in (1000.1, 1000.8))
    assert second - first == TICKS_PER_BEAT and first % TICKS_PER_BEAT == 0
    assert before or first % (BAR * TICKS_PER_BEAT) == 0
    tempo = (1000.1 - 700.1) * 1e6 * TICKS_PER_BEAT / (first - break_.tick(700.1))
    assert tempo == pytest.approx(60e6 / 87, rel=0.01)


def test_without_beats_it_is_120_bpm() -> None:
    assert TempoMap([], RATE).changes == [(0, 500_000)]
    assert TempoMap([], RATE).tick(10.0) == 20 * TICKS_PER_BEAT


@given(
    steps=st.lists(st.floats(0.2, 3.0), max_size=12),
    tempi=st.lists(st.none() | st.floats(55, 200), min_size=12, max_size=12),
    first=st.integers(1, 4),
    times=st.lists(st.floats(0, 40), min_size=1, max_size=12),
)
def test_what_is_read_back_is_where_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[float],
    tempi: list[float | None],
    first: int,
    times: list[float],
) -> None:
    path = tmp_path_factory.mktemp("midi") / "a.mid"
    sink = MidiFileSink(path, RATE)
    for k, (place, tempo) in enumerate(zip(np.cumsum(steps), tempi, strict=False)):
        sink.write(Event("beat", round(place * RATE), 0, 0.9, str((first + k) % 4 + 1), tempo=tempo))
    for k, place in enumerate(times):
        sink.write(Event("chop", round(place * RATE), 0, 0.9, note=k, velocity=90))
    sink.close()
    assert read_back(path) == pytest.approx(dict(enumerate(times)), abs=0.002)


def read_back(path: Path) -> dict[int, float]:
    now, found = 0.0, {}
    for message in mido.MidiFile(path):
        now += message.time
        if message.type == "note_on":
            found[message.note] = now
    return found


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
    file = write_midi(tmp_path / "out.mid", [chop(0, velocity=50), chop(0, velocity=90), chop(0, velocity=20)])
    assert [velocity for _, kind, _, velocity in notes_of(file) if kind == "note_on"] == [90]


def test_notes_lie_on_the_samples_of_their_events_after_hours_of_nothing_too(tmp_path: Path) -> None:
    samples = [0, 10_001, 20_003, 5 * 3600 * RATE + 1]
    file = write_midi(tmp_path / "out.mid", [chop(sample) for sample in samples])
    assert [round(when * RATE) for when, kind, _, _ in notes_of(file) if kind == "note_on"] == samples


def test_events_may_come_out_of_order(tmp_path: Path) -> None:
    file = write_midi(tmp_path / "out.mid", [chop(44_100, note=40), chop(0, note=41)])
    assert [note for _, kind, note, _ in notes_of(file) if kind == "note_on"] == [41, 40]


def test_a_midi_file_says_its_channel_name_and_tempo(tmp_path: Path) -> None:
    file = write_midi(tmp_path / "out.mid", [chop(0)], channel=10)
    assert (file.type, file.ticks_per_beat, file.tracks[0].name) == (0, TICKS_PER_BEAT, "samplechop")
    assert {message.channel for message in file if not message.is_meta} == {9}
    assert [message.tempo for message in file.tracks[0] if message.type == "set_tempo"] == [500_000]


@pytest.mark.skipif(shutil.which("midicsv") is None, reason="midicsv is not installed")
def test_midicsv_reads_the_file(tmp_path: Path) -> None:
    write_midi(tmp_path / "out.mid", [chop(44_100, note=38, velocity=77)])
    text = subprocess.run(["midicsv", tmp_path / "out.mid"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(", ") for line in text.splitlines()]
    assert ["1", "30720", "Note_on_c", "0", "38", "77"] in rows
    assert ["1", "33792", "Note_off_c", "0", "38", "0"] in rows


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


def test_sustained_notes_last_until_a_chord_comes_without_them(tmp_path: Path) -> None:
    events = [chord(0, 48, 60), chord(RATE, 48, 62), chord(2 * RATE), chord(3 * RATE, 50), chord(7 * RATE)]
    file = write_midi(tmp_path / "out.mid", events, channels={"chord": 2})
    assert lengths_of(file) == [(2, 60, 0.0, 1.0), (2, 48, 0.0, 2.0), (2, 62, 1.0, 1.0), (2, 50, 3.0, 4.0)]


def test_two_kinds_of_sustained_notes_do_not_end_each_other(tmp_path: Path) -> None:
    events = [chord(0, 48), chord(RATE, 60, kind="pitches"), chord(2 * RATE), chord(4 * RATE, kind="pitches")]
    file = write_midi(tmp_path / "out.mid", events, channels={"chord": 2, "pitches": 3})
    assert lengths_of(file) == [(2, 48, 0.0, 2.0), (3, 60, 1.0, 3.0)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.lists(st.integers(60, 64), max_size=5)), max_size=12),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(60, 64)), max_size=12),
)
def test_no_note_hangs_or_ends_twice_whatever_is_played(tmp_path: Path, chords, chops) -> None:
    events = [chord(sample, *notes) for sample, notes in chords] + [chop(*one) for one in chops]
    lengths_of(write_midi(tmp_path / "out.mid", events, gate_seconds=0.01))


def test_notes_without_a_velocity_are_not_played(tmp_path: Path) -> None:
    silent = Event("pitches", 0, 0, 1.0, "C", notes=(60,))
    assert notes_of(write_midi(tmp_path / "out.mid", [silent])) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.integers(0, 1000), st.sampled_from([0.05, 0.5, 4.0]), st.sampled_from([None, (0, 0), (0, 9), (5, 12), (0, 20)])
)
def test_a_file_that_grew_is_the_same_to_the_byte_and_whole_at_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, gate: float, quiet: tuple[int, int] | None
) -> None:
    monkeypatch.setattr(midi_file, "SETTLED_SECONDS", 2.0)
    monkeypatch.setattr(tempo_map, "LONGEST_SECONDS", 4.0)
    monkeypatch.setattr(midi_file, "GROW_SECONDS", 0.0)
    rng = np.random.default_rng(seed)
    events: list[tuple[float, Event]] = []  # by when they come
    places, (first, last) = np.cumsum(rng.uniform(0.4, 0.6, 40)), quiet or (0, 99)  # without beats meanwhile
    for place in places[(places < first) | (places > last)]:
        label, tempo = str(rng.integers(1, 5)), float(rng.uniform(80, 140))
        events.append((place + 1.5, Event("beat", round(place * RATE), 0, 0.9, label, tempo=tempo)))
    for place in rng.uniform(0, 20, 60):
        events.append((place + 0.2, chop(round(place * RATE), int(rng.integers(60, 64)))))
    for kind in ("chord", "pitches"):
        for place in rng.uniform(0, 20, 20):
            notes = sorted(set(rng.integers(60, 66, 3).tolist()))
            events.append((place + 0.3, chord(round(place * RATE), *notes, kind=kind)))
    grown = MidiFileSink(tmp_path / "grown.mid", RATE, gate_seconds=gate, beats=quiet is not None)
    inputs = [event for _, event in sorted(events, key=lambda one: one[0])]
    for at, event in enumerate(inputs):
        grown.write(event)
        grown._due = 0.0
        grown.grow()
        if at % 20 == 0:
            lengths_of(mido.MidiFile(tmp_path / "grown.mid"))
    grown.close()
    write_midi(tmp_path / "once.mid", inputs, gate_seconds=gate)
    assert (tmp_path / "grown.mid").read_bytes() == (tmp_path / "once.mid").read_bytes()


@pytest.mark.parametrize("beats", [None, range(7200), range(60), range(0)])
def test_what_is_kept_of_events_does_not_grow_with_the_hours(tmp_path: Path, beats: range | None) -> None:
    sink = MidiFileSink(tmp_path / "long.mid", RATE, beats=beats is not None)
    kept = []
    for second in range(7200):
        if beats and second in beats:
            sink.write(Event("beat", second * RATE, 0, 0.9, str(second % 4 + 1), tempo=60.0))
        sink.write(chop(second * RATE, 60 + second % 4))
        if second % 60 == 59:
            sink._due = 0.0
            sink.grow()
            kept.append(len(sink._gated) + len(sink._carried) + len(sink._tempi.changes))
    assert max(kept[60:]) <= max(kept[:60])
    assert len(notes_of(mido.MidiFile(tmp_path / "long.mid"))) == 2 * 7200


def test_a_disk_that_takes_nothing_leaves_the_last_file_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(midi_file, "GROW_SECONDS", 0.0)
    sink = MidiFileSink(tmp_path / "a.mid", RATE)
    sink.write(chop(0))
    sink.grow()
    whole = (tmp_path / "a.mid").read_bytes()
    sink.write(chop(RATE))
    with monkeypatch.context() as full:
        full.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        sink._due = 0.0
        sink.grow()
        (warning,) = sink.warnings()
    assert "a.mid" in warning and "No space left on device" in warning
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [whole]
    sink._due = 0.0
    sink.grow()
    assert not sink.warnings()
    assert len(notes_of(mido.MidiFile(tmp_path / "a.mid"))) == 4


@pytest.mark.parametrize("by", ["grow", "close"])
def test_a_folder_that_was_deleted_is_made_anew(tmp_path: Path, by: str) -> None:
    (tmp_path / "notes").mkdir()
    sink = MidiFileSink(tmp_path / "notes" / "a.mid", RATE)
    sink.write(chop(0))
    (tmp_path / "notes").rmdir()
    getattr(sink, by)()
    assert len(notes_of(mido.MidiFile(tmp_path / "notes" / "a.mid"))) == 2
