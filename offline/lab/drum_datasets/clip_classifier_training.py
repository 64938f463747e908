"""The net that names clips: trained on recordings with known drums, cut as from_tracks.py will cut others.

Each drum is named from the probability on from which, on recordings it has not learned from, it is right RIGHT often.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest
from samplechop.offline.audio.reading import read_audio
from samplechop.offline.common.progress import Progress
from samplechop.offline.lab.drum_datasets.clip_classifier import FEATURES, features
from samplechop.offline.lab.drum_datasets.from_tracks import onsets
from samplechop.offline.labels.drum_labels import DrumLabels, read_drum_labels
from samplechop.offline.training import dataset, keras_models
from samplechop.offline.training.keras_models import Calibrated, keras, tensorflow
from samplechop.offline.training.loop import Batch, Fitted, Loss
from samplechop.offline.training.tasks import drums
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS

RIGHT = 0.93
"""How often a drum that is named must be there, on recordings not learned from."""
WRONG, LOST = 0.03, 0.1
"""How often a drum that is denied may be there; and what share of those that are there may be denied."""
NEVER = 1.1
FEWEST = 20
"""Examples on which a choice may rest."""
CLOSE, FAR = 0.025, 0.055
"""Seconds from an onset up to which a hit belongs to it, and from which on it does not; between them nobody knows."""
BATCH = 128
VALIDATION_BATCH = 1024
LAYERS, CHANNELS, HIDDEN = 3, 96, 96


@dataclass(frozen=True, slots=True)
class Clips:
    """Clips of one split: features(), float16, (n, inputs); target: int8, (n, 5), 1 there, 0 not, -1 unknown."""

    x: NDArray[np.float16]
    target: NDArray[np.int8]


def targets_at(times: Sequence[float], labels: DrumLabels) -> NDArray[np.int8]:
    """Say what each clip (onset in seconds) holds: int8, (n, 5), in the order of DRUMS; 1, 0, or -1 for unknown."""
    at = np.asarray(times, np.float64)
    out = np.full((len(at), len(DRUMS)), -1, np.int8)
    for column, name in enumerate(DRUMS):
        struck = np.array(labels.times(name) or [-np.inf])
        far = np.min(np.abs(at[:, None] - struck), axis=1)
        if name in labels.known:
            out[far >= FAR, column] = 0
            for span in labels.unsure:
                if span.label in ("", name):
                    out[(at > span.start - CLOSE) & (at < span.stop + CLOSE), column] = -1
        out[far <= CLOSE, column] = 1
    return out


def clips_of(folders: Sequence[Path], progress: Progress) -> dict[str, Clips]:
    """Cut the clips of all labelled recordings in folders, by split: "train" and "validation".

    A synthetic record says its split itself; of other recordings every fifth is validation. Raises UserError if a
    folder is missing or either split has fewer than FEWEST kicks, snares or hats.
    """
    examples = dataset.find(drums.SPEC, folders)
    rows: dict[str, list[tuple[NDArray[np.float16], NDArray[np.int8]]]] = {"train": [], "validation": []}
    for number, example in enumerate(examples, 1):
        samples = read_audio(example.audio)
        times = onsets(samples)
        target = targets_at(times, read_drum_labels(example.labels))
        rows[example.split].append((features(samples, times).astype(np.float16), target))
        progress("processing recordings", number, len(examples))
    clips = {}
    for split, parts in rows.items():
        both = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else []
        counts = np.sum(both[1] == 1, axis=0) if both else np.zeros(len(DRUMS))
        few = [name for name, count in zip(DRUMS[:3], counts, strict=False) if count < FEWEST]
        if few:
            raise UserError(
                f"The recordings for {'training' if split == 'train' else 'validation'} hold fewer than {FEWEST} of "
                f"{', '.join(few)}: give more, such as a synthetic training set "
                "(samplechop crate build -o crate --minutes 60)."
            )
        clips[split] = Clips(*both)
    return clips


def build(seed: int) -> Any:
    """Make the net: features(), float32 (batch, n), in; a logit for each drum out, through convolutions over time."""
    k = keras()
    k.utils.set_random_seed(seed)
    layers = k.layers
    inputs = k.Input((FEATURES.n_inputs,))
    x = layers.Reshape((FEATURES.frames, 2 * FEATURES.n_bands))(inputs)
    for _ in range(LAYERS):
        x = layers.Conv1D(CHANNELS, 3, padding="same", use_bias=False)(x)
        x = layers.MaxPooling1D(2)(layers.ReLU()(layers.BatchNormalization()(x)))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.Dropout(0.2)(layers.Dense(HIDDEN, activation="relu")(x))
    return k.Model(inputs, layers.Dense(len(DRUMS))(x))


def augment_features(x: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Change clips, float32 (n, inputs), as another desk, pressing and speed would.

    Another tilt and a slow ripple over the bands, which are nothing new against the track's own; now and then a noise
    floor; up to two bands higher or lower.
    """
    n = len(x)
    grid = np.linspace(-1, 1, FEATURES.n_bands)
    out = x.reshape(n, FEATURES.frames, 2, FEATURES.n_bands).copy()
    phase, speed = rng.uniform(0, 2 * np.pi, (n, 1, 1)), rng.uniform(1, 5, (n, 1, 1)) * np.pi
    ripple = rng.normal(0, 0.15, (n, 1, 1)) * np.cos(speed * grid / 2 + phase)
    out[:, :, 0] += (rng.normal(0, 0.2, (n, 1, 1)) * grid + ripple).astype(np.float32)
    floor = np.where(rng.random((n, 1, 1, 1)) < 0.4, rng.uniform(-2.2, -0.6, (n, 1, 2, 1)), -9).astype(np.float32)
    out = np.maximum(out, floor)
    for row, bands in zip(out, rng.integers(-2, 3, n).tolist(), strict=True):
        if bands > 0:
            row[..., bands:] = row[..., :-bands].copy()
        elif bands < 0:
            row[..., :bands] = row[..., -bands:].copy()
    return np.asarray(out.reshape(n, -1), np.float32)


