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
from samplechop.offline.training.stream_export import Rows, StreamStage
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
        """Convolve along the bands of (batch, time, bands, channels)."""
        size, name = (1, WIDTHS[number]), f"{stage}_front_{number}"
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

    def steps(self, members: Sequence[Layers]) -> tuple[StreamStage, StreamStage]:
        """Make a step of the mean of the members' logits, as realtime/nets/temporal_net.py runs them live: of a frame,
        and of the early stage's hop.
        """
        split = len(self.early.weights)
        early = _step(self.early, [layers[:split] for layers in members], N_EARLY, self._early_inputs, passed=True)
        n = STACK * (len(members) * self.early_channels + N_LATE)
        deep = _step(self.deep, [layers[split:] for layers in members], n, self._deep_inputs, passed=False)
        return deep, early

    def _early_inputs(self, rows: Rows, steps: list[Any], _member: int) -> tuple[Any, Any]:
        # The bands of all time steps are taken as they are, too.
        return rows.tf.stack(steps, 1), rows.tf.concat(steps, 1)

    def _deep_inputs(self, rows: Rows, steps: list[Any], member: int) -> tuple[Any, Any]:
        tf, n = rows.tf, self.early_channels
        passed = steps[0].shape[1] - STACK * N_LATE
        late = [tf.reshape(step[:, passed:], (rows.frames, STACK, N_LATE)) for step in steps]
        image = tf.concat([hops[:, :, :N_BINS] for hops in late], 1)
        sums = tf.reshape(late[0][:, :, N_BINS:], (rows.frames, -1))
        own = [hop * (passed // STACK) + member * n for hop in range(STACK)]
        return image, tf.concat([*(steps[0][:, at : at + n] for at in own), sums], 1)


def _step(
    stage: Stage,
    members: Sequence[Layers],
    n: int,
    inputs: Callable[[Rows, list[Any], int], tuple[Any, Any]],
    passed: bool,
) -> StreamStage:
    """Make a step of a stage of n features. passed: whether its last layers stand behind the probabilities.

    inputs: lays out the last time steps, now, two ago and one ago, (frames, n) each, for a member: as (frames, hops,
    bands) for its convolutions, and what else its first layer takes.
    """

    def compute(rows: Rows) -> tuple[list[Any], list[Any]]:
        now = rows.take(rows.frames, n)
        steps = [now, *rows.past(now, stage.dilations[0])]
        last, states = [], []
        for number, (*fronts, (first, first_bias), rest, head) in enumerate(map(_parted, members)):
            image, beside = inputs(rows, steps, number)
            x = image[..., None]
            for place, (weights, bias) in enumerate(fronts):
                # Hops are rows here, and the newest comes first, as the time steps do.
                kernel = weights if place else np.roll(weights.transpose(2, 1, 0, 3), stage.hops, axis=0)
                x = rows.tf.nn.conv2d(x, kernel, (1, STRIDES[place]), "VALID") + bias
                x = rows.tf.nn.relu(x)
            flat = rows.tf.reshape(x, (rows.frames, -1))
            if passed:
                first = np.concatenate([first[: flat.shape[1]], np.roll(first[flat.shape[1] :], n, axis=0)])
            *layers, x = rows.residual(
                rows.dense(rows.tf.concat([flat, beside], 1), first, first_bias), rest, stage.dilations[1:]
            )
            states += layers
            last.append((x, *head))
        outputs = [rows.probabilities(last), *((x for x, *_ in last) if passed else ())]
        return outputs, states

    return StreamStage(n, stage.dilations, stage.channels, len(members), compute)


def _parted(layers: Layers) -> tuple[Any, ...]:
    """Part a stage's layers: its convolutions, its first layer, a list of those that follow, the heads."""
    front = len(FILTERS)
    return *layers[:front], layers[front], layers[front + 1 : -1], layers[-1]
