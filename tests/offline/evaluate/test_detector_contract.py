"""The contract as it is checked on a stranger's detector: of each that breaks one thing, that thing is named."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.evaluate import detector_contract
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from tests.support.command import samplechop
from tests.support.signals import RATE


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector_contract, "SHORT_SECONDS", 0.05)
    monkeypatch.setattr(detector_contract, "SETTLE_SECONDS", 0.5)


def clicks(seconds: float = 1.5) -> np.ndarray:
    """Two clicks every half a second."""
    audio = np.zeros(round(seconds * RATE), np.float32)
    for place in (0, 1000):
        audio[1500 + place :: RATE // 2] = 0.9
    return audio


class LoudDetector:
    """Hears every loud sample, at once."""

    latency = 0

    def prepare(self, spec):
        self.latency = spec.max_block_size

    def reset(self):
        pass

    def process(self, block, start, emit):
        for place in np.flatnonzero((block > 0.8) & (block < 0.95)).tolist():
            emit(Event("loud", start + place, start + place, 0.9))


class PerBlock(LoudDetector):
    """Hears at most one thing in a block."""

    def process(self, block, start, emit):
        place = int(np.abs(block).argmax())
        if abs(block[place]) > 0.5:
            emit(Event("loud", start + place, start + place, 0.9))


class Forgetful(LoudDetector):
    """Does not forget at reset."""

    def prepare(self, spec):
        super().prepare(spec)
        self.turn = 0

    def process(self, block, start, emit):
        super().process(block, start, lambda event: emit(event.moved(event.sample, event.emitted + self.turn)))
        self.turn += 1


class Counting(LoudDetector):
    """Counts in 32 bits."""

    def process(self, block, start, emit):
        super().process(block, start % 2**32, emit)


class Late(LoudDetector):
    """Says what it heard in a block only with the next one."""

    def reset(self):
        self.held = []

    def process(self, block, start, emit):
        for event in self.held:
            emit(event.moved(event.sample, start))
        self.held = []
        super().process(block, start, self.held.append)


class Impossible(LoudDetector):
    """Promises to be known before a block is over."""

    def prepare(self, spec):
        super().prepare(spec)
        self.latency = 100


class Altered(LoudDetector):
    """Gives its events with something changed."""

    change: Callable[[Event], Event]

    def process(self, block, start, emit):
        super().process(block, start, lambda event: emit(type(self).change(event)))


class Early(Altered):
    change = staticmethod(lambda event: event.moved(event.sample, event.sample - 1))


class Strong(Altered):
    change = staticmethod(lambda event: Event("loud", event.sample, event.emitted, 1.5))


class High(Altered):
    change = staticmethod(lambda event: Event("loud", event.sample, event.emitted, 0.5, note=128))


class NumpyNumbers(Altered):
    change = staticmethod(lambda event: event.moved(np.int64(event.sample), event.emitted))


class Scribbling(LoudDetector):
    def process(self, block, start, emit):
        block *= 0.5
        super().process(block, start, emit)


class Nervous(LoudDetector):
    """Hears something where nothing is."""

    def process(self, block, start, emit):
        super().process(block, start, emit)
        if start == 0:
            emit(Event("loud", 0, 0, 0.5))


class Framed(LoudDetector):
    """Hears in frames of 10 ms, and puts each event where its frame begins."""

    def prepare(self, spec):
        self.latency = 441 + spec.max_block_size

    def reset(self):
        self.filled, self.loud = 0, False

    def process(self, block, start, emit):
        for place, value in enumerate(block.tolist(), start):
            self.loud = self.loud or 0.8 < value < 0.95
            self.filled += 1
            if self.filled == 441:
                if self.loud:
                    emit(Event("loud", place - 440, place, 0.9))
                self.filled, self.loud = 0, False


class Wordy(LoudDetector):
    """Emits what is no event."""

    def process(self, block, start, emit):
        super().process(block, start, lambda _: emit(None))


class Unready(LoudDetector):
    def prepare(self, _spec):
        raise FileNotFoundError("weights.npz")


class Vague(LoudDetector):
    def prepare(self, _spec):
        self.latency = "soon"


class Half(LoudDetector):
    def prepare(self, spec):
        self.latency = spec.max_block_size + 0.5


class Unsure(Altered):
    change = staticmethod(lambda event: Event("loud", event.sample, event.emitted, float("nan")))


class Nameless(Altered):
    change = staticmethod(lambda event: Event("a loud one", event.sample, event.emitted, 0.5))


class Poisoned(LoudDetector):
    """Keeps a sum that never gets rid of a NaN."""

    def reset(self):
        super().reset()
        self.sum = 0.0

    def process(self, block, start, emit):
        self.sum += float(block.sum())
        if np.isfinite(self.sum):
            super().process(block, start, emit)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (PerBlock, "blocks of 8193"),
        (Forgetful, "after reset"),
        (Counting, "late in a stream"),
        (Late, "later than its latency"),
        (Impossible, "latency of its own"),
        (Early, "outside what was processed"),
        (Strong, "strengths outside"),
        (High, "outside 0..127"),
        (NumpyNumbers, "JSON"),
        (Scribbling, "read-only"),
        (Nervous, "in silence"),
        (Poisoned, "after a second of NaN"),
        (Nameless, "kinds not of letters"),
        (Wordy, "detectors emit Event, got NoneType"),
        (Unready, "cannot be prepared: FileNotFoundError: weights.npz"),
        (Vague, "whole number of samples as its latency, got 'soon'"),
        (Half, "whole number of samples as its latency, got 8193.5"),
    ],
)
def test_what_breaks_the_contract_is_named(kind: type[LoudDetector], found: str) -> None:
    assert any(found in line for line in detector_contract.contract_violations(kind(), clicks()))


@pytest.mark.parametrize("kind", [LoudDetector, Framed])
def test_a_detector_that_keeps_the_contract_breaks_nothing(kind: type[LoudDetector]) -> None:
    assert detector_contract.contract_violations(kind(), clicks()) == []


def test_a_strength_that_is_no_number_is_told_where_it_is_wrong_and_nowhere_else() -> None:
    found = detector_contract.contract_violations(Unsure(), clicks())
    assert [line.partition(":")[0] for line in found] == ["strengths outside 0..1"]


def test_an_event_that_moved_is_lost_once() -> None:
    assert detector_contract._matched([100, 500, 90_000], [100, 700, 50_000]) == 2


def test_a_recording_in_which_nothing_is_detected_tests_little() -> None:
    assert detector_contract.contract_violations(LoudDetector(), np.zeros(RATE, np.float32)) == [
        "events in the recording: 0, must be 1 or more"
    ]


def test_an_excerpt_is_what_a_detector_processes(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.full((20 * 22_050, 2), 0.25), 22_050)
    audio = detector_contract.read_excerpt(path)
    assert (audio.shape, audio.dtype) == ((15 * RATE,), np.float32)
    assert audio[RATE] == pytest.approx(0.25, abs=1e-3)


def test_an_empty_recording_is_named(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    with pytest.raises(UserError, match=r"empty\.wav"):
        detector_contract.read_excerpt(tmp_path / "empty.wav")


@pytest.mark.parametrize(("kind", "code"), [("LoudDetector", 0), ("Nervous", 1)])
def test_the_command_ends_with_what_it_found(
    kind: str, code: int, install: Callable[[str], None], tmp_path: Path
) -> None:
    install(f"[samplechop.detectors]\nloud = tests.offline.evaluate.test_detector_contract:{kind}\n")
    soundfile.write(tmp_path / "clicks.wav", clicks(), RATE)
    result = samplechop("bench", "detector", "loud", tmp_path / "clicks.wav", "--json")
    assert result.code == code, result.err
    figures = {one["name"]: one["reached"] for one in json.loads(result.out)["figures"]}
    assert figures["events in silence"] is (code == 0)


def test_a_detector_nobody_knows_is_named() -> None:
    result = samplechop("bench", "detector", "nobody")
    assert result.code == 2
    assert "no detector 'nobody'" in result.err