def loss(target: Any, logits: Any) -> Any:
    """Cross-entropy where the answer is known; target: (batch, 5), below 0 for unknown."""
    tf = tensorflow()
    known = tf.cast(target >= 0, tf.float32)
    each = tf.nn.sigmoid_cross_entropy_with_logits(tf.maximum(target, 0.0), logits)
    return tf.reduce_sum(each * known) / (tf.reduce_sum(known) + 1.0)


def sure_from(said: NDArray[Any], there: NDArray[np.bool_]) -> float:
    """Choose from which probability a drum is named: the lowest above one half from which it is there RIGHT often.

    NEVER where there is none, among FEWEST examples or more.
    """
    for level in np.arange(0.5, 0.995, 0.01):
        named = said >= level
        if np.count_nonzero(named) >= FEWEST and np.mean(there[named]) >= RIGHT:
            return round(float(level), 2)
    return NEVER


def absent_below(said: NDArray[Any], there: NDArray[np.bool_]) -> float:
    """Choose below which probability a drum is denied: the highest up to one half that is seldom WRONG, with few LOST.

    0 where there is none.
    """
    for level in np.arange(0.5, 0.005, -0.01):
        denied = said <= level
        lost = np.count_nonzero(denied & there)
        if lost <= min(WRONG * np.count_nonzero(denied), LOST * np.count_nonzero(there)):
            return round(float(level), 2)
    return 0.0


def scored(said: NDArray[Any], target: NDArray[np.int8]) -> dict[str, dict[str, float]]:
    """Measure each drum where it is known: its accuracy at one half; `sure` and `absent`, from and below which it is
    named and denied; `named`, `right`: how many that are there are named, how often a named one is there; `denied`,
    `wrong`: how many that are not there are denied, how often a denied one is there.

    sure and absent are chosen on what is measured here, which makes right and wrong a little too good.
    """
    scores = {}
    for column, name in enumerate(DRUMS):
        known = target[:, column] >= 0
        there, probability = target[known, column] == 1, said[known, column]
        sure, absent = sure_from(probability, there), absent_below(probability, there)
        yes, no = probability >= sure, probability <= absent
        found = {
            "count": np.count_nonzero(there),
            "accuracy": np.mean((probability >= 0.5) == there) if known.any() else 0.0,
            "sure": sure,
            "named": np.mean(yes[there]) if there.any() else 0.0,
            "right": np.mean(there[yes]) if yes.any() else 0.0,
            "absent": absent,
            "denied": np.mean(no[~there]) if not there.all() else 0.0,
            "wrong": np.mean(there[no]) if no.any() else 0.0,
        }
        scores[name] = {what: round(float(value), 3) for what, value in found.items()}
    return scores


class ClipTask:
    """The clip classifier in the training loop."""

    card = keras_models.Card(
        "Detects which drums are struck at one attack.",
        "On recordings it did not learn from, which also decided from which probability a drum is named:",
        "samplechop drums from-tracks",
    )
    members = 1

    def __init__(self, clips: Mapping[str, Clips]) -> None:
        """clips: by split, "train" and "validation"."""
        self._clips, self._learned, self._held_out = clips, clips["train"], clips["validation"]

    def build(self, _member: int, seed: int) -> tuple[Any, None]:
        """Make the net."""
        return build(seed), None

    def draw(self, rng: np.random.Generator) -> Batch:
        """Draw clips, augmented."""
        rows = rng.integers(0, len(self._learned.x), BATCH)
        x = augment_features(self._learned.x[rows].astype(np.float32), rng)
        return x, self._learned.target[rows].astype(np.float32)

    def validation_batches(self) -> list[Batch]:
        """Give all clips held out."""
        held = self._held_out
        parts = [slice(at, at + VALIDATION_BATCH) for at in range(0, len(held.x), VALIDATION_BATCH)]
        return [(held.x[part].astype(np.float32), held.target[part].astype(np.float32)) for part in parts]

    def loss(self) -> Loss:
        """Give the loss."""
        return loss

    def calibrate(self, fittings: Sequence[Fitted]) -> Calibrated:
        """Choose from and below which probability a drum is named and denied, and measure."""
        (fitted,) = fittings
        logits = np.concatenate([np.asarray(fitted.model(x, training=False)) for x, _ in self.validation_batches()])
        scores = scored(1 / (1 + np.exp(-logits)), self._held_out.target)
        decision = {"drums": {name: {what: scores[name][what] for what in ("sure", "absent")} for name in DRUMS}}
        facts = {f"clips_{split}": len(part.x) for split, part in self._clips.items()}
        return Calibrated(keras_models.to_tflite(fitted.model, 1), FEATURES, scores, decision=decision, facts=facts)

    def finish(self, manifest: Manifest, folder: Path) -> None:
        """Write nothing else."""
