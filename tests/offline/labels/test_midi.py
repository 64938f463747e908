"""Drums are read from MIDI files of either type at their true times, as loud as they are played."""

from pathlib import Path

import mido
import pytest

from samplechop.offline.labels.midi import midi_bytes, percussion, read_midi, read_song
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.file import MidiFileSink


def song(path: Path, kind: int) -> Path:
    """Two beats at 120, then two at 60 to the minute; a kick on each, the last one played softly."""
    tempo = [
        mido.MetaMessage("set_tempo", tempo=500_000, time=0),
        mido.MetaMessage("set_tempo", tempo=1_000_000, time=960),
    ]
    notes = [mido.Message("control_change", channel=9, control=7, value=100, time=0)]
    for beat in range(4):
        if beat == 3:
            notes.append(mido.Message("control_change", channel=9, control=11, value=64, time=0))
        notes.append(mido.Message("note_on", channel=9, note=36, velocity=127, time=0))
        notes.append(mido.Message("note_on", channel=9, note=36, velocity=0, time=480))
    file = mido.MidiFile(type=kind, ticks_per_beat=480)
    if kind == 0:
        merged = mido.merge_tracks([mido.MidiTrack(tempo), mido.MidiTrack(notes)])
        file.tracks.append(merged)
    else:
        file.tracks += [mido.MidiTrack(tempo), mido.MidiTrack(notes)]
    file.save(path)
    return path


@pytest.mark.parametrize("kind", [0, 1])
def test_times_follow_tempo_changes(tmp_path: Path, kind: int) -> None:
    struck = percussion(read_song(song(tmp_path / "a.mid", kind)))
    assert [one.time for one in struck] == pytest.approx([0.0, 0.5, 1.0, 2.0])


def test_expression_makes_a_hit_softer(tmp_path: Path) -> None:
    struck = percussion(read_song(song(tmp_path / "a.mid", 1)))
    assert struck[2].velocity == pytest.approx(1.0)
    assert struck[3].velocity == pytest.approx(64 / 127)


def test_running_status_is_understood(tmp_path: Path) -> None:
    # 96 ticks per beat; one status byte for four notes: kick at beat 0, snare at beat 1, both ended by velocity 0.
    notes = bytes([0x00, 0x99, 36, 100, 0x30, 36, 0, 0x30, 38, 100, 0x30, 38, 0, 0x00, 0xFF, 0x2F, 0x00])
    header = b"MThd" + (6).to_bytes(4, "big") + bytes([0, 0, 0, 1, 0, 96])
    path = tmp_path / "running.mid"
    path.write_bytes(header + b"MTrk" + len(notes).to_bytes(4, "big") + notes)
    struck = percussion(read_song(path))
    assert [(one.time, one.label) for one in struck] == [(0.0, "kick"), (0.5, "snare")]


def test_percussion_that_is_no_drum_has_no_label(tmp_path: Path) -> None:
    file = mido.MidiFile()
    file.tracks.append(mido.MidiTrack([mido.Message("note_on", channel=9, note=70, velocity=9)]))
    file.save(tmp_path / "a.mid")
    assert [one.label for one in percussion(read_song(tmp_path / "a.mid"))] == [None]


@pytest.mark.parametrize("content", [b"", b"MThd", b"RIFF" + bytes(40)])
def test_what_is_no_midi_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wrong.mid").write_bytes(content)
    with pytest.raises(UserError, match=r"wrong\.mid"):
        read_song(tmp_path / "wrong.mid")


@pytest.mark.parametrize(
    ("division", "per_second"),
    [(0xE728, 1000.0), (0xE850, 1920.0), (0xE364, 3000 / 1.001), (0xE264, 3000.0), (0xE704, 100.0)],
)
def test_time_counted_in_frames_is_true_whatever_the_tempo(tmp_path: Path, division: int, per_second: float) -> None:
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=250_000)])
    now = 0
    for time in (0.3, 0.8, 3600.3):
        tick = round(time * per_second)
        track.append(mido.Message("note_on", channel=9, note=36, velocity=100, time=tick - now))
        now = tick
    path = tmp_path / "frames.mid"
    mido.MidiFile(type=0, ticks_per_beat=division - 0x10000, tracks=[track]).save(path)
    assert path.read_bytes()[12:14] == division.to_bytes(2, "big")
    assert [one.time for one in percussion(read_song(path))] == pytest.approx([0.3, 0.8, 3600.3], abs=0.5 / per_second)
    assert [mark.time for mark in read_midi(path)[0]] == pytest.approx([0.3, 0.8, 3600.3], abs=0.5 / per_second)


@pytest.mark.parametrize("division", [0xE028, 0xE700])
def test_frames_that_smpte_does_not_have_are_refused(tmp_path: Path, division: int) -> None:
    track = mido.MidiTrack([mido.Message("note_on", note=36, time=10)])
    mido.MidiFile(type=0, ticks_per_beat=division - 0x10000, tracks=[track]).save(tmp_path / "a.mid")
    with pytest.raises(UserError, match=r"24, 25, 29\.97, 30"):
        read_midi(tmp_path / "a.mid")


@pytest.mark.parametrize(("begins", "times"), [((0, 9, 1), [0.5]), ((9, 1), [0.5, 1.0])])
def test_of_a_file_that_live_wrote_chops_are_labels_and_drums_and_chords_are_none(
    tmp_path: Path, begins: tuple[int, ...], times: list[float]
) -> None:
    sink = MidiFileSink(tmp_path / "live.mid", 1000, channels={"drum": 10, "chord": 2})
    for kind, sample, channel in (("chop", 500, 0), ("drum", 500, 9), ("chord", 1000, 1)):
        if channel in begins:
            sink.write(Event(kind, sample, sample, 0.9, note=36, velocity=99))
    sink.close()
    assert [mark.time for mark in read_midi(tmp_path / "live.mid")[0]] == pytest.approx(times, abs=1e-3)


def test_places_that_are_written_are_read_back_to_the_sample_after_hours_of_nothing_too(tmp_path: Path) -> None:
    places = [0.0, 0.226780, 11.111_111, 5 * 3600.0]
    (tmp_path / "labels.mid").write_bytes(midi_bytes(places))
    marks, _ = read_midi(tmp_path / "labels.mid")
    assert [round(mark.time * 44_100) for mark in marks] == [round(place * 44_100) for place in places]
