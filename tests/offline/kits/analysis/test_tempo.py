"""Tempo and bars from beats that were heard."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.kits.analysis.tempo_and_key import TEMPO_CONFIDENCE, beats_per_bar, downbeats, tempo
from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors.beats.detector import BeatDetector
from samplechop.realtime.engine.engine import Engine

RATE = 48_000
RECORDINGS = os.environ.get("SAMPLECHOP_AUDIO")


def beats_at(seconds: Sequence[float], bpm: float, strength: float = 0.9, first: int = 1) -> list[Event]:
    return [
        Event("beat", round(place * RATE), 0, strength, str((first - 1 + k) % 4 + 1), tempo=bpm)
        for k, place in enumerate(seconds)
    ]


def steady(bpm: float, count: int = 40) -> np.ndarray:
    return 0.5 + np.arange(count) * 60 / bpm


@pytest.mark.parametrize("bpm", [61.7, 92.0, 173.3])
def test_a_steady_pulse_has_its_tempo(bpm: float) -> None:
    got = tempo(beats_at(steady(bpm), bpm * 1.02), RATE)
    assert got is not None
    assert got.value == f"{bpm:.1f}"
    assert got.confidence == pytest.approx(0.9)


def test_beats_that_were_left_out_change_nothing() -> None:
    places = np.delete(steady(92.0), [5, 9, 20])
    assert tempo(beats_at(places, 92.0), RATE) == tempo(beats_at(steady(92.0), 92.0), RATE)


def test_a_stretch_without_a_pulse_does_not_bend_the_tempo() -> None:
    places = np.concatenate([steady(120.0, 20), steady(120.0, 20) + 17.77])
    got = tempo(beats_at(places, 120.0), RATE)
    assert got is not None
    assert got.value == "120.0"
    assert got.confidence < 0.9


@pytest.mark.parametrize("steps", [[], [1.0], [1.0, 0.5], np.random.default_rng(1).uniform(0.2, 1.5, 60)])
def test_without_a_pulse_there_is_no_tempo(steps: Sequence[float]) -> None:
    assert tempo(beats_at(np.cumsum(steps), 120.0), RATE) is None


def test_faint_beats_tell_no_tempo() -> None:
    assert tempo(beats_at(steady(92.0), 92.0, strength=TEMPO_CONFIDENCE - 0.01), RATE) is None


def test_few_beats_are_less_sure() -> None:
    few, many = (tempo(beats_at(steady(92.0, count), 92.0), RATE) for count in (6, 60))
    assert few is not None
    assert many is not None
    assert few.confidence < many.confidence


def test_bars_begin_at_the_first_beats() -> None:
    beats = beats_at(steady(92.0), 92.0, first=3)
    assert downbeats(beats) == tuple(beat.sample for beat in beats[2::4])


def test_without_beats_there_are_no_bars() -> None:
    assert downbeats([]) == ()
    assert beats_per_bar([]) == 4


@pytest.mark.parametrize("meter", [3, 4])
def test_bars_have_as_many_beats_as_most_of_them(meter: int) -> None:
    labels = [count + 1 for bar in range(9) for count in range(2 if bar == 4 else meter)]
    assert beats_per_bar([Event("beat", 0, 0, 1.0, str(label)) for label in labels]) == meter


@pytest.mark.recordings
@pytest.mark.skipif(RECORDINGS is None, reason="SAMPLECHOP_AUDIO names no folder of recordings")
@pytest.mark.parametrize(("name", "bpm"), [("Kevin_MacLeod_-_Vibe_Ace", 130.0), ("loop_amen_full", 139.5)])
def test_real_music_has_its_tempo(name: str, bpm: float) -> None:
    path = next(Path(RECORDINGS or "").rglob(f"{name}.*[cg]"), None)
    if path is None:
        pytest.skip(f"{name} is not among the recordings")
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    engine, beats = Engine({"beats": BeatDetector()}, rate, samples.shape[1], 8192), []
    engine.process(samples, beats.append)
    engine.flush(beats.append)
    got = tempo(beats, rate)
    assert got is not None
    assert float(got.value) == pytest.approx(bpm, rel=0.01)
