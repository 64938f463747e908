"""What beats and bars are found, live or in a file: on made records, people's drumming, recordings with known beats."""

import tempfile
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.evaluate.references import References, references_for, tracks_in
from samplechop.offline.evaluate.systems import live_events
from samplechop.offline.evaluate.tempo import TempoScore, score
from samplechop.offline.kits.analysis.detection import detect
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.lab.synthetic.grooves import INDEX, Performance
from samplechop.offline.lab.synthetic.tempo_records import (
    END_STYLES,
    MADE_STYLES,
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
from samplechop.realtime.detectors.beats.weights import using

Found = tuple[tuple[str, ...], TempoScore]
"""The groups that a recording is counted in, and what was made of it."""


@dataclass(frozen=True, slots=True)
class How:
    """How beats are found. tempo: as in `samplechop live`. whole: as `chop` finds them, which has all of a file.
    weights: in place of those that are released, what `samplechop train tempo` wrote.
    """

    tempo: str | None = None
    whole: bool = False
    weights: Path | None = None

    def beats(self, samples: Sound) -> list[Event]:
        """[worker] Give the beats of a record."""
        with using(self.weights):
            return _whole(samples, self.tempo) if self.whole else live_events(_detector(self.tempo))(samples)[0]


def made(style: int, seed: int, number: int, how: How = How()) -> Found:
    """Evaluate record `number` of a style, by its place in MADE_STYLES; groups are the style and the situation."""
    return _of_record(make_tempo_record(MADE_STYLES[style], seed, number), how)


def played(performance: Performance, seed: int, number: int, how: How = How()) -> Found:
    """Evaluate a person's performance on a made kit."""
    return _of_record(make_groove_record(performance, seed, number), how)


def recorded(path: Path, group: str, known: References, how: How = How()) -> Found:
    """Evaluate a recording of which the beats are known. Raises UserError if it is not read."""
    beats = np.zeros(0) if known.beats is None else known.beats
    positions = None if known.downbeats is None else np.where(np.isin(beats, known.downbeats), 1, 2)
    return (group,), score(how.beats(read_audio(path)), beats, RATE, positions)


def _of_record(record: TempoRecord, how: How) -> Found:
    groups = (record.style, record.situation)
    return groups, score(how.beats(record.samples), record.beats, RATE, record.positions)


def _whole(samples: Sound, tempo: str | None) -> list[Event]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "record.wav"
        soundfile.write(file, samples, RATE, "FLOAT")
        record = open_record(file, Path(folder))
        return list(detect(record, ChopOptions(tempo=tempo), 0, record.length).beats)


@cache
def _detector(tempo: str | None) -> BeatDetector:
    return BeatDetector(BeatSettings(tempo=wanted_tempo(tempo)))


def calls(source: Path | None, records: int, seed: int, performances: int, how: How, ends: bool = False) -> list[Any]:
    """Give what is to be evaluated, a call for each recording.

    source: recordings, or the Groove MIDI Dataset; None: made records, so many of each style. ends: of END_STYLES.
    Raises UserError.
    """
    if source is None:
        styles = END_STYLES if ends else range(len(TEMPO_STYLES))
        return [partial(made, style, seed, number, how) for style in styles for number in range(records)]
    if source.is_file() or (source / INDEX).is_file():
        people = groove_performances(source, held_out=True)[:performances]
        return [partial(played, one, seed, number, how) for number, one in enumerate(people)]
    known = [one for one in tracks_in(source, references_for, "name.beats.txt") if one.references.beats is not None]
    if not known:
        raise UserError(f"{str(source)!r} has no recording with name.beats.txt beside it")
    return [partial(recorded, one.path, one.group, one.references, how) for one in known]
