"""Made-up drums and chords for the tests of what is in a slice."""

from collections.abc import Sequence

import numpy as np

from samplechop.offline.kits.analysis.content_detection import STEPS_PER_SECOND, DetectedContent
from samplechop.offline.kits.analysis.event_collectors import ChordCollector, HitCollector
from samplechop.realtime.core.events import CHORD, DRUM, PITCHES, Event
from samplechop.realtime.detectors.harmony import harte

RATE = 44_100


def hit(seconds: float, drum: str, strength: float = 0.9, velocity: int = 100) -> Event:
    return Event(DRUM, round(seconds * RATE), 0, strength, label=drum, note=36, velocity=velocity)


def chord(seconds: float, label: str) -> Event:
    return Event(CHORD, round(seconds * RATE), 0, 0.9, label=label, notes=())


def pitches(seconds: float, label: str) -> Event:
    named = harte.parse(label)
    notes = () if named is None else tuple(sorted(60 + pitch for pitch in named.pitch_classes))
    return Event(PITCHES, round(seconds * RATE), 0, 0.9, label="", notes=notes)


def heard(
    events: Sequence[Event], seconds: float, level: Sequence[float] = (), drums: bool = True, harmony: bool = True
) -> DetectedContent:
    """Put events together to what is known of a record; level: of equal parts of it, the same all along by default."""
    steps = round(seconds * STEPS_PER_SECOND)
    parts = np.array(level or [1.0], np.float32)
    curve = parts[np.arange(steps) * len(parts) // steps]
    hits, chords = HitCollector(), ChordCollector()
    for event in events:
        hits.add(event)
        chords.add(event)
    return DetectedContent(RATE, curve, hits.found() if drums else None, chords.found() if harmony else None)
