"""The harmony net: fitted to mixed chords, measured on instruments it never learned from."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import HarmonyFeatures, Manifest
from samplechop.offline.synthesis import soundfonts
from samplechop.offline.training import keras_models, measures
from samplechop.offline.training.keras_models import Calibrated, keras, tensorflow
from samplechop.offline.training.loop import Batch, Fitted, Loss, Options, Run
from samplechop.offline.training.recipes import HarmonyOptions
from samplechop.offline.training.tasks import harmony_examples, harmony_library
from samplechop.offline.training.tasks.harmony_examples import FRAMES, Frames
from samplechop.offline.training.tasks.harmony_mixing import KINDS
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.dsp.pitch_spectrum import BINS_PER_OCTAVE, FLOOR_DB
from samplechop.realtime.nets.tflite import Net

HIDDEN = (512, 256, 128)
BATCH = 512
GROUPS = 16
"""Parts of a batch, each transposed by another number of semitones."""
MOST_SEMITONES = 6
PER_SEMITONE = BINS_PER_OCTAVE // 12
BASS_WEIGHT = 0.5
VALIDATION_BATCH = 2048
THRESHOLDS = tuple(np.round(np.arange(0.2, 0.85, 0.05), 2).tolist())


def build(n_bins: int, seed: int, dropout: float = 0.02) -> Any:
    """Make the net: a frame, float32 (batch, n_bins), in; 24 logits out, through layers of HIDDEN units."""
    k = keras()
    k.utils.set_random_seed(seed)
    x = inputs = k.Input((n_bins,))
    for units in HIDDEN:
        x = k.layers.Dropout(dropout)(k.layers.Dense(units, activation="relu")(x))
    return k.Model(inputs, k.layers.Dense(24, name="logits")(x))


def loss(y: Any, logits: Any) -> Any:
    """Cross-entropy where the answer is known. y: targets and, beside them, weights, (batch, 48)."""
    tf = tensorflow()
    target, weight = y[:, :24], y[:, 24:]
    weight *= tf.constant([1.0] * 12 + [BASS_WEIGHT] * 12)
    each = tf.nn.sigmoid_cross_entropy_with_logits(target, logits)
    return tf.reduce_sum(each * weight) / (tf.reduce_sum(weight) + 1.0)


def transpose(
    x: NDArray[np.float32], y: NDArray[np.float32], semitones: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Transpose constant-Q frames (n, bins) and their answers (n, 48); what leaves at one end is lost."""
    bins, n = semitones * PER_SEMITONE, x.shape[1]
    out = np.zeros_like(x)
    out[:, max(bins, 0) : n + min(bins, 0)] = x[:, max(-bins, 0) : n - max(bins, 0)]
    return out, np.roll(y.reshape(len(y), 4, 12), semitones, axis=2).reshape(len(y), 48)


class HarmonyTask:
    """The harmony net in the training loop."""

    card = keras_models.Card(
        "Detects which of the twelve pitch classes sound, and which is the bass.",
        "Single frames of 186 ms, of instruments it never learned from, half of them cut short or under drums:",
        "samplechop evaluate harmony",
    )
    members = 1

    def __init__(self, training: Frames, held_out: Frames, spectrum: str) -> None:
        """held_out: frames of instruments that are never learned from. spectrum: as of HarmonySpectrum."""
        self._held_out, self._spectrum = held_out, spectrum
        self._x = np.asarray(training.x)
        self._target = np.concatenate([training.target, training.weight], axis=1)
        self._logits = np.zeros((0, 24), np.float32)

    def build(self, _member: int, seed: int) -> tuple[Any, None]:
        """Make the net."""
        return build(self._x.shape[1], seed), None

    def draw(self, rng: np.random.Generator) -> Batch:
        """Draw frames; constant-Q frames are transposed, too."""
        rows = rng.integers(0, len(self._x), BATCH)
        x, y = self._x[rows].astype(np.float32), self._target[rows].astype(np.float32)
        if self._spectrum == "cqt":
            for part in np.split(np.arange(BATCH), GROUPS):
                semitones = int(rng.integers(-MOST_SEMITONES, MOST_SEMITONES + 1))
                x[part], y[part] = transpose(x[part], y[part], semitones)
        return x, y

    def validation_batches(self) -> list[Batch]:
        """Give all frames held out."""
        y = np.concatenate([self._held_out.target, self._held_out.weight], axis=1).astype(np.float32)
        parts = [slice(at, at + VALIDATION_BATCH) for at in range(0, len(y), VALIDATION_BATCH)]
        return [(np.asarray(self._held_out.x[part], np.float32), y[part]) for part in parts]

    def loss(self) -> Loss:
        """Give the loss."""
        return loss

    def calibrate(self, fittings: Sequence[Fitted]) -> Calibrated:
        """Find the temperature, choose the threshold, measure."""
        (fitted,) = fittings
        held_out, x = self._held_out, np.asarray(self._held_out.x, np.float32)
        temperature = temper(fitted.model, predict(fitted.model, x), held_out)
        logits = self._logits = predict(fitted.model, x)
        known = np.asarray(held_out.weight[:, :12]) > 0

        def f_at(threshold: float) -> float:
            return f_measure(logits[:, :12] > np.log(threshold / (1 - threshold)), held_out.target[:, :12], known)

        threshold = max(THRESHOLDS, key=f_at)
        features = HarmonyFeatures(44_100, 2048, self._spectrum, x.shape[1], FLOOR_DB)
        facts = {"temperature": round(temperature, 3), "validation_loss": round(min(fitted.validation_loss), 4)}
        content = keras_models.to_tflite(fitted.model, 1)
        return Calibrated(content, features, measure(logits, held_out, threshold), threshold, facts=facts)

    def finish(self, _manifest: Manifest, folder: Path) -> None:
        """Draw how often a pitch class sounds by the probability the net gives it."""
        known = np.asarray(self._held_out.weight[:, :12]) > 0
        probability = 1 / (1 + np.exp(-self._logits[:, :12][known]))
        sounds = self._held_out.target[:, :12][known]
        labels = ("How often a pitch class sounds, on held-out instruments", "probability", "share")
        measures.draw_reliability(labels, probability, sounds, 1, ((0, 0), (1, 1)), "", folder / "reliability.png")


