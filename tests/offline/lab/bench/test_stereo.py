"""The measurement of stereo: ordinary wide stereo is mixed as it is, a channel that is inverted is found."""

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.bench import stereo
from tests.support.signals import RATE, record


def test_correlation_is_that_of_a_phase_meter() -> None:
    one, other = np.random.default_rng(0).standard_normal((2, 50_000)).astype(np.float32)
    wanted = [(one, 1.0), (-one, -1.0), (other, 0.0), (-0.5 * one, -0.8)]
    for right, correlation in wanted:
        case = stereo.Case("", np.stack([one, right], axis=1), one)
        assert case.correlation == pytest.approx(correlation, abs=0.02)


def test_made_stereo_loses_no_chops_and_only_what_is_inverted_changes_the_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stereo, "SECONDS", 8)
    figures = list(stereo.figures([]))
    assert [one.name for one in figures if one.reached is False] == []
    assert sum(bool(one.reached) for one in figures) >= 15
    moved = [one.name for one in figures if one.name.endswith("side taken from")]
    assert moved and all("inverted" in name for name in moved)


def test_a_recording_is_measured_as_it_is_and_inverted(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stereo, "SECONDS", 7)
    sound, rng = 0.5 * record(7.0)[0], np.random.default_rng(1)
    width = 0.02 * rng.standard_normal(len(sound))
    soundfile.write(tmp_path / "song.wav", np.stack([sound + width, sound - width], axis=1), RATE)
    cases = list(stereo.of_recording(tmp_path / "song.wav"))
    assert [case.inverted for case in cases] == [False] + [True] * len(stereo.WIDTHS)
    assert all(case.correlation > 0 for case in cases[:1]) and all(case.correlation < 0 for case in cases[1:])
