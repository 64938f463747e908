"""One net for all events: an early stage that answers at every hop, and over it a stage that sees what follows.

Each stage begins with two-dimensional convolutions over neighbouring bands and the last time steps (as Schlüter and
Böck, "Improved musical onset detection with convolutional neural networks", 2014), followed by dilated causal
convolutions with residual connections as in tcn.py. The early stage runs at hops of 256 samples over bands that are
known at once; its last layer and the constant-Q bins, which come later, are what the other stage takes at every second
hop. So drums are answered at once by layers that the rest of the net needs anyway.

Time steps are channels of the first convolution, and nothing but the layers' inputs is remembered from step to step.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplechop.offline.training.keras_models import keras
from samplechop.offline.training.tcn import Layers, folded
from samplechop.realtime.nets.features import N_BINS, STACK
from samplechop.realtime.nets.fine_features import N_EARLY, N_LATE, PER_HOP

FILTERS, WIDTHS, STRIDES = (8, 8), (9, 4), (3, 2)
"""Of the two convolutions over bands: channels, how many bands or channels before each reaches over, and its step. The
first also reaches over all hops of the last time steps."""
LAGS = (2, 1, 0)
"""Time steps ago of a stage's first layers, in the order of their channels."""
EARLY_DILATIONS = (1, 3, 9, 27, 81)
"""In hops: together they cover the last 245 hops, 1.4 s."""
EARLY_CHANNELS = 48
DILATIONS = (1, 2, 4, 10, 27, 71, 140, 256)
"""In frames: together they cover the last 1023 frames, 11.9 s, three bars of slow music."""
CHANNELS = 64


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: bands under its two-dimensional convolutions and hops in a time step, further inputs, its layers."""

    bands: int
    hops: int
    inputs: int
    dilations: tuple[int, ...]
    channels: int
    heads: int

    @property
    def weights(self) -> list[tuple[int, ...]]:
        """The shape of each layer's weights, the heads last."""
        flat = self.bands
        for width, stride in zip(WIDTHS, STRIDES, strict=True):
            flat = (flat - width) // stride + 1
        rest = [(3 * self.channels, self.channels)] * (len(self.dilations) - 1)
        return [
            (1, WIDTHS[0], len(LAGS) * self.hops, FILTERS[0]),
            (1, WIDTHS[1], *FILTERS),
            (FILTERS[1] * flat + self.inputs, self.channels),
            *rest,
            (self.channels, self.heads),
        ]


class _Maker:
    """Makes layers by name: with normalisation to be trained, or with given weights."""

    def __init__(self, layers: Layers | None) -> None:
        self.k = keras()
        self._given: Iterator[tuple[np.ndarray, np.ndarray]] | None = None if layers is None else iter(layers)

    def convolution(self, x: Any, number: int, stage: str) -> Any:
        """Convolve along the bands of (batch, time, bands, channels); or, in a step, of (batch, hops, bands, 1)."""
        size, name = (x.shape[1] or 1, WIDTHS[number]), f"{stage}_front_{number}"
        stride, bias = (1, STRIDES[number]), self._given is not None
        return self._made(self.k.layers.Conv2D(FILTERS[number], size, stride, use_bias=bias, name=name), x)

    def dense(self, x: Any, units: int, name: str) -> Any:
        return self._made(self.k.layers.Dense(units, use_bias=self._given is not None, name=name), x)

    def heads(self, x: Any, units: int, name: str) -> Any:
        layer = self.k.layers.Dense(units, bias_initializer=self.k.initializers.Constant(-3.0), name=name)
        y = layer(x)
        if self._given is not None:
            layer.set_weights(list(next(self._given)))
        return y

    def _made(self, layer: Any, x: Any) -> Any:
        y = layer(x)
        if self._given is not None:
            layer.set_weights(list(next(self._given)))
        else:
            y = self.k.layers.BatchNormalization(momentum=0.95, name=layer.name + "_norm")(y)
        return self.k.layers.ReLU()(y)


Past = Callable[[Any, int], Any]
"""(input of a layer, dilation) in, the input twice the dilation ago, the dilation ago and now out, one tensor."""


