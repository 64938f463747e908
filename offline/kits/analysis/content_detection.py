"""What drums and chords sound where in a record: from the live detectors, or from a session's log.

The detectors process the record in cells, each anew, with some seconds before it to know how loud it is: those that
slices of a kit lie in, so that hours take no longer than minutes; or all of them, where chops are selected by it, and
for the lanes of the studio. So what is found at a place is the record's alone, whatever else is asked for: a slice has
one tag in every kit and on every screen. Of a session that was recorded while they ran the log has it. Where a detector
is not there, nothing is known of what it would detect.

    cell      |         |         |         |
    detects        ·····▕▔▔▔▔▔▔▔▔▔▏·            what warms it up, and its latency, are no part of the cell
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.offline.common.array_cache import Arrays
from samplechop.offline.kits.analysis.event_collectors import (
    ChordCollector,
    Chords,
    Collector,
    Found,
    HitCollector,
    Hits,
)
from samplechop.offline.kits.core.record import Record, recorded_channel
from samplechop.realtime import detectors
from samplechop.realtime.core import documents
from samplechop.realtime.core.events import Event
from samplechop.realtime.engine.engine import FAST_BLOCK, Engine
from samplechop.realtime.recording.session_folder import LOG, session_of

CELL_SECONDS = 30.0
STEPS_PER_SECOND = 50
"""Of the level."""
_BLOCK = FAST_BLOCK
_KIND = "content by cells"
"""Of arrays in a record's cache."""
_LOUDEST = 1e4  # of a sample; damaged float files hold anything

Parts = Sequence[tuple[int, int]]
"""Parts of a record: (start, stop) in samples."""
PartProgress = Callable[[int, int], object]
"""Is called with how many samples are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class DetectedContent:
    """What sounds where. Positions are samples of the record, at sample_rate Hz.

    level: float32 (n,), RMS of every `step` samples, 0 outside of the processed parts. hits, chords: None
    where no detector ran.
    """

    sample_rate: int
    level: NDArray[np.float32]
    hits: Hits | None
    chords: Chords | None

    @property
    def step(self) -> int:
        """Samples between two values of the level."""
        return _step(self.sample_rate)


def _step(sample_rate: int) -> int:
    return max(1, sample_rate // STEPS_PER_SECOND)


def detect_hits(record: Record, parts: Parts, progress: PartProgress = max) -> Hits | None:
    """Detect the drums in parts of a record; None without a detector. Raises ModelError for an unusable model."""
    return _detected(HitCollector(), record, parts, progress)


def detect_chords(record: Record, parts: Parts, progress: PartProgress = max) -> Chords | None:
    """Detect the chords in parts of a record; None without a detector. Raises ModelError for an unusable model."""
    return _detected(ChordCollector(), record, parts, progress)


def kept(record: Record) -> tuple[Hits | None, Chords | None]:
    """Give the drums and chords of all of a record that were detected before, or logged; None for what was not."""
    return _kept(HitCollector(), record), _kept(ChordCollector(), record)


def _kept(collector: Collector[Found], record: Record) -> Found | None:
    return collector.found() if _read_log(record, collector) else _cached(collector, record)


def _cached(collector: Collector[Found], record: Record) -> Found | None:
    if record.cache is None or collector.detector not in detectors.names():
        return None

    def read(arrays: Arrays) -> Found:
        for event in _events(arrays):
            collector.add(event)
        return collector.found()

    return record.cache.value(_KIND, _facts(collector, 0, record.length), read, among=collector.detector)


def _facts(collector: Collector[Any], start: int, stop: int) -> list[Any]:
    """Give all that decides what a collector's detector finds in a stretch of a sound."""
    return [collector.detector, models.load(collector.model).sha256, start, stop]


def _detected(collector: Collector[Found], record: Record, parts: Parts, progress: PartProgress) -> Found | None:
    """Take what a collector collects from the record's log, or run its detector."""
    if _read_log(record, collector):
        return collector.found()
    if collector.detector not in detectors.names():
        return None
    if (there := _cached(collector, record)) is not None:
        return there
    rate, whole = record.sample_rate, [(0, record.length)]
    found = {collector.detector: collector.make()}
    engine = Engine(found, rate, record.channels, _BLOCK, channel=record.channel)
    warm, size = round(collector.warm_seconds * rate), round(CELL_SECONDS * rate)
    cells = _cells(parts, size, record.length)
    done, length = 0, sum(stop - start for start, stop in cells)

    def heard(start: int, stop: int) -> list[Event]:
        events: list[Event] = []
        begin, end = max(0, start - warm), min(record.length, stop + engine.latency)
        engine.reset(begin, record.opening() if begin == 0 else None)
        read = 0
        for samples in record.blocks(_BLOCK, begin, end):
            engine.process(samples, events.append)
            read += len(samples)
            progress(done + max(0, min(begin + read, stop) - start), length)
        if end == record.length:
            engine.flush(events.append)
        if engine.faults:
            raise RuntimeError(f"a detector failed: {engine.faults}")
        return _inside(events, collector, start, stop)

    def cell(start: int, stop: int) -> Iterator[Event]:
        if record.cache is None:
            return iter(heard(start, stop))
        facts = _facts(collector, start, stop)
        return _events(record.cache.arrays(_KIND, facts, lambda: _arrays(heard(start, stop))))

    every: list[Event] = []
    for start, stop in cells:
        every += cell(start, stop)
        done += stop - start
    if record.cache is not None and cells == _cells(whole, size, record.length):
        record.cache.arrays(_KIND, _facts(collector, 0, record.length), lambda: _arrays(every))
    for event in every:
        collector.add(event)
    return collector.found()


