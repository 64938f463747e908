"""Steps of the shared net in one compiled call, bit for bit as the runtime computes them.

A step reads weights and little else, and the runtime takes longer to pass tensors from one of its operations to the
next than to multiply; many steps at once it copies into rows first. Here steps read the rings of what was before where
they lie, and those that come at once share what is read of the weights. Every sum begins with the bias and
takes its products in the order of the inputs, each product and sum rounded once, as XNNPACK's kernels do, which compute
outputs side by side, as this does; its sigmoid is repeated, too. Whether all that holds on a machine is tried when a
net is opened (`temporal_net.py`): where one bit differs, the runtime computes the steps itself.

Live, a hop comes at a time, and the last of a frame would bring all of the deep stage's step. Two thirds of a step are
products with what came steps ago, which come first in their sums: those of both stages are taken at the hop before,
when a frame has begun, so that no block takes long.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop.realtime.core.compile_later import compile_later, kept
from samplechop.realtime.core.entry_functions import entry
from samplechop.realtime.core.inner_functions import inner
from samplechop.realtime.dsp.fft import aligned_zeros
from samplechop.realtime.dsp.registers import LANES
from samplechop.realtime.dsp.transposition import transpose
from samplechop.realtime.nets.features import STACK
from samplechop.realtime.nets.net_sums import BY_TABLE, N_POWERS, add, add_rows, convolve, copy, logistic, powers_of_two
from samplechop.realtime.nets.stage_weights import FILTERS, StageWeights

# Indices are unsigned: numba would ask of each signed one whether it counts from the end.
_U = np.uint64
_NONE = np.int64(0)  # of a literal number it would make a version of its own

# A stage's layout: sizes, places in the arena, the last of them that of the numbers of the second layer, lengths of its
# tables, which of SIGMOIDS it takes, then sizes as stage_weights.py has them.
(_FEATURES, _DEPTH, _RECENT, _MEMORY, _NUMBERS, _POWERS, _IMAGE, _FOUND, _LAST, _NOW, _NEW, _WORK, _BEGUN) = range(13)
_LATER, _PLANES, _BESIDE, _DELAYS, _FIRST_INPUTS, _NEXT_INPUTS, _MOST, SIGMOID = range(13, 21)
_BANDS, _WIDTH, _STRIDE, _FLAT, _NEXT_WIDTH, _NEXT_STRIDE, _NEXT_FLAT, _CHANNELS, _HEADS, _LAYERS = range(21, 31)
_TABLES = 31
MOST, SIDE = 64, 16
"""Steps that are computed at once, at most, and of those whose convolutions are: what they work on stays near."""
EARLY, DEEP, HOP, BEGUN = CLOCK = range(4)
"""Of the clock: steps of the early stage, steps of the other one, hops of a frame that is not whole yet, and whether
the sums of the next step of each stage are begun.
"""


@njit(error_model="numpy", inline="always")
def _convolutions(arena, layout, time, n, out, start):
    """Compute both convolutions for n steps at once, of which `start` came before, and write what comes out.

    Numbers of the n steps lie side by side, then those of neighbouring places; of a plane, therefore, every stride-th
    band, one phase after the other.
    """
    bands, n_planes, n_first, n_next = layout[_BANDS], layout[_PLANES], layout[_FIRST_INPUTS], layout[_NEXT_INPUTS]
    stride, next_stride, places, next_places = layout[_STRIDE], layout[_NEXT_STRIDE], layout[_FLAT], layout[_NEXT_FLAT]
    size, next_size, at = -(-bands // stride), -(-places // next_stride), layout[_NUMBERS]
    image, found, work = arena[layout[_IMAGE] :], arena[layout[_FOUND] :], arena[layout[_WORK] :]
    tables = _TABLES + layout[_DELAYS]
    planes, inputs = tables, tables + 2 * n_planes + 3 * layout[_BESIDE]
    order = inputs + n_first + n_next
    for plane in range(n_planes):
        ago = (0, 2, 1)[layout[planes + 2 * plane]] * layout[_TABLES]
        row, first = (time - ago) % layout[_DEPTH], layout[_RECENT] + layout[planes + 2 * plane + 1]
        if n == SIDE <= bands and row + SIDE <= layout[_DEPTH]:
            for band in range(0, bands, SIDE):
                band = min(band, bands - SIDE)
                at_band, to_plane = first + row * layout[_FEATURES] + band, plane * stride * size * SIDE
                transpose(arena, at_band, layout[_FEATURES], image, to_plane, SIDE, layout, order + band, None)
            continue
        for i in range(n):
            at_row = _U(first + (time + i - ago) % layout[_DEPTH] * layout[_FEATURES])
            to = _U(plane * stride * size * n + i)
            for band in range(bands):
                image[to + _U(layout[order + band] * n)] = arena[at_row + _U(band)]
    bias, weights = arena[at : at + FILTERS], arena[at + FILTERS : at + FILTERS * (1 + n_first)]
    lanes = -(-places * n // LANES) * LANES
    convolve(image, layout[inputs : inputs + n_first], n, weights, bias, lanes, work)
    for place in range(places):
        among = place % next_stride * next_size + place // next_stride
        for f in range(FILTERS):
            to, first = _U((f * next_stride * next_size + among) * n), _U(f * lanes + place * n)
            for i in range(n):
                found[to + _U(i)] = max(work[first + _U(i)], np.float32(0))
    at, inputs = at + FILTERS * (1 + n_first), inputs + n_first
    bias, weights = arena[at : at + FILTERS], arena[at + FILTERS : at + FILTERS * (1 + n_next)]
    lanes = -(-next_places * n // LANES) * LANES
    convolve(found, layout[inputs : inputs + n_next], n, weights, bias, lanes, work)
    for f in range(FILTERS):
        for place in range(next_places):
            first = _U(f * lanes + place * n)
            for i in range(n):
                to = _U(((start + i) * next_places + place) * FILTERS + f)
                out[to] = max(work[first + _U(i)], np.float32(0))


@inner(inline=False, error_model="numpy")
def _begin_sums(arena, layout, layer, at, time, n, out):
    """Begin the sums of a layer for n steps, (n, channels): the bias, and products with what came before each of them.

    at: where its numbers lie in the arena. Gives where the weights of the steps themselves lie.
    """
    channels, depth, delay = layout[_CHANNELS], layout[_DEPTH], layout[_TABLES + layer]
    first = layout[_MEMORY] + (layer - 1) * depth * channels
    ring = arena[first : first + depth * channels]
    for i in range(n):
        copy(arena[at:], channels, out[i * channels :])
    at += channels
    for lag in range(2, 0, -1):
        weights = arena[at : at + channels * channels]
        add_rows(ring, depth, channels, time - lag * delay, _NONE, n, weights, channels, channels, out)
        at += channels * channels
    return at


@njit(error_model="numpy", inline="always")
def _steps(arena, layout, time, n, out, is_begun):
    """Some steps of a stage, whose newest features lie in its ring. Writes its heads to `out`; gives where its last
    layers lie in the arena: (n, channels). is_begun: whether the sums of a single step are.
    """
    channels, depth, width = layout[_CHANNELS], layout[_DEPTH], layout[_FEATURES]
    recent, memory, at = layout[_RECENT], layout[_MEMORY], layout[_NUMBERS]
    n_planes, n_beside, delays = layout[_PLANES], layout[_BESIDE], _TABLES
    beside = delays + layout[_DELAYS] + 2 * n_planes
    next_flat, last, now, new = FILTERS * layout[_NEXT_FLAT], layout[_LAST], layout[_NOW], layout[_NEW]
    for start in range(0, n, SIDE):
        _convolutions(arena, layout, time + start, min(SIDE, n - start), arena[last:now], start)
    at += FILTERS * (2 + layout[_FIRST_INPUTS] + layout[_NEXT_INPUTS])
    x, y = arena[now : now + n * channels], arena[new : new + n * channels]
    for i in range(n):
        copy(arena[at:], channels, x[i * channels :])
    at += channels
    add(arena[last:now], next_flat, n, arena[at : at + next_flat * channels], next_flat, channels, x)
    at += next_flat * channels
    ring = arena[recent : recent + depth * width]
    for one in range(beside, beside + 3 * n_beside, 3):
        row = time - (0, 2, 1)[layout[one]] * layout[delays]
        column, count = layout[one + 1], layout[one + 2] - layout[one + 1]
        add_rows(ring, depth, width, row, column, n, arena[at : at + count * channels], count, channels, x)
        at += count * channels
    for k in range(n * channels):
        x[k] = max(x[k], np.float32(0))
    for layer in range(1, layout[_LAYERS]):
        ring = arena[memory + (layer - 1) * depth * channels : memory + layer * depth * channels]
        for i in range(n):
            copy(x[i * channels :], channels, ring[(time + i) % depth * channels :])
        if is_begun:
            copy(arena[layout[_BEGUN] + (layer - 1) * channels :], channels, y)
            at += channels * (1 + 2 * channels)
        else:
            at = _begin_sums(arena, layout, layer, at, time, n, y)
        add_rows(ring, depth, channels, time, _NONE, n, arena[at : at + channels * channels], channels, channels, y)
        at += channels * channels
        for k in range(n * channels):
            x[k] += max(y[k], np.float32(0))
    heads, lanes = arena[new : new + n * LANES], _NONE + LANES
    for i in range(n):
        copy(arena[at:], lanes, heads[i * LANES :])
    add(x, channels, n, arena[at + LANES : at + LANES + channels * LANES], channels, lanes, heads)
    powers = arena[layout[_POWERS] : layout[_POWERS] + N_POWERS]
    for i in range(n):
        for k in range(layout[_HEADS]):
            out[i, k] = logistic(heads[i * LANES + k], powers, layout[SIGMOID])
    return now


@cache
def _function() -> tuple[Any, Any]:
    """Give the function, which is not compiled yet, and its signature."""

    def run(clock, early, early_layout, deep, deep_layout, frame, early_out, out, rows):
        whole, bands, channels = 0, early_layout[_FEATURES], early_layout[_CHANNELS]
        late, most, begun = rows.shape[1] - bands, early_layout[_MOST], clock[BEGUN]
        if STACK * (channels + late) != len(frame):
            return -1
        clock[BEGUN] = 0
        for start in range(0, len(rows), most):
            n, last = min(most, len(rows) - start), _NONE
            for stage in (EARLY, DEEP):  # one call for both, as all of it is compiled for each that there is
                time = clock[stage]
                if stage == EARLY:
                    arena, layout, answers, steps = early, early_layout, early_out[start:], n
                    for i in range(n):
                        first = layout[_RECENT] + (time + i) % layout[_DEPTH] * bands
                        copy(rows[start + i], bands, arena[first:])
                else:
                    arena, layout, answers, steps, hop = deep, deep_layout, out[whole:], _NONE, clock[HOP]
                    for i in range(n):
                        copy(early[last + i * channels :], channels, frame[hop * channels :])
                        copy(rows[start + i, bands:], late, frame[STACK * channels + hop * late :])
                        hop += 1
                        if hop == STACK:
                            hop = 0
                            first = layout[_RECENT] + (time + steps) % layout[_DEPTH] * len(frame)
                            copy(frame, len(frame), arena[first:])
                            steps += 1
                    clock[HOP] = hop
                    whole += steps
                if steps:
                    last = _steps(arena, layout, time, steps, answers, begun and start == 0 and steps == 1)
                    clock[stage] = time + steps
        if len(rows) == 1 and clock[HOP]:
            clock[BEGUN] = 1
            for stage in (EARLY, DEEP):
                arena, layout = (early, early_layout) if stage == EARLY else (deep, deep_layout)
                at, size = layout[_LATER], layout[_CHANNELS]
                for layer in range(1, layout[_LAYERS]):
                    sums = arena[layout[_BEGUN] + (layer - 1) * size :]
                    at = size * size + _begin_sums(arena, layout, layer, at, clock[stage], np.int64(1), sums)
        return whole

    rows, row, places = types.float32[:, ::1], types.float32[::1], types.int64[::1]
    signature = types.int64(places, row, places, row, places, row, rows, rows, rows)
    return entry(error_model="numpy")(run), signature


def compile_now() -> None:
    """[main] Compile what runs steps."""
    run, signature = _function()
    if kept(run, signature) is None:
        run.compile(signature)
        run.disable_compile()


class Stage(NamedTuple):
    """What a step of a stage works on: its arena and layout; in the arena the rings, recent features, float32 (depth,
    n_features), and memory, (layers, depth, channels), of which row t is that of step t; and the weights.
    """

    arena: NDArray[np.float32]
    layout: NDArray[np.int64]
    recent: NDArray[np.float32]
    memory: NDArray[np.float32]
    weights: StageWeights


def lay_out(weights: StageWeights, n_features: int, delays: NDArray[np.int64], depth: int, most: int) -> Stage:
    """[main] Lay a stage out, of before the first step. delays: of each layer, in steps. depth: of its rings, at least
    twice the longest delay and `most`, the steps that come at once.
    """
    bands, width, stride, flat, next_width, next_stride, next_flat, channels, _, layers = weights.sizes.tolist()
    planes, side = len(weights.planes), min(most, SIDE)
    size, next_size = -(-bands // stride), -(-flat // next_stride)
    order = [k % stride * size + k // stride for k in range(bands)]
    inputs = [p * stride * size + order[k] for p in range(planes) for k in range(width)]
    next_inputs = [
        (f * next_stride + k % next_stride) * next_size + k // next_stride
        for k in range(next_width)
        for f in range(FILTERS)
    ]
    lanes, next_lanes = flat * side + LANES, next_flat * side + LANES
    sizes = (
        depth * n_features,
        (layers - 1) * depth * channels,
        len(weights.numbers),
        N_POWERS,
        planes * stride * size * side + lanes,
        FILTERS * next_stride * next_size * side + next_lanes,
        most * FILTERS * next_flat,
        most * channels,
        most * channels,
        FILTERS * max(lanes, next_lanes),
        (layers - 1) * channels,
    )
    places = [0]
    for size in sizes:
        places.append(-(-(places[-1] + size) // LANES) * LANES)
    arena = aligned_zeros(places[-1])
    recent, memory, numbers, powers = places[:4]
    arena[numbers : numbers + len(weights.numbers)] = weights.numbers
    arena[powers : powers + N_POWERS] = powers_of_two()
    counts = len(weights.planes), len(weights.beside), len(delays), len(inputs), len(next_inputs), most
    beside = int((weights.beside[:, 2] - weights.beside[:, 1]).sum())
    later = numbers + FILTERS * (2 + len(inputs) + len(next_inputs)) + channels * (1 + FILTERS * next_flat + beside)
    head = [n_features, depth, *places[:-1], later, *counts, BY_TABLE, *weights.sizes]
    layout = np.array(
        [*head, *delays, *weights.planes.ravel(), *weights.beside.ravel(), *inputs, *next_inputs, *order], np.int64
    )
    shape = layers - 1, depth, channels
    return Stage(
        arena,
        layout,
        arena[recent : recent + sizes[0]].reshape(depth, n_features),
        arena[memory : memory + sizes[1]].reshape(shape),
        replace(weights, numbers=arena[numbers : numbers + len(weights.numbers)]),
    )


def compiled_steps() -> Callable[..., int] | None:
    """[main] Give what runs steps of both stages for each row of features; None where it was never compiled: that takes
    longer than all else, so it begins in the background, for later starts.

    (clock, early arena, early layout, deep arena, deep layout, frame, early_out, out, rows) -> frames that are whole;
    -1 for rows of another width. clock: int64, see CLOCK. frame: float32 (inputs of the deep stage,), of the frame that
    is not whole yet. early_out: (n, early heads), out: (frames, heads), of the answers. rows: float32 (n, features).
    """
    run = kept(*_function())
    if run is None:
        compile_later(__name__)
    return run
