"""The recorder: what was heard is kept, in its place, whatever the device and the disk do."""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.audio.source import Chunk, Counters, Xrun
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.locks import is_locked
from samplechop.realtime.recording import recorder as recorder_module
from samplechop.realtime.recording import session_writer
from samplechop.realtime.recording.audio_files import WavFile
from samplechop.realtime.recording.history_buffer import HistoryBuffer
from samplechop.realtime.recording.pre_record import PreRecord
from samplechop.realtime.recording.recorder import KEEP_KEY, Recorder, RecordPlan
from samplechop.realtime.recording.session_writer import Facts, Line, SessionWriter
from samplechop.realtime.taps.tap_recorder import Tap
from tests.support.waiting import PATIENCE, wait_until

RATE = 8_000
FACTS = Facts("Scarlett 2i2: line/in", RATE, 2, "float", latency=400, model={"name": "chop"}, settings={"hold": 0.0})


class Input:
    """A source of which only the clock and the counters are looked at."""

    realtime = True

    def __init__(self) -> None:
        self.lost = Counters()
        self.began = time.perf_counter()

    def time_of(self, position: int) -> float:
        return self.began + position / RATE

    def counters(self) -> Counters:
        return self.lost


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (n, 2)).astype(np.float32)


def chop(sample: int) -> Event:
    return Event("chop", sample, sample + 300, 0.9, note=36, velocity=100)


def recorder(plan: RecordPlan, source: Input | None = None, facts: Facts = FACTS, keyboard: Any = None) -> Recorder:
    return Recorder(plan, facts, source or Input(), keyboard)  # type: ignore[arg-type]


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def audio_of(folder: Path) -> np.ndarray:
    return soundfile.read(folder / "audio.wav", dtype="float32", always_2d=True)[0]


def test_a_session_is_a_folder_with_the_sound_and_what_happened_in_it(tmp_path: Path) -> None:
    source, samples = Input(), noise(5_000)
    recording = recorder(RecordPlan(tmp_path / "new" / "sessions"), source)
    recording.start()
    for start in range(0, 5_000, 500):
        recording.process(Chunk(start, samples[start : start + 500]))
    recording.write(chop(1_200))
    recording.tap(Tap(1_300, 90, "key"))
    source.lost = Counters(xruns=[Xrun(2_500, 2, 1, lost=256)])
    recording.close()
    recording.close()
    (folder,) = recording.folders
    assert folder.parent == tmp_path / "new" / "sessions"
    assert folder.name.endswith("_Scarlett-2i2-line-in")
    assert np.array_equal(audio_of(folder), samples)
    first, *rest = lines_of(folder)
    assert first["kind"] == "session"
    assert (first["sample_rate"], first["channels"], first["format"]) == (RATE, 2, "float")
    assert first["model"] == {"name": "chop"} and first["settings"] == {"hold": 0.0}
    assert [one["kind"] for one in rest] == ["chop", "tap", "xrun", "stop"]
    assert rest[0] | {"sample": 1_200, "time": 0.15, "emitted": 1_500} == rest[0]
    assert rest[2] | {"sample": 2_500, "overflows": 2, "underflows": 1, "lost": 256} == rest[2]
    assert rest[3] == {"kind": "stop", "sample": 5_000, "time": 0.625, "reason": "ended"}
    assert recording.warnings() == ()


def test_every_line_of_a_log_has_a_kind_and_a_place(tmp_path: Path) -> None:
    recording = recorder(RecordPlan(tmp_path))
    recording.start()
    recording.process(Chunk(0, noise(10)))
    recording.process(Chunk(100, noise(10), gap=90))
    recording.close()
    assert all({"kind", "sample", "time"} <= set(one) for one in lines_of(recording.folders[0]))


def test_a_gap_is_silence_so_that_places_stay(tmp_path: Path) -> None:
    before, after = noise(1_000, 1), noise(700, 2)
    recording = recorder(RecordPlan(tmp_path))
    recording.start()
    recording.process(Chunk(0, before))
    recording.process(Chunk(91_000, after, gap=90_000))
    recording.close()
    audio = audio_of(recording.folders[0])
    assert len(audio) == 91_700
    assert np.array_equal(audio[:1_000], before)
    assert not audio[1_000:91_000].any()
    assert np.array_equal(audio[91_000:], after)
    gaps = [one for one in lines_of(recording.folders[0]) if one["kind"] == "gap"]
    assert [(one["sample"], one["length"]) for one in gaps] == [(1_000, 90_000)]