def _cells(parts: Parts, size: int, length: int) -> list[tuple[int, int]]:
    """Give the cells of `size` samples, the last one ends with the record, that parts lie in: in order of time."""
    numbers = {number for start, stop in parts for number in range(start // size, -(-min(stop, length) // size))}
    return [(number * size, min(length, (number + 1) * size)) for number in sorted(numbers)]


def _inside(events: Sequence[Event], collector: Collector[Any], start: int, stop: int) -> list[Event]:
    """Give what a collector takes of events that lie in start..stop; of what lasts, what sounds there already, too."""
    mine = [event for event in events if event.kind in collector.kinds]
    lasting = collector.kinds if collector.lasting else ()
    sounding = {kind: Event(kind, start, start, 1.0) for kind in lasting}
    sounding |= {event.kind: replace(event, sample=start) for event in mine if event.sample < start and lasting}
    return [*sounding.values(), *(event for event in mine if start <= event.sample < stop)]


def _arrays(found: Sequence[Event]) -> Arrays:
    """Give what collectors take of events as arrays: what `_events` reads."""
    notes = [sum({1 << note % 12 for note in event.notes or ()}) for event in found]
    return {
        "kinds": np.array([event.kind for event in found], "U32"),
        "labels": np.array(["" if event.label is None else event.label for event in found], "U64"),
        "numbers": np.array(
            [(event.sample, -1 if event.velocity is None else event.velocity) for event in found], np.int64
        ).reshape(-1, 2),
        "strengths": np.array([event.strength for event in found], np.float64),
        "notes": np.array(notes, np.uint16),
    }


def _events(arrays: Arrays) -> Iterator[Event]:
    """Give events of arrays that `_arrays` made."""
    words = (_texts(arrays[name]) for name in ("kinds", "labels"))
    columns = (arrays[name].tolist() for name in ("numbers", "strengths", "notes"))
    for kind, label, (sample, velocity), strength, bits in zip(*words, *columns, strict=True):
        loud = None if velocity < 0 else velocity
        yield Event(kind, sample, sample, strength, label=label or None, velocity=loud, notes=_notes(bits))


@cache
def _notes(bits: int) -> tuple[int, ...]:
    return tuple(note for note in range(12) if bits >> note & 1)


def _texts(words: NDArray[np.str_]) -> list[str]:
    """Give words, (n,), of which most are there often, as strings: hours have tens of thousands."""
    rows = np.ascontiguousarray(words).view(f"V{words.itemsize}").tolist()
    known = {row: str(np.frombuffer(row, words.dtype)[0]) for row in set(rows)}
    return [known[row] for row in rows]


def _stretches(parts: Parts, before: int, after: int, length: int) -> list[tuple[int, int]]:
    """Give what is to be processed for parts of a record of `length` samples: in order of time, and none twice."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(parts):
        begin, end = max(0, start - before), min(length, stop + after)
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def levels(record: Record, parts: Parts) -> NDArray[np.float32]:
    """Give the RMS of every `DetectedContent.step` of a record, all channels together: 0 outside of the parts."""
    step = _step(record.sample_rate)
    found = np.zeros(-(-record.length // step), np.float32)
    block = -(-_BLOCK // step) * step
    for start, stop in _stretches(parts, 0, step, record.length):
        place = start // step
        for samples in record.blocks(block, place * step, stop):
            part = level(samples, step)
            found[place : place + len(part)] = part
            place += len(part)
    return found


def level(samples: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Give the RMS of every `step` samples, (n, channels), and of what is left at the end; broken ones count as 0."""
    whole = len(samples) // step * step
    parts = [samples[:whole].reshape(-1, step * samples.shape[1])]
    if len(samples) > whole:
        parts.append(samples[whole:].reshape(1, -1))
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.concatenate([np.sqrt(np.einsum("ij,ij->i", part, part) / part.shape[1]) for part in parts])
    if np.isfinite(found).all():
        return found
    return level(np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -_LOUDEST, _LOUDEST), step)


_MOST_LINE = 4 << 20


def _read_log(record: Record, collector: Collector[Found]) -> bool:
    """Take what the log of a recorded session has of a collector's events; say whether it has any. Raises OSError."""
    folder = session_of(record.source)
    if folder is None or record.channel != (recorded_channel(record.source) or "auto"):
        return False
    there = False
    try:
        log = documents.open_regular(folder / LOG, follow_links=False)
    except ValueError:
        return False
    with log as lines:  # hours have hundreds of thousands: one at a time
        while line := lines.readline(_MOST_LINE):
            try:
                event = _event(documents.parse_json(line))
            except ValueError:  # a kill cut it
                break
            if event is not None and event.kind in collector.kinds:
                collector.add(event)
                there = True
    return there


def _event(line: object) -> Event | None:
    """Read a line of a log as `Event.record` wrote it; None for one that is no event, or says nothing any more."""
    match line:
        case {"kind": str(kind), "sample": int(sample), "strength": int() | float() as strength, **rest}:
            label, velocity, notes = rest.get("label"), rest.get("velocity"), rest.get("notes")
            label = label if isinstance(label, str) else None
            velocity = velocity if isinstance(velocity, int) else None
            notes = tuple(note for note in notes if isinstance(note, int)) if isinstance(notes, list) else ()
            return Event(kind, sample, sample, float(strength), label=label, velocity=velocity, notes=notes)
    return None
