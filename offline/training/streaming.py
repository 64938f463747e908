"""Streaming nets as tasks of the training loop: random excerpts of records, augmented; several members, averaged."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from samplechop import models
from samplechop.models import DrumFeatures, Manifest, StreamFeatures
from samplechop.offline.training import dataset, keras_models, losses, tcn
from samplechop.offline.training.excerpts import example
from samplechop.offline.training.keras_models import Calibrated
from samplechop.offline.training.loop import Batch, Fitted, Loss, Options, Penalty, Run
from samplechop.offline.training.recipes import StreamOptions
from samplechop.offline.training.shared_net import SharedShape
from samplechop.offline.training.streaming_targets import StreamSpec
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.nets.features import STACK
from samplechop.realtime.nets.temporal_net import TemporalNet

BATCH = 8
CLOSE_ENOUGH = 2e-3
"""How far the .tflite's probabilities may lie from Keras's: both compute in float32, in another order."""
VERSIONS = 2
"""Of each training recording: as it is, and augmented."""

NON_COMMERCIAL = re.compile(r"\bNC\b|non[- ]?commercial", re.IGNORECASE)
"""In a manifest's licence, as in CC BY-NC-SA 4.0."""
CONFIGURED = ("rate", "channels", "layers", "augmentation", "mixing")
"""Options that stand in the manifest where they are given."""
Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Features (n, n_features) in, probabilities (n, heads) out."""

Shape = tcn.Shape | SharedShape


class Start(NamedTuple):
    """What is fine-tuned: the model's manifest, its shape, and the weights of its members."""

    manifest: Manifest
    shape: Shape
    members: list[tcn.Layers]


def learnable(name: str, option: str = "--from") -> Manifest:
    """Open a model to begin with or to learn from, as an option names it: what comes of it is under the MIT licence.

    Raises UserError where its licence forbids that, ModelError for one that cannot be read.
    """
    manifest = models.load(name)
    if NON_COMMERCIAL.search(manifest.license):
        raise UserError(
            f"{option} {name}: its licence, {manifest.license!r}, forbids commercial use, also of models that "
            "learn from it: name another model"
        )
    return manifest


def start_from(
    name: str, kind: type[StreamFeatures] | type[DrumFeatures], option: str = "--from", **expected: object
) -> Start:
    """Open a released model, or a manifest, to fine-tune or to learn from.

    kind, expected: of the features it must have. option: that named it. Raises UserError or ModelError where that
    cannot be done.
    """
    manifest = learnable(name, option)
    features = manifest.features
    if not isinstance(features, kind):
        raise UserError(f"{option} {name}: only a streaming net of this task will do, not kind {manifest.kind!r}")
    for key, wanted in expected.items():
        if getattr(features, key) != wanted:
            raise UserError(f"{option} {name}: its {key} is {getattr(features, key)}, this version trains {wanted}")
    shape, path = shape_of(features), manifest.path.with_suffix(".npz")
    members = tcn.load_weights(path)
    if any([layer.shape for layer, _ in layers] != shape.weights for layers in members):
        raise UserError(f"{option} {manifest.name}: {path.name} beside it holds the weights of another net")
    return Start(manifest, shape, members)


def shape_of(features: StreamFeatures | DrumFeatures) -> Shape:
    """Give the shape of a net that a manifest describes."""
    size = features.channels, features.dilations
    early = features.early if isinstance(features, StreamFeatures) else None
    if early is None:
        return tcn.Shape(features.n_features, len(features.heads), features.dilations, features.channels)
    return SharedShape(len(features.heads), len(early.heads), *size, early.channels, early.dilations)


