"""Paired differences and their standard errors."""

import math

import pytest
from scipy import stats

from samplechop.offline.evaluate.comparison import difference
from samplechop.offline.evaluate.measures import standard_error

BEFORE, AFTER = [0.5, 0.7, 0.9, 0.4], [0.55, 0.73, 0.91, 0.47]


def test_the_error_is_that_of_the_paired_differences() -> None:
    found = difference(BEFORE, AFTER)
    assert found.mean == pytest.approx(0.04)
    assert found.mean / found.error == pytest.approx(stats.ttest_rel(AFTER, BEFORE).statistic)
    assert standard_error(BEFORE) == pytest.approx(stats.sem(BEFORE))
    assert (found.better, found.worse, found.recordings) == (4, 0, 4)
    assert found.is_sure and not difference(AFTER, BEFORE).is_sure


def test_one_recording_proves_nothing() -> None:
    found = difference([0.1], [0.9])
    assert math.isnan(found.error) and not found.is_sure
    assert "1 recording," in str(found) and "±" not in str(found)
