"""A small net that says which drums one shred (the 93 ms after an attack) holds, trained on sample packs.

It hears single shots, shortened by chance as the next stroke would, played faster or slower, softened and mixed with
each other, so that a kick under a hat is both. It only has to be right where it is sure; the rest stays unlabelled.
"""

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import FOLDER
from offline.crate.drumming import in_a_room, respeed
from offline.crate.score import LABELS
from offline.crate.sounds import RATE, Shot, Sound
from realtime.errors import UserError
from realtime.events import DRUMS

SCHEMA = 1
LENGTH = 4096
"""Samples of a shred."""
N_FFT, HOP, BANDS = 1024, 256, 40
WIDTHS = (64, 32)
USUAL_MODEL = FOLDER / "shreds.npz"
Layers = list[tuple[NDArray[np.float32], NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class ShredNet:
    """The trained net: (kernel, bias) of each dense layer, float32; what it was trained on and how well it does."""

    layers: Layers
    manifest: dict[str, Any]

    @property
    def sure(self) -> dict[str, float]:
        """From which probability each drum is named."""
        return {name: float(self.manifest["held_out"][name]["sure"]) for name in DRUMS}

    def hear(self, shreds: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the probability of each of DRUMS in shreds, float32 (n, LENGTH): float32, (n, 5)."""
        x = features(shreds)
        *hidden, (last, offset) = self.layers
        for kernel, bias in hidden:
            x = np.maximum(x @ kernel + bias, np.float32(0))
        return np.asarray(1 / (1 + np.exp(-(x @ last + offset))), np.float32)


def features(shreds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute 13 frames of 40 mel bands in dB under the shred's loudest: float32, (n, 520), of (n, LENGTH)."""
    import librosa

    frames = np.lib.stride_tricks.sliding_window_view(shreds, N_FFT, axis=1)[:, ::HOP]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(N_FFT).astype(np.float32), axis=2)) ** 2
    mel = librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=BANDS, fmin=30, fmax=16_000)
    level = 10 * np.log10(spectrum @ mel.T + 1e-10)
    level -= np.max(level, axis=(1, 2), keepdims=True)
    return np.asarray(np.maximum(level, -70).reshape(len(shreds), -1) / 20 + 1.5, np.float32)


def shred_of(rng: np.random.Generator, shots: Sequence[Shot]) -> tuple[Sound, NDArray[np.float32]]:
    """Make one shred of one to three drums: float32 (LENGTH,), and which of DRUMS it holds: float32, (5,)."""
    out, holds = np.zeros(LENGTH, np.float32), np.zeros(len(DRUMS), np.float32)
    for number in range(int(rng.choice([1, 2, 3], p=[0.6, 0.33, 0.07]))):
        role = str(rng.choice(sorted({shot.role for shot in shots})))
        pool = [shot for shot in shots if shot.role == role]
        sound = respeed(np.asarray(pool[rng.integers(len(pool))].samples[: 4 * LENGTH]), 2 ** rng.uniform(-0.4, 0.4))
        if rng.random() < 0.4:
            # The stroke is over when the next one comes, or a gate shuts.
            stop = int(rng.uniform(0.02, 0.09) * RATE)
            sound = sound[:stop] * np.linspace(1, 0, len(sound[:stop]), dtype=np.float32) ** 0.5
        level = 10 ** (rng.uniform(-14, 0) / 20) if number else 1.0
        # An onset is found a little early or late.
        late = int(rng.integers(0, 500)) if number == 0 else int(rng.integers(0, 700))
        end = min(len(sound), LENGTH - late)
        out[late : late + end] += np.float32(level) * sound[:end]
        if role in LABELS:
            holds[DRUMS.index(LABELS[role])] = 1
    if rng.random() < 0.4:
        out = in_a_room(out, rng)
    before = rng.standard_normal(LENGTH) * np.exp(-np.arange(LENGTH) / rng.uniform(800, 8000))
    out += (10 ** (rng.uniform(-60, -20) / 20) * before).astype(np.float32)
    return out, holds