def test_two_sessions_of_one_second_are_two_folders(tmp_path: Path) -> None:
    source = Input()
    recordings = [recorder(RecordPlan(tmp_path), source) for _ in range(3)]
    for recording in recordings:
        recording.start()
        recording.close()
    assert len({recording.folders[0] for recording in recordings}) == 3


def test_what_was_heard_can_be_read_while_the_session_runs(tmp_path: Path) -> None:
    samples = noise(1_000)
    recording = recorder(RecordPlan(tmp_path))
    recording.start()
    recording.process(Chunk(0, samples))
    recording.write(chop(100))
    wait_until(lambda: len(audio_of(recording.folders[0])) == 1_000 and len(lines_of(recording.folders[0])) == 2)
    recording.close()


def test_a_disk_that_stands_still_costs_neither_the_analysis_nor_the_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, moving = threading.Event(), threading.Event()
    flush = SessionWriter.flush

    def stall(writer: SessionWriter, sync: bool = False) -> None:
        stuck.set()
        moving.wait()
        flush(writer, sync)

    monkeypatch.setattr(SessionWriter, "flush", stall)
    recording = recorder(RecordPlan(tmp_path))
    frames = recording._history.frames
    samples = noise(frames + 30_000)
    recording.start()
    assert stuck.wait(PATIENCE)
    for start in range(0, len(samples), 1_000):
        recording.process(Chunk(start, samples[start : start + 1_000]))
    moving.set()
    recording.close()
    audio = audio_of(recording.folders[0])
    lost = len(samples) - frames
    assert len(audio) == len(samples)
    assert not audio[:lost].any()
    assert np.array_equal(audio[lost:], samples[lost:])
    dropouts = [one for one in lines_of(recording.folders[0]) if one["kind"] == "dropout"]
    assert [(one["sample"], one["length"]) for one in dropouts] == [(0, lost)]
    assert "too slow" in recording.warnings()[0]


def test_a_file_read_as_fast_as_possible_waits_for_the_disk(tmp_path: Path) -> None:
    source = Input()
    source.realtime = False
    recording = recorder(RecordPlan(tmp_path), source)
    samples = noise(recording._history.frames * 2 + 77)
    recording.start()
    for start in range(0, len(samples), 32_768):
        recording.process(Chunk(start, samples[start : start + 32_768]))
    recording.close()
    assert np.array_equal(audio_of(recording.folders[0]), samples)


class Full:
    """A file that takes 1000 samples."""

    frames = 0

    def __init__(self, path: Path) -> None:
        path.touch()

    def write(self, samples: np.ndarray) -> None:
        self.frames = min(1_000, self.frames + len(samples))
        if self.frames == 1_000:
            raise OSError(28, "No space left on device")

    def write_silence(self, frames: int) -> None:
        self.write(np.zeros((frames, 2)))

    def flush(self) -> None: ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


def test_a_full_disk_ends_the_recording_and_not_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(session_writer.FORMATS, "float", ("audio.wav", lambda path, *_: Full(path)))
    recording = recorder(RecordPlan(tmp_path))
    recording.start()
    for start in range(0, 5_000, 500):
        recording.process(Chunk(start, noise(500)))
        recording.write(chop(start))
    wait_until(lambda: bool(recording.warnings()))
    recording.process(Chunk(5_000, noise(500)))
    recording.close()
    (warning,) = recording.warnings()
    assert "No space left on device" in warning and "session goes on" in warning
    lines = lines_of(recording.folders[0])
    assert max(one["sample"] for one in lines) == 1_000
    assert lines[-1]["reason"] == "No space left on device"


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_heard(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="no session can be kept"):
        recorder(RecordPlan(tmp_path / "file")).start()


