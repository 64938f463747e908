"""samplechop sessions: what there is, and what a repair makes of what was broken off."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offline.labels.records import CHOPS, read_events
from offline.sessions.reading import find_sessions, read_session
from offline.sessions.repair import repair
from realtime.recording.formats import FORMATS, RecordFormat
from realtime.recording.session_writer import Facts, SessionWriter, line
from tests.command import samplechop

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
    if end:
        writer.close()
    else:
        writer._held.close()
    return writer.folder


def audio_of(folder: Path) -> np.ndarray:
    return soundfile.read(next(folder.glob("audio.*")), dtype="float32", always_2d=True)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_is_listed_with_what_it_holds(tmp_path: Path, kind: RecordFormat) -> None:
    session(tmp_path, kind)
    outcome = samplechop("sessions", tmp_path)
    assert outcome.code == 0, outcome.err
    title, row = outcome.out.splitlines()
    assert title.split() == ["date", "length", "chops", "taps", "gaps", "format", "how", "it", "ended", "folder"]
    assert f"0:00.7      2     1     1  {kind}, 44.1 kHz, 2 ch" in row
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


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KINDS), st.integers(0, 200_000), st.integers(0, 2_000))
def test_whatever_a_power_cut_took_the_rest_is_mended(
    tmp_path_factory: pytest.TempPathFactory, kind: RecordFormat, audio_left: int, log_left: int
) -> None:
    parent = tmp_path_factory.mktemp("cut")
    folder = session(parent, kind, end=False)
    for path, left in ((next(folder.glob("audio.*")), audio_left), (folder / "events.jsonl", log_left)):
        path.write_bytes(path.read_bytes()[:left])
    outcome = samplechop("sessions", parent, "--repair")
    assert "Traceback" not in outcome.err
    state = read_session(folder)
    if outcome.code == 0 and state.state != "no audio":
        assert not state.damaged
        if state.frames:
            assert np.array_equal(audio_of(folder), noise(30_000)[: state.frames])


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


def test_a_session_itself_can_be_named(tmp_path: Path) -> None:
    folder = session(tmp_path)
    assert find_sessions(folder) == [folder]
    assert folder.name in samplechop("sessions", folder).out


def test_the_log_of_a_session_is_read_as_labels(tmp_path: Path) -> None:
    marks, kind = read_events(session(tmp_path) / "events.jsonl")
    assert kind == CHOPS
    assert [mark.time for mark in marks] == [pytest.approx(sample / RATE, abs=1e-6) for sample in (1_000, 2_000)]
