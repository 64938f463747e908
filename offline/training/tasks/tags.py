"""The tags net: an image of a sound in; how likely each tag is, and what its last hidden layer gives, out.

Besides the tags it learns that two augmented copies of one sound are alike and others are not (T. Chen et al., "A
simple framework for contrastive learning of visual representations", ICML 2020), so that its encodings keep sounds
apart that no tag does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import Manifest, SoundFeatures
from samplechop.offline.augmentation.effects import shift_bands, tilt_and_ripple
from samplechop.offline.nets import sound_net
from samplechop.offline.training import keras_models, measures
from samplechop.offline.training.keras_models import Calibrated, keras, tensorflow
from samplechop.offline.training.loop import Batch, Fitted, Loss

N_BANDS, SEGMENTS = 64, 40
CHANNELS = (24, 48, 64, 80)
HIDDEN = 96
ENCODING = 64
SHARPNESS = 8.0
"""The length of an encoding: logits are its products with what stands for each tag."""
ALIKE_WEIGHT = 0.15
TEMPERATURE = 0.2
MOST_WEIGHT = 8.0
"""The most that a sound with a rare tag counts against one without."""
BATCH = 128
"""Images in a batch, two of each sound; of few sounds fewer."""
VALIDATION_BATCH = 512
LEAST_THRESHOLD = 0.2
THRESHOLDS = tuple(np.round(np.arange(LEAST_THRESHOLD, 0.91, 0.02), 2).tolist())
MOST_BARS, MOST_SHOWN = 50, 5
Images = NDArray[np.float16]
"""Images of sounds: float16 (n, versions, inputs), the first version as it is."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """The sounds of an atlas that have tags of the vocabulary.

    rows: of the atlas. tags: the vocabulary. labels: float32 (n, tags), 0 or 1. held_out: bool (n,), only to measure
    on; how: a sentence on these. synonyms: by word, the tag it stands for.
    """

    rows: tuple[int, ...]
    tags: tuple[str, ...]
    labels: NDArray[np.float32]
    held_out: NDArray[np.bool_]
    how: str
    synonyms: Mapping[str, str]


def sound_features(tags: Sequence[str]) -> SoundFeatures:
    """Describe the input and output of a net with these tags, as a manifest does."""
    return SoundFeatures(44_100, 2048, 256, N_BANDS, SEGMENTS, tuple(tags), ENCODING)


def build(features: SoundFeatures, seed: int) -> Any:
    """Make the net: float32 (batch, n_inputs) in; logits (batch, tags) and, beside them, the encoding out."""
    k = keras()
    k.utils.set_random_seed(seed)
    layers = k.layers
    inputs = k.Input((features.n_inputs,))
    x = layers.Reshape((features.segments, features.n_bands, 2))(inputs)
    for number, channels in enumerate(CHANNELS):
        strides = 2 if number < 2 else 1
        x = layers.Conv2D(channels, 5 if number == 0 else 3, strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
        if number == 1:
            x = layers.MaxPooling2D(2)(x)
    # Where in frequency it is stays, as a kick differs from a hat by little else; when it is counts less.
    early = layers.Flatten()(layers.AveragePooling2D((x.shape[1], 1))(x))
    most = layers.Flatten()(layers.MaxPooling2D((x.shape[1], 1))(x))
    x = layers.Dropout(0.3)(layers.Concatenate()([early, most]))
    x = layers.Dense(HIDDEN, activation="relu")(x)
    x = layers.Dropout(0.1)(x)
    x = layers.Dense(features.encoding)(x)
    x = layers.UnitNormalization(name="encoding")(x)
    logits = layers.Dense(len(features.tags), name="logits")(layers.Rescaling(SHARPNESS)(x))
    return k.Model(inputs, layers.Concatenate()([logits, x]))


def tag_weights(labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Say how much more a sound with a tag counts than one without: float32 (tags,), more for rare ones.

    labels: float32 (n, tags), 0 or 1.
    """
    share = np.maximum(labels.mean(axis=0), 1 / max(1, len(labels)))
    return np.clip(np.sqrt((1 - share) / share), 1, MOST_WEIGHT).astype(np.float32)


def loss_for(tags: int, weights: NDArray[np.float32]) -> Loss:
    """Make the loss: cross-entropy of the tags, and in training of finding each sound's other copy in its batch.

    Rows 2 i and 2 i + 1 of a batch are copies of one sound if the last column of y is 1, as it is in training only.
    """
    tf = tensorflow()
    known = tf.constant(weights)

    def loss(y: Any, output: Any) -> Any:
        target, logits = y[:, :tags], output[:, :tags]
        each = tf.nn.weighted_cross_entropy_with_logits(target, logits, known)
        together = tf.reduce_mean(tf.reduce_sum(each, axis=1)) / 10

        def alike() -> Any:
            encoding = output[:, tags:]
            count = tf.shape(encoding)[0]
            near = tf.matmul(encoding, encoding, transpose_b=True) / TEMPERATURE
            near -= 1e9 * tf.eye(count)
            rows = tf.range(count)
            other = rows + 1 - 2 * (rows % 2)
            return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(other, near))

        return together + ALIKE_WEIGHT * tf.cond(y[0, tags] > 0, alike, lambda: 0.0)

    return loss


