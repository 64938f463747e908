"""A session that is read while another program records it."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.project.store import project_of
from samplechop.offline.studio import peaks
from samplechop.offline.studio.growing import PRESSES, Growing, decide
from samplechop.offline.studio.library import is_growing
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.recording.session_writer import Facts, SessionWriter, line

RATE = 44_100
BEGAN = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SessionWriter]:
    made = SessionWriter(tmp_path, Facts("line in", RATE, 2, latency=1000), BEGAN)
    yield made
    made.close()


@pytest.fixture
def sound() -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.9, 0.9, (3 * RATE + 17, 2)).astype(np.float32)


def recorded(writer: SessionWriter, sound: np.ndarray) -> None:
    writer.write(sound)
    writer.flush()


def test_a_session_grows_until_its_writer_has_ended(writer):
    before = is_growing(writer.folder)
    writer.close()
    assert (before, is_growing(writer.folder)) == (True, False)


def test_the_peaks_of_what_has_come_are_those_of_the_record(writer, sound):
    growing = Growing(writer.folder)
    for begin in range(0, len(sound), 5000):
        recorded(writer, sound[begin : begin + 5000])
        growing.look()
    whole = len(sound) // 1024 * 1024
    expected = peaks.extremes(peaks.whole_numbers(soundfile.read(growing._audio, dtype="float32")[0][:whole]), 1024)
    assert growing.length == len(sound)
    np.testing.assert_array_equal(growing.peaks(1024, 0, whole), expected)
    growing.close()


def test_events_come_once_in_the_words_of_the_page(writer):
    growing = Growing(writer.folder)
    writer.log([line("chop", 500, strength=0.7, note=36), line("chord", 600, label="A:min7", strength=0.5)])
    expected = [
        {"kind": "chop", "sample": 500, "strength": 0.7, "note": 36},
        {"kind": "chord", "sample": 600, "label": "Am7", "strength": 0.5},
    ]
    assert [growing.look()["events"], growing.look()["events"]] == [expected, []]
    growing.close()


def test_a_press_becomes_the_chop_that_was_meant_and_one_with_none_near_stands_where_it_was(tmp_path, writer, sound):
    growing = Growing(writer.folder)
    recorded(writer, sound[:RATE])
    growing.look()
    growing.press()
    recorded(writer, sound[RATE:])
    growing.look()
    growing.press()
    writer.log([line("chop", RATE - 4000, strength=0.7), line("chop", RATE - 30_000, strength=0.9)])
    growing.close()
    writer.close()
    assert decide(writer.folder, ArrayCache(tmp_path / "cache"), tmp_path) == 2
    project = project_of(writer.folder)
    assert project is not None
    found = [(chop.at, chop.origin, chop.locked) for chop in project.chops]
    assert found == [(RATE - 4000, RATE - 4000, True), (len(sound) - 1, None, False)]


def test_presses_count_once(tmp_path, writer, sound):
    growing = Growing(writer.folder)
    recorded(writer, sound)
    growing.look()
    growing.press()
    growing.close()
    writer.close()
    made = [decide(writer.folder, ArrayCache(tmp_path / "cache"), tmp_path) for _ in range(2)]
    assert (made, (writer.folder / PRESSES).exists()) == ([1, 0], False)


def test_the_last_seconds_are_kept_as_a_session_of_their_own(writer, sound):
    growing = Growing(writer.folder)
    recorded(writer, sound)
    writer.log([line("chop", 500, strength=0.7), line("chop", 2 * RATE + 1000, strength=0.8)])
    growing.look()
    kept = writer.folder.parent / growing.keep(2.0)
    begin = len(sound) - 2 * RATE
    again = Growing(kept)
    (chop,) = again.look()["events"]
    np.testing.assert_array_equal(
        soundfile.read(kept / "audio.wav", dtype="int32")[0],
        soundfile.read(writer.folder / "audio.wav", dtype="int32", start=begin)[0],
    )
    assert chop["sample"] == 2 * RATE + 1000 - begin
    for one in (growing, again):
        one.close()


def test_a_folder_that_is_no_session_is_refused(tmp_path):
    with pytest.raises(UserError, match="is no session"):
        Growing(tmp_path)


def test_what_was_recorded_so_far_is_heard(writer, sound):
    growing = Growing(writer.folder)
    recorded(writer, sound[:50_000])
    growing.look()
    recorded(writer, sound[50_000:])
    heard, rate = soundfile.read(io.BytesIO(growing.sound(40_000, 60_000)), dtype="float32", always_2d=True)
    expected, _ = soundfile.read(growing._audio, frames=10_000, start=40_000, dtype="float32", always_2d=True)
    assert rate == RATE
    np.testing.assert_array_equal(heard, expected)
    for first, last in ((50_000, 60_000), (7, 7), (0, -1)):
        with pytest.raises(UserError, match="can be asked for"):
            growing.sound(first, last)
    growing.close()
