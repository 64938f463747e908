"""The measures of the tempo, on beats whose tempo is known."""

import numpy as np
import pytest

from samplechop.offline.evaluate.tempo import COLUMNS, LEVELS, score, table
from samplechop.realtime.core.events import Event

RATE = 44_100
TRUE = np.arange(0.2, 30, 0.5)  # 120 BPM


def beats(step: float, first: float = 0.2) -> list[Event]:
    return [Event("beat", round(place * RATE), 0, 0.9, "1", tempo=60 / step) for place in np.arange(first, 30, step)]


@pytest.mark.parametrize(
    ("step", "level", "accuracies"),
    [(0.5, "right", (1, 1)), (1.0, "half", (0, 1)), (0.25, "double", (0, 1)), (0.333, "other", (0, 0))],
)
def test_the_level_of_a_tempo_is_named(step: float, level: str, accuracies: tuple[int, int]) -> None:
    found = score(beats(step), TRUE, RATE)
    assert found.level == level
    assert (found.accuracy1, found.accuracy2) == accuracies
    assert (found.f_measure == pytest.approx(1.0)) == (level == "right")


def test_on_the_offbeat_only_the_measure_at_any_level_is_content() -> None:
    found = score(beats(0.5, first=0.45), TRUE, RATE)
    assert (found.f_measure, found.cmlt) == (0, 0)
    assert found.amlt > 0.95


def test_without_beats_there_is_no_tempo() -> None:
    assert score([], TRUE, RATE).level == "none"


def test_the_table_has_a_row_for_each_group_and_all() -> None:
    rows = table({"a": [score(beats(0.5), TRUE, RATE)], "b": [score(beats(1.0), TRUE, RATE)]})
    assert [name for name, _ in rows] == ["a", "b", "all"]
    values = dict(zip(COLUMNS, rows[2][1], strict=True))
    assert (values["records"], [values[level] for level in LEVELS]) == ("2", ["0.50", "0.50", "0.00"])
