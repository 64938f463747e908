"""The training loop of all nets: fit, calibrate on held-out data, write the model, its figures and its card.

A task says what differs: data, net, loss, calibration, figures. Each stands in a module of offline/training/tasks, and
the table of offline/cli/train.py says what the command must know of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest
from samplechop.offline.common.progress import Progress
from samplechop.offline.training import keras_models, measures
from samplechop.offline.training.averaging import RunningMean
from samplechop.offline.training.checkpoints import Checkpoint, State, digest
from samplechop.offline.training.keras_models import Calibrated, keras, tensorflow

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Input and target: float32, both with the examples along the first axis."""
Loss = Callable[[Any, Any], Any]
"""(target, output of the net) in, one number out; tensors."""
Penalty = Callable[[Any, Any], Any]
"""(input, output of the net) in, the cost of having left what the net gave before fine-tuning out; tensors."""


@dataclass(frozen=True, slots=True)
class Options:
    """How long and how fast to learn.

    steps: batches in all. rate: the highest learning rate. seed: of the weights and the order. check_every: steps
    between two evaluations of the validation batches. patience: evaluations without improvement after which it stops.
    average: steps over which the weights are averaged; 0 for the weights as they are. given: whether the net was one
    before: it stays what it was unless it gets better.
    """

    steps: int = 1500
    rate: float = 4e-3
    seed: int = 1
    check_every: int = 150
    patience: int = 8
    average: int = 0
    given: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a number out of range."""
        if min(self.steps, self.average) < 0 or self.rate <= 0 or self.check_every < 1:
            raise ValueError(f"steps and average must be 0 or more, rate above 0, check_every 1 or more, got {self}")


@dataclass(slots=True)
class Fitted:
    """A fitted net and how it went: loss of training and validation at each evaluation."""

    model: Any
    steps: list[int] = field(default_factory=list)
    training_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)


class Task(Protocol):
    """What a net is trained for."""

    @property
    def card(self) -> keras_models.Card:
        """What the card says of every model of this task."""

    @property
    def members(self) -> int:
        """Number of nets of one shape to fit and to average."""

    def build(self, member: int, seed: int, /) -> tuple[Any, Penalty | None]:
        """Make the Keras net of one member; with a penalty where it is fine-tuned rather than trained from nothing."""

    def draw(self, rng: np.random.Generator) -> Batch:
        """Give the next training batch, augmented."""

    def validation_batches(self) -> Sequence[Batch]:
        """Give the batches that only decide when to stop, the same every time."""

    def loss(self) -> Loss:
        """Give the loss."""

    def calibrate(self, fittings: Sequence[Fitted]) -> Calibrated:
        """Choose thresholds, measure on held-out data, convert."""

    def finish(self, manifest: Manifest, folder: Path, /) -> None:
        """Draw the task's own figures into `folder`, write what else lies beside the model, verify the written file."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training. task: its name. out: the model to write, without suffix. work: a folder for what is computed on the
    way. command: what the user typed, for the card; without it there is no card. on_check: called with (step, loss of
    validation) at each evaluation; what it raises ends the training. set_apart: whether half of the recordings held out
    are kept from the training altogether, for a comparison of models afterwards.
    """

    task: str
    out: Path
    work: Path
    command: str
    progress: Progress
    on_check: Callable[[int, float], None] | None = None
    set_apart: bool = False

    def fit(self, task: Task, options: Options, facts: Mapping[str, Any]) -> Manifest:
        """Train a task's net; write OUT.tflite, OUT.json, and OUT.md with the figures in OUT-report.

        A run that was killed goes on at its last evaluation when it is started again. facts: on the training, for the
        manifest.
        """
        keras().backend.clear_session()  # layers are numbered from the start, so that the same run writes the same file
        fittings, checkpoints = [], []
        for member in range(task.members):
            chosen = replace(options, seed=options.seed + member)
            model, penalty = task.build(member, chosen.seed)
            name = f"training net {member + 1} of {task.members}" if task.members > 1 else "training"
            batches = task.validation_batches()
            given = [
                *model.get_weights(),
                *task.draw(np.random.default_rng(0)),
                *(part for one in batches for part in one),
            ]
            place = self.work / f"{self.task}-{self.out.name}-{member + 1}.checkpoint"
            checkpoints.append(Checkpoint(place, digest(self.task, chosen, dict(facts), arrays=given)))

            def on_step(step: int, loss: float, held_out: float | None, name: str = name) -> None:
                more = "" if held_out is None else f", {held_out:.4f} held out"
                self.progress(f"{name}, loss {loss:.3f}{more}", step, options.steps)

            fitted = learn(
                *(model, task.draw, batches, task.loss(), chosen),
                *(on_step, penalty, checkpoints[-1], self.on_check),
            )
            fittings.append(fitted)
        made = task.calibrate(fittings)
        manifest = keras_models.write(self.out, made, facts)
        folder = self.out.with_name(self.out.name + "-report")
        task.finish(manifest, folder)
        if self.command:
            losses = [(one.steps, one.training_loss, one.validation_loss) for one in fittings]
            measures.draw_losses(losses, folder / "loss.png")
            keras_models.write_card(manifest, task.card, self.command, made.card_scores)
        for checkpoint in checkpoints:
            checkpoint.remove()
        return manifest


def learn(
    model: Any,
    draw: Callable[[np.random.Generator], Batch],
    validation: Sequence[Batch],
    loss: Loss,
    options: Options,
    on_step: Callable[[int, float, float | None], None] | None = None,
    penalty: Penalty | None = None,
    checkpoint: Checkpoint | None = None,
    on_check: Callable[[int, float], None] | None = None,
) -> Fitted:
    """Fit a Keras net; the weights with the lowest validation loss are kept. The same draws give the same net.

    AdamW (Loshchilov and Hutter, 2019) with a warm-up over the first seventh of the steps, then a cosine down to a
    hundredth; gradients clipped to a norm of 1.

    draw: gives the next batch, by chance of the options' seed; called from one thread of its own, one batch ahead.
    validation: batches that only decide when to stop. on_step: called with (step, running loss, last validation loss or
    None). penalty: added to the loss when a net is fine-tuned; the last weights are kept then, unless the net was
    better before. checkpoint: written at each evaluation; what it holds of the same training is not done again.
    on_check: called with (step, validation loss) at each evaluation, of those that were done before as well.
    """
    tf = tensorflow()
    k = keras()
    schedule = k.optimizers.schedules.CosineDecay(
        options.rate / 25,
        max(1, options.steps),
        alpha=0.01,
        warmup_target=options.rate,
        warmup_steps=options.steps // 7,
    )
    rate: list[Any] = []  # of the step: given the schedule itself, the optimizer has it traced for each variable
    optimizer = k.optimizers.AdamW(lambda: rate[-1], weight_decay=1e-3, clipnorm=1.0)
    optimizer.build(model.trainable_variables)  # made inside train_step, its variables would have that traced twice
    mean = RunningMean(model.variables, options.average)
    variables = [*model.variables, *optimizer.variables, *mean.variables]

    # Nothing here branches on tensors; rewritten for that, the step takes half as long again to trace.
    @tf.function(reduce_retracing=True, autograph=False)
    def train_step(x: Any, y: Any) -> Any:
        rate[:] = [schedule(optimizer.iterations)]
        with tf.GradientTape() as tape:
            output = model(x, training=True)
            value = loss(y, output)
            if penalty is not None:
                value += penalty(x, output)
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        mean.update()
        return value

    def judged() -> tuple[float, list[Any]]:
        """Give the validation loss of the weights that would be kept, and these."""
        with mean.in_place():
            value = float(np.mean([float(loss(y, model(x, training=False))) for x, y in validation]))
            return value, model.get_weights()

    rng = np.random.default_rng(options.seed)
    done = checkpoint.load(variables) if checkpoint is not None else None
    state, best = done or (State(), None)
    if done is not None:
        rng.bit_generator.state = state.chance
        for step, value in zip(state.steps, state.validation_loss, strict=True):
            if on_check is not None:
                on_check(step, value)
    elif penalty is not None or options.given:  # a fine-tuning that makes it worse is not kept
        state.original, best = judged()
        state.best = state.original
    for number, (x, y), chance in _ahead(draw, rng, state.step, 0 if state.ended else options.steps):
        value = float(train_step(x, y))
        state.running = value if number == 1 else 0.97 * state.running + 0.03 * value
        if on_step is not None:
            on_step(number, state.running, state.validation_loss[-1] if state.validation_loss else None)
        if number % options.check_every == 0 or number == options.steps:
            state.step, state.chance, (now, weights) = number, chance, judged()
            state.steps.append(number)
            state.training_loss.append(state.running)
            state.validation_loss.append(now)
            if state.best is None or now < state.best:
                state.best, state.waited, best = now, 0, weights
            else:
                state.waited += 1
            state.ended = number == options.steps or state.waited >= options.patience
            if checkpoint is not None:
                checkpoint.save(state, variables, best)
            if on_check is not None:
                on_check(number, now)
            if state.ended:
                break
    # With the few records of one user the loss soon rises again, as the net grows surer, while its answers still get
    # better: a fine-tuned net is kept as it is at the end, unless it was better before.
    losses = state.validation_loss
    improved = penalty is not None and state.original is not None and bool(losses) and losses[-1] < state.original
    if improved:
        with mean.in_place():
            best = model.get_weights()
    if best is not None:
        model.set_weights(best)
    return Fitted(model, state.steps, state.training_loss, state.validation_loss)


def _ahead(
    draw: Callable[[np.random.Generator], Batch], rng: np.random.Generator, done: int, count: int
) -> Iterator[tuple[int, Batch, dict[str, Any]]]:
    """Give (number, batch, state of chance after it) of the batches up to `count`, `done` of which were drawn before.

    Each is drawn while the one before it is learned from; in one thread, so always the same ones.
    """

    def drawn() -> tuple[Batch, dict[str, Any]]:
        return draw(rng), dict(rng.bit_generator.state)

    if done >= count:
        return
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(drawn)
        for number in range(done + 1, count + 1):
            batch, chance = coming.result()
            if number < count:
                coming = pool.submit(drawn)
            yield number, batch, chance
