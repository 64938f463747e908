"""The grid: a cell for each sound, and the best of all ways to give them."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.map.map_files import assign, centres, rectangle
from samplechop.offline.atlas.store import Atlas
from samplechop.realtime.core.errors import UserError
from tests.offline.atlas.atlases import make_atlas
from tests.support.command import samplechop

POINTS = st.integers(1, 40).flatmap(lambda n: arrays(np.float32, (n, 2), elements=st.floats(0, 1, width=16)))


def with_map(folder: Path, points: np.ndarray, name: str = "fingerprints-2d-p30") -> Atlas:
    atlas = make_atlas(folder, [10] * len(points))
    map_files.write_map(atlas, name, points.astype(np.float32))
    return atlas


@given(points=POINTS, columns=st.one_of(st.none(), st.integers(1, 12)))
def test_every_sound_gets_a_cell_of_its_own(points: np.ndarray, columns: int | None) -> None:
    rows, wide = rectangle(len(points), columns)
    cells = assign(points, rows, wide)
    assert len({tuple(cell) for cell in cells.tolist()}) == len(points)
    assert (cells >= 0).all() and (cells < (rows, wide)).all()


@given(points=arrays(np.float32, (23, 2), elements=st.floats(0, 1, width=16)), columns=st.integers(1, 23))
def test_no_other_assignment_is_better(points: np.ndarray, columns: int) -> None:
    points[0], points[1] = (0, 0), (1, 1)  # so that stretching changes nothing
    rows, wide = rectangle(len(points), columns)
    cells = assign(points, rows, wide)
    cost = cdist(points, centres(rows, wide), "sqeuclidean")
    found = cost[np.arange(len(points)), cells[:, 0] * wide + cells[:, 1]].sum()
    assert found == pytest.approx(cost[linear_sum_assignment(cost)].sum(), abs=1e-9)


def test_a_map_that_is_a_grid_stays_as_it_is() -> None:
    order = np.random.default_rng(1).permutation(20)
    cells = assign(centres(4, 5)[order].astype(np.float32), 4, 5)
    np.testing.assert_array_equal(cells[:, 0] * 5 + cells[:, 1], order)


def test_what_is_high_in_the_map_is_in_the_first_row() -> None:
    cells = assign(np.array([[0, 1], [1, 1], [0, 0], [1, 0]], np.float32), 2, 2)
    assert cells.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_points_far_from_all_others_are_no_obstacle() -> None:
    near = np.random.default_rng(2).normal(0, 1e-3, (300, 2))
    points = np.concatenate([near, near + 1, [[0, 50], [50, 0]]]).astype(np.float32)
    assert len(np.unique(assign(points, 25, 25), axis=0)) == len(points)


@given(count=st.integers(1, 10**5))
def test_the_rectangle_is_as_square_as_can_be(count: int) -> None:
    rows, columns = rectangle(count)
    assert rows * columns >= count > (rows - 1) * columns
    assert columns - rows in (0, 1)


def test_too_few_cells_are_an_error() -> None:
    with pytest.raises(ValueError, match="5 points do not fit 2 x 2 cells"):
        assign(np.zeros((5, 2), np.float32), 2, 2)


def test_the_command_writes_cells_and_rectangle(tmp_path: Path) -> None:
    atlas = with_map(tmp_path / "atlas", np.random.default_rng(3).random((7, 2)))
    result = samplechop("atlas", "grid", atlas.folder, "--columns", 4)
    assert result.code == 0, result.err
    assert map_files.read_grid(atlas).shape == (7, 2)
    told = json.loads((atlas.folder / map_files.RECTANGLE).read_text())
    assert told == {"rows": 2, "columns": 4, "map": "fingerprints-2d-p30"}


def test_a_grid_that_is_made_is_not_made_again(tmp_path: Path) -> None:
    atlas = with_map(tmp_path / "atlas", np.random.default_rng(3).random((5, 2)))
    samplechop("atlas", "grid", atlas.folder)
    before = (atlas.folder / map_files.GRID).stat().st_mtime_ns
    assert samplechop("atlas", "grid", atlas.folder).code == 0
    assert (atlas.folder / map_files.GRID).stat().st_mtime_ns == before


def test_a_map_in_space_is_refused(tmp_path: Path) -> None:
    atlas = with_map(tmp_path / "atlas", np.zeros((3, 3)), "fingerprints-3d-p30")
    result = samplechop("atlas", "grid", atlas.folder)
    assert (result.code, "has 3 dimensions" in result.err) == (2, True)


@pytest.mark.parametrize(("option", "value"), [("--columns", 0), ("--map", "none such")])
def test_what_cannot_be_done_is_reported(tmp_path: Path, option: str, value: object) -> None:
    atlas = with_map(tmp_path / "atlas", np.random.default_rng(3).random((5, 2)))
    result = samplechop("atlas", "grid", atlas.folder, option, value)
    assert (result.code, str(value) in result.err) == (2, True)


def test_a_grid_without_a_map_is_reported(tmp_path: Path) -> None:
    atlas = make_atlas(tmp_path / "atlas", [10])
    result = samplechop("atlas", "grid", atlas.folder)
    assert (result.code, "run samplechop atlas embed" in result.err) == (2, True)


def test_a_grid_that_misses_sounds_is_reported(tmp_path: Path) -> None:
    atlas = with_map(tmp_path / "atlas", np.random.default_rng(3).random((5, 2)))
    (atlas.folder / map_files.GRID).write_text("row\tcolumn\n0\t0\n")
    with pytest.raises(UserError, match="covers 1 of 5 sounds"):
        map_files.read_grid(atlas)
