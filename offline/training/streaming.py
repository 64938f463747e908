"""Streaming nets as tasks of the training loop: random excerpts of records, augmented; several members, averaged."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from samplechop import models
from samplechop.models import DrumFeatures, Manifest, StreamFeatures
from samplechop.offline.training import dataset, keras_models, tcn
from samplechop.offline.training.keras_models import Calibrated, tensorflow
from samplechop.offline.training.loop import Batch, Fitted, Loss, Options, Penalty, Run, TrainOptions
from samplechop.offline.training.streaming_targets import Record, StreamSpec, mark
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.options import Option, check
from samplechop.realtime.nets.streaming import TemporalNet

EXCERPT = 1280
"""Frames per example: 14.9 s of 512 samples each."""
SETTLE = 40
"""Frames at the start of an example that do not count: the net's memory is not filled yet."""
BATCH = 8
DISTIL_WEIGHT = 0.5
"""How much the former answers of the other heads count while a net is fine-tuned on new events of the first."""
CLOSE_ENOUGH = 2e-3
"""How far the .tflite's probabilities may lie from Keras's: both compute in float32, in another order."""
VERSIONS = 2
"""Of each training recording: as it is, and augmented."""

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Features (n, n_features) in, probabilities (n, heads) out."""


class Start(NamedTuple):
    """What is fine-tuned: the model's manifest, its shape, and the weights of its members."""

    manifest: Manifest
    shape: tcn.Shape
    members: list[tcn.Layers]


def start_from(name: str, kind: type[StreamFeatures] | type[DrumFeatures], **expected: object) -> Start:
    """Open a released model, or a manifest, to fine-tune. kind, expected: of the features it must have.

    Raises UserError or ModelError where that cannot be done.
    """
    manifest = models.load(name)
    features = manifest.features
    if not isinstance(features, kind):
        raise UserError(f"--from {name}: only a streaming net of this task can be tuned, not kind {manifest.kind!r}")
    for key, wanted in expected.items():
        if getattr(features, key) != wanted:
            raise UserError(f"--from {name}: its {key} is {getattr(features, key)}, this version trains {wanted}")
    shape = tcn.Shape(features.n_features, len(features.heads), features.dilations, features.channels)
    path = manifest.path.with_suffix(".npz")
    members = tcn.load_weights(path)
    if any([layer.shape for layer, _ in layers] != shape.weights for layers in members):
        raise UserError(f"--from {manifest.name}: {path.name} beside it holds the weights of another net")
    return Start(manifest, shape, members)


