"""The drum detector on drums whose places are known."""

import numpy as np
import pytest

from samplechop.models import ModelError
from samplechop.offline.evaluate.runner import synthetic_noises
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, ProcessSpec
from samplechop.realtime.detectors.drums.detector import DrumDetector, DrumSettings
from samplechop.realtime.detectors.drums.hit_picking import NOTES
from tests.support.signals import RATE, kick, record

BLOCK = 256
MOST_MS = 25.0


@pytest.fixture(scope="module")
def detector() -> DrumDetector:
    made = DrumDetector()
    made.prepare(ProcessSpec(ANALYSIS_RATE, BLOCK))
    return made


def run(detector: DrumDetector, audio: np.ndarray) -> list[Event]:
    detector.reset()
    events: list[Event] = []
    padded = np.concatenate([audio, np.zeros(detector.latency, np.float32)])
    for start in range(0, len(padded), BLOCK):
        detector.process(padded[start : start + BLOCK], start, events.append)
    return events


def kicks() -> tuple[np.ndarray, np.ndarray]:
    """Kicks over hiss, half a second apart, and where they begin."""
    rng = np.random.default_rng(0)
    audio = (rng.standard_normal(6 * RATE) * 1e-3).astype(np.float32)
    starts = np.arange(RATE, 5 * RATE, RATE // 2) + rng.integers(0, 256, 8)
    for start in starts:
        sound = kick(rng)
        audio[start : start + len(sound)] += sound
    return audio, starts


def test_a_hit_is_emitted_within_25_ms(detector: DrumDetector) -> None:
    assert sum(samples for _, samples in detector.latency_terms) == detector.latency
    assert detector.latency <= MOST_MS * ANALYSIS_RATE / 1000
    assert detector.immediate


def test_kicks_are_found_where_they_begin(detector: DrumDetector) -> None:
    audio, starts = kicks()
    found = np.array([event.sample for event in run(detector, audio) if event.label == "kick"])
    assert len(found) == len(starts)
    assert np.abs(found - starts).max() <= 0.005 * RATE


def test_an_empty_groove_strikes_no_drums_and_those_after_it_are_found(detector: DrumDetector) -> None:
    (groove,), (audio, starts) = synthetic_noises()["run-out"], kicks()
    assert run(detector, groove) == []
    found = [event.sample - len(groove) for event in run(detector, np.concatenate([groove, audio]))]
    assert all(np.abs(np.array(found) - start).min() <= 0.005 * RATE for start in starts)


def test_hits_bring_note_and_velocity(detector: DrumDetector) -> None:
    events = run(detector, record()[0])
    assert events
    for event in events:
        assert (event.kind, event.note) == ("drum", NOTES[str(event.label)])
        assert event.velocity is not None
        assert 1 <= event.velocity <= 127


def test_places_never_run_backwards(detector: DrumDetector) -> None:
    samples = [event.sample for event in run(detector, record()[0])]
    assert samples == sorted(samples)


def test_soft_and_loud_records_give_the_same_hits(detector: DrumDetector) -> None:
    audio, _ = kicks()
    loud, soft = ([e.label for e in run(detector, audio * np.float32(gain))] for gain in (1.0, 0.25))
    assert loud.count("kick") == soft.count("kick")


def test_a_drum_with_a_threshold_of_its_own_is_found_less_often_and_the_others_as_before(
    detector: DrumDetector,
) -> None:
    strict = DrumDetector(DrumSettings(thresholds={"kick": 0.999}))
    strict.prepare(ProcessSpec(ANALYSIS_RATE, BLOCK))
    before, after = (run(one, record()[0]) for one in (detector, strict))
    assert any(event.label == "kick" for event in before)
    assert not any(event.label == "kick" for event in after)
    assert [one.label for one in after] == [one.label for one in before if one.label != "kick"]


@pytest.mark.parametrize("thresholds", [{"cowbell": 0.5}, {"kick": 0.0}, {"kick": 1.0}])
def test_a_threshold_without_meaning_is_refused(thresholds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="threshold"):
        DrumSettings(thresholds=thresholds)


def test_a_model_of_another_kind_is_refused() -> None:
    with pytest.raises(ModelError, match="needs kind 'drums'"):
        DrumDetector(DrumSettings("harmony")).prepare(ProcessSpec(ANALYSIS_RATE, BLOCK))
