"""Which tracked beats become events: activations and a tracker's rows in, beats out."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors.beats.bars import RING, BarTracker
from samplechop.realtime.detectors.beats.beat_reader import BeatReader
from samplechop.realtime.detectors.beats.metrical_level import Tempo
from samplechop.realtime.detectors.beats.tracker import BEAT, COLUMNS, PERIOD, TEMPO_RANGE, TRUST
from samplechop.realtime.detectors.beats.weights import beat_weights
from samplechop.realtime.dsp.delay_line import Ring
from samplechop.realtime.nets.features import N_BINS, STACK
from samplechop.realtime.nets.streaming import ActivationStream

HEADS = ("beat", "downbeat", "hit")
PERIOD_FRAMES, BEATS, HOP = 40, 12, 512


def made_reader(tempo: Tempo) -> tuple[BeatReader, Ring]:
    stream = cast(ActivationStream, SimpleNamespace(heads=HEADS, hop_length=HOP, offset=0, latency=0))
    recent = Ring(len(HEADS), RING), Ring(N_BINS, STACK * RING)
    return BeatReader(stream, recent, TEMPO_RANGE, tempo, beat_weights().online), recent[0]


def test_at_a_faster_tempo_than_was_detected_bars_stay_and_are_two_or_four_of_those_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = {"made": 0}

    def take(*_: object) -> tuple[int, int]:
        counts["made"] += 1
        return (counts["made"] - 1) % 4 + 1, 4

    monkeypatch.setattr(BarTracker, "take", take)
    labels = {}
    for octave in (0, 1, 2):
        counts["made"] = 0
        reader, recent = made_reader(Tempo(octave))
        found: list[Event] = []
        for beat in range(BEATS):
            recent.push(np.zeros((PERIOD_FRAMES, len(HEADS)), np.float32))
            rows = np.zeros((PERIOD_FRAMES, COLUMNS), np.float32)
            rows[0, [BEAT, PERIOD, TRUST]] = 1, PERIOD_FRAMES, 0.9
            reader.read(rows, beat * PERIOD_FRAMES, 0, found.append)
        assert counts["made"] == BEATS
        labels[octave] = "".join(str(event.label) for event in found)
    n = BEATS
    assert labels == {0: ("1234" * n)[:n], 1: ("1234" * n)[: 2 * n], 2: ("1234" * n)[: 4 * n]}


@pytest.mark.parametrize("struck", [0, 1])
def test_at_half_the_pulse_those_beats_are_kept_that_are_struck_however_alike_all_look_as_beats(struck: int) -> None:
    reader, recent = made_reader(Tempo(-1))
    found: list[Event] = []
    for beat in range(BEATS):
        activations = np.zeros((PERIOD_FRAMES, len(HEADS)), np.float32)
        activations[0] = 0.6, 0.1, 0.7 * (beat % 2 == struck)
        recent.push(activations)
        rows = np.zeros((PERIOD_FRAMES, COLUMNS), np.float32)
        rows[0, [BEAT, PERIOD, TRUST]] = 1, PERIOD_FRAMES, 0.9
        reader.read(rows, beat * PERIOD_FRAMES, 0, found.append)
    kept = [event.sample // HOP // PERIOD_FRAMES % 2 for event in found]
    assert set(kept[1:]) == {struck}