def average_precision(labels: NDArray[np.float32], likelihoods: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give each tag's average precision: the mean, over the sounds that have it, of the precision when all that are
    as likely or more are called it (as sklearn.metrics.average_precision_score). NaN where no sound has the tag.

    labels: 0 or 1, likelihoods: 0..1, both float32 (n, tags).
    """
    from sklearn.metrics import average_precision_score

    pairs = zip(labels.T, likelihoods.T, strict=True)
    return np.array([average_precision_score(one, by) if one.any() else np.nan for one, by in pairs])


def thresholds(labels: NDArray[np.float32], likelihoods: NDArray[np.float32]) -> list[float]:
    """Choose from which likelihood each tag is given: where F is best on sounds held out, 0.5 where none has it."""
    from sklearn.metrics import f1_score

    known: NDArray[np.bool_] = np.any(labels > 0, axis=0)
    if not known.any():
        return [0.5] * len(known)
    true = np.pad(labels[:, known] > 0, ((0, 0), (0, 1)))  # one column more, as a single one were no list of labels
    found = [
        f1_score(true, np.pad(likelihoods[:, known] >= level, ((0, 0), (0, 1))), average=None, zero_division=0.0)
        for level in THRESHOLDS
    ]
    best = iter(np.argmax(found, axis=0).tolist())
    return [THRESHOLDS[next(best)] if one else 0.5 for one in known]


def augment_images(x: NDArray[np.float32], features: SoundFeatures, rng: np.random.Generator) -> NDArray[np.float32]:
    """Change images, float32 (n, inputs), as another desk would: tilt, a ripple over the bands, a little higher."""
    out = x.reshape(len(x), features.segments, features.n_bands, 2).copy()
    floor = out[..., 0].min(axis=(1, 2), keepdims=True)
    change = tilt_and_ripple(len(x), features.n_bands, 0.15, 0.12, rng)
    out[..., 0] += change * (out[..., 0] > floor)
    shift_bands(out, 2, rng)
    return out.reshape(len(x), -1)


class TagTask:
    """The tags net in the training loop."""

    card = keras_models.Card(
        "Takes a whole sound; says how likely each of its tags is, and encodes it so that alike sounds are near.",
        "Average precision on held-out sounds:",
        "samplechop atlas tags",
    )
    members = 1

    def __init__(self, images: Images, tagged: Tagged, seed: int, steps: int) -> None:
        """images: of the sounds of `tagged`. seed, steps: for the manifest."""
        self.features = sound_features(tagged.tags)
        self._images, self._tagged = images, tagged
        self._learned, self._held_out = np.flatnonzero(~tagged.held_out), np.flatnonzero(tagged.held_out)
        self._facts = {"seed": seed, "steps": steps}
        self._precision = np.zeros(0)

    def build(self, _member: int, seed: int) -> tuple[Any, None]:
        """Make the net."""
        return build(self.features, seed), None

    def draw(self, rng: np.random.Generator) -> Batch:
        """Draw pairs of augmented copies of sounds."""
        images, half = self._images, min(BATCH // 2, len(self._learned))
        rows = np.repeat(rng.choice(self._learned, half, replace=False), 2)
        versions = rng.integers(0, images.shape[1], 2 * half)
        versions[1::2] = (versions[::2] + rng.integers(1, images.shape[1], half)) % images.shape[1]
        x = augment_images(images[rows, versions].astype(np.float32), self.features, rng)
        return x, np.concatenate([self._tagged.labels[rows], np.ones((2 * half, 1), np.float32)], axis=1)

    def validation_batches(self) -> list[Batch]:
        """Give all sounds held out, as they are."""
        batches = []
        for at in range(0, len(self._held_out), VALIDATION_BATCH):
            rows = self._held_out[at : at + VALIDATION_BATCH]
            y = np.concatenate([self._tagged.labels[rows], np.zeros((len(rows), 1), np.float32)], axis=1)
            batches.append((self._images[rows, 0].astype(np.float32), y))
        return batches

    def loss(self) -> Loss:
        """Give the loss."""
        return loss_for(len(self.features.tags), tag_weights(self._tagged.labels[self._learned]))

    def calibrate(self, fittings: Sequence[Fitted]) -> Calibrated:
        """Choose thresholds, measure on the sounds held out."""
        (fitted,), tags = fittings, self.features.tags
        outputs = [np.asarray(fitted.model(x, training=False)) for x, _ in self.validation_batches()]
        likelihoods = (1 / (1 + np.exp(-np.concatenate(outputs)[:, : len(tags)]))).astype(np.float32)
        labels = self._tagged.labels[self._held_out]
        precision = self._precision = average_precision(labels, likelihoods)
        rounded = [None if np.isnan(value) else round(float(value), 3) for value in precision]
        mean = round(float(np.nanmean(precision)), 3)

        def mean_of(drawn: NDArray[np.int64]) -> float:
            return float(np.nanmean(average_precision(labels[drawn], likelihoods[drawn])))

        error = round(measures.resampled_error(len(labels), mean_of, rounds=50), 3)
        scores = {
            "mean_average_precision": mean,
            "mean_average_precision_error": None if np.isnan(error) else error,
            "average_precision": dict(zip(tags, rounded, strict=True)),
        }
        card_scores: dict[str, Any] = {"mean": f"{mean} ± {error}"}
        for tag, value, count in zip(tags, precision.tolist(), labels.sum(axis=0).tolist(), strict=True):
            card_scores[tag] = f"{value:.3f} ({count:.0f} sounds)" if count else "not measured: none of them has it"
        facts = {
            "sounds_train": len(self._learned),
            "sounds_validation": len(self._held_out),
            "validation": self._tagged.how,
            **self._facts,
            "validation_loss": round(min(fitted.validation_loss), 4),
        }
        decision = {
            "thresholds": dict(zip(tags, thresholds(labels, likelihoods), strict=True)),
            "synonyms": dict(self._tagged.synonyms),
        }
        model = fitted.model
        parted = keras().Model(model.input, [model.get_layer("logits").output, model.get_layer("encoding").output])
        content = keras_models.to_tflite(parted, sound_net.BATCH)
        return Calibrated(content, self.features, scores, decision=decision, facts=facts, card_scores=card_scores)

    def said(self, manifest: Manifest) -> str:
        """Compare the tags of sounds held out with those of the released model, of the tags that both know."""
        count = len(self._held_out)
        mean, error = (manifest.scores[f"mean_average_precision{end}"] for end in ("", "_error"))
        first = f"mean average precision {mean:.3f} ± {error or 0:.3f} on {count} sounds held out ({self._tagged.how})"
        released = self._released()
        if released is None:
            return first
        common = [tag for tag in released if tag in self.features.tags]
        now = dict(zip(self.features.tags, self._precision.tolist(), strict=True))
        found = {"sounds, released": released, manifest.name: now}
        rows = {
            name: [float(np.nanmean([values[tag] for tag in common])), *(values[tag] for tag in common[:MOST_SHOWN])]
            for name, values in found.items()
        }
        return "\n".join([first, *measures.figures(rows, [f"mean of {len(common)}", *common[:MOST_SHOWN]])])

    def _released(self) -> dict[str, float] | None:
        """Measure the released model on the same sounds, by tag; None where its input is another or it knows no tag."""
        manifest = models.load("sounds")
        theirs, ours = manifest.features, self.features
        if not isinstance(theirs, SoundFeatures) or theirs.n_inputs != ours.n_inputs:
            return None
        images = np.concatenate([x for x, _ in self.validation_batches()])
        likelihoods, _ = sound_net.Encoder(manifest).predict(images)
        known = [tag for tag in theirs.tags if tag in ours.tags]
        labels = self._tagged.labels[self._held_out][:, [ours.tags.index(tag) for tag in known]]
        found = average_precision(labels, likelihoods[:, [theirs.tags.index(tag) for tag in known]])
        measured = {tag: value for tag, value in zip(known, found.tolist(), strict=True) if not np.isnan(value)}
        return measured or None

    def finish(self, _manifest: Manifest, folder: Path) -> None:
        """Draw the average precision of each tag."""
        share = self._tagged.labels[self._held_out].mean(axis=0)
        _bars(self._precision, share, self.features.tags, folder / "average-precision.png")


def _bars(precision: NDArray[np.float64], share: NDArray[np.float32], tags: Sequence[str], path: Path) -> None:
    """Draw the average precision of each tag, and beside it how frequent it is: what guessing would get."""
    order = np.argsort(-np.nan_to_num(precision, nan=-1)).tolist()
    shown = [place for place in order if not np.isnan(precision[place])][:MOST_BARS]
    figure, axes = measures.axes_for("Average precision on held-out sounds", "average precision", "")
    figure.set_size_inches(7, 1.2 + 0.2 * len(shown))
    places = np.arange(len(shown))[::-1]
    axes.barh(places, precision[shown], color=measures.SECOND, alpha=0.75, label="this net")
    axes.barh(places, share[shown], color=measures.ACCENT, height=0.35, label="guessing")
    axes.set_yticks(places, [tags[place] for place in shown], fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.grid(axis="y", alpha=0)
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2)
    measures.save_figure(figure, path)
