"""The drum hits known in one recording, and where nobody knows: NAME.drums.json beside NAME.flac.

Three files are read: NAME.drums.json, written here; NAME.drums.txt, "seconds label [velocity]" a line, for what was
noted by hand; and the NAME.json of a synthetic record (recording_truth.py). The last two are complete: what they do not
name was not struck; their labels may be finer (FAMILIES), or OTHER. Where nobody knows, `rise` measures where an attack
lies, and whether there is one.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.paths import beside
from samplechop.offline.labels.recording_truth import FAINT_DB, FAMILIES, Truth, class_of, read_truth
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.events import DRUMS

SCHEMA = 1
SUFFIX = ".drums.json"
TEXT_SUFFIX = ".drums.txt"
UNSTATED_VELOCITY = 0.8
SHORTEST_LOOP = 0.25
"""A synthetic record is unsure about single attacks (as chops; its drums it knows) and about loops, whose drums nobody
knows. What is longer than this, in seconds, is taken for a loop."""

OTHER = "perc"
"""The label of a stroke that belongs to no drum of DRUMS."""
FAINT_SECONDS = 0.03
"""Around a stroke that is too faint to be found nobody asks for one of its label."""


def _check_numbers(*values: object) -> None:
    for value in values:
        if not isinstance(value, int | float):
            raise ValueError(f"times and velocities are numbers, got {repr(value)[:60]}")


@dataclass(frozen=True, slots=True)
class DrumHit:
    """One hit: time in seconds from the first sample, label one of events.DRUMS, velocity 0..1."""

    time: float
    label: str
    velocity: float = UNSTATED_VELOCITY

    def __post_init__(self) -> None:
        """Check types and ranges; raises ValueError."""
        _check_numbers(self.time, self.velocity)
        if not (math.isfinite(self.time) and self.time >= 0):
            raise ValueError(f"time must be at least 0, got {self.time}")
        if self.label not in DRUMS:
            raise ValueError(f"label must be one of {', '.join(DRUMS)}, got {self.label!r}")
        if not 0 <= self.velocity <= 1:
            raise ValueError(f"velocity must be in 0..1, got {self.velocity}")


@dataclass(frozen=True, slots=True)
class Unsure:
    """From start to stop (seconds) nobody knows when `label` was struck; label "" means none of the drums."""

    start: float
    stop: float
    label: str = ""

    def __post_init__(self) -> None:
        """Check types and ranges; raises ValueError."""
        _check_numbers(self.start, self.stop)
        if not 0 <= self.start <= self.stop:
            raise ValueError(f"a span must begin at 0 or later and end after that, got {self.start}..{self.stop}")
        if self.label not in ("", *DRUMS):
            raise ValueError(f"label must be empty or one of {', '.join(DRUMS)}, got {self.label!r}")


Row = TypeVar("Row", DrumHit, Unsure)


@dataclass(frozen=True, slots=True)
class DrumLabels:
    """What is known of the drums in one recording.

    events: the hits, sorted by time. known: the labels whose hits are all there, outside `unsure`; of the others
    nothing is known beyond `events`. unsure: spans in which a known label may or may not have been struck, sorted.
    """

    events: tuple[DrumHit, ...]
    known: frozenset[str] = frozenset(DRUMS)
    unsure: tuple[Unsure, ...] = ()

    def __post_init__(self) -> None:
        """Check the labels, raising ValueError, and sort."""
        if not self.known <= set(DRUMS):
            raise ValueError(
                f"known must be among {', '.join(DRUMS)}, got {', '.join(sorted(self.known - set(DRUMS)))}"
            )
        object.__setattr__(self, "events", tuple(sorted(self.events, key=lambda hit: (hit.time, hit.label))))
        object.__setattr__(self, "unsure", tuple(sorted(self.unsure, key=lambda span: (span.start, span.stop))))

    def times(self, label: str) -> list[float]:
        """Give when one drum was struck: seconds, sorted."""
        return [hit.time for hit in self.events if hit.label == label]


def drum_labels_beside(audio: Path) -> Path | None:
    """Find the file that says which drums an audio file holds, or None; the one written here goes before others."""
    return beside(audio, (SUFFIX, TEXT_SUFFIX, ".json"))


def write_drum_labels(labels: DrumLabels, path: Path) -> None:
    """Write NAME.drums.json; times to a microsecond, velocities to a thousandth.

    Raises UserError if it cannot be written.
    """
    data = {
        "schema": SCHEMA,
        "known": [label for label in DRUMS if label in labels.known],
        "events": [
            {"time": round(hit.time, 6), "label": hit.label, "velocity": round(hit.velocity, 3)}
            for hit in labels.events
        ],
        "unsure": [
            {"start": round(span.start, 6), "stop": round(span.stop, 6), "label": span.label} for span in labels.unsure
        ],
    }
    write_text(path, json.dumps(data) + "\n")


def read_drum_labels(path: Path) -> DrumLabels:
    """Read NAME.drums.json, NAME.drums.txt, or a synthetic record's NAME.json.

    Raises UserError naming the file and the line or field at fault.
    """
    if path.name.endswith(SUFFIX):
        return _from_json(path)
    if path.suffix == ".json":
        truth = read_truth(path)
        try:
            return _from_truth(truth)
        except ValueError as error:
            raise UserError(f"{str(path)!r}, what it holds: {str(error)[:200]}.") from None
    return DrumLabels(tuple(_lines(path)))


def _from_truth(truth: Truth) -> DrumLabels:
    hits, unsure = [], [Unsure(start, stop) for start, stop in truth.unsure if stop - start > SHORTEST_LOOP]
    for hit in truth.drums:
        family = FAMILIES.get(hit.label)
        if family and hit.snr >= FAINT_DB:
            hits.append(DrumHit(hit.time, family, hit.velocity))
        elif family:
            unsure.append(Unsure(max(0.0, hit.time - FAINT_SECONDS), hit.time + FAINT_SECONDS, family))
    return DrumLabels(tuple(hits), unsure=tuple(unsure))


def _text(path: Path) -> str:
    try:
        return documents.read_text(path)
    except (OSError, ValueError) as error:
        raise UserError(f"The drum labels {str(path)!r} cannot be read: {reason_of(error)}") from None


def _lines(path: Path) -> Iterator[DrumHit]:
    for number, line in enumerate(_text(path).splitlines(), start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            if len(words) not in (2, 3):
                raise ValueError("a line is: seconds label [velocity 0..1]")
            time, *velocity = (float(word.replace(",", ".")) for word in (words[0], *words[2:]))
            if (family := FAMILIES.get(named := class_of(words[1]))) is None and named != OTHER:
                raise ValueError(f"label must be one of {', '.join(FAMILIES)}, or {OTHER}, got {words[1]!r}")
            hit = DrumHit(time, family or DRUMS[0], *velocity)  # a stroke of no drum has a time and a velocity, too
            if family:
                yield hit
        except ValueError as error:
            raise UserError(f"{str(path)!r}, line {number}, {line.strip()!r}: {error}.") from None


def _from_json(path: Path) -> DrumLabels:
    try:
        data = documents.parse_json(_text(path))
    except ValueError as error:
        raise UserError(f"The drum labels {str(path)!r} are no JSON: {error}.") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise UserError(f"{str(path)!r} holds no drum labels of schema {SCHEMA}: make them again with this version.")
    known = data.get("known")
    if not isinstance(known, list) or not all(isinstance(label, str) for label in known):
        raise UserError(f"{str(path)!r}, field 'known': it must be a list of labels, got {known!r}.")
    hits, spans = _rows(path, data, "events", DrumHit), _rows(path, data, "unsure", Unsure)
    try:
        return DrumLabels(hits, frozenset(known), spans)
    except ValueError as error:
        raise UserError(f"{str(path)!r}, field 'known': {error}.") from None


def _rows(path: Path, data: dict[str, Any], name: str, kind: type[Row]) -> tuple[Row, ...]:
    given, rows = data.get(name, []), []
    if not isinstance(given, list):
        raise UserError(f"{str(path)!r}, field {name!r}: it must be a list, got {type(given).__name__}.")
    for number, row in enumerate(given):
        try:
            rows.append(kind(**row))
        except (TypeError, ValueError) as error:
            raise UserError(f"{str(path)!r}, field '{name}[{number}]': {error}.") from None
    return tuple(rows)


HOP = 64
"""Samples from one value of the rise to the next: 1.45 ms."""
WIDTH = 0.012
"""Seconds before and after a place whose powers are compared."""
KICK_HZ = (30.0, 120.0)
SNARE_HZ = (1500.0, 7000.0)
ALL_HZ = (30.0, 16_000.0)
BANDS_HZ = ((30.0, 150.0), (150.0, 1000.0), (1000.0, 5000.0), (5000.0, 16_000.0))
FLOOR = 1e-4
"""Of the band's loudest power: what lies below is no rise."""
Rise = NDArray[np.float64]


