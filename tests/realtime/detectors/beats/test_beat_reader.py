"""Which tracked beats become events: activations and a tracker's rows in, beats out."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors.beats.bars import RING
from samplechop.realtime.detectors.beats.beat_reader import BeatReader
from samplechop.realtime.detectors.beats.metrical_level import Tempo
from samplechop.realtime.detectors.beats.tracker import BEAT, COLUMNS, PERIOD, TEMPO_RANGE, TRUST
from samplechop.realtime.detectors.beats.weights import beat_weights
from samplechop.realtime.dsp.delay_line import Ring
from samplechop.realtime.nets.features import N_BINS, STACK
from samplechop.realtime.nets.streaming import ActivationStream

HEADS = ("beat", "downbeat", "hit")
PERIOD_FRAMES, BEATS, HOP = 40, 12, 512


@pytest.mark.parametrize("struck", [0, 1])
def test_at_half_the_pulse_those_beats_are_kept_that_are_struck_however_alike_all_look_as_beats(struck: int) -> None:
    stream = cast(ActivationStream, SimpleNamespace(heads=HEADS, hop_length=HOP, offset=0, latency=0))
    recent = Ring(len(HEADS), RING), Ring(N_BINS, STACK * RING)
    reader = BeatReader(stream, recent, TEMPO_RANGE, Tempo(-1), beat_weights().online)
    found: list[Event] = []
    for beat in range(BEATS):
        activations = np.zeros((PERIOD_FRAMES, len(HEADS)), np.float32)
        activations[0] = 0.6, 0.1, 0.7 * (beat % 2 == struck)
        recent[0].push(activations)
        rows = np.zeros((PERIOD_FRAMES, COLUMNS), np.float32)
        rows[0, [BEAT, PERIOD, TRUST]] = 1, PERIOD_FRAMES, 0.9
        reader.read(rows, beat * PERIOD_FRAMES, 0, found.append)
    kept = [event.sample // HOP // PERIOD_FRAMES % 2 for event in found]
    assert set(kept[1:]) == {struck}
