from pathlib import Path

from PIL import Image

from tools.kit_picture import main


def test_the_picture_of_the_demos_kit_is_small(tmp_path: Path) -> None:
    path = tmp_path / "kit.png"
    assert main([str(path)]) == 0
    with Image.open(path) as picture:
        assert picture.size == (1600, 900)
    assert path.stat().st_size < 120_000


def test_it_wants_one_path() -> None:
    assert main([]) == 2