def temper(model: Any, logits: NDArray[np.float32], held_out: Frames) -> float:
    """Divide the last layer's weights by the temperature that makes its probabilities of held-out frames most honest.

    Guo et al., "On calibration of modern neural networks" (ICML 2017). Returns the temperature.
    """
    target, known = held_out.target[:, :12].astype(np.float32), held_out.weight[:, :12] > 0

    def cost(temperature: float) -> float:
        z = logits[:, :12] / temperature
        return float(np.mean((np.logaddexp(0, z) - target * z)[known]))

    best = min(np.geomspace(0.5, 3.0, 61).tolist(), key=cost)
    layer = model.get_layer("logits")
    layer.set_weights([weights / best for weights in layer.get_weights()])
    return float(best)


def f_measure(detected: NDArray[np.bool_], target: NDArray[np.uint8], known: NDArray[np.bool_]) -> float:
    """Give 2 TP / (2 TP + FP + FN) over all pitch classes of all frames that are known; 1 where there is nothing."""
    from sklearn.metrics import f1_score

    return float(f1_score(target[known] > 0, detected[known], zero_division=1.0)) if known.any() else 1.0


def measure(logits: NDArray[np.float32], held_out: Frames, threshold: float) -> dict[str, Any]:
    """Score logits of frames of held-out instruments: F of pitch classes, by kind too; how often all twelve are right;
    the bass; false notes in frames without any; whether mistakes lean to neighbouring semitones.
    """
    target, known = np.asarray(held_out.target[:, :12]), np.asarray(held_out.weight[:, :12]) > 0
    detected = logits[:, :12] > np.log(threshold / (1 - threshold))
    found: dict[str, Any] = {"pitch_class_f": f_measure(detected, target, known)}
    mean = logits.reshape(-1, FRAMES, 24).mean(axis=1)
    alike = (target.reshape(-1, FRAMES, 12) == target.reshape(-1, FRAMES, 12)[:, :1]).all(axis=(1, 2))
    alike &= known.reshape(-1, FRAMES, 12).all(axis=(1, 2))
    together = mean[alike, :12] > np.log(threshold / (1 - threshold))
    mix_target = target.reshape(-1, FRAMES, 12)[alike, 0]
    found["pitch_class_f_of_a_mix"] = f_measure(together, mix_target, np.ones_like(together))
    found["pitch_class_f_error"] = _error(detected, target, known)
    found["all_12_right_of_a_mix"] = float(np.mean((together == (mix_target > 0)).all(axis=1)))
    kinds = np.asarray(held_out.kind)
    found["by_kind"] = {
        kind: f_measure(detected[kinds == number], target[kinds == number], known[kinds == number])
        for number, kind in enumerate(KINDS)
        if kind != "nothing" and (kinds == number).any()
    }
    sounding = held_out.target[:, 12:].any(axis=1) & (held_out.weight[:, 12:] > 0).all(axis=1)
    lowest = np.argmax(logits[sounding, 12:], axis=1)
    found["bass"] = float(np.mean(held_out.target[sounding, 12:][np.arange(len(lowest)), lowest]))
    empty = detected[kinds == list(KINDS).index("nothing")].any(axis=1)
    found["frames_with_false_notes_on_drums_and_noise"] = float(np.mean(empty)) if len(empty) else 0.0
    false = detected & (target == 0) & known
    above, below = (np.roll(target, step, axis=1) > 0 for step in (1, -1))
    count = max(1, int(false.sum()))
    found["false_notes_a_semitone_above_and_below"] = [
        float((false & near & ~other).sum() / count) for near, other in ((above, below), (below, above))
    ]
    return _rounded(found)