class StreamingTask(ABC):
    """What the nets of one spec have in common as tasks of the loop; thresholds, scores and figures are a subclass's.

    validation: the records that decide when to stop. layers: of each member, once `fitted` was called.
    """

    card: ClassVar[keras_models.Card]

    def __init__(self, spec: StreamSpec, features: Path, shape: tcn.Shape, members: int, start: Start | None) -> None:
        """Open the shards in `features`; start: the model to fine-tune, with all its members.

        Raises UserError without data for both splits.
        """
        self.spec, self.start = spec, start
        self.shape, self.members = (start.shape, len(start.members)) if start else (shape, members)
        self._training, self.validation = (dataset.read(features, split) for split in ("train", "validation"))
        if not self._training or not self.validation:
            raise UserError(dataset.NOTHING_HELD_OUT)
        lengths = np.array([len(one.x) for one in self._training], float)
        self._chance = lengths / lengths.sum()
        self.layers: list[tcn.Layers] = []

    def build(self, member: int, seed: int) -> tuple[Any, Penalty | None]:
        """Make the net of one member, or fine-tune that of `start`."""
        layers = self.start.members[member] if self.start else None
        model = tcn.build(self.shape, seed, layers=layers)
        if layers is None or not self.spec.distil:
            return model, None
        before = tcn.build(self.shape, seed, layers=layers)

        def penalty(x: Any, logits: Any) -> Any:
            return DISTIL_WEIGHT * _distillation(self.spec, before(x, training=False), logits)

        return model, penalty

    def draw(self, rng: np.random.Generator) -> Batch:
        """Draw excerpts of records, the longer ones more often."""
        chosen = rng.choice(len(self._training), BATCH, p=self._chance)
        return _stacked([example(self.spec, self._training[i], rng) for i in chosen])

    def validation_batches(self) -> list[Batch]:
        """Give one excerpt of each validation record, as it is."""
        records = enumerate(self.validation)
        examples = [example(self.spec, one, np.random.default_rng(i), augment=False) for i, one in records]
        return [_stacked(examples[i : i + BATCH]) for i in range(0, len(examples), BATCH)]

    def loss(self) -> Loss:
        """Give the weighted cross-entropy of all heads, events counted positive_weight times."""
        tf, spec, n = tensorflow(), self.spec, len(self.spec.names)
        importance = tf.constant(list(spec.heads.values()))
        more = tf.constant([0.0 if head in spec.values else spec.positive_weight - 1 for head in spec.names])

        def loss(y: Any, logits: Any) -> Any:
            target, weight = y[..., :n], y[..., n:]
            each = tf.nn.sigmoid_cross_entropy_with_logits(target, logits) * (1 + more * target)
            return tf.reduce_sum(each * weight * importance) / (tf.reduce_sum(weight * importance) + 1.0)

        return loss

    def fitted(self, fittings: Sequence[Fitted]) -> tuple[Predict, bytes]:
        """Average the members' logits: as a function, and as the .tflite of one step."""
        self.layers = [tcn.layers_of(one.model, self.shape) for one in fittings]
        self._predict = mean_of([one.model for one in fittings])
        return self._predict, keras_models.to_tflite(tcn.step(self.layers, self.shape), 1)

    def said(self, manifest: Manifest) -> object:
        """Give what is said of the trained model at the end; if nothing else, its scores."""
        return manifest.scores

    @abstractmethod
    def calibrate(self, fittings: Sequence[Fitted]) -> Calibrated:
        """Choose thresholds, measure on validation records, convert."""

    def finish(self, manifest: Manifest, _folder: Path) -> None:
        """Write the weights, NAME.npz, and prove that the .tflite, run as it is live, scores a record as Keras does.

        Raises RuntimeError if it does not.
        """
        tcn.save_weights(manifest.path.with_suffix(".npz"), self.layers)
        x = np.asarray(self.validation[0].x[:2000], np.float32)
        net = TemporalNet(manifest)
        live = np.array([net.push(frame) for frame in x])
        difference = float(np.max(np.abs(live - self._predict(x))))
        if difference > CLOSE_ENOUGH:
            raise RuntimeError(f"{manifest.path} scores up to {difference:.4f} away from the net it was made from")


@dataclass(frozen=True, slots=True)
class StreamOptions(TrainOptions):
    """The options of streaming nets. steps: None for the task's own number."""

    start: Annotated[
        str | None, Option("Begin with this model and move it towards your labels.", names=("--from",))
    ] = None
    members: Annotated[
        int, Option("Nets to train and average (default: {default}; with --from as many as it has).", low=1, high=8)
    ] = 1
    steps: Annotated[
        int | None,
        Option(
            "Training steps per net (default: some thousands, some hundreds with --from; 0 calibrates only).", low=0
        ),
    ] = None
    calibrate_on: Annotated[
        Path | None,
        Option("Labelled real recordings that calibrate the model's strengths; it does not learn from them."),
    ] = None

    def __post_init__(self) -> None:
        """Raise UserError for a value out of range."""
        check(self)
        if self.steps == 0 and self.start is None:
            raise UserError("--steps 0 trains nothing: name a model to calibrate with --from, or leave it out")


def train_stream(
    sources: list[Path],
    options: StreamOptions,
    run: Run,
    spec: StreamSpec,
    schedule: Options,
    start: Start | None,
    make: Callable[[Path, int, Start | None, Path | None], StreamingTask],
) -> object:
    """Compute features of the labelled recordings in the sources, train; gives what is said of it. Raises UserError.

    make: the task of (shards, members, start, shards to calibrate on).
    """
    shards = run.work / run.task
    prepare = partial(dataset.prepare, spec, seed=options.seed, jobs=options.jobs)
    counted = partial(run.progress, "processing recordings")
    counts = prepare(sources, shards, VERSIONS, on_record=counted, held_out=True)
    facts: dict[str, Any] = {f"recordings_{split}": number for split, number in counts.items()}
    real = None
    if options.calibrate_on is not None:
        real = run.work / "calibration"
        counted = partial(run.progress, "processing real recordings")
        facts["recordings_calibration"] = sum(prepare([options.calibrate_on], real, 1, on_record=counted).values())
    task = make(shards, options.members, start, real)
    facts |= {"seed": options.seed, "steps": schedule.steps, "members": task.members}
    return task.said(run.fit(task, schedule, {**facts, "from": options.start or "nothing"}))


