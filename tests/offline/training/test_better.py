"""A model takes its place only if it is better."""

from pathlib import Path

from samplechop.offline.common.progress import silent
from samplechop.offline.training.better import ENDINGS, kept_if_better
from samplechop.offline.training.loop import Run
from samplechop.offline.training.measures import HeldOut
from samplechop.offline.training.recipes import NotBetter


def run(folder: Path) -> Run:
    return Run("chop", folder / "mine" / "me", folder / "work", "", silent)


def written(run: Run, text: str) -> str:
    """Write the files of a model, as a training does."""
    folder = run.out.with_name(run.out.name + "-report")
    folder.mkdir(parents=True)
    (folder / "loss.png").write_text(text)
    for ending in ENDINGS:
        run.out.with_name(run.out.name + ending).write_text(text)
    return text


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_better_model_takes_the_place_of_the_one_there(tmp_path: Path) -> None:
    written(run(tmp_path), "before")
    for said in (HeldOut("better", True), HeldOut("better"), "better"):  # whoever compares nothing keeps what it made
        assert kept_if_better(run(tmp_path), lambda tried, said=said: (written(tried, "better"), said)[1]) == said
    found = contents(tmp_path / "mine")
    assert set(found.values()) == {"better"} and len(found) == len(ENDINGS) + 1


def test_one_that_is_no_better_leaves_that_as_it_was_and_is_named(tmp_path: Path) -> None:
    written(run(tmp_path), "before")
    said = kept_if_better(run(tmp_path), lambda tried: HeldOut(written(tried, "F 0.2, 0.3 before"), False))
    assert isinstance(said, NotBetter) and "nothing was written in the place of me" in str(said)
    assert set(contents(tmp_path / "mine").values()) == {"before"}
    assert said.model.read_text() == "F 0.2, 0.3 before"
