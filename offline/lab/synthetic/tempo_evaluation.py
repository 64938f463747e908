"""What beats and bars live detection finds: on made records, on people's drumming, on recordings with known beats."""

from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.evaluate.references import References, references_for, tracks_in
from samplechop.offline.evaluate.systems import live_events
from samplechop.offline.evaluate.tempo import TempoScore, score
from samplechop.offline.lab.synthetic.grooves import INDEX, Performance
from samplechop.offline.lab.synthetic.tempo_records import (
    TEMPO_STYLES,
    TempoRecord,
    groove_performances,
    make_groove_record,
    make_tempo_record,
)
from samplechop.realtime.core.errors import UserError
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


def calls(source: Path | None, records: int, seed: int, performances: int, tempo: str | None) -> list[Any]:
    """Give what is to be evaluated, a call for each recording.

    source: recordings, or the Groove MIDI Dataset; None: made records, so many of each style. Raises UserError.
    """
    if source is None:
        styles = range(len(TEMPO_STYLES))
        return [partial(made, style, seed, number, tempo) for style in styles for number in range(records)]
    if source.is_file() or (source / INDEX).is_file():
        people = groove_performances(source, held_out=True)[:performances]
        return [partial(played, one, seed, number, tempo) for number, one in enumerate(people)]
    known = [one for one in tracks_in(source, references_for, "name.beats.txt") if one.references.beats is not None]
    if not known:
        raise UserError(f"{str(source)!r} has no recording with name.beats.txt beside it")
    return [partial(recorded, one.path, one.group, one.references, tempo) for one in known]
