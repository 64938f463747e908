"""What can be learned from a project: what a person decided about chops, and what they left as it was offered.

    offered     |    |    |    |    |    |    |    |    |
    decided               x    >|             +
    learned     ?    ?    no   no yes   (yes) yes    ?    ?
                     └── edited stretch ──────┘

Chops are places to cut, wherever they lie; deleted places, and those that a chop was moved from, are none. Who edits
places has looked at those around, too: within REACH_SECONDS of an edit what was offered and left alone counts as half a
chop, and elsewhere there is nothing to cut. Of all else nothing is known; nor of what is not decided in a project that
does not say what was offered.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.project import places, store
from samplechop.offline.project.model import Project
from samplechop.offline.training.streaming_targets import Annotation, Spans, StreamSpec
from samplechop.realtime.core.errors import UserError

REACH_SECONDS = 2.0
"""How far around an edit other places were looked at."""
POINT_SECONDS = 0.05
"""How far around a place a decision alone says something."""
SAME_SECONDS = 0.02
"""An offered place so near to one that was decided is that one."""
OTHER_SECONDS = 0.1
"""By how much a recording may be longer or shorter than that of its project: decoders of lossy files differ."""
FOREVER = 1e9
Reader = Callable[[Path, Path], Annotation]


def with_projects(spec: StreamSpec) -> StreamSpec:
    """Give the spec for recordings beside which there are projects, which say more than other labels beside them."""
    return replace(
        spec,
        labels=partial(_labels, spec.labels),
        annotation=partial(_annotation, spec.annotation),
        split=partial(_split, spec.split),
        example="name.chops.json, a project with decisions,",
    )


def annotation_of(project: Project) -> Annotation:
    """Give what a project says of chops."""
    rate = project.audio.sample_rate
    wanted = [chop.at / rate for chop in project.chops]
    left = {chop.origin for chop in project.chops if chop.origin not in (None, chop.at)}
    gone = [place / rate for place in {*project.deleted, *left} if place is not None]
    edited = sorted([*gone, *(chop.at / rate for chop in project.chops if chop.origin != chop.at)])
    known = _spans([*wanted, *gone], POINT_SECONDS)
    kept: list[float] = []
    if project.offer is not None:
        stretches = _spans(edited, REACH_SECONDS)
        known = _merged([*known, *stretches])
        decided = np.array([*wanted, *gone])
        offered = [place / rate for place, _ in project.offer.places]
        inside = [at for at in offered if any(start <= at < stop for start, stop in stretches)]
        kept = [at for at in inside if np.min(np.abs(decided - at)) > SAME_SECONDS]
    return Annotation({"chop": sorted([*wanted, *kept])}, {"chop": _between(known)}, faint={"chop": kept})


def _spans(times: Sequence[float], reach: float) -> list[tuple[float, float]]:
    return _merged([(time - reach, time + reach) for time in times])


def _merged(spans: Spans) -> list[tuple[float, float]]:
    """Join spans that meet."""
    found: list[tuple[float, float]] = []
    for start, stop in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(stop, found[-1][1])
        else:
            found.append((start, stop))
    return found


def _between(spans: Spans) -> list[tuple[float, float]]:
    """Give what lies before, between and after spans."""
    edges = [(-1.0, -1.0), *spans, (FOREVER, FOREVER)]
    return [(stop, start) for (_, stop), (start, _) in pairwise(edges) if stop < start]


def _is_project(labels: Path) -> bool:
    return labels.name.endswith(places.PROJECT)


def _labels(others: Callable[[Path], Path | None], audio: Path) -> Path | None:
    """Find the project of a recording, if it says something of chops, else its labels."""
    path = places.find(audio)
    project = store.read_project(path) if path is not None and path.is_file() else None
    return path if project is not None and (project.chops or project.deleted) else others(audio)


def _annotation(others: Reader, labels: Path, audio: Path) -> Annotation:
    """Read a project, or other labels. Raises UserError for a project of another recording."""
    if not _is_project(labels):
        return others(labels, audio)
    project = store.read_project(labels)
    info = soundfile.info(audio)
    assert project is not None
    own = project.audio
    if info.samplerate != own.sample_rate or abs(info.frames - own.length) > OTHER_SECONDS * own.sample_rate:
        raise UserError(
            f"the project {str(labels)!r} is of a recording of {own.length} samples at {own.sample_rate} Hz, "
            f"{str(audio)!r} has {info.frames} at {info.samplerate}: it belongs to another"
        )
    return annotation_of(project)


def _split(others: Callable[[Path], str], labels: Path) -> str:
    return "" if _is_project(labels) else others(labels)
