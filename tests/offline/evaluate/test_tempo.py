"""The measures of the tempo, on beats whose tempo is known."""

from dataclasses import replace

import numpy as np
import pytest

from samplechop.offline.evaluate.tempo import COLUMNS, LEVELS, row, score
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


def test_a_row_has_the_means_of_a_group() -> None:
    values = dict(zip(COLUMNS, row([score(beats(step), TRUE, RATE) for step in (0.5, 1.0)]), strict=True))
    assert (values["records"], [values[level] for level in LEVELS]) == ("2", ["0.50", "0.50", "0.00"])
    assert values["bars F"] == "-"


def test_downbeats_are_those_labelled_one() -> None:
    positions = np.arange(len(TRUE)) % 4 + 1
    bars = [replace(beat, label=str(at)) for beat, at in zip(beats(0.5), positions, strict=True)]
    assert score(bars, TRUE, RATE, positions).downbeat_f == pytest.approx(1.0)
    assert score(bars, TRUE, RATE, np.roll(positions, 1)).downbeat_f == 0


def test_slips_are_counted_and_announced_ones_apart() -> None:
    late = [*beats(0.5)[:20], *(replace(beat, sample=beat.sample + RATE // 4) for beat in beats(0.5)[20:])]
    late[20] = replace(late[20], rephased=True)
    minutes = (TRUE[-1] - TRUE[0]) / 60
    assert score(late, TRUE, RATE).slips * minutes == pytest.approx(1)
    assert score(late, TRUE, RATE).rephased * minutes == pytest.approx(1)
    assert score(beats(0.5), TRUE, RATE).slips == 0