def test_a_fault_in_the_recorder_is_told_and_the_session_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(SessionWriter, "follow", broken)
    recording = recorder(RecordPlan(tmp_path))
    recording.start()
    wait_until(lambda: bool(recording.warnings()))
    recording.process(Chunk(0, noise(10)))
    recording.close()
    assert "a bug" in recording.warnings()[0]


def test_a_session_without_room_for_its_audio_leaves_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(session_writer.FORMATS, "float", ("audio.wav", full))
    with pytest.raises(UserError, match="No space left"):
        recorder(RecordPlan(tmp_path)).start()
    assert not any(tmp_path.glob("*/*"))


def kept_of(recording: Recorder) -> Path:
    wait_until(lambda: bool(recording.folders))
    wait_until(lambda: lines_of(recording.folders[0])[-1]["kind"] == "stop")
    return recording.folders[0]


def test_pre_record_keeps_the_last_seconds_as_a_session_of_their_own(tmp_path: Path) -> None:
    samples = noise(40_000)
    recording = recorder(RecordPlan(None, tmp_path, keep_seconds=2.0))
    recording.start()
    recording.process(Chunk(0, samples[:30_000]))
    for sample in (1_000, 15_000, 29_800, 35_000):
        recording.write(chop(sample))
    recording.keep()
    recording.process(Chunk(30_000, samples[30_000:]))  # now the chops up to 30 000 are known
    folder = kept_of(recording)
    assert np.array_equal(audio_of(folder), samples[14_000:30_000])
    first, *rest = lines_of(folder)
    assert (first["kind"], first["sample"], first["origin"]) == ("session", 0, 14_000)
    assert [(one["kind"], one["sample"]) for one in rest] == [("chop", 1_000), ("chop", 15_800), ("stop", 16_000)]
    assert rest[0]["time"] == 0.125 and rest[0]["emitted"] == 1_300
    assert folder.name.endswith("_last-2s")
    recording.close()


def test_drums_chords_and_keys_are_logged_like_chops(tmp_path: Path) -> None:
    facts = replace(FACTS, latencies={"drums": 100, "harmony": 900})
    recording = recorder(RecordPlan(tmp_path), facts=facts)
    recording.start()
    recording.process(Chunk(0, noise(5_000)))
    recording.write(Event("drum", 1_000, 1_100, 0.9, "kick", note=36, velocity=100))
    recording.write(Event("chord", 1_200, 2_000, 0.9, "C:5", velocity=80, notes=(48, 55)))
    recording.write(Event("key", 1_300, 2_000, 0.9, "C:maj"))
    recording.close()
    first, *rest = lines_of(recording.folders[0])
    assert (first["latency"], first["latencies"]) == (400, {"drums": 100, "harmony": 900})
    assert [(one["kind"], one.get("label")) for one in rest[:-1]] == [
        ("drum", "kick"),
        ("chord", "C:5"),
        ("key", "C:maj"),
    ]
    assert rest[1]["notes"] == [48, 55]


def test_pre_record_waits_for_the_slowest_detector(tmp_path: Path) -> None:
    facts = replace(FACTS, latencies={"harmony": 4_000})
    recording = recorder(RecordPlan(None, tmp_path, keep_seconds=2.0), facts=facts)
    recording.start()
    recording.process(Chunk(0, noise(16_000)))
    recording.keep()
    recording.process(Chunk(16_000, noise(2_000)))  # later than the 400 of the others
    recording.write(Event("chord", 15_000, 18_000, 0.9, "C:5", velocity=80, notes=(48, 55)))
    recording.process(Chunk(18_000, noise(3_000)))
    assert [one["kind"] for one in lines_of(kept_of(recording))] == ["session", "chord", "stop"]
    recording.close()


def test_a_passage_begins_with_the_chord_and_key_that_still_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "STALL_SECONDS", 1.0)
    recording = recorder(RecordPlan(None, tmp_path, keep_seconds=1.0))
    recording.start()
    recording.write(Event("key", 0, 300, 0.9, "C:maj"))
    for label, sample in (("C:5", 20_000), ("G:5", 30_000), ("D:5", 39_000)):
        recording.write(Event("chord", sample, sample + 300, 0.9, label, velocity=80, notes=(48,)))
    recording.process(Chunk(0, noise(40_000)))
    recording.close()
    (folder,) = recording.folders
    said = [(one["kind"], one["label"], one["sample"]) for one in lines_of(folder)[1:-1]]
    assert sorted(said) == [("chord", "D:5", 7_000), ("chord", "G:5", 0), ("key", "C:maj", 0)]
    assert min(one["emitted"] for one in lines_of(folder)[1:-1]) == 0


