"""The kit in time: a MIDI file that replays the record, a label track, and the manifest."""

import csv
import json
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.export import manifest, timelines
from samplechop.offline.kits.core.model import MANIFEST, Guess, Kit, Slice
from samplechop.offline.labels import labels_beside, read_labels
from tests.support.kits import CHANGING, make_kit


def rows(path: Path) -> list[list[str]]:
    """Give what midicsv prints: track, tick, kind, values."""
    if shutil.which("midicsv") is None:
        pytest.skip("midicsv is not installed")
    text = subprocess.run(["midicsv", path], capture_output=True, text=True, check=True).stdout
    return list(csv.reader(text.splitlines(), skipinitialspace=True))


def seconds(kit: Kit) -> list[tuple[float, float]]:
    return [(kit.seconds(part.start), kit.seconds(part.stop)) for part in kit.slices]


def test_symusic_reads_a_note_and_a_marker_at_each_slice(tmp_path: Path) -> None:
    symusic = pytest.importorskip("symusic")
    kit = make_kit(tmp_path, slices=16, gap=700, first=100)
    song = symusic.Score(timelines.write_midi(kit)[0]).to("second")
    notes = [(note.pitch, note.velocity) for note in song.tracks[0].notes]
    assert notes == [(part.note, 127) for part in kit.slices]
    times = [(note.time, note.time + note.duration) for note in song.tracks[0].notes]
    assert times == [pytest.approx(time, abs=1e-4) for time in seconds(kit)]
    assert [marker.text for marker in song.markers] == [part.name for part in kit.slices]
    assert [marker.time for marker in song.markers] == pytest.approx([time for time, _ in seconds(kit)], abs=1e-4)


def test_midicsv_reads_notes_within_a_sample_of_the_slices(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=16, gap=700, first=100)
    table = rows(timelines.write_midi(kit)[0])
    [ticks_per_beat] = [int(row[5]) for row in table if row[2] == "Header"]
    [tempo] = [int(row[3]) for row in table if row[2] == "Tempo"]
    samples = tempo * 1e-6 / ticks_per_beat * kit.sample_rate
    for kind, places in (
        ("Note_on_c", [part.start for part in kit.slices]),
        ("Note_off_c", [part.stop for part in kit.slices]),
        ("Marker_t", [part.start for part in kit.slices]),
    ):
        assert [int(row[1]) * samples for row in table if row[2] == kind] == pytest.approx(places, abs=1.0)


def test_a_midi_file_has_the_kits_tempo_where_it_is_clear(tmp_path: Path) -> None:
    for tempo, microseconds in ((Guess("92.0", 0.9), 652_174), (None, 500_000)):
        path = timelines.write_midi(replace(make_kit(tmp_path), tempo=tempo))[0]
        assert [row[3] for row in rows(path) if row[2] == "Tempo"] == [str(microseconds)]


def test_symusic_reads_notes_bars_and_tempi_of_a_record_whose_tempo_changes(tmp_path: Path) -> None:
    symusic = pytest.importorskip("symusic")
    kit = replace(make_kit(tmp_path, slices=14, gap=700, first=100), tempo_map=CHANGING)
    read = symusic.Score(timelines.write_midi(kit)[0])
    song = read.to("second")
    times = [(note.time, note.time + note.duration) for note in song.tracks[0].notes]
    assert times == [pytest.approx(time, abs=1e-4) for time in seconds(kit)]
    assert [(one.time, one.qpm) for one in song.tempos] == [
        (pytest.approx(kit.seconds(one.sample), abs=1e-4), pytest.approx(one.bpm, abs=1e-3))
        for one in CHANGING.stretches
    ]
    signatures = [(one.time / read.ticks_per_quarter, one.numerator, one.denominator) for one in read.time_signatures]
    assert signatures == [(0.0, 1, 4), (1.0, 3, 4)]


def test_mido_reads_notes_in_time_of_a_record_whose_tempo_changes(tmp_path: Path) -> None:
    kit = replace(make_kit(tmp_path, slices=14, gap=700, first=100), tempo_map=CHANGING)
    now, times = 0.0, []
    for message in mido.MidiFile(timelines.write_midi(kit)[0]):
        now += message.time
        times += [now] if message.type == "note_on" and message.velocity else []
    assert times == pytest.approx([start for start, _ in seconds(kit)], abs=1e-4)


