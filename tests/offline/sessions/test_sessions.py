"""samplechop sessions: what there is, and what a repair makes of what was broken off."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samplechop.offline.labels.formats import CHOPS, read_events
from samplechop.offline.sessions.flac import header_frames
from samplechop.offline.sessions.reading import find_sessions, read_session, repair
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.recording.audio_files import COUNT_AT, FORMATS, RecordFormat
from samplechop.realtime.recording.session_folder import AUDIO, is_session
from samplechop.realtime.recording.session_writer import Facts, SessionWriter, line
from tests.support.command import samplechop

RATE = 44_100
KINDS: list[RecordFormat] = list(FORMATS)


def noise(n: int) -> np.ndarray:
    return (np.random.default_rng(0).integers(-(2**22), 2**22, (n, 2)) / 2**23).astype(np.float32)


def session(parent: Path, kind: RecordFormat = "wav24", frames: int = 30_000, end: bool = True) -> Path:
    """A session as the recorder writes it; without an end as a kill leaves it."""
    writer = SessionWriter(parent, Facts("line in", RATE, 2, kind), datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC))
    writer.write(noise(frames))
    writer.flush()
    writer.log([line("chop", 1_000), line("chop", 2_000), line("tap", 2_100), line("gap", 9_000, length=10)])
    audio = audio_file(writer.folder)
    before = audio.read_bytes()
    writer.close()
    if not end:
        audio.write_bytes(before)
        log = writer.folder / "events.jsonl"
        log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    return writer.folder


def audio_file(folder: Path) -> Path:
    return next(path for name in AUDIO if (path := folder / name).exists())


def audio_of(folder: Path) -> np.ndarray:
    return soundfile.read(audio_file(folder), dtype="float32", always_2d=True)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_is_listed_with_what_it_holds(tmp_path: Path, kind: RecordFormat) -> None:
    session(tmp_path, kind)
    outcome = samplechop("sessions", tmp_path)
    assert outcome.code == 0, outcome.err
    title, row = outcome.out.splitlines()
    assert title.split() == [
        "date",
        "length",
        "chops",
        "taps",
        "gaps",
        "xruns",
        "lost",
        "format",
        "how",
        "it",
        "ended",
        "folder",
    ]
    assert f"0:00.7      2     1     1      0  0.001 s  {kind}, 44.1 kHz, 2 ch" in row
    assert row.endswith("ended         2025-03-04_05-06-07_line-in")


def test_the_list_can_be_had_as_json(tmp_path: Path) -> None:
    folder = session(tmp_path)
    (one,) = json.loads(samplechop("sessions", tmp_path, "--json").out)
    assert one["folder"] == str(folder)
    assert one["counts"] == {"chop": 2, "tap": 1, "gap": 1}
    assert one["seconds"] == pytest.approx(30_000 / RATE, abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_that_ended_is_left_as_it_is(tmp_path: Path, kind: RecordFormat) -> None:
    folder = session(tmp_path, kind)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert samplechop("sessions", tmp_path, "--repair").code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_repair_ends_what_was_broken_off(tmp_path: Path, kind: RecordFormat) -> None:
    folder = session(tmp_path, kind, end=False)
    with (folder / "events.jsonl").open("a") as log:
        log.write('{"kind": "chop", "sam')
    outcome = samplechop("sessions", tmp_path)
    assert "broken off" in outcome.out and "--repair" in outcome.out
    assert "1 repaired" in samplechop("sessions", tmp_path, "--repair").out
    mended = read_session(folder)
    assert (mended.state, mended.damaged) == ("broken off, repaired", False)
    lines = [json.loads(one) for one in (folder / "events.jsonl").read_text().splitlines()]
    assert [one["kind"] for one in lines] == ["session", "chop", "chop", "tap", "gap", "stop"]
    assert lines[-1]["sample"] == mended.frames == len(audio_of(folder))
    assert np.array_equal(audio_of(folder), noise(30_000)[: mended.frames])
    assert mended.frames > 30_000 - 2 * 4_096
    assert samplechop("sessions", tmp_path, "--repair").out.count("repaired") == 1


@pytest.mark.parametrize("kind", ["wav24", "float"])
def test_samples_the_header_does_not_tell_of_are_found(tmp_path: Path, kind: RecordFormat) -> None:
    folder = session(tmp_path, kind, end=False)
    sample_bytes = 6 if kind == "wav24" else 8
    with (folder / "audio.wav").open("ab") as audio:
        audio.write(bytes(100 * sample_bytes + 1))
    assert len(audio_of(folder)) == 30_000
    assert repair(read_session(folder)).frames == 30_100
    assert len(audio_of(folder)) == 30_100


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KINDS), st.integers(0, 200_000), st.integers(0, 2_000))
def test_whatever_a_power_cut_took_the_rest_is_mended(
    tmp_path_factory: pytest.TempPathFactory, kind: RecordFormat, audio_left: int, log_left: int
) -> None:
    parent = tmp_path_factory.mktemp("cut")
    folder = session(parent, kind, end=False)
    for path, left in ((audio_file(folder), audio_left), (folder / "events.jsonl", log_left)):
        path.write_bytes(path.read_bytes()[:left])
    outcome = samplechop("sessions", parent, "--repair")
    assert "Traceback" not in outcome.err
    state = read_session(folder)
    if outcome.code == 0 and state.state != "no audio":
        assert not state.damaged
        if state.frames:
            assert np.array_equal(audio_of(folder), noise(30_000)[: state.frames])


BLOCK = 1_152


@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([1, 40, 3_000, 60_000]), st.booleans()), max_size=4),
    st.integers(0, 30_000),
)
def test_of_a_damaged_flac_only_the_damaged_blocks_are_lost(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[float, int, bool]], cut: int
) -> None:
    folder = session(tmp_path_factory.mktemp("damage"), "flac", 20 * BLOCK + 5, end=False)
    path = folder / "audio.flac"
    intact = path.read_bytes()
    data = bytearray(intact)
    blocks = starts_of_blocks(data)
    for where, length, is_noise in damage:
        first = blocks[0] + int(where * (len(data) - blocks[0] - 1))
        last = min(first + length, len(data))
        data[first:last] = np.random.default_rng(0).bytes(last - first) if is_noise else bytes(last - first)
    # What is written over a byte may be what was there.
    hurt = {at for at in range(20) if data[blocks[at] : blocks[at + 1]] != intact[blocks[at] : blocks[at + 1]]}
    del data[len(data) - cut :]
    hurt |= {at for at in range(20) if blocks[at + 1] > len(data)}
    path.write_bytes(data)
    samples = noise(20 * BLOCK)
    for at in hurt:
        samples[at * BLOCK : (at + 1) * BLOCK] = 0
    good = max(set(range(20)) - hurt, default=None)
    if good is None:
        with pytest.raises(UserError, match="nothing in it can be decoded"):
            repair(read_session(folder))
        assert path.read_bytes() == data
        return
    mended = repair(read_session(folder))
    assert mended.frames == (good + 1) * BLOCK
    assert np.array_equal(audio_of(folder), samples[: mended.frames])
    broken = folder / "audio.flac.broken"
    assert broken.exists() == bool(hurt)
    if hurt:
        assert broken.read_bytes() == data
        log = [json.loads(one) for one in (folder / "events.jsonl").read_text().splitlines()]
        assert sum(one["length"] for one in log if one["kind"] == "dropout") == len(hurt) * BLOCK


def starts_of_blocks(data: bytes) -> list[int]:
    """Where the first 128 blocks of a FLAC of equal blocks of stereo begin, and where the last one ends."""
    found = []
    while (at := data.find(b"\xff\xf8", found[-1] + 1 if found else 0)) >= 0:
        if data[at + 2] >> 4 == 3 and data[at + 4] == len(found):
            found.append(at)
            continue
        data = data[:at] + b"\0" + data[at + 1 :]
    return [*found, len(data)]


def test_a_repair_says_what_could_not_be_read(tmp_path: Path) -> None:
    folder = session(tmp_path, "flac", 300_000, end=False)
    path = folder / "audio.flac"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    path.write_bytes(data)
    counted_before = header_frames(path)
    out = samplechop("sessions", tmp_path, "--repair").out
    assert "broken off, repaired: 0.026 s could not be read, the file as it was is audio.flac.broken" in out
    assert len(audio_of(folder)) == counted_before


def test_blocks_of_flac_that_the_header_does_not_count_are_found(tmp_path: Path) -> None:
    folder = session(tmp_path, "flac", end=False)
    path = folder / "audio.flac"
    data, frames = bytearray(path.read_bytes()), header_frames(path)
    for counted in (0, BLOCK):
        data[COUNT_AT + 4 : COUNT_AT + 8] = counted.to_bytes(4, "big")
        path.write_bytes(data)
        assert repair(read_session(folder)).frames == frames
        assert np.array_equal(audio_of(folder), noise(frames))
        assert not (folder / "audio.flac.broken").exists()


def test_a_flac_broken_off_within_its_first_block_is_ended_without_sound(tmp_path: Path) -> None:
    folder = session(tmp_path, "flac", 100, end=False)
    before = (folder / "audio.flac").read_bytes()
    assert repair(read_session(folder)).frames == 0
    assert (folder / "audio.flac").read_bytes() == before


def test_a_second_repair_keeps_the_first_original(tmp_path: Path) -> None:
    folder = session(tmp_path, "flac", end=False)
    path = folder / "audio.flac"
    (folder / "audio.flac.broken").write_text("before")
    path.write_bytes(path.read_bytes()[:100_000])
    before = path.read_bytes()
    repair(read_session(folder))
    assert (folder / "audio.flac.broken").read_text() == "before"
    assert (folder / "audio.flac.broken2").read_bytes() == before


def test_a_repair_that_cannot_be_written_leaves_the_session_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = session(tmp_path, "flac", end=False)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        repair(read_session(folder))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_session_that_is_being_recorded_is_left_alone(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    writer = SessionWriter(tmp_path, Facts("line in", RATE, 2), datetime.now(UTC))
    writer.write(noise(1_000))
    before = (writer.folder / "audio.wav").read_bytes()
    assert "being recorded" in samplechop("sessions", tmp_path, "--repair").out
    assert (writer.folder / "audio.wav").read_bytes() == before
    writer.close()


def test_wrong_folders_are_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    for name, words in (("empty", "no sessions"), ("file", "is a file"), ("nowhere", "there is no folder")):
        outcome = samplechop("sessions", tmp_path / name)
        assert outcome.code == 2
        assert words in outcome.err and len(outcome.err.splitlines()) == 1


def test_a_session_whose_audio_is_missing_is_listed(tmp_path: Path) -> None:
    folder = session(tmp_path)
    (folder / "audio.wav").unlink()
    assert find_sessions(folder) == [folder]
    assert not is_session(folder)
    assert "no audio" in samplechop("sessions", tmp_path).out


def test_a_session_itself_can_be_named(tmp_path: Path) -> None:
    folder = session(tmp_path)
    assert find_sessions(folder) == [folder]
    assert folder.name in samplechop("sessions", folder).out


def test_the_log_of_a_session_is_read_as_labels(tmp_path: Path) -> None:
    marks, kind = read_events(session(tmp_path) / "events.jsonl")
    assert kind == CHOPS
    assert [mark.time for mark in marks] == [pytest.approx(sample / RATE, abs=1e-6) for sample in (1_000, 2_000)]
