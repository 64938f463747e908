"""Labels as decisions: what somebody marked in a DAW, in an audio editor or by taps, said of a project."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from samplechop.offline.labels.files import read_labels
from samplechop.offline.labels.formats import Labels
from samplechop.offline.project.commands import apply
from samplechop.offline.project.model import Project
from samplechop.offline.project.values import LONGEST_NAME
from samplechop.realtime.core.errors import UserError


def read_decisions(path: Path, project: Project) -> Labels:
    """Read labels of any kind of a project's recording. Raises UserError as `read_labels`, and where there are none."""
    found = read_labels(path, project.audio.length / project.audio.sample_rate)
    if not len(found.times) and not len(found.rejected):
        raise UserError(f"{str(path)!r} holds no labels: mark in it where to cut, or give another file")
    return found


def command_of(labels: Labels, project: Project) -> dict[str, Any] | None:
    """Give the command that adds all labels to a project; None where they say nothing new.

    A label becomes a chop of its name, one where a chop lies already names that; rejected places are deleted.
    """
    rate, last = project.audio.sample_rate, project.audio.length - 1
    there = {chop.at for chop in project.chops}
    gone = set(project.deleted)
    steps: list[dict[str, Any]] = []
    for time, name in zip(labels.times.tolist(), labels.names, strict=True):
        at = min(round(time * rate), last)
        if at not in there:
            steps.append({"do": "add", "at": at})
            there.add(at)
        if words := "".join(char for char in name if char.isprintable()).strip()[:LONGEST_NAME]:
            steps.append({"do": "name", "at": at, "name": words})
    for time in labels.rejected.tolist():
        at = min(round(time * rate), last)
        if at not in there | gone:
            steps.append({"do": "delete", "at": at})
            gone.add(at)
    return {"do": "steps", "steps": steps} if steps else None


def with_labels(project: Project, labels: Labels) -> Project:
    """Give a project with the decisions that labels are, which holds no kit: they say where its slices lie.

    Raises UserError for more than it has room for.
    """
    command = command_of(labels, project)
    return replace(project if command is None else apply(project, command), held=None)


def labels_of(project: Project) -> Labels:
    """Give what was decided as labels: the chops with their names, deleted places as rejected."""
    rate = project.audio.sample_rate
    times = np.array([chop.at / rate for chop in project.chops], np.float64)
    rejected = np.array([place / rate for place in project.deleted], np.float64)
    return Labels(times, tuple(chop.name or "" for chop in project.chops), rejected)
