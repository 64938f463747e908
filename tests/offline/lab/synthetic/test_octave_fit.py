"""The fit of the weights that decide between a tempo, its half and its double."""

import numpy as np
import pytest

from samplechop.offline.lab.synthetic.octave_fit import FIT_SEED, Evidence, evidence_of, fit, right
from samplechop.offline.lab.synthetic.tempo_records import FITTING_STYLES, make_tempo_record
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.beats.octave_evidence import FEATURES, WEIGHTS


def drawn(seed: int, records: int = 30) -> list[Evidence]:
    """Records whose first two features tell the octave, of differing lengths."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(records):
        octaves = np.full(int(rng.integers(5, 60)), number % 3 - 1)
        features = rng.normal(0, 1, (len(octaves), len(FEATURES)))
        features[:, 0] += 4 * (octaves == 1)
        features[:, 1] += 4 * (octaves == -1)
        made.append(Evidence(features, octaves))
    return made


def test_weights_fitted_to_some_records_are_right_for_others() -> None:
    pytest.importorskip("sklearn")
    weights = fit(drawn(1))
    assert weights.shape == WEIGHTS.shape
    assert not weights[1].any()
    assert right(drawn(2), weights) > 0.9
    np.testing.assert_array_equal(weights, fit(drawn(1)))


def test_without_every_octave_there_is_no_fit() -> None:
    pytest.importorskip("sklearn")
    with pytest.raises(UserError, match="too few records"):
        fit([one for one in drawn(1) if one.octaves[0] != 1])


def test_evidence_is_collected_for_each_beat_after_the_first_ones() -> None:
    record = make_tempo_record(FITTING_STYLES[5], FIT_SEED, 0, seconds=12.0)
    found, again = evidence_of(record.samples, record.bpm), evidence_of(record.samples, record.bpm)
    assert 3 <= len(found.octaves) <= 12.0 * 200 / 60
    assert set(found.octaves.tolist()) <= {-1, 0, 1} and np.isfinite(found.features).all()
    np.testing.assert_array_equal(found.features, again.features)
    assert not len(evidence_of(record.samples, record.bpm * 1.3).octaves)