class StreamingTask(ABC):
    """What the nets of one spec have in common as tasks of the loop; thresholds, scores and figures are a subclass's.

    validation: the records that decide when to stop. layers: of each member, once `fitted` was called; early: the
    .tflite of their early stage, if they have one. distil: whether one more net learns from the mean of the members,
    which is then the model. others: nets, trained before, from whose mean each member learns.
    """

    card: ClassVar[keras_models.Card]

    def __init__(self, spec: StreamSpec, features: Path, shape: Shape, members: int, start: Start | None) -> None:
        """Open the shards in `features`; start: the model to fine-tune, with all its members.

        Raises UserError without data for both splits.
        """
        self.spec, self.start = spec, start
        self.shape, self._teachers = (start.shape, len(start.members)) if start else (shape, members)
        self._training, self.validation = (dataset.read(features, split) for split in ("train", "validation"))
        if not self._training or not self.validation:
            raise UserError(dataset.NOTHING_HELD_OUT)
        self._lengths = np.array([len(one.x) for one in self._training], float)
        self._chance = self._lengths / self._lengths.sum()
        self._sources = np.array(dataset.read_sources(features, "train"))
        self._augmentation = 1.0
        self._built: list[Any] = []
        self.others: list[Any] = []
        self.layers: list[tcn.Layers] = []
        self.early, self.distil = b"", False

    @property
    def members(self) -> int:
        """Number of nets to fit."""
        return self._teachers + self.distil

    def configure(self, options: StreamOptions) -> dict[str, object]:
        """Take what the options say of the net's size and of its data; gives that, for the manifest.

        Raises UserError for what cannot be done.
        """
        given = {name: getattr(options, name) for name in CONFIGURED if getattr(options, name) is not None}
        if self.start is not None and given.keys() & {"channels", "layers"}:
            raise UserError("--from keeps the net's size: leave out --channels and --layers")
        if options.channels is not None:
            self.shape = replace(self.shape, channels=options.channels)
        if options.layers is not None:
            self.shape = replace(self.shape, dilations=dilations_of(self.shape.dilations, options.layers))
        if options.augmentation is not None:
            self._augmentation = options.augmentation
        if options.mixing is not None:
            first = self._sources == 0
            if first.all() or not first.any():
                raise UserError(dataset.NOT_MIXED)
            shares = np.where(first, options.mixing, 1 - options.mixing)
            sums = np.where(first, self._lengths[first].sum(), self._lengths[~first].sum())
            self._chance = shares * self._lengths / sums
        return given

    def build(self, member: int, seed: int) -> tuple[Any, Penalty | None]:
        """Make the net of one member, or fine-tune that of `start`; after the last, the one that learns from all."""
        if member == self._teachers:
            return self.shape.build(seed), partial(losses.teaching, self.spec, self._built[: self._teachers])
        layers = self.start.members[member] if self.start else None
        model = self.shape.build(seed, layers=layers)
        self._built = [*self._built[:member], model]
        if self.others:
            return model, partial(losses.teaching, self.spec, self.others)
        if layers is None or not self.spec.distil:
            return model, None
        before = self.shape.build(seed, layers=layers)

        def penalty(x: Any, logits: Any) -> Any:
            return losses.DISTIL_WEIGHT * losses.distillation(self.spec, before(x, training=False), logits)

        return model, penalty

    def draw(self, rng: np.random.Generator) -> Batch:
        """Draw excerpts of records, the longer ones more often."""
        chosen = rng.choice(len(self._training), BATCH, p=self._chance)
        return _stacked([example(self.spec, self._training[i], rng, self._augmentation) for i in chosen])

    def validation_batches(self) -> list[Batch]:
        """Give one excerpt of each validation record, as it is."""
        examples = [example(self.spec, one, np.random.default_rng(i), 0.0) for i, one in enumerate(self.validation)]
        return [_stacked(examples[i : i + BATCH]) for i in range(0, len(examples), BATCH)]

    def loss(self) -> Loss:
        """Give the weighted cross-entropy of all heads, events counted positive_weight times, and rare ones more."""
        return losses.cross_entropy(self.spec, self._training)

    def fitted(self, fittings: Sequence[Fitted]) -> tuple[Predict, bytes]:
        """Average the members' logits: as a function, and as the .tflite of its steps."""
        chosen = [one.model for one in (fittings[-1:] if self.distil else fittings)]
        self.layers = [self.shape.layers_of(model) for model in chosen]
        self._predict = mean_of(chosen)
        step, early = self.shape.steps(self.layers)
        self.early = early.to_tflite() if early is not None else b""
        return self._predict, step.to_tflite()

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
        net, wanted, n = TemporalNet(manifest, STACK), self._predict(x), len(self.spec.names)
        frames = (frame.reshape(net.rows_per_frame, -1) for frame in x)
        live = np.array([np.concatenate([*net.push(frame), net.early[-1:].reshape(-1)]) for frame in frames])
        wanted = np.concatenate([wanted[:, :n], wanted[:, wanted.shape[1] - (live.shape[1] - n) :]], axis=1)
        if (difference := float(np.max(np.abs(live - wanted)))) > CLOSE_ENOUGH:
            raise RuntimeError(f"{manifest.path} scores up to {difference:.4f} away from the net it was made from")


