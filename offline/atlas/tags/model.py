"""The net of sounds: a picture of a sound in; how likely each tag is, and what its last hidden layer says, out.

Besides the tags it learns that two changed copies of one sound are alike and others are not (T. Chen et al., "A simple
framework for contrastive learning of visual representations", ICML 2020), so that its encodings tell sounds apart that
no tag does.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import SoundFeatures
from samplechop.offline.training.keras_backend import keras, tensorflow
from samplechop.offline.training.loop import Loss

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


def sound_features(tags: Sequence[str]) -> SoundFeatures:
    """Give what a net with these tags hears and says."""
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


def weights_of(labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Say how much more a sound with a tag counts than one without: float32 (tags,), more for rare ones.

    labels: float32 (n, tags), 0 or 1.
    """
    share = np.maximum(labels.mean(axis=0), 1 / max(1, len(labels)))
    return np.clip(np.sqrt((1 - share) / share), 1, MOST_WEIGHT).astype(np.float32)


def make_loss(tags: int, weights: NDArray[np.float32]) -> Loss:
    """Make the loss: cross-entropy of the tags, and in training of finding each sound's other copy in its batch.

    Rows 2 i and 2 i + 1 of a batch are copies of one sound if the last column of y is 1, as it is in training only.
    """
    tf = tensorflow()
    known = tf.constant(weights)

    def loss(y: Any, said: Any) -> Any:
        target, logits = y[:, :tags], said[:, :tags]
        each = tf.nn.weighted_cross_entropy_with_logits(target, logits, known)
        together = tf.reduce_mean(tf.reduce_sum(each, axis=1)) / 10

        def alike() -> Any:
            encoding = said[:, tags:]
            count = tf.shape(encoding)[0]
            near = tf.matmul(encoding, encoding, transpose_b=True) / TEMPERATURE
            near -= 1e9 * tf.eye(count)
            rows = tf.range(count)
            other = rows + 1 - 2 * (rows % 2)
            return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(other, near))

        return together + ALIKE_WEIGHT * tf.cond(y[0, tags] > 0, alike, lambda: 0.0)

    return loss
