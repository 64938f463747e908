"""The fit of the weights that decide between a tempo, its half and its double."""

import itertools
import json

import numpy as np
import pytest

from samplechop.offline.kits.analysis.whole_beats import trusted
from samplechop.offline.lab.synthetic.tempo_evidence import Evidence, evidence_of
from samplechop.offline.lab.synthetic.tempo_fit import (
    MEMBERS,
    UNITS,
    Gate,
    bars_right,
    fit,
    fit_bars,
    fit_compound,
    fit_trust,
    online_gate,
    right,
)
from samplechop.offline.lab.synthetic.tempo_records import MADE_STYLES, make_tempo_record
from samplechop.offline.training.recipes import FIT_SEED
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.beats.bars import CUES
from samplechop.realtime.detectors.beats.octave_evidence import FEATURES
from samplechop.realtime.detectors.beats.tracker import TRUSTED
from samplechop.realtime.detectors.beats.weights import BeatWeights, beat_weights


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
    weights, again = (fit([(one, 1.0) for one in drawn(1)]) for _ in range(2))
    assert weights.hidden.shape == (MEMBERS * UNITS, len(FEATURES) + 1)
    assert weights.output.shape == (3, MEMBERS * UNITS + 1)
    assert right(drawn(2), weights) > 0.9 > right(drawn(2))
    np.testing.assert_array_equal(weights.hidden, again.hidden)
    np.testing.assert_array_equal(weights.output, again.output)


def test_what_a_record_counts_decides_where_two_say_the_contrary() -> None:
    pytest.importorskip("sklearn")
    same, rng = np.zeros((40, len(FEATURES))), np.random.default_rng(0)
    told = [Evidence(same + rng.normal(0, 0.1, same.shape), np.full(40, octave)) for octave in (-1, 0, 1)]
    for most in range(3):
        weights = fit([(one, 5.0 if number == most else 1.0) for number, one in enumerate(told)])
        assert np.argmax(weights.log_odds(np.zeros(len(FEATURES)))) == most


def test_without_every_octave_there_is_no_fit() -> None:
    pytest.importorskip("sklearn")
    with pytest.raises(UserError, match="too few records"):
        fit([(one, 1.0) for one in drawn(1) if one.octaves[0] != 1])


def test_evidence_is_collected_for_each_beat_after_the_first_ones() -> None:
    record = make_tempo_record(MADE_STYLES[5], FIT_SEED, 0, seconds=12.0)
    found, again = evidence_of(record.samples, record.bpm), evidence_of(record.samples, record.bpm)
    assert 3 <= len(found.octaves) <= 12.0 * 200 / 60
    assert set(found.octaves.tolist()) <= {-1, 0, 1} and np.isfinite(found.octave).all()
    np.testing.assert_array_equal(found.octave, again.octave)
    assert not len(evidence_of(record.samples, record.bpm * 1.3).octaves)


def followed(seed: int, pulse: bool) -> Evidence:
    """Beats that are all found, and trusted by the first feature; or beats where there are none."""
    rng = np.random.default_rng(seed)
    places = np.arange(0.5, 25, 0.5)
    trust = rng.normal(0, 0.2, (len(places), len(TRUSTED)))
    trust[:, 0] += 1.0 if pulse else 0.0
    positions = np.arange(len(places)) % 4 + 1
    cues = rng.normal(0.3, 0.1, (len(places), len(CUES)))
    cues[positions == 1, 0] += 0.3
    known = {"beats": places, "positions": positions, "cues": cues} if pulse else {}
    return Evidence(places=places, trust=trust, **known)


@pytest.mark.parametrize("gate", [online_gate, trusted])
def test_beats_are_trusted_where_there_is_a_pulse_and_noise_stays_silent(gate: Gate) -> None:
    pytest.importorskip("sklearn")
    records = [followed(seed, bool(seed % 2)).online for seed in range(12)]
    trust = fit_trust(records, records, gate)
    assert 0 < trust.keep <= trust.begin < 1
    pairs = trust.calibration
    assert pairs[0][1] < 0.1 and pairs[-1][1] > 0.9
    assert all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(pairs))


def test_bars_are_found_by_cues_that_tell_them() -> None:
    pytest.importorskip("sklearn")
    records = [followed(seed, True) for seed in range(8)]
    weights = fit_bars(records[:4], records[4:])
    assert bars_right(records[4:], weights) > 0.9


def test_weights_are_the_same_once_they_were_written() -> None:
    again = BeatWeights.read(json.loads(json.dumps(beat_weights().record())))
    assert again.record() == beat_weights().record()
    np.testing.assert_array_equal(again.octave.hidden, beat_weights().octave.hidden)
    np.testing.assert_array_equal(again.bars.cues, beat_weights().bars.cues)


def test_bars_of_six_eight_are_told_by_how_beats_are_divided() -> None:
    pytest.importorskip("sklearn")
    rng, records = np.random.default_rng(3), []
    for number in range(24):
        meter, thirds = (2, 0.6) if number % 4 == 0 else (4, -0.4)
        positions = np.arange(16) % meter + 1
        records.append(Evidence(positions=positions, thirds=rng.normal(thirds, 0.2, 16)))
    slope, constant = fit_compound(records)
    assert slope * 0.6 + constant > 1 and slope * -0.4 + constant < -1
    assert fit_compound(records[1:4]) == (0.0, 0.0)