def train_stream(
    sources: list[Path],
    options: StreamOptions,
    run: Run,
    spec: StreamSpec,
    schedule: Options,
    start: Start | None,
    make: Callable[[Path, int, Start | None, Path | None], StreamingTask],
    teachers: Sequence[Start] = (),
) -> object:
    """Compute features of the labelled recordings in the sources, train; gives what is said of it. Raises UserError.

    make: the task of (shards, members, start, shards to calibrate on). teachers: models to learn from, too.
    """
    if options.mixing is not None and not dataset.can_be_mixed(dataset.find(spec, sources, run.set_apart)):
        raise UserError(dataset.NOT_MIXED)
    shards, real = run.work / run.task, None
    prepare = partial(dataset.prepare, spec, seed=options.seed, jobs=options.jobs)
    counted = partial(run.progress, "processing recordings")
    counts = prepare(sources, shards, VERSIONS, on_record=counted, held_out=True, set_apart=run.set_apart)
    facts: dict[str, Any] = {f"recordings_{split}": number for split, number in counts.items()}
    if learned := dataset.learned_from(spec, sources, run.set_apart):
        facts["learned_from"] = learned
    if options.calibrate_on is not None:
        real = run.work / "calibration"
        counted = partial(run.progress, "processing real recordings")
        facts["recordings_calibration"] = sum(prepare([options.calibrate_on], real, 1, on_record=counted).values())
    task = make(shards, options.members, start, real)
    schedule = schedule if options.rate is None else replace(schedule, rate=options.rate)
    schedule = replace(schedule, average=options.average)
    facts |= {"average": options.average} if options.average else {}
    facts |= {"seed": options.seed, "steps": schedule.steps, "members": task.members, **task.configure(options)}
    if options.distil:
        task.distil = facts["distilled"] = True
    if teachers:
        task.others = [one.shape.build(1, layers=layers) for one in teachers for layers in one.members]
        facts["teachers"] = [one.manifest.name for one in teachers]
    return task.said(run.fit(task, schedule, {**facts, "from": options.start or "nothing"}))


def dilations_of(usual: Sequence[int], layers: int) -> tuple[int, ...]:
    """Give the dilations of a net of so many layers: the first of the usual ones, or those and further doublings."""
    more = (usual[-1] << number for number in range(1, layers - len(usual) + 1))
    return (*usual[:layers], *more)


def lowest_losses(fittings: Sequence[Fitted]) -> list[float]:
    """Give each member's lowest validation loss, where there was one."""
    return [round(min(one.validation_loss), 4) for one in fittings if one.validation_loss]


def mean_of(nets: Sequence[Any]) -> Predict:
    """Give the probabilities of the mean of the nets' logits."""

    def predict(x: NDArray[np.float32]) -> NDArray[np.float32]:
        logits = np.mean([net(x[None], training=False).numpy()[0] for net in nets], axis=0)
        return np.asarray(expit(logits), np.float32)

    return predict


def _stacked(examples: Sequence[Batch]) -> Batch:
    return np.stack([x for x, _ in examples]), np.stack([y for _, y in examples])
