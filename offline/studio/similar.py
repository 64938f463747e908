"""Places that sound like a slice, by what a kit's chops are compared by: in its record, and in others heard before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits import decided
from samplechop.offline.kits.analysis import candidates, descriptors, detection
from samplechop.offline.kits.analysis.record_spectra import Spectra, kept_spectra, spectra
from samplechop.offline.kits.core.options import Compare
from samplechop.offline.kits.core.record import Record, audio_files, recorded_channel, title
from samplechop.offline.kits.core.record_cache import opened_before, record_cache
from samplechop.offline.project.kit_options import chop_options
from samplechop.offline.project.places import find
from samplechop.offline.project.store import read_project
from samplechop.offline.studio.desk import Desk
from samplechop.realtime.core.errors import UserError

MOST = 12
_DIGITS = 3
_LEAST = 1e-9
Place = dict[str, Any]
"""{start, stop, likeness 0..1: 1 for the same sound, 0 for what is no more alike than most of the record}, samples."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for. sound: float32 (84,), length 1, see `descriptors`. seconds: of the slice.

    usual: the cosine of it and most places of its record. Records are more alike than not: all cosines are near 1.
    """

    sound: NDArray[np.float32]
    seconds: float
    compare: Compare
    usual: float = 0.0


def similar(desk: Desk, start: int) -> list[Place]:
    """Give the other places of a record most like the slice that begins at a sample, the nearest first.

    Raises UserError as `sought`.
    """
    wanted = sought(desk, start)
    heard, places, last = _own(desk)
    return _nearest(wanted, heard, places, last, start)


def sought(desk: Desk, start: int) -> Sought:
    """Describe the slice that begins at a sample. Raises UserError before it was heard, and where no slice begins."""
    options = desk.options()
    if not desk.is_heard(options):
        raise UserError("nothing is alike before the record was heard")
    piece = next((one for one in desk.plan().pieces if one.start == start), None)
    if piece is None:
        raise UserError(f"no slice begins at sample {start}")
    heard, places, last = _own(desk)
    (sound,) = _units(descriptors.describe_in(heard, [piece.start], [piece.stop], options.compare).compared)
    alone = Sought(sound, (piece.stop - piece.start) / heard.sample_rate, options.compare)
    others = places[places != start]
    return replace(alone, usual=float(np.median(_likeness(alone, heard, others, last)[1]))) if len(others) else alone


def _own(desk: Desk) -> tuple[Spectra, NDArray[np.int64], int]:
    """Give what the record's places are described by, where slices may begin, and where the last one ends."""
    options, plan = desk.options(), desk.plan()
    record = desk.detected_in(options)
    first, last = candidates.span(record, options)
    places = {one.sample for one in plan.found.candidates} | {one.start for one in plan.pieces}
    return spectra(record, first, last), np.array(sorted(places), np.int64), last


def elsewhere(wanted: Sought, path: Path, cache: ArrayCache, usual: Mapping[str, Any]) -> list[Place] | None:
    """Give the places of another record most like what is looked for, and its rate; None where it was not heard yet.

    usual: options of kits, below those of the record's project. The record is not read, nor decoded, nor anything
    detected in it. Raises UserError, ModelError and OSError for what would keep a kit of it from being made.
    """
    (file,) = audio_files(path)
    if (opened := opened_before(cache, file)) is None:
        return None
    there = find(path)
    project = None if there is None else read_project(there)
    options = chop_options(project, {}, usual)
    channel = options.channel or recorded_channel(path) or "auto"
    known = record_cache(cache, file, *opened, channel)
    # Of the file itself nothing is asked, so that it stands for what it would be decoded to.
    record = Record(path, file, title(path), *opened, "", channel=channel, cache=known)
    if options.harmonic:
        record = candidates.as_harmonic(record, file)
    first, last = candidates.span(record, options)
    heard = kept_spectra(record, first, last)
    detected = detection.kept(known if record.cache is None else record.cache, options, first, last)
    if heard is None or detected is None:
        return None
    found = candidates.found_of(detected, options, record.sample_rate).candidates
    merged = decided.merged(found, project, record.sample_rate, first, last)
    places = _nearest(wanted, heard, (one.sample for one in merged), last)
    return [place | {"rate": record.sample_rate} for place in places]


def _nearest(wanted: Sought, heard: Spectra, places: Iterable[int], last: int, own: int | None = None) -> list[Place]:
    """Give those of some places that are most like what is looked for, each as long as that, but not beyond `last`.

    Of places that share half of their sound the nearest is given. own: where what is looked for begins, which, with all
    that lies in it, is no other place; None in another record.
    """
    starts = np.array(sorted(places), np.int64)
    stops, likeness = _likeness(wanted, heard, starts, last)
    shown = np.clip((likeness - wanted.usual) / max(1 - wanted.usual, _LEAST), 0, 1)
    length = max(1, round(wanted.seconds * heard.sample_rate))
    free = shown > 0
    if own is not None:
        free &= (starts <= own - length / 2) | (starts >= own + length)
    nearest: list[int] = []
    for one in np.argsort(-likeness, kind="stable").tolist():
        if free[one] and len(nearest) < MOST:
            nearest.append(one)
            free &= np.abs(starts - starts[one]) >= length / 2
    return [
        {"start": int(starts[one]), "stop": int(stops[one]), "likeness": round(float(shown[one]), _DIGITS)}
        for one in nearest
    ]


def _likeness(
    wanted: Sought, heard: Spectra, starts: NDArray[np.int64], last: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Give where slices as long as what is looked for end, and the cosine, float32 (n,), of each and that."""
    stops = np.minimum(starts + max(1, round(wanted.seconds * heard.sample_rate)), last)
    described = descriptors.describe_in(heard, starts, stops, wanted.compare).compared
    return stops, np.asarray(_units(described) @ wanted.sound, np.float32)


def _units(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _LEAST)
    units: NDArray[np.float32] = (vectors / lengths).astype(np.float32)
    return units
