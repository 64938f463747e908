"""Labels of every kind: what is written is read, and what is wrong is named with its line."""

import json
import struct
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samplechop.offline.labels import Labels, labels_beside, read_labels, write_labels
from samplechop.offline.labels.recording_truth import ChopTruth, Truth, write_truth
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event

RATE = 8000

# Microseconds at least 6 ms apart: nearer notes are one chord.
TIMES = st.lists(st.integers(6, 3_000_000), max_size=40).map(lambda gaps: np.cumsum(np.array(gaps) * 1000) / 1e6)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12)
ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


NFC, NFD = "caf\u00e9 が", "cafe\u0301 か\u3099"


def written(tmp_path: Path, content: str, name: str = "song.txt") -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


def audio(tmp_path: Path, seconds: float = 10.0, name: str = "song.wav", rate: int = RATE) -> Path:
    soundfile.write(tmp_path / name, np.zeros(round(seconds * rate)), rate)
    return tmp_path / name


@ONE_FOLDER
@given(times=TIMES, data=st.data())
def test_a_label_track_keeps_times_names_and_rejected_places(
    tmp_path: Path, times: np.ndarray, data: st.DataObject
) -> None:
    names = tuple(" ".join(data.draw(NAMES).split()) for _ in times)
    names = tuple(name if name.casefold() != "reject" else "" for name in names)
    labels = Labels(times, names, rejected=times + 0.003)
    write_labels(tmp_path / "a.txt", labels, force=True)
    read = read_labels(tmp_path / "a.txt")
    np.testing.assert_allclose(read.times, times, atol=1e-6)
    np.testing.assert_allclose(read.rejected, times + 0.003, atol=1e-6)
    assert read.names == names


@ONE_FOLDER
@given(times=TIMES)
def test_seconds_are_read_as_they_were_written(tmp_path: Path, times: np.ndarray) -> None:
    write_labels(tmp_path / "a.csv", Labels(times), force=True)
    np.testing.assert_allclose(read_labels(tmp_path / "a.csv").times, times, atol=1e-6)


@ONE_FOLDER
@given(times=TIMES.filter(len))
def test_midi_notes_are_read_as_they_were_written(tmp_path: Path, times: np.ndarray) -> None:
    write_labels(tmp_path / "a.mid", Labels(times), force=True)
    np.testing.assert_allclose(read_labels(tmp_path / "a.mid").times, times, atol=2e-4)


@pytest.mark.parametrize("content", ["1, 2.5,4\n", "1\n2.5\n4\n", "\ufeff1,2.5\r\n\r\n4,\r\n", "# mine\n1\n2.5\n4"])
def test_seconds_stand_between_commas_or_on_lines(tmp_path: Path, content: str) -> None:
    assert read_labels(written(tmp_path, content)).times.tolist() == [1.0, 2.5, 4.0]


def test_an_audacity_track_may_have_regions_and_frequencies(tmp_path: Path) -> None:
    track = "0.5\t0.9\tkick\n\\\t120.0\t4000.0\n1.25\t1.25\t\n2.0\t2.0\tReject\n"
    labels = read_labels(written(tmp_path, track))
    assert (labels.times.tolist(), labels.names, labels.rejected.tolist()) == ([0.5, 1.25], ("kick", ""), [2.0])
    assert labels.kind == "Audacity label track"


def midi_file(path: Path, *messages: mido.Message | mido.MetaMessage) -> Path:
    mido.MidiFile(type=0, ticks_per_beat=100, tracks=[mido.MidiTrack(messages)]).save(path)
    return path


def test_midi_follows_tempo_changes_and_takes_a_chord_as_one_place(tmp_path: Path) -> None:
    path = midi_file(
        tmp_path / "a.mid",
        mido.MetaMessage("set_tempo", tempo=1_000_000),
        mido.MetaMessage("marker", text="intro", time=50),
        mido.Message("note_on", note=60, velocity=90, time=50),
        mido.MetaMessage("set_tempo", tempo=200_000, time=100),
        mido.Message("note_on", note=61, velocity=90, time=100),
        mido.Message("note_on", note=65, velocity=90, time=2),
        mido.Message("note_on", note=65, velocity=0, time=20),
    )
    assert read_labels(path).times.tolist() == pytest.approx([1.0, 2.2])