def made(shots: Sequence[Shot], count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make so many shreds: features float32 (count, 520) and labels float32 (count, 5)."""
    rng = np.random.default_rng(seed)
    pairs = [shred_of(rng, shots) for _ in range(count)]
    return features(np.stack([shred for shred, _ in pairs])), np.stack([holds for _, holds in pairs])


def train(
    shots: Sequence[Shot],
    count: int,
    steps: int,
    seed: int,
    on_step: Callable[[int, float], None] | None = None,
) -> ShredNet:
    """Train on the shots that are not held out, and measure on those that are.

    Raises UserError where the packs hold no shots of kick, snare or hat on either side of the split.
    """
    from offline.training.keras_backend import keras
    from offline.training.loop import Options, learn

    drums = [shot for shot in shots if shot.role not in ("loop", "stab")]
    sides = [[shot for shot in drums if shot.held_out == side] for side in (False, True)]
    for side, what in zip(sides, ("to train on", "held out"), strict=True):
        missing = {"kick", "snare", "hat"} - {LABELS.get(shot.role) for shot in side}
        if missing:
            raise UserError(
                f"The packs have no {', '.join(sorted(missing))} {what} (every fifth sound is held out, by its name): "
                "give more, with names that say what they are."
            )
    (x, y), (held_x, held_y) = made(sides[0], count, seed), made(sides[1], max(count // 8, 200), seed + 1)
    k = keras()
    k.utils.set_random_seed(seed)
    model = k.Sequential([k.Input((x.shape[1],)), k.layers.Dropout(0.1)])
    for width in WIDTHS:
        model.add(k.layers.Dense(width, activation="relu"))
    model.add(k.layers.Dense(len(DRUMS)))
    rng = np.random.default_rng(seed + 2)

    def draw() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        chosen = rng.integers(0, len(x), 128)
        tilt = rng.normal(0, 0.15, (128, 1, BANDS)).astype(np.float32)
        return (x[chosen].reshape(128, -1, BANDS) + tilt).reshape(128, -1), y[chosen]

    loss = k.losses.BinaryCrossentropy(from_logits=True)
    options = Options(steps=steps, seed=seed, check_every=max(1, steps // 10))
    fitted = learn(model, draw, [(held_x, held_y)], loss, options, on_step)
    weights = [np.asarray(one, np.float32) for one in fitted.model.get_weights()]
    net = ShredNet(list(zip(weights[::2], weights[1::2], strict=True)), {})
    said = 1 / (1 + np.exp(-np.asarray(fitted.model(held_x, training=False))))
    scores = scored(said, held_y)
    kinds = {name: sum(LABELS.get(shot.role) == name for shot in sides[0]) for name in DRUMS}
    manifest = {"schema": SCHEMA, "drums": DRUMS, "shots": kinds, "shreds": count, "seed": seed, "held_out": scores}
    return ShredNet(net.layers, json.loads(json.dumps(manifest)))


RIGHT = 0.93
"""How often a drum that the net is sure of must be there, on the shots held out."""
ABSENT = 0.15
"""Probability below which a drum is taken for absent."""
NEVER = 1.1


def sure_from(probability: NDArray[Any], there: NDArray[np.bool_]) -> float:
    """Choose from which probability a drum is named: the lowest above one half from which it is there RIGHT often.

    NEVER where there is none, among ten examples or more.
    """
    for level in np.arange(0.5, 0.995, 0.01):
        said = probability >= level
        if np.count_nonzero(said) >= 10 and np.mean(there[said]) >= RIGHT:
            return round(float(level), 2)
    return NEVER


def scored(said: NDArray[Any], wanted: NDArray[np.float32]) -> dict[str, dict[str, float]]:
    """Measure each drum: its accuracy at one half, and `sure`: the probability from which it is named.

    named, right: how many that are there are named, and how often a named one is there. denied, wrong: the same
    for ABSENT. right is measured where `sure` was chosen, so it is a little too good.
    """
    scores = {}
    for column, name in enumerate(DRUMS):
        there, probability = wanted[:, column] > 0.5, said[:, column]
        sure = sure_from(probability, there)
        yes, no = probability >= sure, probability <= ABSENT
        found = {
            "accuracy": np.mean((probability >= 0.5) == there),
            "sure": sure,
            "named": np.mean(yes[there]) if there.any() else 0.0,
            "right": np.mean(there[yes]) if yes.any() else 0.0,
            "denied": np.mean(no[~there]),
            "wrong": np.mean(there[no]) if no.any() else 0.0,
        }
        scores[name] = {what: round(float(value), 3) for what, value in found.items()}
    return scores


def write_net(net: ShredNet, path: Path) -> None:
    """Write a net as NAME.npz: arrays in half precision and the manifest as text; nothing in it is executed."""
    arrays: dict[str, Any] = {"manifest": np.array(json.dumps(net.manifest))}
    for number, (kernel, bias) in enumerate(net.layers):
        arrays |= {f"kernel{number}": kernel.astype(np.float16), f"bias{number}": bias}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **arrays)
    except OSError as error:
        raise UserError(f"The net {str(path)!r} cannot be written: {error}") from None


def read_net(path: Path | None = None) -> ShredNet:
    """Read a net; None: the released one.

    Raises UserError if it is missing or no such net.
    """
    path = USUAL_MODEL if path is None else path.with_suffix(".npz")
    try:
        with np.load(path, allow_pickle=False) as data:
            manifest = json.loads(str(data["manifest"]))
            count = sum(name.startswith("kernel") for name in data.files)
            layers = [(data[f"kernel{i}"].astype(np.float32), data[f"bias{i}"]) for i in range(count)]
    except FileNotFoundError:
        raise UserError(
            f"No net for shreds at {str(path)!r}: train one with samplechop drums shreds PACK... -o mine/shreds."
        ) from None
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"The net {str(path)!r} cannot be read: {error}") from None
    if manifest.get("schema") != SCHEMA or tuple(manifest.get("drums", ())) != DRUMS:
        raise UserError(f"The net {str(path)!r} is of another version: train it again with samplechop drums shreds.")
    return ShredNet(layers, manifest)
