"""`--log FILE` has a line for whatever goes wrong in a session. Only what the device and the disk do is made up."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from samplechop.realtime.audio import stream
from samplechop.realtime.audio.device_source import DeviceSource, PlayedFileSource
from samplechop.realtime.audio.ring import PLAYED, STAMP_POSITION, STAMPS, Ring
from samplechop.realtime.audio.source import Source
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.core.process import logged_to
from samplechop.realtime.recording import session_writer
from samplechop.realtime.session import Session
from samplechop.realtime.session_monitor import SessionMonitor
from samplechop.realtime.settings import LiveSettings
from tests.realtime.audio.test_devices import FakePortAudio
from tests.realtime.test_session import Drums, Input
from tests.support.command import samplechop

BLOCK = 256


class Stream:
    """Stands for the process that holds the device: a block comes, then the device goes, then it is back with another.

    Where it plays, both blocks are played instead of recorded.
    """

    waiting, delay, counts_frames = "", 0, False
    input_overflows = output_underflows = 0

    def __init__(self, settings, _delay) -> None:
        self.plays = settings.source is None
        self.ring = Ring(settings.channels, settings.capacity)
        self.gone = False

    def start(self) -> None:
        self.input_overflows = int(not self.plays)
        self._run()

    def _run(self) -> None:
        if self.plays:
            self.ring.control[PLAYED] += BLOCK
        else:
            self.ring.write(np.zeros((BLOCK, self.ring.channels), np.float32))
        self.ring.control[STAMPS] = 2
        self.ring.control[STAMP_POSITION] = self.ring.written

    def lost(self) -> bool:
        before, self.gone = self.gone, True
        return not before

    def restart(self) -> int:
        resumes = self.ring.written
        self.output_underflows = 2
        self._run()
        return resumes

    def losses(self, _):
        return []

    def set_delay(self, *_) -> None: ...

    def close(self) -> None: ...


class BothWays(FakePortAudio):
    def query_devices(self):
        return [device | {"max_output_channels": 2} for device in super().query_devices()]

    def check_output_settings(self, **_) -> None: ...


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", BothWays())
    monkeypatch.setattr(stream, "DeviceStream", Stream)


def logged(tmp_path: Path, source: Source, detectors: dict[str, Detector], **settings) -> list[str]:
    """Run a session with a log; give its lines from the level on."""
    with logged_to(tmp_path / "log.txt"):
        Session(LiveSettings(**settings), source, detectors).run()
    lines = (tmp_path / "log.txt").read_text().splitlines()
    return [re.sub(r"^\S+ \S+ (\w+) [\w.]+", r"\1", line) for line in lines]


def test_a_device_that_is_lost_comes_back_and_has_xruns(tmp_path: Path) -> None:
    source = DeviceSource(block_size=BLOCK)
    xrun, lost, back, later = logged(tmp_path, source, {"drums": Drums()}, duration=2 * BLOCK / source.sample_rate)
    assert xrun.startswith("WARNING: xrun before sample 0: 1 input overflows, 0 output underflows, ")
    assert lost == "WARNING: device 'Turntable' lost at sample 256"
    assert re.fullmatch(r"INFO: device 'Turntable' back at sample \d+, \d+ samples lost", back)
    assert re.match(r"WARNING: xrun before sample \d+: 0 input overflows, 2 output underflows, ", later)


def test_an_output_that_is_lost_comes_back_and_has_xruns(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "record.wav", np.zeros((2 * BLOCK, 1), np.float32), 44_100)
    source = PlayedFileSource(tmp_path / "record.wav", BLOCK)
    assert logged(tmp_path, source, {"drums": Drums()}) == [
        "WARNING: output 'Turntable' lost at sample 256",
        "INFO: output 'Turntable' back at sample 256",
        "WARNING: xrun before sample 256: 0 input overflows, 2 output underflows, 0 samples lost",
    ]


def test_a_detector_that_is_switched_off(tmp_path: Path) -> None:
    class Failing(Drums):
        def process(self, *_):
            raise ZeroDivisionError("a bug")

    first, *trace = logged(tmp_path, Input(), {"mine": Failing()})
    assert first == "ERROR: detector mine switched off at sample 4410"
    assert trace[-1] == "ZeroDivisionError: a bug"


def test_a_recording_that_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    disk = SimpleNamespace(frames=0, write=full, flush=lambda: None, sync=lambda: None, close=lambda: None)
    monkeypatch.setitem(session_writer.FORMATS, "wav24", ("audio.wav", lambda *_: disk))
    source = Input()
    source.time_of = lambda position: position / source.sample_rate
    (line,) = logged(tmp_path, source, {"drums": Drums()}, record=tmp_path / "sessions")
    assert re.fullmatch(r"ERROR: recording '.*_input' ended at sample 0: No space left on device", line)


def test_what_ends_a_session_hides_nothing_else_that_went_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: SessionMonitor) -> tuple[str, ...]:
        return ("the recording ended",)

    def failing(_: Session) -> None:
        try:
            raise UserError("the notes cannot be written")
        finally:
            raise UserError("the events cannot be written")

    monkeypatch.setattr(SessionMonitor, "warnings", lost)
    monkeypatch.setattr(Session, "run", failing)
    soundfile.write(tmp_path / "a.wav", np.zeros(1_000), 44_100)
    outcome = samplechop("live", tmp_path / "a.wav", "--fast", "--quiet")
    assert outcome.code == 2
    said = ["the recording ended", "the notes cannot be written", "the events cannot be written"]
    assert outcome.err.splitlines() == [f"samplechop: {one}" for one in said]