def lowest_losses(fittings: Sequence[Fitted]) -> list[float]:
    """Give each member's lowest validation loss, where there was one."""
    return [round(min(one.validation_loss), 4) for one in fittings if one.validation_loss]


def mean_of(nets: Sequence[Any]) -> Predict:
    """Give the probabilities of the mean of the nets' logits."""

    def predict(x: NDArray[np.float32]) -> NDArray[np.float32]:
        logits = np.mean([net(x[None], training=False).numpy()[0] for net in nets], axis=0)
        return np.asarray(expit(logits), np.float32)

    return predict


def _distillation(spec: StreamSpec, before: Any, logits: Any) -> Any:
    """Cross-entropy of what a net gives in all but its first head against what it gave before.

    Li and Hoiem, "Learning without forgetting", 2016: who labels chops only should not lose the beat.
    """
    tf = tensorflow()
    each = tf.nn.sigmoid_cross_entropy_with_logits(tf.sigmoid(before[..., 1:]), logits[..., 1:])
    return tf.reduce_mean(each * tf.constant(list(spec.heads.values())[1:]))


def excerpt(
    spec: StreamSpec, record: Record, start: int, speed: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Cut EXCERPT frames from a record, as if it were played at `speed`: (x, target, weight); padded with nothing.

    Features between frames are interpolated; an event stays one frame, `lookahead` frames before its answer.
    """
    n, heads, lookahead = EXCERPT, record.target.shape[1], spec.lookahead
    x, target, weight = (np.zeros((n, width), np.float32) for width in (record.x.shape[1], heads, heads))
    if speed == 1.0:
        for whole, part in ((x, record.x), (target, record.target), (weight, record.weight)):
            some = part[start : start + n]
            whole[: len(some)] = some
        return x, target, weight
    places = start + np.arange(n) * speed
    places = places[places < len(record.x) - 1]
    before = places.astype(int)
    share = (places - before)[:, None].astype(np.float32)
    rows = np.asarray(record.x[start : start + int(n * speed) + 2], np.float32)
    x[: len(places)] = rows[before - start] * (1 - share) + rows[before - start + 1] * share
    answers = np.round(start + (np.arange(n) - lookahead) * speed + lookahead).astype(int)
    inside = (answers >= 0) & (answers < len(record.weight)) & (np.arange(n) < len(places))
    weight[inside] = record.weight[answers[inside]]
    first = max(0, start - 2 * lookahead)
    original = np.asarray(record.target[first : start + int(n * speed) + lookahead])
    for column, head in enumerate(spec.names):
        if head in spec.values:
            target[inside, column] = record.target[answers[inside], column]
            continue
        frames = np.flatnonzero(original[:, column] == 1)
        stretched = [round((first + frame - lookahead - start) / speed + lookahead) for frame in frames]
        mark(spec, stretched, target[: len(places), column], weight[: len(places), column])
    return x, target, weight


def augment_features(x: NDArray[np.float32], stack: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Change features as another cartridge, mastering or pressing would, now and then: each band a little louder or
    softer, livelier or flatter dynamics, some neighbouring bands masked, some noise.

    x: float32 (n, features of `stack` hops, one after the other).
    """
    bands = x.shape[1] // stack
    if rng.random() < 0.7:
        x = x + np.tile(rng.normal(0, 0.15, bands), stack).astype(np.float32)
    if rng.random() < 0.5:
        x = x * np.float32(rng.uniform(0.75, 1.25))
    if rng.random() < 0.25:
        low, width = int(rng.integers(0, bands)), int(rng.integers(1, 7))
        x = x.copy()
        x.reshape(len(x), stack, bands)[:, :, low : low + width] = 0
    if rng.random() < 0.3:
        x = x + rng.normal(0, rng.uniform(0.02, 0.15), x.shape).astype(np.float32)
    return x


def example(spec: StreamSpec, record: Record, rng: np.random.Generator, augment: bool = True) -> Batch:
    """Draw one example: x (EXCERPT, features), y (EXCERPT, 2 heads): the target and, beside it, how much it counts."""
    start = int(rng.integers(0, max(1, len(record.x) - EXCERPT + 200)))
    speed = float(rng.uniform(0.85, 1.18)) if augment and rng.random() < 0.4 else 1.0
    x, target, weight = excerpt(spec, record, start, speed)
    if start:
        weight[:SETTLE] = 0
    return augment_features(x, spec.stack, rng) if augment else x, np.concatenate([target, weight], axis=1)


def _stacked(examples: Sequence[Batch]) -> Batch:
    return np.stack([x for x, _ in examples]), np.stack([y for _, y in examples])
