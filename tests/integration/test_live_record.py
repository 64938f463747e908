"""samplechop live --record and --keep-last as a program: exact, and safe from whatever ends it."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.sessions.reading import read_session, repair
from tests.support.command import ROOT, program, samplechop
from tests.support.signals import RATE, record
from tests.support.waiting import PATIENCE, wait_until

FULL = ("wav24", "flac")
KILLS = [("wav24", 0.6), ("float", 1.3), ("flac", 1.7)]
"""Format, and how many seconds of 24 bits are on disk when the kill comes."""


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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
@pytest.mark.parametrize(("kind", "seconds"), KILLS)
def test_after_a_kill_what_is_on_disk_is_exact_and_can_be_mended(tmp_path: Path, kind: str, seconds: float) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(-(1 << 22), 1 << 22, (10 * RATE, 2), dtype=np.int32) << 8  # as large in every format
    soundfile.write(tmp_path / "noise.wav", noise, RATE, subtype="PCM_24")
    options = ("--record", tmp_path / "sessions", "--record-format", kind, "--quiet")
    process = program(tmp_path / "noise.wav", *options, stdin=subprocess.DEVNULL, XDG_CONFIG_HOME=str(tmp_path))

    def on_disk() -> int:
        return sum(path.stat().st_size for path in tmp_path.glob("sessions/*/audio.*"))

    wait_until(lambda: on_disk() > seconds * RATE * 2 * 3, process)
    process.kill()
    process.communicate()
    (folder,) = (tmp_path / "sessions").iterdir()
    there = audio_of(next(folder.glob("audio.*")))
    assert len(there) and np.array_equal(there, noise[: len(there)] / 2**31)
    broken = read_session(folder)
    assert (broken.state, broken.damaged) == ("broken off", True)
    mended = repair(broken)
    assert (mended.state, mended.damaged) == ("broken off, repaired", False)
    assert mended.frames >= len(there)
    assert np.array_equal(audio_of(mended.audio), noise[: mended.frames] / 2**31)
    assert lines_of(folder)[-1]["kind"] == "stop"


@pytest.fixture(scope="module")
def filled(
    song: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Path, subprocess.CompletedProcess[str]]]:
    """Give the folder and the outcome of a session in each format that finds the disk full, both at the same time."""
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000));"
        "from samplechop.offline.cli.main import main; main()"
    )

    def one(kind: str) -> tuple[Path, subprocess.CompletedProcess[str]]:
        folder = tmp_path_factory.mktemp(f"full-{kind}")
        command = ["live", str(song), "--fast", "--record", str(folder / "sessions"), "--record-format", kind]
        return folder, subprocess.run(
            [sys.executable, "-c", limited, *command, "--events", str(folder / "events.jsonl"), "--quiet"],
            cwd=ROOT,
            env={**os.environ, "XDG_CONFIG_HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(FULL, pool.map(one, FULL), strict=True))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize("kind", FULL)
def test_a_disk_that_is_full_keeps_what_was_written_and_the_session_goes_on(
    song: Path, filled: dict[str, tuple[Path, subprocess.CompletedProcess[str]]], kind: str
) -> None:
    place, done = filled[kind]
    events = place / "events.jsonl"
    assert done.returncode == 0, done.stderr
    assert "the recording" in done.stderr and "the session goes on" in done.stderr
    assert "Traceback" not in done.stderr
    assert [json.loads(line)["sample"] for line in events.read_text().splitlines()][-1] > 6 * RATE
    (folder,) = (place / "sessions").iterdir()
    there = audio_of(next(folder.glob("audio.*")))
    assert len(there) > 400_000 // 6
    assert np.array_equal(there, audio_of(song)[: len(there)])
    session = repair(read_session(folder))
    assert session.state not in ("ended", "broken off")
    mended = audio_of(next(folder.glob("audio.*")))  # with FLAC blocks that went out as the disk became full
    assert len(mended) >= len(there)
    assert np.array_equal(mended, audio_of(song)[: len(mended)])


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


def test_a_reader_that_leaves_ends_the_session_quietly(song: Path, tmp_path: Path) -> None:
    process = program(song, "--quiet", "--events", "-", XDG_CONFIG_HOME=str(tmp_path))
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(PATIENCE) == 0
    assert process.stderr.read() == ""
    process.stderr.close()
