"""The training loop, on nets of one weight."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

from samplechop import models
from samplechop.models import HarmonyFeatures
from samplechop.offline.cli.train import RECIPES
from samplechop.offline.training.checkpoints import Checkpoint
from samplechop.offline.training.keras_models import Calibrated, Card
from samplechop.offline.training.loop import (
    Batch,
    Fitted,
    Loss,
    Options,
    Penalty,
    Run,
    learn,
)
from samplechop.offline.training.recipes import Recipe, TrainOptions
from samplechop.realtime.core.options import Option
from tests.support.command import samplechop

pytestmark = pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs TensorFlow")

X = np.ones((4, 1), np.float32)
UP, DOWN = (X, X), (X, -X)
"""What is learned, and its contrary."""


def net(seed: int = 0) -> Any:
    from samplechop.offline.training.keras_models import keras

    keras().utils.set_random_seed(seed)
    return keras().Sequential([keras().Input((1,)), keras().layers.Dense(1, use_bias=False)])


def squared(y: Any, output: Any) -> Any:
    from samplechop.offline.training.keras_models import tensorflow

    return tensorflow().reduce_mean(tensorflow().square(y - output))


def loss_of(model: Any, batch: Batch) -> float:
    return float(squared(batch[1], model(batch[0])))


def test_the_weights_with_the_lowest_validation_loss_are_kept() -> None:
    fitted = learn(net(), lambda _: UP, [DOWN], squared, Options(30, rate=0.1, check_every=5))
    assert len(fitted.steps) > 2
    assert fitted.validation_loss[-1] > fitted.validation_loss[0]
    assert loss_of(fitted.model, DOWN) == pytest.approx(min(fitted.validation_loss))


@pytest.mark.parametrize(("given", "penalty"), [(False, lambda *_: 0.0), (True, None)])
def test_a_fine_tuning_that_makes_a_net_worse_is_not_kept(given: bool, penalty: Penalty | None) -> None:
    model, options = net(), Options(10, rate=0.1, check_every=5, given=given)
    before = model.get_weights()[0].copy()
    learn(model, lambda _: UP, [DOWN], squared, options, penalty=penalty)
    np.testing.assert_array_equal(model.get_weights()[0], before)


def random_net(seed: int = 3) -> Any:
    """Make a net that draws chance of its own while it learns, and keeps means of what it saw."""
    from samplechop.offline.training.keras_models import keras

    k = keras()
    k.utils.set_random_seed(seed)
    k.backend.clear_session()
    inputs = k.Input((3,))
    x = k.layers.BatchNormalization(momentum=0.8)(k.layers.Dense(4)(inputs))
    return k.Model(inputs, k.layers.Dense(1)(k.layers.Dropout(0.4)(x)))


def noisy(rng: np.random.Generator) -> Batch:
    x = rng.standard_normal((8, 3)).astype(np.float32)
    return x, x[:, :1] + rng.standard_normal((8, 1)).astype(np.float32)


class Killed(Exception):
    """Stands for a kill -9."""


def test_the_mean_of_the_weights_lies_on_the_way_between_the_first_and_the_last() -> None:
    fitted = {}
    for average in (0, 10):
        fitted[average] = learn(net(), lambda _: UP, [UP], squared, Options(20, rate=0.02, average=average))
    first, last, mean = (float(one.get_weights()[0][0, 0]) for one in (net(), fitted[0].model, fitted[10].model))
    assert min(first, last) + 0.2 * abs(last - first) < mean < max(first, last) - 0.2 * abs(last - first)
    assert fitted[10].validation_loss[-1] == pytest.approx(loss_of(fitted[10].model, UP))


@cache
def whole_training(options: Options) -> Fitted:
    """Train without a break."""
    return learn(random_net(), noisy, [noisy(np.random.default_rng(9))], squared, options)


@pytest.mark.parametrize(("killed_at", "average"), [(4, 0), (8, 0), (12, 0), (8, 5)])
def test_a_training_that_was_killed_goes_on_to_the_same_net(tmp_path: Path, killed_at: int, average: int) -> None:
    options = Options(12, rate=0.1, seed=5, check_every=4, average=average)
    held_out = [noisy(np.random.default_rng(9))]
    whole = whole_training(options)
    checkpoint, seen = Checkpoint(tmp_path / "checkpoint", "this"), []

    def kill(step: int, _loss: float) -> None:
        if step == killed_at:
            raise Killed

    with pytest.raises(Killed):
        learn(random_net(), noisy, held_out, squared, options, checkpoint=checkpoint, on_check=kill)

    def note(step: int, _running: float, _held_out: float | None) -> None:
        seen.append(step)

    resumed = learn(random_net(8), noisy, held_out, squared, options, note, checkpoint=checkpoint)
    assert seen == list(range(killed_at + 1, 13))
    assert (resumed.steps, resumed.validation_loss) == (whole.steps, whole.validation_loss)
    for one, other in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("other", ["of other data", "damaged"])
def test_a_checkpoint_that_does_not_fit_is_passed_over(tmp_path: Path, other: str) -> None:
    options = Options(2, rate=0.1, check_every=1)
    whole = learn(net(), lambda _: UP, [UP], squared, options)
    place = tmp_path / "checkpoint"
    learn(net(), lambda _: UP, [UP], squared, options, checkpoint=Checkpoint(place, "first"))
    if other == "damaged":
        place.write_bytes(place.read_bytes()[:-200])
    wanted = "second" if other == "of other data" else "first"
    again = learn(net(), lambda _: UP, [UP], squared, options, checkpoint=Checkpoint(place, wanted))
    np.testing.assert_array_equal(again.model.get_weights()[0], whole.model.get_weights()[0])


@pytest.mark.parametrize("wrong", [{"steps": -1}, {"rate": 0.0}, {"check_every": 0}])
def test_options_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be 0 or more"):
        Options(**wrong)


class Toy:
    """A task of two nets that learn UP."""

    card = Card("Detects nothing.", "On nothing:", "samplechop evaluate nothing")
    members = 2

    def __init__(self) -> None:
        """Begin with no seeds seen."""
        self.seeds: list[int] = []

    def build(self, _member: int, seed: int) -> tuple[Any, None]:
        """Make the net, and note its seed."""
        self.seeds.append(seed)
        return net(seed), None

    def draw(self, _rng: np.random.Generator) -> Batch:
        """Give the same again and again."""
        return UP

    def validation_batches(self) -> list[Batch]:
        """Give the same again."""
        return [UP]

    def loss(self) -> Loss:
        """Give the loss."""
        return squared

    def calibrate(self, fittings: Sequence[Fitted]) -> Calibrated:
        """Make a model that no detector can run."""
        features = HarmonyFeatures(44_100, 2048, "cqt", 252, 60.0)
        scores = {"weight": [float(one.model.get_weights()[0][0, 0]) for one in fittings]}
        return Calibrated(b"a net", features, scores, facts={"later": 2}, card_scores={"in_words": "good"})

    def finish(self, manifest: Any, folder: Path) -> None:
        """Write nothing more."""


@dataclass(frozen=True, slots=True)
class ToyOptions(TrainOptions):
    """What `samplechop train toy` may be given."""

    steps: Annotated[int, Option("Steps.", low=1)] = 2


def train_toy(sources: list[Path], options: ToyOptions, run: Run) -> str:
    run.fit(Toy(), Options(options.steps, rate=0.1, seed=options.seed), {"sources": len(sources)})
    return "well"


RECIPE = Recipe("Train a toy.", "PLAYROOM", "Rooms.", train_toy, ToyOptions, required=False)


def test_a_task_becomes_a_command_by_a_line_in_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "toy", RECIPE)
    made = samplechop("train", "toy", "a", "b", "-o", tmp_path / "toy", "--steps", 3, "--seed", 7)
    assert made.code == 0, made
    assert made.out.strip().endswith("well")
    assert models.load(tmp_path / "toy.json").training == {"sources": 2, "later": 2}
    assert f"samplechop train toy a b -o {tmp_path}" in (tmp_path / "toy.md").read_text()
    assert "Train a toy." in samplechop("train", "--help").out
    assert "--steps must be 1 or more, got 0" in samplechop("train", "toy", "-o", tmp_path / "x", "--steps", 0).err


def test_a_task_becomes_a_model_with_its_card_and_its_figures(tmp_path: Path) -> None:
    task, seen = Toy(), []

    def progress(what: str, done: int, _total: int) -> None:
        seen.append((what.split(",")[0], done))

    run = Run("toy", tmp_path / "toy", tmp_path, "samplechop train toy", progress)
    made = run.fit(task, Options(3, rate=0.1, seed=7), {"first": 1})
    assert task.seeds == [7, 8]
    assert seen == [(f"training net {member} of 2", step) for member in (1, 2) for step in (1, 2, 3)]
    assert list(made.training.items()) == [("first", 1), ("later", 2)]
    assert len(made.scores["weight"]) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"toy.tflite", "toy.json", "toy.md", "toy-report"}
    assert {path.name for path in (tmp_path / "toy-report").iterdir()} == {"loss.png"}
    card = (tmp_path / "toy.md").read_text()
    assert all(words in card for words in ("Detects nothing.", "samplechop train toy", "- first: 1", "in words: good"))
