"""Hearing drums and chords in a record: by the live detectors, or by reading a session's log.

The detectors hear the record as it is cut: only around the slices of a kit, so that hours take no longer than minutes,
or all of it where chops are chosen by it. Of a session that was recorded while they listened the log has it. Where a
detector is not there, nothing is known of what it would hear.
"""

import json
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.kits.analysis.content_detectors import ChordEar, Chords, Ear, Found, HitEar, Hits, step_of
from samplechop.offline.kits.open import Record
from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors import registry
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.recording.session_folder import LOG, is_session, session_audio

_BLOCK = 4096
_LOUDEST = 1e4  # of a sample; damaged float files hold anything

Parts = Sequence[tuple[int, int]]
"""Parts of a record: (start, stop) in samples."""
Told = Callable[[int, int], object]
"""Hears how many samples are done, and how many there are."""


def hits(record: Record, parts: Parts, told: Told = max) -> Hits | None:
    """Hear the drums in parts of a record; None if nobody can. Raises ModelError for a model that cannot be used."""
    return _heard(HitEar(), record, parts, told)


def chords(record: Record, parts: Parts, told: Told = max) -> Chords | None:
    """Hear the chords in parts of a record; None if nobody can. Raises ModelError for a model that cannot be used."""
    return _heard(ChordEar(), record, parts, told)


def _heard(ear: Ear[Found], record: Record, parts: Parts, told: Told) -> Found | None:
    """Read what an ear listens for from the record's log, or hear it."""
    if _read_log(record, ear):
        return ear.found()
    if ear.detector not in registry.names():
        return None
    rate = record.sample_rate
    engine = Engine({ear.detector: registry.make(ear.detector)}, rate, record.channels, _BLOCK)
    stretches = _stretches(parts, round(ear.warm_seconds * rate), engine.latency, record.length)
    done, length = 0, sum(stop - start for start, stop in stretches)
    for start, stop in stretches:
        engine.reset(start)
        ear.begin(start)
        for samples in record.blocks(_BLOCK, start, stop):
            engine.process(samples, ear.add)
            done += len(samples)
            told(done, length)
        if stop == record.length:
            engine.flush(ear.add)
    if engine.faults:
        raise RuntimeError(f"a detector failed: {engine.faults}")
    return ear.found()


def _stretches(parts: Parts, before: int, after: int, length: int) -> list[tuple[int, int]]:
    """Give what is to be heard for parts of a record of `length` samples: in order of time, and none twice."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(parts):
        begin, end = max(0, start - before), min(length, stop + after)
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def levels(record: Record, parts: Parts) -> NDArray[np.float32]:
    """Give the RMS of every step of a record, see `Sounds.step`, all channels together: 0 outside of the parts."""
    step = step_of(record.sample_rate)
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


def _read_log(record: Record, ear: Ear[Found]) -> bool:
    """Take what the log of a recorded session has of an ear's events; say whether it has any. Raises OSError."""
    folder = record.source if record.source.is_dir() else record.source.parent
    if not is_session(folder) or record.source not in (folder, session_audio(folder)):
        return False
    there = False
    with (folder / LOG).open("rb") as lines:  # hours have hundreds of thousands: one at a time
        for line in lines:
            try:
                event = _event(json.loads(line))
            except ValueError:  # a kill cut it
                break
            if event is not None and event.kind in ear.kinds:
                ear.add(event)
                there = True
    return there


def _event(line: object) -> Event | None:
    """Read a line of a log as `Event.record` wrote it; None for one that is no event, or says nothing any more."""
    match line:
        case {"kind": str(kind), "sample": int(sample), "strength": int() | float() as strength, **rest}:
            label, velocity, notes = rest.get("label"), rest.get("velocity"), rest.get("notes")
            held = [note for note in notes if isinstance(note, int)] if isinstance(notes, list) else []
            return Event(
                kind,
                sample,
                sample,
                float(strength),
                label=label if isinstance(label, str) else None,
                velocity=velocity if isinstance(velocity, int) else None,
                notes=tuple(held),
            )
    return None
