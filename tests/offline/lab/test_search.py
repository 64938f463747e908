"""Settings are searched for by the command, and a model takes another's place only if it is surely better."""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import soundfile

from samplechop import models
from samplechop.offline.cli.train import RECIPES
from samplechop.offline.common.progress import silent
from samplechop.offline.evaluate.comparison import difference
from samplechop.offline.lab import search
from samplechop.offline.labels.recording_truth import ChopTruth, Truth, write_truth
from samplechop.offline.training.loop import Run
from samplechop.offline.training.recipes import StreamOptions
from samplechop.offline.training.tasks import chop
from tests.support.command import samplechop
from tests.support.signals import record

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("tensorflow", "optuna")), reason="needs TensorFlow and Optuna"
)
TINY = ("--steps", 2, "--jobs", 1, "--model-shape", "chop-coarse")


@pytest.fixture(scope="module", autouse=True)
def small_net(untraced: None) -> Iterator[None]:  # noqa: ARG001 (how they are trained)
    """Train nets of two layers."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(chop, "COARSE_SHAPE", replace(chop.COARSE_SHAPE, dilations=(1, 2), channels=8))
        yield


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten labelled recordings, two of which are held out."""
    folder = tmp_path_factory.mktemp("records")
    samples, truth = record(4.0, 1)
    for number in range(10):
        soundfile.write(folder / f"{number}.wav", samples, 44_100)
        (folder / f"{number}.txt").write_text("\n".join(f"{sample / 44_100:.6f}" for sample in truth))
    return folder


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic recording that is held out, so that nothing can be drawn from its folder."""
    folder = tmp_path_factory.mktemp("held-out")
    samples, truth = record(4.0, 1)
    soundfile.write(folder / "made.wav", samples, 44_100)
    chops = [ChopTruth(sample / 44_100, "hit", 1.0) for sample in truth]
    write_truth(Truth(4.0, "funk", "validation", 1, chops=chops), folder / "made.json")
    return folder


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, records: Path, held_out: Path) -> Path:
    out = tmp_path_factory.mktemp("searched") / "found"
    made = samplechop("train", records, held_out, "-o", out, "--search", 2, *TINY)
    assert made.code == 0, made
    assert "the best of 2 settings" in made.out and "chop stays in use" in made.out, made
    return out


def rows(out: Path) -> list[list[str]]:
    table = out.with_name(out.name + "-search") / "trials.tsv"
    return [line.split("\t") for line in table.read_text().splitlines()]


def test_a_search_leaves_a_table_figures_and_the_model_in_use(searched: Path) -> None:
    head, *tried = rows(searched)
    assert head == ["validation_loss", "steps", "ended", "rate", "channels", "layers", "augmentation"]
    assert len(tried) == 2 and float(tried[0][0]) <= float(tried[1][0])
    assert ["0.004", "8", "2", "1"] in [one[3:] for one in tried]  # what is usual was tried, too
    figures = {path.stem for path in searched.with_name("found-search").glob("*.png")}
    assert figures == {"number", "rate", "channels", "layers", "augmentation"}
    assert not searched.with_name("found.json").exists()


def test_a_search_goes_on_where_it_ended(searched: Path, records: Path, held_out: Path) -> None:
    before = rows(searched)
    again = samplechop("train", records, held_out, "-o", searched, "--search", 3, *TINY)
    assert again.code == 0, again
    after = rows(searched)
    assert len(after) == len(before) + 1 and all(one in after for one in before)


def test_a_search_of_other_data_is_refused(searched: Path, records: Path) -> None:
    other = samplechop("train", records, "-o", searched, "--search", 3, *TINY, "--seed", 9)
    assert other.code == 2
    assert "a search with other data or options" in other.err


def test_what_was_tried_when_the_search_was_killed_is_tried_again(tmp_path: Path) -> None:
    ranges = {"rate": search.Range(1e-3, 1e-2, 4e-3, log=True)}
    first = search._study(tmp_path, "chop", "this", ranges).ask()
    rate = first.suggest_float("rate", 1e-3, 1e-2, log=True)
    second = search._study(tmp_path, "chop", "this", ranges).ask()
    assert second.number != first.number
    assert second.suggest_float("rate", 1e-3, 1e-2, log=True) == rate == 4e-3


def test_the_model_of_usual_settings_is_found_by_what_the_database_says_of_them(tmp_path: Path) -> None:
    ranges = {"augmentation": search.Range(0, 2, 1)}
    study, written = search._study(tmp_path, "chop", "this", ranges), []

    def train(_sources: list[Path], _options: StreamOptions, run: Run) -> None:
        written.append(run.out)
        assert run.on_check is not None
        run.on_check(2, 0.5)

    recipe = replace(RECIPES["chop"], train=train)
    run = Run("chop", tmp_path / "found", tmp_path, "", silent)
    search._try(study, recipe, [], StreamOptions(), run, ranges, tmp_path)
    (tried,) = search._finished(study)
    assert written == [search._model(tmp_path, tried.params)]


def test_options_that_are_given_are_not_searched() -> None:
    options = StreamOptions(rate=0.01, layers=9)
    assert search.ranges_of(options, False, 48, 10).keys() == {"channels", "augmentation"}
    assert search.ranges_of(options, True, 48, 10).keys() == {"channels", "augmentation", "mixing"}
    assert search.ranges_of(StreamOptions(start="chop"), False, 48, 10).keys() == {"rate", "augmentation"}


@pytest.mark.parametrize(
    ("after", "wins"),
    [([0.6, 0.7, 0.8, 0.65], True), ([0.4, 0.9, 0.5, 0.62], False), ([0.5, 0.6, 0.7, 0.55], False)],
    ids=["everywhere better", "better here, worse there", "as good"],
)
def test_a_model_takes_the_place_of_another_only_if_it_is_surely_better(
    tmp_path: Path, after: list[float], wins: bool
) -> None:
    found, chosen = difference([0.5, 0.6, 0.7, 0.55], after), search.Tried(0, {"rate": 0.01}, 0.1, 2, True)
    run = Run("chop", tmp_path / "mine", tmp_path, "", silent)
    said = search._conclude(run, chosen, found, "chop", models.FOLDER / "chop.json", 2)
    assert ("is the new model" in said) == wins
    assert (tmp_path / "mine.json").exists() == wins
    if wins:
        assert models.load(tmp_path / "mine.json").name == "mine"
        assert json.loads((tmp_path / "mine.json").read_text())["file"] == "mine.tflite"


def test_mixing_with_a_folder_of_which_nothing_is_trained_on_is_refused_at_once(
    tmp_path: Path, records: Path, held_out: Path
) -> None:
    refused = samplechop("train", records, held_out, "-o", tmp_path / "x", "--mixing", 0.5, *TINY)
    assert refused.code == 2
    assert "--mixing says how much is drawn" in refused.err
    assert not list(tmp_path.iterdir())


def test_a_comparison_needs_two_records_held_out(tmp_path: Path, records: Path) -> None:
    for name in ("1.wav", "1.txt", "2.wav", "2.txt"):
        (tmp_path / name).write_bytes((records / name).read_bytes())
    few = samplechop("train", tmp_path, "-o", tmp_path / "x", "--search", 2, *TINY)
    assert few.code == 2
    assert "a comparison needs two recordings held out" in few.err