@pytest.mark.parametrize(
    ("ticks_per_beat", "first"),
    [(480, b"\x00\xff\x59\x02\x2f\x05"), (0, b"\x00\xff\x51\x03\x07\xa1\x20")],
    ids=["47 sharps", "no ticks"],
)
def test_a_midi_file_that_makes_no_sense_is_refused(tmp_path: Path, ticks_per_beat: int, first: bytes) -> None:
    track = first + b"\x00\x90\x24\x40\x10\x80\x24\x00\x00\xff\x2f\x00"
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, ticks_per_beat)
    (tmp_path / "a.mid").write_bytes(header + struct.pack(">4sI", b"MTrk", len(track)) + track)
    with pytest.raises(UserError, match="cannot be read as a Standard MIDI File"):
        read_labels(tmp_path / "a.mid")


def test_midi_without_notes_gives_its_markers_with_their_names(tmp_path: Path) -> None:
    path = midi_file(
        tmp_path / "a.mid",
        mido.MetaMessage("marker", text="verse", time=100),
        mido.MetaMessage("marker", text="hook", time=60),
    )
    labels = read_labels(path)
    assert (labels.times.tolist(), labels.names) == (pytest.approx([0.5, 0.8]), ("verse", "hook"))


def test_notes_on_several_tracks_share_one_time(tmp_path: Path) -> None:
    file = mido.MidiFile(type=1, ticks_per_beat=100)
    for start in (200, 100):
        file.tracks.append(mido.MidiTrack([mido.Message("note_on", note=60, velocity=1, time=start)]))
    file.save(tmp_path / "a.mid")
    assert read_labels(tmp_path / "a.mid").times.tolist() == pytest.approx([0.5, 1.0])


def test_a_session_gives_its_chops_sorted(tmp_path: Path) -> None:
    events = [
        Event("chop", 44_100, 60_000, 0.5),
        Event("beat", 50_000, 60_000, 1.0),
        Event("chop", 22_050, 60_001, 0.5),
    ]
    labels = read_labels(written(tmp_path, "".join(e.to_json(44_100) + "\n" for e in events), "song.jsonl"))
    assert (labels.times.tolist(), labels.kind) == ([0.5, 1.0], "session chops")


def test_a_session_without_chops_gives_its_taps(tmp_path: Path) -> None:
    path = written(tmp_path, Event("tap", 44_100, 44_100, 1.0).to_json(44_100) + "\n", "taps.jsonl")
    assert (read_labels(path).times.tolist(), read_labels(path).kind) == ([1.0], "taps")


def test_a_last_line_that_was_cut_short_is_let_go(tmp_path: Path) -> None:
    path = written(tmp_path, Event("chop", 44_100, 44_100, 1.0).to_json(44_100) + '\n{"kind": "ch', "song.jsonl")
    assert read_labels(path).times.tolist() == [1.0]


def test_a_crate_record_gives_its_chops_with_their_reasons(tmp_path: Path) -> None:
    truth = Truth(8.0, "funk", "train", 1, chops=[ChopTruth(1.5, "bar", 1.0), ChopTruth(2.5, "hit", 0.5)])
    write_truth(truth, tmp_path / "a.json")
    labels = read_labels(tmp_path / "a.json")
    assert (labels.times.tolist(), labels.names) == ([1.5, 2.5], ("bar", "hit"))


def chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def cue_chunks(places: list[int], names: list[str]) -> bytes:
    cues = [struct.pack("<II4sIII", i + 1, p, b"data", 0, 0, p) for i, p in enumerate(places)]
    labels = [chunk(b"labl", struct.pack("<I", i + 1) + name.encode() + b"\0") for i, name in enumerate(names)]
    return chunk(b"cue ", struct.pack("<I", len(cues)) + b"".join(cues)) + chunk(b"LIST", b"adtl" + b"".join(labels))


def wav(path: Path, after: bytes = b"", before: bytes = b"", samples: int = 1001, rf64: bool = False) -> Path:
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, RATE, 1, 8))
    data = chunk(b"data", b"\x80" * samples)
    if rf64:
        form = chunk(b"ds64", struct.pack("<QQQI", 0, samples, samples, 0)) + form
        data = data[:4] + b"\xff\xff\xff\xff" + data[8:]
    body = b"WAVE" + form + before + data + after
    size = 0xFFFFFFFF if rf64 else len(body)
    path.write_bytes((b"RF64" if rf64 else b"RIFF") + struct.pack("<I", size) + body)
    return path


