"""Made records of known tempo."""

import numpy as np
import pytest

from samplechop.offline.lab.synthetic.tempo_records import TEMPO_STYLES, make_tempo_record


@pytest.mark.parametrize("style", TEMPO_STYLES[:3], ids=lambda style: style.name)
def test_a_record_has_the_tempo_of_its_style_and_depends_on_its_seed_alone(style) -> None:
    one, same, other = (make_tempo_record(style, seed, 1, 6.0) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.samples, same.samples)
    assert not np.array_equal(one.samples, other.samples)
    assert style.bpm[0] * 0.98 <= one.bpm <= style.bpm[1] * 1.02
    assert one.samples.dtype == np.float32
    assert 0.5 < np.max(np.abs(one.samples)) <= 0.7 + 1e-6
    assert 60 / float(np.median(np.diff(one.beats))) == one.bpm
