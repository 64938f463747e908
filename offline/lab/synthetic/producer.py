"""Label synthetic records as a producer with a taste of his own would, to see a model learn it."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from samplechop.offline.kits.analysis import candidates
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.kits.offered import offer_of
from samplechop.offline.labels import Labels, write_labels
from samplechop.offline.labels.recording_truth import Truth, read_truth
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.model import Project
from samplechop.offline.project.places import place_for
from samplechop.offline.project.store import editing
from samplechop.realtime.core.errors import UserError, reason_of

LOUD = 0.4
"""Velocity from which a hit counts."""
HEARD_SECONDS, MOVED_SECONDS = 0.01, 0.05
"""How far from where it should be a chop is left there, and moved rather than deleted."""


def _snares(truth: Truth) -> list[float]:
    return [drum.time for drum in truth.clear_drums() if drum.label == "snare" and drum.velocity >= LOUD]


def _bars(truth: Truth) -> list[float]:
    """Where something is struck on the first beat of a bar, no more than 30 ms beside it."""
    struck = np.array(sorted([drum.time for drum in truth.clear_drums()] + [note.time for note in truth.notes]))
    ones = [beat.time for beat in truth.beats if beat.position == 1]
    return [float(struck[np.argmin(np.abs(struck - one))]) for one in ones if len(struck) and _near(struck, one)]


def _near(struck: np.ndarray, time: float) -> bool:
    return float(np.min(np.abs(struck - time))) <= 0.03


RULES: dict[str, Callable[[Truth], list[float]]] = {"snares": _snares, "bars": _bars}


def _copy(record: Path, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(record, folder / record.name)
    except OSError as error:
        raise UserError(f"{str(record)!r} cannot be copied to {str(folder)!r}: {reason_of(error)}") from None


def edit(audio: Path, times: Sequence[float]) -> None:
    """Make a project of what the released model offers in a recording, and edit it until its chops are those wanted.

    times: seconds, rising. What lies within HEARD_SECONDS of one is left alone, within MOVED_SECONDS moved there, what
    lies elsewhere deleted; those that are left are added. Raises UserError.
    """
    with tempfile.TemporaryDirectory() as scratch:
        record = open_record(audio, Path(scratch))
        found = candidates.find(record, ChopOptions(), 0, record.length)
        offer = offer_of(found)
        project = Project(audio_of(record), offer=offer)
    offered = [at for at, _ in offer.places]
    taken: dict[int, int] = {}
    added = []
    for place in sorted({round(time * record.sample_rate) for time in times}):
        near = offered[int(np.argmin(np.abs(np.subtract(offered, place))))] if offered else -record.length
        if near in taken or abs(near - place) > MOVED_SECONDS * record.sample_rate:
            added.append(place)
        else:
            taken[near] = place
    steps: list[dict[str, object]] = [{"do": "delete", "at": at} for at in offered if at not in taken]
    for at, to in taken.items():
        if abs(to - at) > HEARD_SECONDS * record.sample_rate:
            steps.append({"do": "move", "at": at, "to": to})
    steps += [{"do": "add", "at": at} for at in added]
    with editing(place_for(audio), project) as editor:
        if steps:
            editor.do({"do": "steps", "steps": steps})


def label(training_set: Path, out: Path, rule: str, count: int, skip: int = 0, projects: bool = False) -> int:
    """Copy `count` records of a synthetic training set to `out`, beside each a label file by the rule; gives how many
    there were.

    rule: "snares" or "bars". projects: whether the producer edits what the released model offers, and all that is known
    of the taste is the project that comes of it. Records in which the rule finds fewer than four places are passed
    over, and so are the first `skip` of the others. Raises UserError for another rule, for a folder that is no training
    set, or if a record cannot be copied.
    """
    if rule not in RULES:
        raise UserError(f"--rule must be one of {', '.join(RULES)}, got {rule!r}")
    truths = sorted(training_set.glob("[0-9]*.json"))
    if not truths:
        raise UserError(
            f"no synthetic training set in {str(training_set)!r}: "
            f"make one with samplechop crate build -o {training_set}"
        )
    made = 0
    for path in truths:
        times = sorted(set(RULES[rule](read_truth(path))))
        times = [b for a, b in zip([-1.0, *times], times, strict=False) if b - a > 0.05]
        if len(times) < 4:
            continue
        made += 1
        if made <= skip:
            continue
        _copy(path.with_suffix(".flac"), out)
        if projects:
            edit(out / path.with_suffix(".flac").name, times)
        else:
            write_labels(out / path.with_suffix(".txt").name, Labels(np.array(times)), force=True)
        if made == skip + count:
            break
    return max(0, made - skip)
