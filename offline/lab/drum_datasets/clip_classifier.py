"""A net that says which drums an onset-centred clip of a recording holds.

A clip is 80 ms before the attack and 230 ms after it, whatever sounds there: what went on before tells a bass note from
a kick, what comes after tells a hat from a cymbal. It only has to be right where it is sure; the rest stays unlabelled.
It is trained on recordings with known drums, whose clips are cut by the same code; each drum is named from the
probability on from which, on recordings it has not learned from, it is right RIGHT often.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import ClipFeatures, Manifest, ModelError
from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.augmentation.effects import shift_bands, tilt_and_ripple
from samplechop.offline.common.progress import Progress
from samplechop.offline.labels.drum_labels import DrumLabels, highest_rise, peaks, read_drum_labels
from samplechop.offline.training import dataset, keras_models
from samplechop.offline.training.keras_models import Calibrated, keras, tensorflow
from samplechop.offline.training.loop import Batch, Fitted, Loss
from samplechop.offline.training.tasks import drums
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.nets.tflite import Net

FEATURES = ClipFeatures(
    sample_rate=RATE, hop_length=441, n_fft=2048, n_bands=48, before=8, frames=32, heads=tuple(DRUMS)
)
LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0
DEPTH_DB = 70.0
"""Below the clip's loudest band there is nothing."""
SCALE_DB = 20.0
"""One unit of the input."""
ATTACK_FRAMES = 8
LOUD = 90
"""Percentile of a track's attacks that counts as loud, in each band."""
Clips = tuple[NDArray[np.float16], NDArray[np.int8]]
"""Clips of one split: features(), (n, inputs), and what they hold, (n, 5): 1 there, 0 not, -1 unknown."""
ONSET_DB = 6.0
APART = 0.045
"""How sharply any band rises at an onset; seconds from one to the next, at least."""
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


@cache
def _mel() -> NDArray[np.float32]:
    import librosa

    f = FEATURES
    filters = librosa.filters.mel(sr=RATE, n_fft=f.n_fft, n_mels=f.n_bands, fmin=LOWEST_HZ, fmax=HIGHEST_HZ)
    return np.asarray(filters.T, np.float32)


def features(samples: Sound, times: Sequence[float]) -> NDArray[np.float32]:
    """Give the features of the clips at `times` (seconds, from 0 on) of one track: samples, float32 (n,), 44 100 Hz.

    Returns float32, (m, FEATURES.n_inputs): 32 frames, one every 10 ms, the ninth centred on the attack. In each first
    48 mel bands in dB under the clip's loudest, then the same bands in dB against the track's own loud attacks: this
    tells a soft hat from a snare, and how the record was equalised does not matter to it. The level never matters.
    """
    f = FEATURES
    lead = f.before * f.hop_length + f.n_fft // 2
    behind = np.zeros(f.frames * f.hop_length + f.n_fft, np.float32)
    padded = np.concatenate([np.zeros(lead, np.float32), samples, behind])
    frames = np.lib.stride_tricks.sliding_window_view(padded, f.n_fft)
    window = np.hanning(f.n_fft).astype(np.float32)
    steps = np.arange(f.frames) * f.hop_length
    level = np.empty((len(times), f.frames, f.n_bands), np.float32)
    for row, time in zip(level, times, strict=True):
        at = min(round(time * RATE), len(samples))
        power = np.abs(np.fft.rfft(frames[at + steps] * window, axis=1)) ** 2
        row[:] = 10 * np.log10(power.astype(np.float32) @ _mel() + 1e-10)
    if not len(level):
        return np.zeros((0, f.n_inputs), np.float32)
    attacks = level[:, f.before : f.before + ATTACK_FRAMES].max(axis=1)
    own = np.maximum(level - level.max(axis=(1, 2), keepdims=True), -DEPTH_DB) + DEPTH_DB / 2
    against = np.clip(level - np.percentile(attacks, LOUD, axis=0), -DEPTH_DB / 2, DEPTH_DB / 4) + DEPTH_DB / 4
    out = np.concatenate([own, against], axis=2) / SCALE_DB
    return np.asarray(out.reshape(len(out), f.n_inputs), np.float32)