@pytest.mark.parametrize("rf64", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_cue_points_have_names_wherever_their_chunks_stand(tmp_path: Path, rf64: bool, first: bool) -> None:
    cues = cue_chunks([800, 0, 400], ["hook", "in", "odd"])
    path = wav(tmp_path / "a.wav", b"" if first else cues, cues if first else b"", rf64=rf64)
    labels = read_labels(path, path)
    assert (labels.times.tolist(), labels.names) == ([0.0, 0.05, 0.1], ("in", "odd", "hook"))


def test_cue_points_at_one_place_are_one(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", cue_chunks([80, 80, 160], ["", "hit"]))
    assert (read_labels(path).times.tolist(), read_labels(path).names) == ([0.01, 0.02], ("hit", ""))


def test_a_damaged_cue_chunk_gives_what_is_there(tmp_path: Path) -> None:
    whole = wav(tmp_path / "a.wav", cue_chunks([80, 160], [])).read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[: len(whole) - 12 - 10])
    assert read_labels(tmp_path / "a.wav").times.tolist() == [0.01]


def test_the_first_label_file_beside_a_recording_counts(tmp_path: Path) -> None:
    recording = wav(tmp_path / "song.wav", cue_chunks([80], []))
    found = [labels_beside(recording)]
    for ending in (".json", ".jsonl", ".mid", ".labels.txt", ".csv", ".txt"):
        written(tmp_path, "", "song" + ending)
        found.append(labels_beside(recording))
    assert [path and path.name for path in found] == [
        *("song.wav", "song.json", "song.jsonl", "song.mid", "song.labels.txt", "song.csv", "song.txt")
    ]


def test_a_recording_without_labels_has_none_beside_it(tmp_path: Path) -> None:
    assert labels_beside(audio(tmp_path)) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("1\n\n-2\n", r"song.txt', line 3: -2 is no time"),
        ("1\nnan\n", "line 2: nan is no time"),
        ("1\n3\n2\n", r"line 3: 2 s comes after 3 s"),
        ("1\n1.0004\n", r"line 2: 1.0004 s is there already \(line 1"),
        ("1\n2\n10.5\n", r"line 3: 10.5 s lies outside the recording, which has 10.000 s; take it out"),
        ("1\nkick\n", "line 2: 'kick' is not a time in seconds"),
        ("1\tkick\n", "line 1: 'kick' is not a time"),
        ("1000\n2000\n9000\n", r"line 1: .* seem to be milliseconds: divide them by 1000"),
        ("20000\n30000\n79000\n", "seem to be samples at 8000 Hz: divide them by 8000"),
        ("20000\n30000\n790000\n", "line 1: 20000 s lies outside the recording"),
    ],
)
def test_a_wrong_time_is_named_with_file_and_line(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read_labels(written(tmp_path, content), audio(tmp_path))


def test_a_length_does_as_well_as_a_recording(tmp_path: Path) -> None:
    path = written(tmp_path, "44100\n88200\n")
    with pytest.raises(UserError, match="seem to be samples at 44100 Hz"):
        read_labels(path, 3.0)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.xyz", b"", "must end in one of .txt"),
        ("a.txt", b"\xff\xfe1\x00", "is not text"),
        ("a.mid", b"MThd", "cannot be read as a Standard MIDI File"),
        ("a.mid", b"hello, this is text", "cannot be read as a Standard MIDI File"),
        ("a.jsonl", b"{}\n", "line 1: not an event"),
        ("a.jsonl", b'{"kind": "chop", "time": 1}\n5\n', "line 2: not an event"),
        ("a.json", b"{}", "is not a truth"),
        ("a.wav", b"fLaC", "is not a wav file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says) as caught:
        read_labels(tmp_path / name)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", ["none.txt", "none.mid", "none.jsonl", "none.json", "none.wav"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=name):
        read_labels(tmp_path / name)


def test_midi_without_notes_and_markers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="neither notes nor markers"):
        read_labels(midi_file(tmp_path / "a.mid"))


def test_labels_are_not_overwritten_unless_told_to(tmp_path: Path) -> None:
    path = written(tmp_path, "1\n")
    with pytest.raises(UserError, match="is there already"):
        write_labels(path, Labels(np.array([2.0])))
    assert path.read_text() == "1\n"
    write_labels(path, Labels(np.array([2.0])), force=True)
    assert path.read_text() == "2.000000\t2.000000\t\n"


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match="No space left"):
        write_labels(tmp_path / "a.txt", Labels(np.array([2.0])))
    assert list(tmp_path.iterdir()) == []


