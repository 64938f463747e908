"""What `from samplechop import …` gives people in a notebook, and plug-ins."""

import json
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

import samplechop
from samplechop import Detector, Event, Kit, ProcessSpec, UserError, chop, detect, listen
from samplechop.realtime import cli, session
from samplechop.realtime.cli import DEMO
from tests.support.command import samplechop as command


@pytest.fixture(scope="module")
def excerpt() -> tuple[np.ndarray, int]:
    """Give the first eight seconds of the demo: float64 (n, channels), and their rate."""
    with soundfile.SoundFile(DEMO) as file:
        return file.read(8 * file.samplerate, always_2d=True), file.samplerate


@pytest.fixture(scope="module")
def recording(excerpt: tuple[np.ndarray, int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "recording.wav"
    soundfile.write(path, *excerpt, subtype="FLOAT")
    return path


def test_importing_it_loads_nothing_that_takes_time() -> None:
    code = "import samplechop, sys; print(sorted(sys.modules.keys() & {'numpy', 'numba', 'librosa', 'typer', 'rich'}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("name", samplechop.__all__)
def test_every_name_is_there_documented_and_listed(name: str) -> None:
    assert name in dir(samplechop)
    assert getattr(samplechop, name).__doc__


def test_a_name_that_is_not_there_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Chop'"):
        _ = samplechop.Chop


def test_the_names_are_those_of_the_modules_inside() -> None:
    from samplechop.offline.kits.core import model
    from samplechop.realtime.core import errors, events, plugin

    inside = (events.Event, plugin.Detector, plugin.ProcessSpec, model.Kit, errors.UserError)
    assert (Event, Detector, ProcessSpec, Kit, UserError) == inside


def test_detect_gives_the_events_of_the_live_command(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "config_path", lambda: tmp_path / "no settings.toml")
    options = ("--fast", "--quiet", "--events", "-", "--detect", "chops,drums", "--threshold", 0.3)
    result = command("live", recording, *options)
    assert result.code == 0, result.err
    lines = sorted(map(json.loads, result.out.splitlines()), key=lambda line: line["sample"])
    events = detect(recording, detectors=["chops", "drums"], threshold=0.3)
    assert [event.record(44_100) for event in events] == lines
    assert {event.kind for event in events} == {"chop", "drum"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_give_the_events_of_their_file(dtype: str, recording: Path, excerpt: tuple[np.ndarray, int]) -> None:
    samples, rate = excerpt
    assert detect(samples.astype(dtype), rate) == detect(recording) != []


def test_one_channel_may_be_a_line_of_samples(excerpt: tuple[np.ndarray, int]) -> None:
    samples, rate = excerpt
    assert detect(samples[:, 0], rate) == detect(samples[:, :1], rate) != []


@pytest.mark.parametrize(
    ("samples", "rate", "says"),
    [
        (np.zeros(100, np.int16), 44_100, "must be floats.*int16"),
        (np.zeros((2, 44_100)), 44_100, r"\(n, channels\).*\(2, 44100\)"),
        (np.zeros(0), 44_100, r"got \(0,\)"),
        (np.zeros(100), None, "need their sample_rate.*None"),
        (np.zeros(100), 100, "4000..384000 Hz, got 100"),
        (DEMO, 44_100, "has its own"),
        ("no such.wav", None, "no file 'no such.wav'"),
    ],
)
def test_audio_that_cannot_be_used_is_refused_in_one_sentence(samples: object, rate: int | None, says: str) -> None:
    with pytest.raises(UserError, match=says):
        detect(samples, rate)


def test_settings_nobody_knows_are_refused() -> None:
    with pytest.raises(TypeError, match="thresold"):
        detect(DEMO, thresold=0.3)


def test_paths_among_the_settings_may_be_text(recording: Path, tmp_path: Path) -> None:
    detect(recording, midi_file=str(tmp_path / "chops.mid"), record=str(tmp_path / "sessions"))
    assert (tmp_path / "chops.mid").read_bytes().startswith(b"MThd")
    assert len(list((tmp_path / "sessions").glob("*/audio.wav"))) == 1


def test_audio_that_ends_early_gives_a_warning(recording: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.flac"
    soundfile.write(short, *soundfile.read(recording))
    short.write_bytes(short.read_bytes()[: short.stat().st_size // 2])
    with pytest.warns(UserWarning, match="short.flac") as warned:
        assert detect(short)
    assert warned[0].filename == __file__


def test_an_interrupt_is_no_shorter_list_of_events(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(session.Session, "_attend", interrupt)
    with pytest.raises(KeyboardInterrupt):
        detect(recording)
    assert listen(print, file=recording).interrupted


def test_listen_calls_with_each_event_in_this_thread(recording: Path) -> None:
    events, threads = [], set()

    def take(event: Event) -> None:
        events.append(event)
        threads.add(threading.current_thread())

    summary = listen(take, file=recording, duration=1.5)
    assert events == detect(recording, duration=1.5) != []
    assert threads == {threading.current_thread()}
    assert summary.audio_seconds == 1.5
    assert summary.events == {"chop": len(events)}


def test_an_exception_of_the_callback_ends_listening(recording: Path) -> None:
    def stop(event: Event) -> None:
        raise LookupError(event.kind)

    with pytest.raises(LookupError, match="chop"):
        listen(stop, file=recording)


def test_chop_gives_the_kit_it_made(recording: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few chops are in eight seconds
        kit = chop(recording, tmp_path / "kits", count=3, formats=["sfz"], picture=False)
    assert isinstance(kit, Kit)
    assert kit.folder == tmp_path / "kits" / "recording"
    assert [kit.path(part).is_file() for part in kit.slices] == [True] * 3
    assert (kit.folder / "recording.sfz").is_file()
    with pytest.raises(UserError, match="recording"):
        chop(recording, tmp_path / "kits", count=3)
