import json

import numpy as np
import pytest

from samplechop.offline.lab.bench import atlas, atlas_page
from samplechop.offline.lab.bench.atlas import GROUPS, sound
from tests.support.command import samplechop


def test_the_atlas_benchmark_prints_what_it_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas, "FILES", 12)
    monkeypatch.setattr(atlas, "NEW", 5)
    monkeypatch.setattr(atlas, "RUNS", 1)
    monkeypatch.setattr(atlas_page, "SECONDS", 0.5)
    monkeypatch.setattr(atlas_page, "HOVERS", 3)
    if atlas_page.chromium() is None:
        pytest.skip("there is no Chromium")
    result = samplechop("bench", "atlas", "--sounds", 20, "--points", 30, "--json")
    assert result.code == 0, result.err
    figures = {one["name"]: one["value"] for one in json.loads(result.out)["figures"]}
    assert list(figures) == [
        "12 files collected",
        "12 sounds fingerprinted",
        "collected and fingerprinted",
        "collected and fingerprinted, all processes",
        "librosa.load and melspectrogram of the same files",
        "collected and fingerprinted ÷ librosa",
        "a map of 20",
        "a grid of 20",
        "a grid of 20: largest memory",
        "5 new placed among 20",
        "page of 30 sounds: first paint",
        "page of 30 sounds: pan",
        "page of 30 sounds: zoom",
        "page of 30 sounds: all points drawn anew meanwhile",
        "page of 30 sounds: pointing to sound",
        "page of 30 sounds: pointing to sound, far from where the pointer was",
    ]
    assert all(value > 0 or "drawn anew" in name for name, value in figures.items())


def test_sounds_by_rule_are_normalised_and_each_its_own() -> None:
    made = [sound(number) for number in range(len(GROUPS))]
    assert all(wave.dtype == np.float32 and np.abs(wave).max() == 1 for wave in made)
    assert len({wave.tobytes() for wave in made}) == len(made)
    np.testing.assert_array_equal(sound(3), made[3])