def test_names_and_times_belong_together() -> None:
    with pytest.raises(ValueError, match="as many as times, 2, got 1"):
        Labels(np.array([1.0, 2.0]), ("a",))
    with pytest.raises(ValueError, match="times must be finite and rise"):
        Labels(np.array([2.0, 1.0]))


def test_truth_with_broken_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([1]))
    with pytest.raises(UserError, match=r"a\.json"):
        read_labels(tmp_path / "a.json")


def test_a_label_track_may_have_decimal_commas(tmp_path: Path) -> None:
    labels = read_labels(written(tmp_path, "0,300000\t0,300000\tkick\n0,800000\t0,9\tsnare\n1,300000\t1,3\ta,b\n"))
    assert (labels.times.tolist(), labels.names) == ([0.3, 0.8, 1.3], ("kick", "snare", "a,b"))


@pytest.mark.parametrize("content", ["0,3;0,8;1,3\n", '"0,3","0,8"\n"1,3"\n', "0,3;\n0,8;\n1,3;\n", "0.3;0.8\n1,3;"])
def test_seconds_may_have_decimal_commas_where_nothing_else_can_be_meant(tmp_path: Path, content: str) -> None:
    assert read_labels(written(tmp_path, content)).times.tolist() == [0.3, 0.8, 1.3]


@pytest.mark.parametrize("content", ["0.5\n1,300\n", "1.0\n 1,300 \n2,5", "# a\n1,300"])
def test_what_may_be_one_time_or_two_is_refused_with_both_readings(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError, match=r"line 2: '1,300' may be one time, 1\.300 s, or two, 1 s and 300 s"):
        read_labels(written(tmp_path, content))


@pytest.mark.parametrize("kept", [NFC, NFD])
@pytest.mark.parametrize("ending", [".txt", ".labels.txt", ".mid"])
def test_labels_are_found_whichever_way_accents_are_written(tmp_path: Path, kept: str, ending: str) -> None:
    other = NFD if kept == NFC else NFC
    labels = written(tmp_path, "1.0\n", kept + ending)
    found = labels_beside(tmp_path / f"{other}.flac")
    assert found is not None and found.samefile(labels)


def test_a_name_as_long_as_a_file_system_takes_has_no_labels_beside_it(tmp_path: Path) -> None:
    recording = wav(tmp_path / ("x" * 251 + ".wav"))
    assert labels_beside(recording) is None
    write_labels(recording.with_suffix(".txt"), Labels(np.array([0.5])))
    assert labels_beside(recording) == recording.with_suffix(".txt")


def test_labels_cannot_be_written_to_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        write_labels(tmp_path / ("x" * 252 + ".txt"), Labels(np.array([0.5])))


def test_cue_points_are_found_after_an_odd_chunk_without_its_pad_byte(tmp_path: Path) -> None:
    cues = cue_chunks([800, 400], ["hook", "odd"])
    path = wav(tmp_path / "a.wav", b"note" + struct.pack("<I", 3) + b"abc" + cues)
    assert read_labels(path).times.tolist() == [0.05, 0.1]
    content = path.read_bytes()
    pad = content.index(b"note") - 1  # behind 1001 bytes of samples
    path.write_bytes(content[:pad] + content[pad + 1 :])
    assert (read_labels(path).times.tolist(), read_labels(path).names) == ([0.05, 0.1], ("odd", "hook"))


def test_names_of_cue_points_may_lack_pad_bytes(tmp_path: Path) -> None:
    cues = cue_chunks([400, 800], ["four", "seven"])
    path = wav(tmp_path / "a.wav", cues.replace(b"four\0\0", b"four\0"))
    assert read_labels(path).names == ("four", "seven")


def test_half_a_character_in_a_name_is_replaced(tmp_path):
    write_truth(Truth(2.0, "soul", "train", 1, chops=[ChopTruth(0.5, "hit", 1.0)]), tmp_path / "a.json")
    (tmp_path / "a.json").write_text((tmp_path / "a.json").read_text().replace('"hit"', '"a\\ud800"'))
    write_labels(tmp_path / "b.txt", read_labels(tmp_path / "a.json"))
    assert read_labels(tmp_path / "b.txt").names == ("a?",)
