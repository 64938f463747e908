"""The released harmony model through the detector: made chords, noises, and real recordings where there are any."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from samplechop.realtime.core.events import CHORD, Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, ProcessSpec
from samplechop.realtime.detectors.harmony.detector import HarmonyDetector
from tests.support.signals import chord, kick, snare

RECORDINGS = os.environ.get("SAMPLECHOP_AUDIO")
BLOCK, BEFORE = 256, ANALYSIS_RATE // 4


@pytest.fixture(scope="module")
def detector() -> HarmonyDetector:
    made = HarmonyDetector()
    made.prepare(ProcessSpec(ANALYSIS_RATE, BLOCK))
    return made


def detect(detector: HarmonyDetector, audio: NDArray[np.float32]) -> list[Event]:
    """Give the chords of some audio between two silences; positions count from where it begins."""
    detector.reset()
    found: list[Event] = []
    silences = np.zeros(BEFORE, np.float32), np.zeros(detector.latency + ANALYSIS_RATE // 2, np.float32)
    padded = np.concatenate([silences[0], audio, silences[1]]).astype(np.float32)
    for first in range(0, len(padded), BLOCK):
        detector.process(padded[first : first + BLOCK], first - BEFORE, found.append)
    return [event for event in found if event.kind == CHORD]


@pytest.mark.parametrize(("hertz", "label"), [(220.0, "A:min7"), (130.81, "C:min7"), (164.81, "E:min7")])
def test_a_made_chord_is_named_from_its_first_sample_on(detector: HarmonyDetector, hertz: float, label: str) -> None:
    found = detect(detector, chord(hertz, 2.0))
    assert [event.label for event in found] == [label, "N"]
    assert abs(found[0].sample) < 32


def test_drums_and_hiss_alone_are_no_chord(detector: HarmonyDetector) -> None:
    rng = np.random.default_rng(0)
    audio = (0.01 * rng.standard_normal(4 * ANALYSIS_RATE)).astype(np.float32)
    for at in range(8):
        hit = kick(rng) if at % 2 == 0 else snare(rng)
        first = at * ANALYSIS_RATE // 2
        audio[first : first + len(hit)] += hit
    assert detect(detector, audio) == []


@pytest.mark.recordings
@pytest.mark.skipif(RECORDINGS is None, reason="SAMPLECHOP_AUDIO names no folder of recordings")
@pytest.mark.parametrize(
    ("name", "label"), [("bass_trance_c", "C:1"), ("loop_drone_g_97", "G:1"), ("bass_thick_c", "C:1")]
)
def test_a_real_note_is_named(detector: HarmonyDetector, name: str, label: str) -> None:
    path = next(Path(RECORDINGS or "").rglob(f"{name}.flac"), None)
    if path is None:
        pytest.skip(f"{name} is not among the recordings")
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    found = detect(detector, soxr.resample(samples.mean(axis=1), rate, ANALYSIS_RATE))
    assert [event.label for event in found] == [label, "N"]