def test_the_end_of_a_session_is_kept_too(tmp_path: Path) -> None:
    samples = noise(3_000)
    recording = recorder(RecordPlan(None, tmp_path, keep_seconds=60.0))
    recording.start()
    recording.process(Chunk(0, samples))
    recording.write(chop(2_900))
    recording.close()
    (folder,) = recording.folders
    assert np.array_equal(audio_of(folder), samples)
    assert [one["kind"] for one in lines_of(folder)] == ["session", "chop", "stop"]


def test_what_comes_while_the_recorder_writes_is_in_the_passage_of_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, writes = recorder(RecordPlan(None, tmp_path, keep_seconds=60.0)), threading.Event()
    remember = PreRecord.remember

    def remember_late(kept: PreRecord, lines: list[Line]) -> None:
        remember(kept, lines)
        writes.set()
        recording._ending.wait(PATIENCE)

    monkeypatch.setattr(PreRecord, "remember", remember_late)
    recording.start()
    assert writes.wait(PATIENCE)
    recording.process(Chunk(0, noise(RATE)))
    recording.write(chop(RATE // 2))
    recording.close()
    (kept,) = tmp_path.iterdir()
    assert [line["sample"] for line in lines_of(kept) if line["kind"] == "chop"] == [RATE // 2]


def test_a_passage_with_a_gap_keeps_its_places(tmp_path: Path) -> None:
    before, after = noise(5_000, 1), noise(5_000, 2)
    recording = recorder(RecordPlan(None, tmp_path, keep_seconds=1.0))
    recording.start()
    recording.process(Chunk(0, before))
    recording.process(Chunk(6_000, after, gap=1_000))
    recording.close()
    audio = audio_of(recording.folders[0])
    assert np.array_equal(audio, np.concatenate([before[3_000:], np.zeros((1_000, 2), np.float32), after]))


def test_a_key_keeps_what_was_heard(tmp_path: Path) -> None:
    class Keys:
        def __init__(self) -> None:
            self.calls: dict[bytes, Callable[[], None]] = {}

        def listen(self, key: bytes, call: Callable[[], None]) -> None:
            self.calls[key] = call

        def release(self, key: bytes) -> None:
            del self.calls[key]

    keys = Keys()
    recording = recorder(RecordPlan(None, tmp_path, keep_seconds=1.0), keyboard=keys)
    recording.start()
    assert recording.state().key == "k keeps the last 1 s"
    recording.process(Chunk(0, noise(2_000)))
    keys.calls[KEEP_KEY]()
    recording.process(Chunk(2_000, noise(2_000)))
    assert len(audio_of(kept_of(recording))) == 2_000
    recording.close()
    assert keys.calls == {}


def test_a_fault_in_pre_record_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(SessionWriter, "follow", broken)
    recording = recorder(RecordPlan(None, tmp_path, keep_seconds=60.0))
    recording.start()
    recording.process(Chunk(0, noise(16_000)))
    recording.close()
    (warning,) = recording.warnings()
    assert warning == "the last 2 s could not be kept (OSError: [Errno 5] Input/output error)"


def test_a_session_begins_while_another_program_looks_at_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    looking, asked = threading.Event(), threading.Event()
    lock = fcntl.flock

    def look(log: Path) -> None:
        with log.open("rb") as file:
            lock(file, fcntl.LOCK_SH)
            looking.set()
            asked.wait()

    def locked(file: Any, how: int) -> None:
        log = Path(file.name)
        other = threading.Thread(target=look, args=(log,))
        other.start()
        looking.wait()
        threading.Timer(0.05, asked.set).start()
        lock(file, how)
        other.join()

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", locked)
        recording = recorder(RecordPlan(tmp_path))
        recording.start()
    assert is_locked(recording.folders[0] / "events.jsonl")
    recording.close()
    assert not is_locked(recording.folders[0] / "events.jsonl")


def test_two_programs_that_look_at_a_session_do_not_take_each_other_for_its_recorder(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    log = tmp_path / "events.jsonl"
    log.write_text("")
    with log.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert not is_locked(log)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 500)), min_size=1, max_size=12), st.integers(1, 97))