def rise(samples: Sound, band: tuple[float, float] = ALL_HZ, width: float = WIDTH) -> Rise:
    """Measure by how many dB the power in a band grows at every HOP samples: float64, (len(samples) // HOP + 1,).

    samples: float32, (n,), 44 100 Hz. band: from, to, in Hz. width: seconds compared on either side.
    """
    if len(samples) < 4 * HOP:
        return np.zeros(len(samples) // HOP + 1)
    sound = signal.sosfilt(signal.butter(2, band, "band", fs=RATE, output="sos"), samples)
    power = np.concatenate([[0.0], np.cumsum(np.square(sound))])
    at = np.arange(len(samples) // HOP + 1) * HOP
    span = round(width * RATE)
    after = power[np.minimum(at + span, len(sound))] - power[at]
    before = power[at] - power[np.maximum(at - span, 0)]
    floor = FLOOR * float(np.max(after, initial=0.0)) + 1e-12
    return np.asarray(10 * np.log10((after + floor) / (before + floor)))


def nearest(risen: Rise, time: float, reach: float) -> tuple[float, float]:
    """Find the sharpest rise within `reach` seconds of a time: (its time in seconds, its height in dB)."""
    first = max(0, round((time - reach) * RATE / HOP))
    last = min(len(risen), round((time + reach) * RATE / HOP) + 1)
    if first >= last:
        return time, 0.0
    at = first + int(np.argmax(risen[first:last]))
    return at * HOP / RATE, float(risen[at])


def peaks(risen: Rise, height_db: float, apart: float) -> list[float]:
    """List the places where the rise peaks above height_db, at least `apart` seconds from each other; sorted."""
    found, _ = signal.find_peaks(risen, height=height_db, distance=max(1, round(apart * RATE / HOP)))
    return [float(at * HOP / RATE) for at in found]


def highest_rise(samples: Sound) -> Rise:
    """Measure the sharpest rise among four bands, as `rise` does, over 20 ms on either side."""
    return np.asarray(np.max([rise(samples, band, 0.02) for band in BANDS_HZ], axis=0))
