"""Beats of whole recordings: the demo record that the project makes itself, and what has no pulse."""

import json

import numpy as np
import pytest
import soundfile

from samplechop.offline.evaluate.runner import synthetic_noises
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, Detector, ProcessSpec
from samplechop.realtime.detectors.beats.detector import BeatDetector, BeatSettings
from samplechop.realtime.detectors.chop.detector import ChopDetector
from tests.support.command import samplechop
from tests.support.signals import chord

BLOCK = 4096


@pytest.fixture(scope="module")
def detector() -> BeatDetector:
    made = BeatDetector()
    made.prepare(ProcessSpec(ANALYSIS_RATE, BLOCK))
    return made


def detect(detector: Detector, audio: np.ndarray) -> list[Event]:
    detector.reset()
    events: list[Event] = []
    padded = np.concatenate([audio, np.zeros(detector.latency + BLOCK, np.float32)]).astype(np.float32)
    for start in range(0, len(padded), BLOCK):
        detector.process(padded[start : start + BLOCK], start, events.append)
    return events


@pytest.fixture(scope="module")
def beats(detector: BeatDetector) -> list[Event]:
    audio, rate = soundfile.read(DEMO, dtype="float32", always_2d=True)
    assert rate == ANALYSIS_RATE
    return detect(detector, audio.mean(axis=1))


def test_beside_chops_the_net_is_shared_and_the_events_are_the_same(beats: list[Event]) -> None:
    audio, _ = soundfile.read(DEMO, dtype="float32", always_2d=True)
    made = [BeatDetector(), ChopDetector()]
    spec = ProcessSpec(ANALYSIS_RATE, BLOCK, shared={})
    for one in made:
        one.prepare(spec)
    assert spec.shared is not None and len(spec.shared) == 1
    alone = ChopDetector()
    alone.prepare(ProcessSpec(ANALYSIS_RATE, BLOCK))
    expected = detect(alone, audio.mean(axis=1))
    for order in (made, made[::-1]):
        found: list[Event] = []
        for one in order:
            one.reset()
        for start in range(0, len(audio), BLOCK):
            for one in order:
                one.process(audio[start : start + BLOCK].mean(axis=1), start, found.append)
        chops = [one for one in found if one.kind == "chop"]
        assert chops == expected[: len(chops)] and len(chops) > 20
        of_beats = [one for one in found if one.kind == "beat"]
        assert of_beats == beats[: len(of_beats)] and len(of_beats) > 20


def settled(beats: list[Event]) -> list[Event]:
    """Leave out the first seconds, in which the pulse is found, and the end, which slows down."""
    return [beat for beat in beats if 8 < beat.sample / ANALYSIS_RATE < 25.5]


def test_the_beats_of_the_demo_are_found_at_its_tempo(beats: list[Event]) -> None:
    steps = np.diff([beat.sample for beat in settled(beats)]) / ANALYSIS_RATE
    assert len(steps) > 20
    assert np.median(60 / steps) == pytest.approx(92, rel=0.01)
    assert np.abs(steps - 60 / 92).max() < 0.03
    assert [beat.tempo for beat in settled(beats)] == pytest.approx([92] * (len(steps) + 1), rel=0.03)


def test_positions_in_the_bar_follow_each_other(beats: list[Event]) -> None:
    labels = [int(beat.label or 0) for beat in settled(beats)]
    assert labels == [(labels[0] - 1 + k) % 4 + 1 for k in range(len(labels))]


def test_each_beat_is_emitted_within_the_latency(detector: BeatDetector, beats: list[Event]) -> None:
    assert beats
    assert all(0 < beat.emitted - beat.sample <= detector.latency - BLOCK for beat in beats)
    assert sum(samples for _, samples in detector.latency_terms) == detector.latency


@pytest.fixture(scope="module")
def noises() -> dict[str, list[np.ndarray]]:
    return synthetic_noises(12.0)


@pytest.mark.parametrize("kind", ["hiss", "hum", "crackle", "run-out", "groove", "silence"])
def test_a_record_without_music_has_no_beats(
    detector: BeatDetector, noises: dict[str, list[np.ndarray]], kind: str
) -> None:
    found = [len(detect(detector, sound)) for sound in noises[kind]]
    assert sum(found) == 0


def floating(seconds: float = 40.0) -> np.ndarray:
    """Chords at places that no pulse explains."""
    rng = np.random.default_rng(5)
    audio = (rng.standard_normal(round(seconds * ANALYSIS_RATE)) * 1e-3).astype(np.float32)
    place = 0.3
    while place < seconds - 3:
        sound, first = chord(rng.uniform(100, 200), 1.5), round(place * ANALYSIS_RATE)
        audio[first : first + len(sound)] += sound
        place += rng.uniform(0.4, 2.4)
    return audio


def test_music_without_a_pulse_has_few_beats(detector: BeatDetector) -> None:
    seconds = sum(60 / (beat.tempo or 1) for beat in detect(detector, floating()))
    assert seconds < 0.2 * 40.0


def test_a_model_without_beats_is_named() -> None:
    with pytest.raises(ValueError, match="chop-61"):
        BeatDetector(BeatSettings("chop-61")).prepare(ProcessSpec(ANALYSIS_RATE, BLOCK))


@pytest.mark.parametrize("wrong", [{"begin_trust": 1.0}, {"keep_trust": -0.1}, {"begin_trust": 0.3, "keep_trust": 0.5}])
def test_settings_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="must"):
        BeatSettings(**wrong)


def test_a_session_emits_beats_beside_the_same_chops() -> None:
    alone = samplechop("live", "--demo", "--fast", "--events", "-")
    both = samplechop("live", "--demo", "--fast", "--events", "-", "--detect", "chops,beats")
    lines = [json.loads(line) for line in both.out.splitlines()]
    beats = [line for line in lines if line["kind"] == "beat"]
    assert [line for line in lines if line["kind"] == "chop"] == [json.loads(line) for line in alone.out.splitlines()]
    assert all(line["note"] == (34 if line["label"] == "1" else 33) and line["tempo"] > 50 for line in beats)
    assert f"{len(lines) - len(beats)} chops (" in both.err and f"), {len(beats)} beats in" in both.err


def test_a_clock_needs_a_port() -> None:
    result = samplechop("live", "--demo", "--midi-clock")
    assert result.code == 2
    assert "--midi-port" in result.err