def _layers(
    make: _Maker, stage: Stage, name: str, images: Any, inputs: Any, shape: tuple[int, ...], past: Past, dropout: float
) -> Any:
    """Build a stage up to its last layer. images: (batch, time, bands, planes). shape: of what the front gives."""
    k = make.k
    flat = k.layers.Reshape(shape)(make.convolution(make.convolution(images, 0, name), 1, name))
    x = make.dense(k.layers.Concatenate()([flat, inputs]), stage.channels, f"{name}_taps_0")
    for number, dilation in enumerate(stage.dilations[1:], 1):
        y = make.dense(past(x, dilation), stage.channels, f"{name}_taps_{number}")
        x = k.layers.Add()([x, k.layers.Dropout(dropout)(y) if dropout else y])
    return x


@dataclass(frozen=True, slots=True)
class SharedShape:
    """The size of the net. heads, early_heads: how many answers a frame, and a hop, gets.

    Over sequences it takes float32 (batch, frames, STACK * PER_HOP) and gives logits (batch, frames, heads + STACK *
    early_heads), those of the frame's first hop before those of its second.
    """

    heads: int
    early_heads: int
    channels: int = CHANNELS
    dilations: tuple[int, ...] = DILATIONS
    early_channels: int = EARLY_CHANNELS
    early_dilations: tuple[int, ...] = EARLY_DILATIONS

    @property
    def n_features(self) -> int:
        """Numbers in one frame of features."""
        return STACK * PER_HOP

    @property
    def early(self) -> Stage:
        """The early stage."""
        return Stage(N_EARLY, 1, len(LAGS) * N_EARLY, self.early_dilations, self.early_channels, self.early_heads)

    @property
    def deep(self) -> Stage:
        """The stage over it."""
        inputs = STACK * (self.early_channels + N_LATE - N_BINS)
        return Stage(N_BINS, STACK, inputs, self.dilations, self.channels, self.heads)

    @property
    def weights(self) -> list[tuple[int, ...]]:
        """The shape of each layer's weights, as `layers_of` gives them."""
        return [*self.early.weights, *self.deep.weights]

    def build(self, seed: int, dropout: float = 0.1, layers: Layers | None = None) -> Any:
        """Make the net over sequences. layers: weights to start from; it then has no normalisation of its own."""
        k = keras()
        k.utils.set_random_seed(seed)
        make = _Maker(layers)

        def lagged(x: Any, lag: int) -> Any:
            return k.layers.Cropping1D((0, lag))(k.layers.ZeroPadding1D((lag, 0))(x)) if lag else x

        def past(x: Any, dilation: int) -> Any:
            return k.layers.Concatenate()([lagged(x, lag * dilation) for lag in LAGS])

        def stacked(x: Any, bands: int, hops: int) -> Any:
            """Lay the hops of the last time steps behind one another: (batch, time, bands, planes)."""
            planes = [k.layers.Reshape((-1, hops, bands))(lagged(x, lag)) for lag in LAGS]
            return k.layers.Permute((1, 3, 2))(k.layers.Concatenate(axis=2)(planes))

        inputs = k.Input((None, self.n_features))
        hops = k.layers.Reshape((-1, PER_HOP))(inputs)
        bands, bins = hops[..., :N_EARLY], hops[..., N_EARLY : N_EARLY + N_BINS]
        rest = (past, dropout)
        shape = (-1, self.early.weights[2][0] - self.early.inputs)
        early = _layers(make, self.early, "early", stacked(bands, N_EARLY, 1), past(bands, 1), shape, *rest)
        early_logits = make.heads(early, self.early_heads, "early_heads")
        bins = k.layers.Reshape((-1, STACK * N_BINS))(bins)
        sums = k.layers.Reshape((-1, STACK * (N_LATE - N_BINS)))(hops[..., N_EARLY + N_BINS :])
        passed = k.layers.Reshape((-1, STACK * self.early_channels))(early)
        beside = k.layers.Concatenate()([passed, sums])
        shape = (-1, self.deep.weights[2][0] - self.deep.inputs)
        deep = _layers(make, self.deep, "deep", stacked(bins, N_BINS, STACK), beside, shape, *rest)
        logits = make.heads(deep, self.heads, "heads")
        both = [logits, k.layers.Reshape((-1, STACK * self.early_heads))(early_logits)]
        return k.Model(inputs, k.layers.Concatenate()(both))

    def layers_of(self, model: Any) -> Layers:
        """Give each layer's weights and bias, with its normalisation folded in: the early stage's, then the other's."""
        found: Layers = []
        for name, stage, heads in (("early", self.early, "early_heads"), ("deep", self.deep, "heads")):
            fronts = [f"{name}_front_{number}" for number in range(len(FILTERS))]
            taps = [f"{name}_taps_{number}" for number in range(len(stage.dilations))]
            found += [folded(model, layer, layer + "_norm") for layer in (*fronts, *taps)]
            found.append(tuple(model.get_layer(heads).get_weights()))
        return found

    def steps(self, members: Sequence[Layers]) -> tuple[Any, Any]:
        """Make one step of the mean of the members' logits, as realtime/nets/streaming.py runs them live: Keras models
        of batch 1, of a frame and of the early stage's hop.
        """
        split = len(self.early.weights)
        early = _step(self.early, [layers[:split] for layers in members], self._early_input, passed=True)
        deep = _step(self.deep, [layers[split:] for layers in members], self._deep_input, passed=False)
        return deep, early

    def _early_input(self, k: Any, steps: Any) -> tuple[Any, list[Any]]:
        return k.layers.Reshape((len(LAGS), N_EARLY, 1))(steps), []

    def _deep_input(self, k: Any, steps: Any) -> tuple[Any, list[Any]]:
        n = steps.shape[1] // len(LAGS)
        passed = n - STACK * N_LATE
        late = k.layers.Reshape((len(LAGS) * STACK, N_LATE))(k.layers.Reshape((len(LAGS), n))(steps)[:, :, passed:])
        sums = k.layers.Flatten()(late[:, :STACK, N_BINS:])
        return k.layers.Reshape((len(LAGS) * STACK, N_BINS, 1))(late[:, :, :N_BINS]), [sums]