def test_the_buffer_gives_back_every_place_as_it_was(pieces: list[tuple[int, int]], step: int) -> None:
    history = HistoryBuffer(RATE, 1, 1.0)
    stream, position = np.zeros((0, 1), np.float32), 0
    for at, (gap, length) in enumerate(pieces):
        block = np.full((length, 1), at + 1, np.float32)
        stream = np.concatenate([stream, np.zeros((gap, 1), np.float32), block])
        position += gap
        history.write(position, block)
        position += length
    assert history.end == len(stream)
    found, position, out = [], 0, np.zeros((step, 1), np.float32)
    while position < history.end:
        kind, n = history.read(position, out)
        assert n > 0 and kind in ("audio", "gap")
        found.append(out[:n].copy() if kind == "audio" else np.zeros((n, 1), np.float32))
        position += n
    assert np.array_equal(np.concatenate(found), stream)
    assert history.read(position, out) == ("audio", 0)


def test_a_reader_that_comes_too_late_is_told_how_much_is_lost() -> None:
    history = HistoryBuffer(RATE, 1, 0.01)
    samples = np.arange(1_000, dtype=np.float32)[:, None]
    history.write(0, samples)
    out = np.zeros((1_000, 1), np.float32)
    assert history.read(0, out) == ("lost", 1_000 - history.frames)
    assert history.read(1_000 - history.frames, out) == ("audio", history.frames)
    assert np.array_equal(out[: history.frames], samples[-history.frames :])


def delete(folder: Path) -> None:
    """At once, not file by file."""
    shutil.rmtree(folder.rename(folder.with_name("gone")))


@pytest.mark.parametrize("what", ["folder", "log", "audio", "moved", "parent"])
def test_where_a_session_is_deleted_the_recording_goes_on_in_a_new_folder(tmp_path: Path, what: str) -> None:
    samples, parent = noise(9_000), tmp_path / "sessions"
    recording = recorder(RecordPlan(parent))
    recording.start()
    (old,) = recording.folders
    recording.process(Chunk(0, samples[:3_000]))
    recording.write(chop(1_000))
    wait_until(lambda: len(lines_of(old)) == 2 and recording._seen == 3_000)
    if what in ("log", "audio"):
        (old / ("events.jsonl" if what == "log" else "audio.wav")).unlink()
    elif what == "moved":
        old.rename(tmp_path / "elsewhere")
    else:
        delete(old if what == "folder" else parent)
    recording.process(Chunk(3_000, samples[3_000:6_000]))
    recording.write(chop(4_000))
    wait_until(lambda: bool(recording.warnings()))
    new = recording.folders[-1]
    (warning,) = recording.warnings()
    assert new != old and repr(str(new)) in warning and "deleted or moved" in warning
    assert recording.state().folder == new
    recording.process(Chunk(6_000, samples[6_000:]))
    recording.write(chop(7_000))
    recording.close()
    assert np.array_equal(audio_of(new), samples[3_000:])
    first, fault, *rest = lines_of(new)
    assert first["origin"] == 3_000
    assert (fault["kind"], fault["sample"], fault["reason"]) == ("fault", 0, warning)
    assert [(one["kind"], one["sample"]) for one in rest] == [("chop", 1_000), ("chop", 4_000), ("stop", 6_000)]
    assert recording.folders == ((old, new) if what in ("log", "audio") else (new,))
    if what == "log":
        assert np.array_equal(audio_of(old)[:3_000], samples[:3_000])
    if what == "moved":
        assert lines_of(tmp_path / "elsewhere")[-1]["kind"] == "stop"


