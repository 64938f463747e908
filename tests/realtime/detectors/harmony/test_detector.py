"""The harmony detector, with a net that gives what it is made to give."""

import itertools
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from samplechop import models
from samplechop.realtime.core import events
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, Block, ProcessSpec
from samplechop.realtime.detectors.harmony import detector as harmony
from tests.support.harmony import evidence

HOP, WINDOW = 512, 8192
PARTS = ((None, 60), ("A:min7", 120), ("D:7", 120), ("G:maj/3", 120), ("E:1", 60), (None, 120))


@dataclass
class _Stream:
    """Stands for PitchStream: frame f has the f-th row, whatever the block."""

    rows: NDArray[np.float32]
    hop_length: int = HOP
    latency: int = WINDOW // 2

    def reset(self) -> None:
        self._heard = self._frame = 0

    def push(self, block: Block) -> NDArray[np.float32]:
        self._heard += len(block)
        last = max(0, (self._heard - self.latency) // HOP + 1)
        found = self.rows[self._frame : last].copy()
        self.levels = np.full(len(found), -20.0, np.float32)
        self._frame = last
        return found


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> harmony.HarmonyDetector:
    manifest = SimpleNamespace(features=SimpleNamespace(sample_rate=ANALYSIS_RATE), calibration=())
    monkeypatch.setattr(models, "load", lambda _: manifest)
    monkeypatch.setattr(harmony, "PitchStream", lambda *_: _Stream(evidence(*PARTS)))
    made = harmony.HarmonyDetector()
    made.prepare(ProcessSpec(ANALYSIS_RATE, 1024))
    return made


def audio() -> NDArray[np.float32]:
    """Clicks 500 samples before the frame in which each chord begins, and silence for the last to come out."""
    samples = np.zeros(HOP * sum(count for _, count in PARTS) + 12_000, np.float32)
    for at in np.cumsum([count for _, count in PARTS])[:-2] * HOP - 500:
        samples[at : at + 3000] = np.exp(-np.arange(3000) / 900)
    return samples


def run(detector: harmony.HarmonyDetector, size: int) -> list[Event]:
    detector.reset()
    found: list[Event] = []
    samples = audio()
    for first in range(0, len(samples), size):
        before = len(found)
        detector.process(samples[first : first + size], 1000 + first, found.append)
        for event in found[before:]:
            assert event.sample <= event.emitted <= 1000 + first + size
            assert 1000 + first + size - event.sample <= detector.latency
    return found


def of_kind(found: list[Event], kind: str) -> list[Event]:
    return [event for event in found if event.kind == kind]


def test_chords_are_emitted_in_order_and_end_with_none(detector: harmony.HarmonyDetector) -> None:
    labels = [event.label for event in of_kind(run(detector, 256), events.CHORD)]
    assert labels == ["A:min7", "D:7", "G:maj/3", "E:1", "N"]


def test_a_chord_begins_at_its_attack(detector: harmony.HarmonyDetector) -> None:
    found = of_kind(run(detector, 256), events.CHORD)[:-1]
    expected = 1000 + np.cumsum([count for _, count in PARTS])[:-2] * HOP - 500
    np.testing.assert_allclose([event.sample for event in found], expected, atol=32)


def test_chords_bring_the_notes_to_hold(detector: harmony.HarmonyDetector) -> None:
    found = of_kind(run(detector, 256), events.CHORD)
    assert [event.notes for event in found[:1] + found[-1:]] == [(45, 60, 64, 67, 69), ()]
    assert all(event.velocity is not None and 1 <= event.velocity <= 127 for event in found)


def test_every_change_of_the_pitch_classes_is_told(detector: harmony.HarmonyDetector) -> None:
    found = of_kind(run(detector, 256), events.PITCHES)
    assert [found[0].label, found[0].notes] == ["C,E,G,A", (60, 64, 67, 69)]
    assert [found[-1].label, found[-1].notes] == ["", ()]
    assert all(one.label != other.label for one, other in itertools.pairwise(found))


def test_the_key_is_told(detector: harmony.HarmonyDetector) -> None:
    assert [event.label for event in of_kind(run(detector, 256), events.KEY)][-1:] == ["G:maj"]


@pytest.mark.parametrize("size", [17, 255, 1024])
def test_events_do_not_depend_on_block_size(detector: harmony.HarmonyDetector, size: int) -> None:
    assert run(detector, size) == run(detector, 256)


def test_the_latency_is_at_most_a_quarter_of_a_second(detector: harmony.HarmonyDetector) -> None:
    terms = dict(detector.latency_terms) | {"one block": 256}
    assert detector.latency == sum(samples for _, samples in detector.latency_terms)
    assert sum(terms.values()) <= ANALYSIS_RATE // 4


def test_activations_are_the_pitch_classes_that_sound_just_now(detector: harmony.HarmonyDetector) -> None:
    detector.reset()
    assert not detector.activations.any()
    detector.process(np.zeros(1024, np.float32), 0, lambda _: None)
    for _ in range(70):
        detector.process(np.zeros(1024, np.float32), 0, lambda _: None)
    assert detector.activations.dtype == np.float32
    np.testing.assert_array_equal(np.flatnonzero(detector.activations > 0.5), [0, 4, 7, 9])