def _step(
    stage: Stage,
    members: Sequence[Layers],
    inputs: Callable[[Any, Any], tuple[Any, list[Any]]],
    passed: bool,
) -> Any:
    """Make one step of a stage. passed: whether its last layers stand behind the probabilities.

    inputs: lays out the last time steps, now, two ago and one ago, as (batch, hops, bands, 1), and gives what
    else the stage takes.
    """
    k = keras()
    rows, c, count = len(stage.dilations) - 1, stage.channels, len(members)
    early_channels = (stage.inputs - STACK * (N_LATE - N_BINS)) // STACK
    n = N_EARLY if passed else STACK * (N_LATE + count * early_channels)
    flat = k.Input(batch_shape=(1, 3 * n + 2 * c * rows * count), dtype="float32")
    image, sums = inputs(k, flat[:, : 3 * n])
    outputs: list[Any] = []
    last: list[Any] = []
    states: list[Any] = []

    def past(x: Any, dilation: int) -> Any:
        del dilation
        at = 3 * n + 2 * c * len(states)
        states.append(x)
        return k.layers.Concatenate()([flat[:, at : at + 2 * c], x])

    for number, ((weights, bias), *rest, (head, head_bias)) in enumerate(members):
        # Hops are rows here, and the newest comes first, as the time steps do.
        tall = np.roll(weights.transpose(2, 1, 0, 3), stage.hops, axis=0)
        beside = flat[:, : 3 * n]
        if passed:  # which takes the bands of all time steps as they are, too
            second, (first, first_bias), *rest = rest
            plain = len(first) - stage.inputs
            first = np.concatenate([first[:plain], np.roll(first[plain:], n, axis=0)])
            rest = [second, (first, first_bias), *rest]
        else:
            own = [(hop * count + number) * early_channels for hop in range(STACK)]
            beside = k.layers.Concatenate()([*(flat[:, at : at + early_channels] for at in own), *sums])
        make = _Maker([(tall, bias), *rest, (head / count, head_bias / count)])
        x = _layers(make, stage, f"of_{number}", image, beside, (stage.weights[2][0] - stage.inputs,), past, 0)
        last.append(x)
        outputs.append(make.heads(x, stage.heads, f"heads_of_{number}"))
    logits = outputs[0] if count == 1 else k.layers.Add()(outputs)
    found = [k.layers.Activation("sigmoid")(logits), *(last if passed else ()), *states]
    return k.Model(flat, k.layers.Concatenate()(found))