def test_a_folder_deleted_at_the_very_end_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = recorder(RecordPlan(tmp_path))
    recording.start()
    recording.process(Chunk(0, noise(3_000)))
    (old,) = recording.folders
    join = recording._thread.join

    def deleted_meanwhile() -> None:
        join()
        shutil.rmtree(old)

    monkeypatch.setattr(recording._thread, "join", deleted_meanwhile)
    recording.close()
    (new,) = recording.folders
    assert new != old and lines_of(new)[1]["kind"] == "fault"
    assert lines_of(new)[-1]["kind"] == "stop"


def test_a_deleted_folder_that_cannot_be_made_again_ends_the_recording_and_says_so(tmp_path: Path) -> None:
    parent = tmp_path / "sessions"
    recording = recorder(RecordPlan(parent))
    recording.start()
    recording.process(Chunk(0, noise(1_000)))
    delete(parent)
    parent.write_text("a file")
    wait_until(lambda: bool(recording.warnings()))
    assert recording.state().folder is None and "no session can be kept" in recording.state().ended
    recording.process(Chunk(1_000, noise(1_000)))
    recording.close()
    (warning,) = recording.warnings()
    assert "deleted or moved" in warning and "no session can be kept" in warning


@pytest.mark.parametrize("what", ["folder", "log", "audio"])
def test_what_is_deleted_after_the_disk_was_full_is_not_said_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setitem(session_writer.FORMATS, "float", ("audio.wav", lambda path, *_: Full(path)))
    recording = recorder(RecordPlan(tmp_path))
    recording.start()
    (folder,) = recording.folders
    recording.process(Chunk(0, noise(2_000)))
    wait_until(lambda: bool(recording.warnings()))
    assert "what came before is kept" in recording.warnings()[0]
    if what == "folder":
        delete(folder)
    else:
        (folder / ("events.jsonl" if what == "log" else "audio.wav")).unlink()
    wait_until(lambda: "kept" not in recording.warnings()[0])  # while the session goes on
    recording.process(Chunk(2_000, noise(2_000)))
    recording.close()
    (warning,) = recording.warnings()
    assert "No space left" in warning and f"the {what} was deleted or moved after that" in warning


def test_a_full_disk_and_a_device_that_goes_are_both_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(session_writer.FORMATS, "float", ("audio.wav", lambda path, *_: Full(path)))
    source = Input()
    recording = recorder(RecordPlan(tmp_path), source)
    recording.start()
    recording.process(Chunk(0, noise(500)))
    recording.process(Chunk(800, noise(100), gap=300))
    source.lost = Counters(gaps=1, lost_frames=300, xruns=[Xrun(400, 1, 0, lost=64)])
    recording.process(Chunk(900, noise(3_000)))
    wait_until(lambda: bool(recording.warnings()))
    recording.close()
    kinds = [one["kind"] for one in lines_of(recording.folders[0])]
    assert sorted(kinds) == ["fault", "gap", "session", "stop", "xrun"]


def test_two_failures_at_once_are_both_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(WavFile):
        def write(self, _: np.ndarray) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setitem(session_writer.FORMATS, "float", ("audio.wav", Broken))
    recording = recorder(RecordPlan(tmp_path))
    recording.start()
    full = threading.Event()
    write = os.write

    def no_room(descriptor: int, content: bytes) -> int:
        if full.is_set():
            raise OSError(28, "No space left on device")
        return write(descriptor, content)

    monkeypatch.setattr(os, "write", no_room)
    full.set()
    recording.process(Chunk(0, noise(1_000)))
    wait_until(lambda: len(recording.warnings()) == 2)
    assert recording.state().ended == "No space left on device"
    ended, log = recording.warnings()
    assert "ended after 0.0 s" in ended and "log of" in log
    recording._failures.append("something else")
    recording.close()
    assert "something else" in recording.warnings()[0]
    assert "lines of the session could not be written" in recording.warnings()[1]


def test_a_recorder_that_stopped_is_not_shown_as_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(SessionWriter, "follow", broken)
    recording = recorder(RecordPlan(tmp_path))
    recording.start()
    wait_until(lambda: bool(recording.warnings()))
    assert recording.state().folder is None and "a bug" in recording.state().ended
    recording.close()
    assert "a bug" in lines_of(recording.folders[0])[-1]["reason"]
