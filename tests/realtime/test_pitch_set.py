"""Which pitch classes sound: averaged, and kept until it is clearly otherwise."""

import numpy as np
import pytest

from realtime.pitch_set import PitchSet
from tests.harmony import evidence


def test_what_sounds_is_told_from_the_middle_of_its_frames_on() -> None:
    sets, _ = PitchSet(9).push(evidence((None, 20), ("C:maj", 30)))
    begins = np.argmax(sets, axis=0)
    assert set(np.flatnonzero(sets.any(axis=0))) == {0, 4, 7}
    assert all(24 <= begin <= 25 for begin in begins[[0, 4, 7]])


def test_what_wavers_stays_as_it_is() -> None:
    rows = evidence(("C:maj", 30))
    rows[15:, 4] = np.where(np.arange(15) % 2, 0.5, -0.5)
    sets, _ = PitchSet(4).push(rows)
    assert sets[10:, 4].all()


def test_sets_do_not_depend_on_how_frames_are_cut() -> None:
    rows = np.random.default_rng(0).normal(0, 2, (100, 24)).astype(np.float32)
    whole, parts = PitchSet(9), PitchSet(9)
    expected = whole.push(rows)[0]
    np.testing.assert_array_equal(
        np.concatenate([parts.push(part)[0] for part in np.split(rows, [1, 33, 34])]), expected
    )


def test_reset_equals_new() -> None:
    used = PitchSet(9)
    used.push(evidence(("C:maj", 30)))
    used.reset()
    rows = evidence((None, 3), ("D:min", 9))
    np.testing.assert_array_equal(used.push(rows)[1], PitchSet(9).push(rows)[1])


def test_no_frames_cannot_be_averaged() -> None:
    with pytest.raises(ValueError, match="width must be at least 1 frame"):
        PitchSet(0)