def _error(detected: NDArray[np.bool_], target: NDArray[np.uint8], known: NDArray[np.bool_]) -> float:
    """Give the standard error of the F of single frames, mixes drawn again and again."""
    kinds = (detected & (target > 0), detected & (target == 0), ~detected & (target > 0))
    counts = np.stack([(kind & known).reshape(-1, FRAMES * 12).sum(axis=1) for kind in kinds], axis=1)

    def f_of(drawn: NDArray[np.int64]) -> float:
        right, false, missed = counts[drawn].sum(axis=0)
        return float(2 * right / max(1, 2 * right + false + missed))

    return measures.resampled_error(len(counts), f_of)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return round(value, 4)


def predict(model: Any, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the logits of frames, float32 (n, 24)."""
    parts = range(0, len(x), VALIDATION_BATCH)
    return np.concatenate([model(x[at : at + VALIDATION_BATCH], training=False).numpy() for at in parts])


def train(banks: list[Path], options: HarmonyOptions, run: Run) -> str:
    """Gather instruments, mix chords, train the net; says how well it does."""
    if options.only_banks and not banks:
        raise UserError("--only-banks needs banks to learn from: name at least one")
    fonts = [] if options.only_banks else soundfonts.find_soundfonts(options.soundfont or [])
    library, spectrum = run.work / "library", options.spectrum
    counts = options.examples, max(1000, options.examples // 10), options.seed, options.jobs
    gathered, mixed = partial(run.progress, "gathering sounds"), partial(run.progress, "mixing chords")
    harmony_library.prepare(library, banks, fonts, options.sounds or [], options.made, options.jobs, gathered)
    frames = harmony_examples.prepare(run.work / spectrum, library, spectrum, *counts, mixed)
    used = harmony_library.load(library).instruments
    facts = {
        "instruments": sum(not one.held_out for one in used),
        "instruments_held_out": sum(one.held_out for one in used),
        "soundfonts": [font.stem for font in fonts],
        "frames": len(frames[0].x),
        "frames_held_out": len(frames[1].x),
        "seed": options.seed,
        "steps": options.steps,
    }
    schedule = Options(options.steps, rate=2.5e-3, seed=options.seed, check_every=250, patience=12)
    scores = run.fit(HarmonyTask(*frames, spectrum), schedule, facts).scores
    first = "pitch-class F {pitch_class_f:.3f} of single frames, {pitch_class_f_of_a_mix:.3f} of six together"
    found = {"harmony, released": released(frames[1], spectrum), run.out.name: scores}
    rows = {name: [float(one[key]) for key in COMPARED.values()] for name, one in found.items() if one is not None}
    first = first.format(**scores) + f", on {facts['instruments_held_out']} instruments held out"
    return "\n".join([first, *measures.figures(rows, list(COMPARED))])


COMPARED = {
    "one frame": "pitch_class_f",
    "six frames": "pitch_class_f_of_a_mix",
    "all 12 right": "all_12_right_of_a_mix",
    "bass": "bass",
    "false on noise": "frames_with_false_notes_on_drums_and_noise",
}
"""What is shown of a model at the end, and its name among the scores."""


def released(held_out: Frames, spectrum: str) -> dict[str, Any] | None:
    """Measure the released model on the same frames; None where its input is another."""
    manifest = models.load("harmony")
    features, x = manifest.features, np.asarray(held_out.x, np.float32)
    if not isinstance(features, HarmonyFeatures) or (features.spectrum, features.n_bins) != (spectrum, x.shape[1]):
        return None
    net, logits = Net(manifest.path, features.n_bins, 24), np.zeros((len(x), 24), np.float32)
    for row, frame in zip(logits, x, strict=True):
        row[:] = net.run(frame[None])[0]
    return measure(logits, held_out, manifest.threshold)
