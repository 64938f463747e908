"""What tempo the live beats have: on made records of known tempo, and on recordings with known beats."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.evaluate.systems import live_events
from samplechop.offline.evaluate.tempo import TempoScore, score
from samplechop.offline.lab.synthetic.tempo_records import TEMPO_STYLES, make_tempo_record
from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors.beats.detector import BeatDetector, BeatSettings
from samplechop.realtime.detectors.beats.metrical_level import wanted_tempo


def made(style: int, seed: int, number: int, tempo: str | None = None) -> tuple[str, TempoScore]:
    """Evaluate record `number` of a style, by its place in TEMPO_STYLES; give the style's name, too."""
    record = make_tempo_record(TEMPO_STYLES[style], seed, number)
    return record.style, score(_beats(record.samples, tempo), record.beats, RATE)


def recorded(path: Path, group: str, beats: NDArray[np.float64], tempo: str | None = None) -> tuple[str, TempoScore]:
    """Evaluate a recording with its known beats, seconds; give its group, too. Raises UserError if it is not read."""
    return group, score(_beats(read_audio(path), tempo), beats, RATE)


def _beats(samples: Sound, tempo: str | None) -> list[Event]:
    return live_events(_detector(tempo))(samples)[0]


@cache
def _detector(tempo: str | None) -> BeatDetector:
    return BeatDetector(BeatSettings(tempo=wanted_tempo(tempo)))
