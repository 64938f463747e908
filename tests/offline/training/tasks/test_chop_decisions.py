"""What is learned from a project, and what stays open."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from samplechop.offline.labels import read_labels
from samplechop.offline.project.commands import apply
from samplechop.offline.project.document import text_of
from samplechop.offline.project.model import Audio, Offer, Project
from samplechop.offline.training.streaming_targets import FAINT
from samplechop.offline.training.tasks.chop_decisions import annotation_of, with_projects
from samplechop.offline.training.tasks.chop_targets import SHARED
from samplechop.realtime.core.errors import UserError

RATE, SECONDS = 44_100, 40
OFFER = Offer(("chop", "ab" * 32), tuple((second * RATE, 0.5) for second in range(1, SECONDS)))
UNKNOWN, NONE, CHOP, HALF = (0, 0), (0, 1), (1, 1), (1, FAINT)


def edited(*commands: dict[str, Any], offer: Offer | None = OFFER) -> Project:
    """Edit a project in which a chop is offered at every second; places of commands are given in seconds."""
    project = Project(Audio("", RATE, SECONDS * RATE, 1, "song.wav"), offer=offer)
    for command in commands:
        project = apply(project, {name: round(v * RATE) if name in ("at", "to") else v for name, v in command.items()})
    return project


def asked(project: Project, *seconds: float) -> list[tuple[float, float]]:
    """Give target, only where it is asked for, and weight of the head for chops at some times."""
    target, weight = SHARED.answers.targets(annotation_of(project), SECONDS * 86)
    frames = [SHARED.answers.frame_of(at) for at in seconds]
    return [(float(target[at, 0]) if weight[at, 0] else 0, float(weight[at, 0])) for at in frames]


def test_a_deleted_place_is_no_chop_and_one_added_is() -> None:
    project = edited({"do": "delete", "at": 10}, {"do": "add", "at": 10.5})
    assert asked(project, 10, 10.5) == [NONE, CHOP]


def test_a_moved_chop_is_one_where_it_lies_and_none_where_it_was() -> None:
    assert asked(edited({"do": "move", "at": 10, "to": 10.2}), 10, 10.2) == [NONE, CHOP]


def test_around_an_edit_what_was_left_alone_is_half_a_chop_and_what_nobody_offered_none() -> None:
    project = edited({"do": "delete", "at": 10})
    assert asked(project, 9, 11, 9.5, 10.5) == [HALF, HALF, NONE, NONE]


def test_far_from_edits_nothing_is_known() -> None:
    assert asked(edited({"do": "delete", "at": 10}), 5, 5.5, 13, 30) == 4 * [UNKNOWN]


@pytest.mark.parametrize("command", [{"do": "lock"}, {"do": "name", "name": "intro"}, {"do": "pad", "note": 36}])
def test_what_is_said_of_a_chop_keeps_it_and_says_nothing_of_others(command: dict[str, Any]) -> None:
    assert asked(edited(command | {"at": 10}), 10, 9, 11, 10.5) == [CHOP, UNKNOWN, UNKNOWN, UNKNOWN]


def test_without_an_offer_decisions_alone_count() -> None:
    project = edited({"do": "delete", "at": 10}, {"do": "add", "at": 10.5}, offer=None)
    assert asked(project, 10, 10.5, 10.25, 9, 11) == [NONE, CHOP, UNKNOWN, UNKNOWN, UNKNOWN]


def test_all_that_is_decided_is_known_whatever_the_order() -> None:
    luck = np.random.default_rng(3)
    steps = [{"do": "delete", "at": int(at)} for at in luck.choice(np.arange(1, 39), 9, replace=False)]
    project, other = edited(*steps), edited(*reversed(steps))
    assert annotation_of(project) == annotation_of(other)
    assert asked(project, *(step["at"] for step in steps)) == len(steps) * [NONE]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.zeros(SECONDS * RATE, np.int16), RATE)
    path.with_suffix(".txt").write_text("1.0\n2.0\n")
    return path


def test_a_project_with_decisions_counts_before_labels_and_an_empty_one_does_not(song: Path) -> None:
    spec, beside = with_projects(SHARED), song.with_suffix(".chops.json")
    assert spec.labels(song) == song.with_suffix(".txt")
    beside.write_text(text_of(edited()))
    assert spec.labels(song) == song.with_suffix(".txt") and read_labels(song.with_suffix(".txt")).times[0] == 1
    beside.write_text(text_of(edited({"do": "lock", "at": 3})))
    assert spec.labels(song) == beside and spec.split(beside) == ""
    assert spec.annotation(beside, song).events == {"chop": [3.0]}


def test_a_project_of_another_recording_is_refused(song: Path) -> None:
    beside = song.with_suffix(".chops.json")
    beside.write_text(text_of(edited({"do": "lock", "at": 3})))
    soundfile.write(song, np.zeros(RATE, np.int16), RATE)
    with pytest.raises(
        UserError, match=r"'.*song\.chops\.json' is of a recording of 1764000 samples .* belongs to another"
    ):
        with_projects(SHARED).annotation(beside, song)
