"""The streaming net: a temporal convolutional net for training over sequences, and as steps for the .tflite.

Dilated causal convolutions with residual connections (Bai, Kolter and Koltun, "An empirical evaluation of generic
convolutional and recurrent networks for sequence modeling", 2018; for beats Davies and Böck, 2019). A convolution of
three taps is written as a dense layer over the input now, d and 2d frames ago, so that its weights are the step's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from samplechop.offline.common.arrays import read_arrays
from samplechop.offline.training.keras_models import keras
from samplechop.offline.training.stream_export import Rows, StreamStage
from samplechop.realtime.core.errors import UserError, reason_of

Layers = list[tuple[np.ndarray, np.ndarray]]
"""(weights (n_in, n_out), bias (n_out,)) of each layer, normalisation folded in."""

DILATIONS = (1, 1, 2, 4, 8, 16, 32, 64, 128, 256)
"""In frames of 512 samples: together they cover the last 1024 frames, 11.9 s, three bars of slow music."""
CHANNELS = 48


@dataclass(frozen=True, slots=True)
class Shape:
    """A streaming net's size: inputs, outputs, dilation of each layer, channels of each layer."""

    n_features: int
    n_heads: int
    dilations: tuple[int, ...] = DILATIONS
    channels: int = CHANNELS

    @property
    def weights(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer as `layers_of` gives them, the heads last."""
        rest = [(3 * self.channels, self.channels)] * (len(self.dilations) - 1)
        return [(3 * self.n_features, self.channels), *rest, (self.channels, self.n_heads)]

    def build(self, seed: int, dropout: float = 0.1, layers: Layers | None = None) -> Any:
        """Make the net over sequences, see `build`."""
        return build(self, seed, dropout, layers)

    def layers_of(self, model: Any) -> Layers:
        """Give each layer's weights and bias, see `layers_of`."""
        return layers_of(model, self)

    def steps(self, members: Sequence[Layers]) -> tuple[StreamStage, None]:
        """Make a step of the mean of the members' logits, see `step`; there is no early stage."""
        return step(members, self), None


def build(shape: Shape, seed: int, dropout: float = 0.1, layers: Layers | None = None) -> Any:
    """Make the net over sequences: float32 (batch, frames, n_features) in, logits (batch, frames, n_heads) out.

    layers: weights to start from, as `layers_of` gives them; the net then has no normalisation of its own.
    """
    k = keras()
    k.utils.set_random_seed(seed)
    inputs = k.Input((None, shape.n_features))
    x = inputs
    for number, dilation in enumerate(shape.dilations):
        past = [x]
        for lag in (dilation, 2 * dilation):
            past.insert(0, k.layers.Cropping1D((0, lag))(k.layers.ZeroPadding1D((lag, 0))(x)))
        taps = k.layers.Dense(shape.channels, use_bias=layers is not None, name=f"taps_{number}")
        y = taps(k.layers.Concatenate()(past))
        if layers is None:
            y = k.layers.BatchNormalization(momentum=0.95, name=f"norm_{number}")(y)
        y = k.layers.ReLU()(y)
        x = y if number == 0 else k.layers.Add()([x, k.layers.Dropout(dropout)(y)])
    start = k.initializers.Constant(-3.0)
    outputs = k.layers.Dense(shape.n_heads, bias_initializer=start, name="heads")(x)
    model = k.Model(inputs, outputs)
    if layers is not None:
        names = [*(f"taps_{number}" for number in range(len(shape.dilations))), "heads"]
        for name, layer in zip(names, layers, strict=True):
            model.get_layer(name).set_weights(list(layer))
    return model


def layers_of(model: Any, shape: Shape) -> Layers:
    """Give each layer's weights (3 n_in, n_out) and bias (n_out,), with its normalisation folded in; the heads last."""
    found = [folded(model, f"taps_{number}", f"norm_{number}") for number in range(len(shape.dilations))]
    weights, bias = model.get_layer("heads").get_weights()
    return [*found, (weights, bias)]


def folded(model: Any, name: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
    """Give a layer's weights and bias, with the normalisation that follows it, if one does, folded in."""
    weights, *bias = model.get_layer(name).get_weights()
    if bias:
        return weights, bias[0]
    normalisation = model.get_layer(norm)
    gamma, beta, mean, variance = normalisation.get_weights()
    gain = gamma / np.sqrt(variance + normalisation.epsilon)
    return weights * gain, beta - mean * gain


def step(members: Sequence[Layers], shape: Shape) -> StreamStage:
    """Make a step of the mean of the members' logits, as realtime/nets/temporal_net.py runs it live."""
    n = shape.n_features

    def compute(rows: Rows) -> tuple[list[Any], list[Any]]:
        # The features come as now, 2d ago, d ago; the first layer's weights are in the order 2d ago, d ago, now.
        now = rows.take(rows.frames, n)
        taps = rows.tf.concat([now, *rows.past(now, shape.dilations[0])], 1)
        last, states = [], []
        for (weights, bias), *rest, head in members:
            x = rows.dense(taps, np.concatenate([weights[2 * n :], weights[: 2 * n]]), bias)
            *inputs, x = rows.residual(x, rest, shape.dilations[1:])
            states += inputs
            last.append((x, *head))
        return [rows.probabilities(last)], states

    return StreamStage(n, shape.dilations, shape.channels, len(members), compute)


def save_weights(path: Path, members: list[Layers]) -> None:
    """Write every member's layers as float32 arrays named MEMBER_LAYER_w and MEMBER_LAYER_b: what fine-tuning starts
    from, NAME.npz beside NAME.tflite. Never pickled.
    """
    arrays = {
        f"{number}_{place:02d}_{name}": np.asarray(array, np.float32)
        for number, layers in enumerate(members)
        for place, layer in enumerate(layers)
        for name, array in zip("wb", layer, strict=True)
    }
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load_weights(path: Path) -> list[Layers]:
    """Read what `save_weights` wrote. Raises UserError if that cannot be done."""
    try:
        arrays = read_arrays(path)
        members: dict[str, Layers] = {}
        for name in sorted(name[:-2] for name in arrays if name.endswith("_w")):
            members.setdefault(name.split("_")[0], []).append((arrays[name + "_w"], arrays[name + "_b"]))
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{str(path)!r} holds no weights to start from: {reason_of(error)}") from None
    if not members:
        raise UserError(f"{str(path)!r} holds no weights to start from")
    return list(members.values())