def test_a_midi_file_ends_with_the_record(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, tail=88_200, tempo=None)
    path = timelines.write_midi(kit)[0]
    assert {int(row[1]) for row in rows(path) if row[2] == "End_track"} == {
        round(kit.seconds(kit.length) * 2 * timelines.TICKS_PER_BEAT)
    }


@given(hours=st.integers(1, 24), bpm=st.floats(40, 250))
def test_a_record_of_many_hours_stays_in_time(hours: int, bpm: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "hours"
    folder.mkdir(exist_ok=True)
    kit = make_kit(folder, slices=1, tempo=Guess(f"{bpm:.1f}", 0.9))
    length = hours * 3600 * kit.sample_rate
    late = Slice(2, length - 5000, length, 0.5, 37, "02_late", "slices/02_late.wav", 5000)
    path = timelines.write_midi(replace(kit, length=length, last=length, slices=(*kit.slices, late)))[0]
    song = mido.MidiFile(path)
    assert max(message.time for track in song.tracks for message in track) <= 0x0FFFFFFF
    now, times = 0.0, []
    for message in song:
        now += message.time
        times += [now] if message.type == "note_on" else []
    assert times[1] == pytest.approx(kit.seconds(late.start), abs=1e-3)


def test_the_label_track_has_a_range_for_each_slice(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=16, gap=700, first=100)
    [path] = timelines.write_audacity(kit)
    told = [line.split("\t") for line in path.read_text().splitlines()]
    assert [name for _, _, name in told] == [part.name for part in kit.slices]
    for (start, stop, _), part in zip(told, kit.slices, strict=True):
        assert round(float(start) * kit.sample_rate) == part.start
        assert round(float(stop) * kit.sample_rate) == part.stop


def test_the_label_track_is_found_beside_the_record(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=4)
    [path] = timelines.write_audacity(kit)
    assert labels_beside(kit.folder / f"{kit.name}.wav") == path
    assert read_labels(path).times.tolist() == pytest.approx([time for time, _ in seconds(kit)], abs=1e-6)


def told(kit: Kit) -> dict:
    return json.loads(manifest.write(kit)[0].read_text())


def test_the_manifest_has_every_slice_with_its_place_and_file(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=16)
    for entry, part in zip(told(kit)["slices"], kit.slices, strict=True):
        assert (entry["start"], entry["stop"], entry["note"], entry["file"]) == (
            part.start,
            part.stop,
            part.note,
            part.file,
        )
        assert entry["start_seconds"] == pytest.approx(part.start / kit.sample_rate, abs=1e-6)
        assert (kit.folder / entry["file"]).is_file()


def test_the_manifest_names_source_model_and_settings(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    content = told(kit)
    assert content["schema"] == manifest.SCHEMA
    assert content["source"] == {
        "name": "record.wav",
        "bytes": kit.source.stat().st_size,
        "sha256": sha256(kit.source.read_bytes()).hexdigest(),
    }
    assert content["model"] == {"name": "chop", "sha256": "0" * 64}
    assert content["settings"] == dict(kit.settings) | {"lock": [1.5]}
    assert (content["tempo"]["value"], content["tempo"]["other"], content["key"]["value"]) == ("92.0", "", "A minor")
    assert content["redundancy"] == kit.redundancy
    assert len(content["candidates"]) == len(kit.candidates)


def test_the_manifest_lists_the_files_beside_it(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    timelines.write_audacity(kit)
    files = {entry["file"]: entry["bytes"] for entry in told(kit)["files"]}
    assert set(files) == {"record.txt", *(part.file for part in kit.slices)}
    assert all((kit.folder / file).stat().st_size == size for file, size in files.items())


def test_the_manifest_says_nothing_of_this_machine(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    manifest.write(
        replace(kit, settings={"model": str(tmp_path / "mine.json"), "where": tmp_path, "hop": float("nan")})
    )
    text = (kit.folder / MANIFEST).read_text()
    assert str(tmp_path) not in text
    assert json.loads(text)["settings"] == {"model": "mine.json", "where": tmp_path.name, "hop": None}


def test_the_manifest_of_a_session_marks_its_audio(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    session = replace(kit, source=tmp_path)
    assert told(session)["source"]["sha256"] == sha256(kit.audio.read_bytes()).hexdigest()
