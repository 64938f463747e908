"""samplechop live --record and --keep-last as a program: exact to the sample, with all that happened."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.sessions.reading import read_session
from tests.support.command import program, samplechop
from tests.support.signals import RATE, record
from tests.support.waiting import PATIENCE, wait_until


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "my song.wav"
    soundfile.write(path, np.stack([record(8.0)[0], record(8.0, seed=1)[0]], axis=1), RATE, subtype="PCM_16")
    return path


def audio_of(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float64", always_2d=True)[0]


def lines_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("kind", ["wav24", "float", "flac"])
def test_what_is_recorded_is_what_was_heard_and_found(song: Path, tmp_path: Path, kind: str) -> None:
    events = tmp_path / "events.jsonl"
    arguments = (song, "--fast", "--record", tmp_path / "sessions", "--record-format", kind, "--events", events)
    outcome = samplechop("live", *arguments)
    assert outcome.code == 0, outcome.err
    (folder,) = (tmp_path / "sessions").iterdir()
    assert f"session in {folder}" in outcome.err
    assert np.array_equal(audio_of(next(folder.glob("audio.*"))), audio_of(song))
    chops = [line for line in lines_of(folder) if line["kind"] == "chop"]
    assert chops == [json.loads(line) for line in events.read_text().splitlines()]
    header = lines_of(folder)[0]
    assert header["model"]["name"] == "chop" and len(header["model"]["sha256"]) == 64
    assert header["settings"]["record"] == str(tmp_path / "sessions")
    assert read_session(folder).state == "ended"


def test_a_kept_passage_holds_the_end_of_the_whole_with_its_chops(song: Path, tmp_path: Path) -> None:
    outcome = samplechop("live", song, "--fast", "--record", tmp_path, "--keep-last", 3, "--quiet")
    assert outcome.code == 0, outcome.err
    whole, passage = sorted(tmp_path.iterdir(), key=lambda folder: "last" in folder.name)
    long, short = audio_of(whole / "audio.wav"), audio_of(passage / "audio.wav")
    assert len(short) == 3 * RATE
    assert np.array_equal(short, long[-len(short) :])
    before = len(long) - len(short)
    chops = [line["sample"] - before for line in lines_of(whole) if line["kind"] == "chop"]
    assert [line["sample"] for line in lines_of(passage) if line["kind"] == "chop"] == [c for c in chops if c >= 0]


def test_the_duration_ends_the_recording_to_the_sample(song: Path, tmp_path: Path) -> None:
    assert samplechop("live", song, "--fast", "--record", tmp_path, "--duration", 1.5, "--quiet").code == 0
    (folder,) = tmp_path.iterdir()
    assert np.array_equal(audio_of(folder / "audio.wav"), audio_of(song)[: round(1.5 * RATE)])


@pytest.mark.parametrize("options", [("--keep-last", 5), ("--keep-last", 0, "--keep-dir", "x")])
def test_keeping_needs_a_place_and_a_time(song: Path, options: tuple) -> None:
    outcome = samplechop("live", song, "--fast", *options)
    assert outcome.code == 2
    assert "--keep-last" in outcome.err and len(outcome.err.splitlines()) == 1


def test_a_file_is_no_place_for_sessions(song: Path) -> None:
    outcome = samplechop("live", song, "--fast", "--record", song)
    assert outcome.code == 2
    assert "is no folder" in outcome.err


def test_a_look_back_that_memory_cannot_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.wav"
    soundfile.write(path, np.zeros((100, 8)), 192_000)
    outcome = samplechop("live", path, "--fast", "--record", tmp_path / "sessions", "--keep-last", 3600)
    assert outcome.code == 2
    assert "GB of memory" in outcome.err
    assert not (tmp_path / "sessions").exists()


def test_one_keyboard_serves_taps_and_the_look_back(song: Path, tmp_path: Path, terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    kept = tmp_path / "kept"
    process = program(
        *(song, "--quiet", "--tap", "--tap-file", tmp_path / "taps.jsonl", "--keep-last", 1.5, "--keep-dir", kept),
        stdin=theirs,
        XDG_CONFIG_HOME=str(tmp_path),
    )

    def pressed() -> bool:
        os.write(ours, b" k")
        return kept.exists() and any((folder / "events.jsonl").exists() for folder in kept.iterdir())

    wait_until(pressed, process, every=0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    folders = sorted(kept.iterdir())
    assert len(folders) >= 2  # by the key, and at the end
    for folder in folders:
        assert lines_of(folder)[-1] | {"kind": "stop", "reason": "ended"} == lines_of(folder)[-1]
        assert len(audio_of(folder / "audio.wav")) <= round(1.5 * RATE)
    taps = [json.loads(line)["sample"] for line in (tmp_path / "taps.jsonl").read_text().splitlines()]
    last = lines_of(folders[-1])
    assert {line["sample"] + last[0]["origin"] for line in last if line["kind"] == "tap"} <= set(taps)
