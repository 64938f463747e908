"""The net of sounds is fitted, measured on packs it has not heard, and written as a model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest, SoundFeatures
from samplechop.offline.atlas.tags import inference
from samplechop.offline.atlas.tags import model as tag_net
from samplechop.offline.atlas.tags.dataset import Pictures, Tagged
from samplechop.offline.training import write_model
from samplechop.offline.training.keras_backend import keras
from samplechop.offline.training.loop import Fitted, Options, learn

BATCH = 128
"""Pictures in a batch, two of each sound; of few sounds fewer."""
HELD_BATCH = 512
LEAST_THRESHOLD = 0.2
THRESHOLDS = tuple(np.round(np.arange(LEAST_THRESHOLD, 0.91, 0.02), 2).tolist())


@dataclass(frozen=True, slots=True)
class Trained:
    """The manifest written, how the fitting went, and of the held sounds labels and probabilities, (n, tags)."""

    manifest: Manifest
    fitted: Fitted
    tags: tuple[str, ...]
    labels: NDArray[np.float32]
    said: NDArray[np.float32]


def average_precision(labels: NDArray[np.float32], said: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give each tag's average precision: the mean, over the sounds that have it, of the precision when all that are
    as likely or more are called it (as sklearn.metrics.average_precision_score). NaN where no sound has the tag.

    labels: 0 or 1, said: probabilities, both float32 (n, tags).
    """
    from sklearn.metrics import average_precision_score

    return np.array(
        [average_precision_score(one, by) if one.any() else np.nan for one, by in zip(labels.T, said.T, strict=True)]
    )


def thresholds(labels: NDArray[np.float32], said: NDArray[np.float32]) -> list[float]:
    """Choose from which probability each tag is told: where F is best on held sounds, 0.5 where none has it."""
    chosen = []
    for one, by in zip(labels.T > 0, said.T, strict=True):
        scores = [2 * np.sum(one & (by >= t)) / max(1, one.sum() + np.sum(by >= t)) for t in THRESHOLDS]
        chosen.append(THRESHOLDS[int(np.argmax(scores))] if one.any() else 0.5)
    return chosen


def changed(x: NDArray[np.float32], features: SoundFeatures, rng: np.random.Generator) -> NDArray[np.float32]:
    """Change pictures, float32 (n, inputs), as another desk would: tilt, a ripple over the bands, a little higher."""
    n = len(x)
    out = x.reshape(n, features.segments, features.n_bands, 2).copy()
    grid = np.linspace(-1, 1, features.n_bands)
    phase, speed = rng.uniform(0, 2 * np.pi, (n, 1, 1)), rng.uniform(1, 5, (n, 1, 1)) * np.pi
    ripple = rng.normal(0, 0.12, (n, 1, 1)) * np.cos(speed * grid / 2 + phase)
    floor = out[..., 0].min(axis=(1, 2), keepdims=True)
    out[..., 0] += (rng.normal(0, 0.15, (n, 1, 1)) * grid + ripple).astype(np.float32) * (out[..., 0] > floor)
    for row, bands in zip(out, rng.integers(-2, 3, n).tolist(), strict=True):
        if bands > 0:
            row[:, bands:] = row[:, :-bands].copy()
        elif bands < 0:
            row[:, :bands] = row[:, -bands:].copy()
    return out.reshape(n, -1)


def fit(
    pictures: Pictures,
    tagged: Tagged,
    features: SoundFeatures,
    options: Options,
    on_step: Callable[[int, float], None] | None = None,
) -> Fitted:
    """Fit a net to sounds; the weights with the lowest loss on the held ones are kept."""
    rng = np.random.default_rng(options.seed)
    learned = np.flatnonzero(~tagged.held)
    half = min(BATCH // 2, len(learned))

    def draw() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = np.repeat(rng.choice(learned, half, replace=False), 2)
        versions = rng.integers(0, pictures.shape[1], 2 * half)
        versions[1::2] = (versions[::2] + rng.integers(1, pictures.shape[1], half)) % pictures.shape[1]
        x = changed(pictures[rows, versions].astype(np.float32), features, rng)
        return x, np.concatenate([tagged.labels[rows], np.ones((2 * half, 1), np.float32)], axis=1)

    held = np.flatnonzero(tagged.held)
    batches = []
    for at in range(0, len(held), HELD_BATCH):
        rows = held[at : at + HELD_BATCH]
        asked = np.concatenate([tagged.labels[rows], np.zeros((len(rows), 1), np.float32)], axis=1)
        batches.append((pictures[rows, 0].astype(np.float32), asked))
    loss = tag_net.make_loss(len(features.tags), tag_net.weights_of(tagged.labels[learned]))
    return learn(tag_net.build(features, options.seed), draw, batches, loss, options, on_step)


def train(
    pictures: Pictures,
    tagged: Tagged,
    features: SoundFeatures,
    out: Path,
    options: Options,
    on_step: Callable[[int, float], None] | None = None,
) -> Trained:
    """Fit, measure on the held sounds, and write OUT.tflite with its manifest."""
    fitted = fit(pictures, tagged, features, options, on_step)
    tags, held = features.tags, np.flatnonzero(tagged.held)
    parts = [
        np.asarray(fitted.model(pictures[held[at : at + HELD_BATCH], 0].astype(np.float32), training=False))
        for at in range(0, len(held), HELD_BATCH)
    ]
    said = (1 / (1 + np.exp(-np.concatenate(parts)[:, : len(tags)]))).astype(np.float32)
    labels = tagged.labels[held]
    precision = average_precision(labels, said)
    scores = {
        "mean_average_precision": round(float(np.nanmean(precision)), 3),
        "average_precision": {
            tag: None if np.isnan(value) else round(float(value), 3) for tag, value in zip(tags, precision, strict=True)
        },
    }
    facts = {
        "sounds_train": int(np.sum(~tagged.held)),
        "sounds_validation": len(held),
        "validation": tagged.how,
        "seed": options.seed,
        "steps": options.steps,
        "validation_loss": round(min(fitted.validation_loss), 4),
    }
    decision = {
        "thresholds": dict(zip(tags, thresholds(labels, said), strict=True)),
        "synonyms": dict(tagged.synonyms),
    }
    content = write_model.to_tflite(two_outputs(fitted.model), inference.BATCH)
    manifest = write_model.write(out, content, features, 0.5, 0.0, facts, scores, decision=decision)
    return Trained(manifest, fitted, tags, labels, said)


def two_outputs(model: Any) -> Any:
    """Part a net's one output into logits of tags, and the encoding."""
    k = keras()
    return k.Model(model.input, [model.get_layer("logits").output, model.get_layer("encoding").output])
