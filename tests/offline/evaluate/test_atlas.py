"""Judging maps by the classes of neighbours."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.atlas.fingerprints import KINDS
from samplechop.offline.atlas.map import tsne_layout
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.evaluate import atlas as judging
from samplechop.offline.evaluate.atlas import FEWEST, NEIGHBOURS, agreement, neighbours, of_large_classes
from tests.offline.atlas.atlases import RATE, make_atlas, row, sound
from tests.support.command import samplechop


def test_classes_apart_agree_and_mixed_ones_as_often_as_chance() -> None:
    labels = ["a", "b"] * 100
    luck = np.random.default_rng(1).random((200, 2))
    apart = luck + 10 * (np.arange(200) % 2)[:, None]
    assert agreement(apart, labels) == agreement(apart * 3, labels)
    assert agreement(apart, labels).share == agreement(apart, labels).majority == 1
    assert agreement(luck, labels).share == pytest.approx(0.5, abs=0.1)


def test_small_classes_are_not_judged_but_are_neighbours() -> None:
    labels = ["a"] * FEWEST + ["b"] * (FEWEST - 1)
    assert of_large_classes(labels).tolist() == [True] * FEWEST + [False] * (FEWEST - 1)
    points = np.arange(len(labels), dtype=float)[:, None]
    assert agreement(points, labels).share < 1


def test_sounds_without_a_label_are_of_no_class() -> None:
    assert not of_large_classes([""] * 20).any()
    with pytest.raises(ValueError, match="no class has 6 members"):
        agreement(np.zeros((20, 2)), [""] * 20)


@given(st.lists(st.integers(0, 3), min_size=NEIGHBOURS + 1, max_size=30))
def test_no_point_is_its_own_neighbour(places: list[int]) -> None:
    found = neighbours(np.array(places, float)[:, None])
    assert found.shape == (len(places), NEIGHBOURS)
    for own, others in enumerate(found.tolist()):
        assert own not in others
        assert len(set(others)) == NEIGHBOURS


def test_the_old_recipe_is_that_of_the_notebooks() -> None:
    wave = np.sin(2 * np.pi * 5.5 * 44_100 / 1024 * np.arange(20_000) / 44_100)  # between bins 5 and 6: the first ten
    found = judging.old_recipe(wave[None].astype(np.float32)).reshape(32, 32)
    assert found.max() == 1
    assert found.argmax() // 32 == 0
    assert found[1:, 3:30].max() < 0.05


def test_the_command_judges_every_way_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsne_layout, "ROUNDS", 50)
    monkeypatch.setattr(tsne_layout, "EARLY_ROUNDS", 50)
    lengths = [400, 3000] * 7
    rows = [row(f"{'short' if n == 400 else 'long'} {i}", n, RATE, str(n)) for i, n in enumerate(lengths)]
    atlas = Atlas.begin(tmp_path / "atlas", RATE, 3000)
    atlas.append(rows, [sound(number, length) for number, length in enumerate(lengths)])
    np.save(atlas.folder / "labels.npy", np.random.default_rng(1).random((14, 3)).astype(np.float32))
    result = samplechop("evaluate", "atlas", atlas.folder, "--seeds", 1, "--jobs", 1, "--json", tmp_path / "found.json")
    assert result.code == 0, result.err
    assert "14 sounds of 2 classes, among 14" in result.out
    found = {one["name"]: one for one in json.loads((tmp_path / "found.json").read_text())}
    assert list(found) == ["old recipe", *(f"fingerprints, {kind}" for kind in KINDS), "labels", "combined"]
    assert found["fingerprints, cqt"]["space"]["share"] == 1
    assert not (atlas.folder / "fingerprints.npy").exists()


def test_sounds_of_no_class_are_told(tmp_path: Path) -> None:
    make_atlas(tmp_path / "atlas", [100, 200])
    result = samplechop("evaluate", "atlas", tmp_path / "atlas")
    assert (result.code, "no class" in result.err) == (2, True)


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    result = samplechop("evaluate", "atlas", tmp_path / "none")
    assert (result.code, "there is no folder" in result.err) == (2, True)
