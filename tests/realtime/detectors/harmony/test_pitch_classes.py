"""Which pitch classes sound: from when on, and kept until it is clearly otherwise."""

import numpy as np
import pytest

from samplechop.realtime.detectors.harmony.pitch_classes import PitchSet
from tests.support.harmony import evidence

RATE = 44_100 / 1024


def test_what_sounds_is_told_soon_and_from_when_on() -> None:
    sets, begun, _ = PitchSet(RATE, 4).push(evidence((None, 20), ("C:maj", 30)))
    told = int(np.argmax(sets.any(axis=1)))
    assert set(np.flatnonzero(sets[told])) == {0, 4, 7}
    assert 20 <= told <= 26
    assert begun[told] == 20


def test_what_ends_is_told_soon_and_from_when_on() -> None:
    sets, begun, _ = PitchSet(RATE, 4).push(evidence(("C:maj", 30), ("C:5", 20)))
    told = int(np.flatnonzero(sets[:, 4])[-1]) + 1
    assert 30 < told <= 36
    assert begun[told] == 30
    assert sets[told:, [0, 7]].all()


def test_what_wavers_stays_as_it_is() -> None:
    rows = evidence(("C:maj", 60))
    rows[30:, 4] = np.where(np.arange(30) % 4 < 2, 2, -2)
    sets, _, _ = PitchSet(RATE, 4).push(rows)
    assert sets[20:, 4].all()


def test_sets_do_not_depend_on_how_frames_are_cut() -> None:
    rows = np.random.default_rng(0).normal(0, 4, (100, 24)).astype(np.float32)
    whole, parts = PitchSet(RATE, 4), PitchSet(RATE, 4)
    sets, begun, _ = whole.push(rows)
    cut = [parts.push(part) for part in np.split(rows, [1, 33, 34])]
    assert sets.any()
    np.testing.assert_array_equal(np.concatenate([one[0] for one in cut]), sets)
    np.testing.assert_array_equal(np.concatenate([one[1] for one in cut]), begun)


def test_means_are_those_of_the_last_frames() -> None:
    rows = np.random.default_rng(0).normal(0, 4, (20, 24)).astype(np.float32)
    _, _, means = PitchSet(RATE, 4).push(rows)
    np.testing.assert_allclose(means[-1], rows[-4:, :12].mean(axis=0), rtol=1e-5)


def test_reset_equals_new() -> None:
    used = PitchSet(RATE, 9)
    used.push(evidence(("C:maj", 30)))
    used.reset()
    rows = evidence((None, 3), ("D:min", 30))
    for one, other in zip(used.push(rows), PitchSet(RATE, 9).push(rows), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("rate", "width"), [(RATE, 0), (0.0, 4)])
def test_what_cannot_be_followed_is_refused(rate: float, width: int) -> None:
    with pytest.raises(ValueError, match="width must be at least 1 frame"):
        PitchSet(rate, width)
