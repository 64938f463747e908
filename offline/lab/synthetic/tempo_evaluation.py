"""What beats and bars live detection finds: on made records, on people's drumming, on recordings with known beats."""

from functools import cache
from pathlib import Path

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.evaluate.references import References
from samplechop.offline.evaluate.systems import live_events
from samplechop.offline.evaluate.tempo import TempoScore, score
from samplechop.offline.lab.synthetic.grooves import Performance
from samplechop.offline.lab.synthetic.tempo_records import (
    TEMPO_STYLES,
    TempoRecord,
    make_groove_record,
    make_tempo_record,
)
from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors.beats.detector import BeatDetector, BeatSettings
from samplechop.realtime.detectors.beats.metrical_level import wanted_tempo

Found = tuple[tuple[str, ...], TempoScore]
"""The groups that a recording is counted in, and what was made of it."""


def made(style: int, seed: int, number: int, tempo: str | None = None) -> Found:
    """Evaluate record `number` of a style, by its place in TEMPO_STYLES; groups are the style and the situation."""
    return _of_record(make_tempo_record(TEMPO_STYLES[style], seed, number), tempo)


def played(performance: Performance, seed: int, number: int, tempo: str | None = None) -> Found:
    """Evaluate a person's performance on a made kit."""
    return _of_record(make_groove_record(performance, seed, number), tempo)


def recorded(path: Path, group: str, known: References, tempo: str | None = None) -> Found:
    """Evaluate a recording of which the beats are known. Raises UserError if it is not read."""
    beats = np.zeros(0) if known.beats is None else known.beats
    positions = None if known.downbeats is None else np.where(np.isin(beats, known.downbeats), 1, 2)
    return (group,), score(_beats(read_audio(path), tempo), beats, RATE, positions)


def _of_record(record: TempoRecord, tempo: str | None) -> Found:
    groups = (record.style, record.situation)
    return groups, score(_beats(record.samples, tempo), record.beats, RATE, record.positions)


def _beats(samples: Sound, tempo: str | None) -> list[Event]:
    return live_events(_detector(tempo))(samples)[0]


@cache
def _detector(tempo: str | None) -> BeatDetector:
    return BeatDetector(BeatSettings(tempo=wanted_tempo(tempo)))