class ClipClassifier:
    """The net of one manifest."""

    def __init__(self, manifest: Manifest) -> None:
        """Open it. Raises ModelError if it takes no onset-centred clips as they are cut here."""
        where = f"model {str(manifest.path)!r}"
        if manifest.features != FEATURES:
            raise ModelError(f"{where} takes no onset-centred clips: train one with samplechop drums clips")
        self.manifest = manifest
        try:
            drums = manifest.decision["drums"]
            self.sure = {name: float(drums[name]["sure"]) for name in DRUMS}
            self.absent = {name: float(drums[name]["absent"]) for name in DRUMS}
        except (KeyError, TypeError, ValueError):
            raise ModelError(f"{where}: decision.drums must give 'sure' and 'absent' for each drum") from None
        self._net = Net(manifest.path, FEATURES.n_inputs, len(DRUMS))

    def predict(self, clips: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the probability of each of DRUMS: float32, (m, 5), of features(), float32 (m, n)."""
        logits = np.zeros((len(clips), len(DRUMS)), np.float32)
        for row, one in zip(logits, clips, strict=True):
            row[:] = self._net.run(one[None])[0]
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def open_net(model: Path) -> ClipClassifier:
    """Open a net that samplechop drums clips has written: the path of its .json or .tflite, or without either.

    Raises ModelError if there is none or it is of another kind.
    """
    named = model if model.suffix in {".json", ".tflite"} else model.with_name(model.name + ".json")
    return ClipClassifier(models.load(named))


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
    rows: dict[str, list[Clips]] = {"train": [], "validation": []}
    for number, example in enumerate(examples, 1):
        samples = read_audio(example.audio)
        times = peaks(highest_rise(samples), ONSET_DB, APART)
        target = targets_at(times, read_drum_labels(example.labels))
        rows[example.split].append((features(samples, times).astype(np.float16), target))
        progress("processing recordings", number, len(examples))
    clips = {}
    for split, parts in rows.items():
        counts = np.sum([np.sum(target == 1, axis=0) for _, target in parts], axis=0) if parts else np.zeros(len(DRUMS))
        few = [name for name, count in zip(DRUMS[:3], counts, strict=False) if count < FEWEST]
        if few:
            purpose = "training" if split == "train" else split
            raise UserError(
                f"The recordings for {purpose} hold fewer than {FEWEST} of {', '.join(few)}: give more, such as a "
                "synthetic training set (samplechop crate build -o crate --minutes 60)."
            )
        clips[split] = (np.concatenate([x for x, _ in parts]), np.concatenate([target for _, target in parts]))
    return clips


def augment_features(x: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Change clips, float32 (n, inputs), as another desk, pressing and speed would.

    Tilt and ripple are nothing new against the track's own attacks; now and then there is a noise floor.
    """
    n = len(x)
    out = x.reshape(n, FEATURES.frames, 2, FEATURES.n_bands).copy()
    out[:, :, 0] += tilt_and_ripple(n, FEATURES.n_bands, 0.2, 0.15, rng)
    floor = np.where(rng.random((n, 1, 1, 1)) < 0.4, rng.uniform(-2.2, -0.6, (n, 1, 2, 1)), -9).astype(np.float32)
    out = np.maximum(out, floor)
    shift_bands(out, 3, rng)
    return np.asarray(out.reshape(n, -1), np.float32)


def sure_from(said: NDArray[Any], there: NDArray[np.bool_]) -> float:
    """Choose from which probability a drum is named: the lowest above one half from which it is there RIGHT often, in
    FEWEST examples or more; NEVER where there is none.
    """
    for level in np.arange(0.5, 0.995, 0.01):
        named = said >= level
        if np.count_nonzero(named) >= FEWEST and np.mean(there[named]) >= RIGHT:
            return round(float(level), 2)
    return NEVER


def absent_below(said: NDArray[Any], there: NDArray[np.bool_]) -> float:
    """Choose below which a drum is denied: the highest up to one half that is seldom WRONG, with few LOST; else 0."""
    for level in np.arange(0.5, 0.005, -0.01):
        denied = said <= level
        lost = np.count_nonzero(denied & there)
        if lost <= min(WRONG * np.count_nonzero(denied), LOST * np.count_nonzero(there)):
            return round(float(level), 2)
    return 0.0


def scored(said: NDArray[Any], target: NDArray[np.int8]) -> dict[str, dict[str, float]]:
    """Measure each drum where it is known: its accuracy at one half; `sure` and `absent`, from and below which it is
    named and denied; `named`, `right`: how many that are there are named, how often a named one is there; `denied`,
    `wrong`: the same of those that are not there. As both are chosen here, right and wrong are a little too good.
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
        self._clips = clips

    def build(self, _member: int, seed: int) -> tuple[Any, None]:
        """Make the net: features(), float32 (batch, n), in; a logit for each drum out, by convolutions over time."""
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
        return k.Model(inputs, layers.Dense(len(DRUMS))(x)), None

    def draw(self, rng: np.random.Generator) -> Batch:
        """Draw clips, augmented."""
        clips, target = self._clips["train"]
        rows = rng.integers(0, len(clips), BATCH)
        return augment_features(clips[rows].astype(np.float32), rng), target[rows].astype(np.float32)

    def validation_batches(self) -> list[Batch]:
        """Give all clips held out."""
        clips, target = (part.astype(np.float32) for part in self._clips["validation"])
        starts = range(0, len(clips), VALIDATION_BATCH)
        return [(clips[at : at + VALIDATION_BATCH], target[at : at + VALIDATION_BATCH]) for at in starts]

    def loss(self) -> Loss:
        """Give the cross-entropy where the answer is known; target: (batch, 5), below 0 for unknown."""
        tf = tensorflow()

        def loss(target: Any, logits: Any) -> Any:
            known = tf.cast(target >= 0, tf.float32)
            each = tf.nn.sigmoid_cross_entropy_with_logits(tf.maximum(target, 0.0), logits)
            return tf.reduce_sum(each * known) / (tf.reduce_sum(known) + 1.0)

        return loss

    def calibrate(self, fittings: Sequence[Fitted]) -> Calibrated:
        """Choose from and below which probability a drum is named and denied, and measure."""
        (fitted,) = fittings
        logits = np.concatenate([np.asarray(fitted.model(x, training=False)) for x, _ in self.validation_batches()])
        scores = scored(1 / (1 + np.exp(-logits)), self._clips["validation"][1])
        decision = {"drums": {name: {what: scores[name][what] for what in ("sure", "absent")} for name in DRUMS}}
        facts = {f"clips_{split}": len(x) for split, (x, _) in self._clips.items()}
        return Calibrated(keras_models.to_tflite(fitted.model, 1), FEATURES, scores, decision=decision, facts=facts)

    def finish(self, manifest: Manifest, folder: Path) -> None:
        """Write nothing else."""
