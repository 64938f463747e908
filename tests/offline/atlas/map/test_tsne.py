"""Maps: alike sounds lie together, new ones find their place, and small or odd sets do no harm."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from samplechop.offline.atlas.map import map_files, tsne_layout
from samplechop.offline.atlas.map.tsne import embed
from samplechop.offline.atlas.map.tsne_layout import TrainingRecord
from samplechop.offline.atlas.settings import EmbedSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.evaluate.atlas import agreement
from samplechop.realtime.core.errors import UserError
from tests.offline.atlas.atlases import RATE, nothing, row
from tests.support.command import samplechop

NAME = "fingerprints-2d-p30"
CLASSES = ("kick", "hat", "snare")


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsne_layout, "ROUNDS", 150)
    monkeypatch.setattr(tsne_layout, "EARLY_ROUNDS", 100)


def prints(number: int) -> np.ndarray:
    """Give the fingerprint of a sound, float32 (4, 4): that of its class, a little changed."""
    kind = np.random.default_rng(number % len(CLASSES)).random((4, 4))
    return np.clip(kind + 0.05 * np.random.default_rng(100 + number).standard_normal((4, 4)), 0, 1).astype(np.float32)


def atlas_of(folder: Path, count: int) -> Atlas:
    atlas = Atlas.begin(folder, RATE, 10)
    grow(atlas, count)
    return atlas


def grow(atlas: Atlas, count: int) -> None:
    first = len(atlas)
    numbers = range(first, first + count)
    rows = [row(f"{CLASSES[n % 3]} {n}", 10, label=CLASSES[n % 3]) for n in numbers]
    atlas.append(rows, [np.ones(10, np.float32)] * count)
    fingerprinted(atlas, np.stack([prints(number) for number in range(len(atlas))]))


def fingerprinted(atlas: Atlas, found: np.ndarray) -> None:
    np.save(atlas.folder / "fingerprints.npy", found.astype(np.float32))
    atlas.note("fingerprint", {"made": "by rule"})


def labels(atlas: Atlas) -> list[str]:
    return [sound.label for sound in atlas.sounds]


def test_sounds_of_one_kind_lie_together(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 60)
    embed(atlas, EmbedSettings(perplexities=(10,)), nothing)
    assert agreement(map_files.read_map(atlas), labels(atlas)).share > 0.95


def test_one_scale_holds_for_all_axes(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 30)
    embed(atlas, EmbedSettings(), nothing)
    points, reference = map_files.read_map(atlas), TrainingRecord.read(map_files.path_of(atlas, NAME, ".npz"))
    assert (points.min(), points.max()) == (0, 1)
    assert reference is not None
    np.testing.assert_allclose(
        np.ptp(points, axis=0) * reference.extent, np.ptp(reference.positions, axis=0), rtol=1e-4
    )


def test_a_seed_makes_the_same_map_again(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 40)
    path = map_files.path_of(atlas, NAME, ".tsv")
    found = []
    for seed in (1, 1, 2):
        embed(atlas, EmbedSettings(seed=seed), nothing, again=True)
        found.append(path.read_text())
    assert found[0] == found[1] != found[2]


def test_new_sounds_find_their_kind_and_move_no_other(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 45)
    embed(atlas, EmbedSettings(), nothing)
    before = map_files.path_of(atlas, NAME, ".tsv").read_text()
    grow(atlas, 9)
    embed(atlas, EmbedSettings(), nothing)
    assert map_files.path_of(atlas, NAME, ".tsv").read_text().startswith(before)
    near = tsne_layout.nearest(map_files.read_map(atlas)[45:], map_files.read_map(atlas)[:45], 1)[0][:, 0]
    assert [labels(atlas)[place] for place in near] == labels(atlas)[45:]


def test_sounds_placed_stay_when_more_come(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 40)
    embed(atlas, EmbedSettings(), nothing)
    for _ in range(2):
        grow(atlas, 5)
        before = map_files.path_of(atlas, NAME, ".tsv").read_text()
        embed(atlas, EmbedSettings(), nothing)
        assert map_files.path_of(atlas, NAME, ".tsv").read_text().startswith(before)


def test_a_map_of_few_is_laid_out_anew_when_many_come(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 12)
    embed(atlas, EmbedSettings(), nothing)
    grow(atlas, 30)
    embed(atlas, EmbedSettings(), nothing)
    reference = TrainingRecord.read(map_files.path_of(atlas, NAME, ".npz"))
    assert reference is not None
    assert len(reference.positions) == 42


def test_other_fingerprints_make_another_map(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 20)
    embed(atlas, EmbedSettings(), nothing)
    before = map_files.read_map(atlas)
    np.save(atlas.folder / "fingerprints.npy", np.random.default_rng(1).random((20, 4, 4)).astype(np.float32))
    atlas.note("fingerprint", {"made": "otherwise"})
    embed(atlas, EmbedSettings(), nothing)
    assert not np.array_equal(map_files.read_map(atlas), before)


def test_what_is_made_is_not_made_again(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 20)
    settings = EmbedSettings(perplexities=(3, 5))
    embed(atlas, settings, nothing)
    files = {path: path.stat().st_mtime_ns for path in (atlas.folder / map_files.FOLDER).iterdir()}
    embed(Atlas(atlas.folder), settings, nothing)
    assert {path: path.stat().st_mtime_ns for path in (atlas.folder / map_files.FOLDER).iterdir()} == files


def test_the_first_map_stands_for_all(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 15)
    for perplexity in (4, 3):
        embed(atlas, EmbedSettings(perplexities=(perplexity,)), nothing)
    assert map_files.default_map(atlas) == "fingerprints-2d-p4"
    assert map_files.names(atlas) == ["fingerprints-2d-p3", "fingerprints-2d-p4"]


def test_a_perplexity_too_large_is_lowered_and_reported(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 13)
    assert embed(atlas, EmbedSettings(), nothing) == [
        f"{NAME}: perplexity 30 is more than 13 sounds allow, 4 was taken"
    ]


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_few_sounds_have_a_map_too(tmp_path: Path, count: int, dims: int) -> None:
    atlas = atlas_of(tmp_path / "atlas", count)
    embed(atlas, EmbedSettings(dims=dims), nothing)
    points = map_files.read_map(atlas)
    assert points.shape == (count, dims)
    assert len(np.unique(points, axis=0)) == count


@pytest.mark.parametrize("count", [2, 30])
def test_sounds_that_are_all_the_same_lie_in_the_middle(tmp_path: Path, count: int) -> None:
    atlas = atlas_of(tmp_path / "atlas", count)
    fingerprinted(atlas, np.ones((count, 4, 4)))
    embed(atlas, EmbedSettings(), nothing)
    np.testing.assert_array_equal(map_files.read_map(atlas), 0.5)


def test_many_copies_of_one_sound_do_no_harm(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 120)
    fingerprinted(atlas, np.stack([prints(0 if number < 100 else number) for number in range(120)]))
    embed(atlas, EmbedSettings(perplexities=(5,)), nothing)
    assert np.isfinite(map_files.read_map(atlas)).all()


def test_places_in_space_are_colours(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 20)
    embed(atlas, EmbedSettings(colouring="position"), nothing)
    space = map_files.read_map(atlas, "fingerprints-3d-p30")
    colours = map_files.read_colours(atlas, NAME)
    for axis in range(3):
        assert np.corrcoef(space[:, axis], colours[:, axis])[0, 1] > 0.99


def test_clusters_have_colours_of_their_own(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 30)
    embed(atlas, EmbedSettings(colouring="k-means", clusters=3), nothing)
    found = {
        (label, tuple(paint)) for label, paint in zip(labels(atlas), map_files.read_colours(atlas, NAME), strict=True)
    }
    assert len(found) == 3


def test_all_there_is_can_be_combined(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 20)
    luck = np.random.default_rng(1)
    for name in ("labels.npy", "encodings.npy"):
        np.save(atlas.folder / name, luck.random((20, 6)).astype(np.float32))
    atlas.note("tags", {"model": "by rule"})
    embed(atlas, EmbedSettings("combined"), nothing)
    reference = TrainingRecord.read(map_files.path_of(atlas, "combined-2d-p30", ".npz"))
    assert reference is not None
    assert list(reference.basis.means) == ["fingerprints", "labels", "encoding"]
    # Each block has the same share in distances.
    edges = np.cumsum([0, *(part.shape[1] for part in reference.basis.directions.values())])
    shares = [np.mean(np.sum(reference.features[:, a:b] ** 2, axis=1)) for a, b in pairwise(edges)]
    np.testing.assert_allclose(shares, 1, rtol=1e-3)


@pytest.mark.parametrize(("mode", "what"), [("labels", "labels"), ("encoding", "encodings")])
def test_what_is_missing_is_reported_with_the_command_that_makes_it(tmp_path: Path, mode: str, what: str) -> None:
    atlas = atlas_of(tmp_path / "atlas", 12)
    result = samplechop("atlas", "embed", atlas.folder, "--mode", mode)
    assert result.code == 2
    assert f"there are no {what}" in result.err
    assert "run samplechop atlas tags first" in result.err


def test_fingerprints_that_are_missing_are_reported(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 12)
    (atlas.folder / "fingerprints.npy").unlink()
    with pytest.raises(UserError, match="run samplechop atlas fingerprint"):
        embed(atlas, EmbedSettings(), nothing)


@pytest.mark.parametrize("bad", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_reference_costs_a_new_layout_and_no_more(tmp_path: Path, bad: bytes) -> None:
    atlas = atlas_of(tmp_path / "atlas", 20)
    embed(atlas, EmbedSettings(), nothing)
    map_files.path_of(atlas, NAME, ".npz").write_bytes(bad)
    grow(atlas, 2)
    embed(atlas, EmbedSettings(), nothing)
    assert len(map_files.read_map(atlas)) == 22


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"mode": "sound"}, "--mode must be one of fingerprints, labels, encoding, combined, got 'sound'"),
        ({"dims": 4}, "--dims must be in 2..3, got 4"),
        ({"perplexities": (0.0,)}, "--perplexity must be 1 to 1000, got 0"),
        ({"seed": -1}, "--seed must be in 0"),
        ({"colouring": "red"}, "--colours must be one of class, position, k-means, got 'red'"),
        ({"clusters": 0}, "--clusters must be in 1..12, got 0"),
    ],
)
def test_settings_of_maps_out_of_range_are_reported(wrong: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        EmbedSettings(**wrong)


def test_the_command_makes_a_map_for_each_perplexity(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 24)
    result = samplechop("atlas", "embed", atlas.folder, "--perplexity", 3, "--perplexity", 7, "--jobs", 1)
    assert result.code == 0, result.err
    assert map_files.names(atlas) == ["fingerprints-2d-p3", "fingerprints-2d-p7"]
    for ending in (".png", ".npz", "-colours.tsv"):
        assert map_files.path_of(atlas, "fingerprints-2d-p7", ending).exists()


def test_a_map_that_does_not_cover_all_sounds_is_reported(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path / "atlas", 12)
    embed(atlas, EmbedSettings(), nothing)
    grow(atlas, 1)
    with pytest.raises(UserError, match="covers 12 of 13 sounds: run samplechop atlas embed again"):
        map_files.read_map(atlas)
