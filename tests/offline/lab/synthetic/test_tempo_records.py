"""Made records of known tempo."""

import numpy as np
import pytest

from samplechop.offline.lab.synthetic.tempo_records import (
    FREE,
    SITUATIONS,
    TEMPO_STYLES,
    make_free_record,
    make_tempo_record,
)


@pytest.mark.parametrize("style", TEMPO_STYLES[:3], ids=lambda style: style.name)
def test_a_record_has_the_tempo_of_its_style_and_depends_on_its_seed_alone(style) -> None:
    one, same, other = (make_tempo_record(style, seed, 1, 6.0) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.samples, same.samples)
    assert not np.array_equal(one.samples, other.samples)
    assert style.bpm[0] * 0.98 <= one.bpm <= style.bpm[1] * 1.02
    assert one.samples.dtype == np.float32
    assert 0.5 < np.max(np.abs(one.samples)) <= 0.7 + 1e-6
    assert 60 / float(np.median(np.diff(one.beats))) == one.bpm


def test_styles_are_in_three_and_in_six_too() -> None:
    by_name = {style.name: style for style in TEMPO_STYLES}
    meters = {name: int(make_tempo_record(by_name[name], 0, 0, 6.0).positions.max()) for name in ("waltz", "six-eight")}
    assert meters == {"waltz": 3, "six-eight": 2}


def test_a_drifting_record_changes_its_tempo_and_others_hardly() -> None:
    drifts = {}
    for number in (0, 2):
        record = make_tempo_record(TEMPO_STYLES[5], 0, number, 20.0)
        steps = np.diff(record.beats)
        drifts[record.situation] = steps.max() / steps.min() - 1
    assert set(drifts) == set(SITUATIONS[:2])
    assert drifts["drifting"] > 0.015


@pytest.mark.parametrize("kind", FREE)
def test_what_has_no_beat_depends_on_its_seed_alone(kind: str) -> None:
    one, same = (make_free_record(kind, 3, 0, 4.0) for _ in range(2))
    np.testing.assert_array_equal(one, same)
    assert one.dtype == np.float32 and np.max(np.abs(one)) <= 1
