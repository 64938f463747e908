"""Steps of the shared net in one compiled call, bit for bit as the runtime computes them.

A step reads weights and little else, and the runtime takes longer to pass tensors from one of its operations to the
next than to multiply. Here a step reads the rings of what was before where they lie. Every sum begins with the bias and
takes its products in the order of the inputs, each product and sum rounded once, as XNNPACK's kernels do, which compute
outputs side by side, as this does; its sigmoid is repeated, too. Whether all that holds on a machine is tried when a
net is opened (`temporal_net.py`): where one bit differs, the runtime computes the steps itself.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from samplechop.realtime.dsp.fft import aligned_zeros
from samplechop.realtime.dsp.no_alias import apart
from samplechop.realtime.nets.features import STACK
from samplechop.realtime.nets.stage_weights import FILTERS, LANES, StageWeights

# Indices are unsigned: numba would ask of each signed one whether it counts from the end.
_U = np.uint64
_CONTRACT = {"contract"}  # a product and the sum it goes into are rounded once, where the machine can

(_FEATURES, _DEPTH, _RECENT, _MEMORY, _NUMBERS, _POWERS, _WORK, _PLANES, _BESIDE, _DELAYS) = range(10)
_PLACES = 10
# After these places in a stage's layout: its sizes, in the order of stage_weights.py.
_BANDS, _WIDTH, _STRIDE, _FLAT, _NEXT_WIDTH, _NEXT_STRIDE, _NEXT_FLAT, _CHANNELS, _HEADS, _LAYERS = range(10, 20)
_TABLES = 20
N_POWERS = 32 + 128
"""Powers of two that the sigmoid reads: 2^(k/32) for k < 32, then 2^-k for k < 128."""
EARLY, DEEP, HOP = range(3)
"""Of the clock: steps of the early stage, steps of the other one, hops of a frame that is not whole yet."""


@apart(_CONTRACT, inline=False)
def _add(x, weights, out):
    """Add to each output, of which there are whole LANES, the products of the inputs, one after the other."""
    m, whole = len(out), len(x) // 8 * 8
    s = _U(m)
    for k in range(0, whole, 8):
        i, r = _U(k), _U(k * m)
        a0, a1, a2, a3 = x[i], x[i + _U(1)], x[i + _U(2)], x[i + _U(3)]
        a4, a5, a6, a7 = x[i + _U(4)], x[i + _U(5)], x[i + _U(6)], x[i + _U(7)]
        for lane in range(0, m, LANES):
            for one in range(LANES):
                o = _U(lane + one)
                q = r + o
                total = out[o] + a0 * weights[q] + a1 * weights[q + s]
                total = total + a2 * weights[q + _U(2) * s] + a3 * weights[q + _U(3) * s]
                total = total + a4 * weights[q + _U(4) * s] + a5 * weights[q + _U(5) * s]
                out[o] = total + a6 * weights[q + _U(6) * s] + a7 * weights[q + _U(7) * s]
    for k in range(whole, len(x)):
        a, r = x[_U(k)], _U(k * m)
        for lane in range(0, m, LANES):
            for one in range(LANES):
                o = _U(lane + one)
                out[o] += a * weights[r + o]


@njit
def _convolve(x, planes, depth, width, stride, places, bias, weights, work, out):
    """Convolve planes of `depth` numbers along them, and leave out what is negative. out: (places * FILTERS,).

    work: the inputs of all places side by side, with LANES of which those beyond the last place are of no account.
    """
    count, lanes = planes * width, -(-places // LANES) * LANES
    for plane in range(planes):
        for k in range(width):
            at, first = _U((plane * width + k) * lanes), _U(plane * depth + k)
            for place in range(places):
                work[at + _U(place)] = x[first + _U(place * stride)]
    sums = work[count * lanes : (count + 1) * lanes]
    for f in range(FILTERS):
        for lane in range(lanes):
            sums[lane] = bias[f]
        _add(weights[f * count : (f + 1) * count], work[: count * lanes], sums)
        for place in range(places):
            out[_U(place * FILTERS + f)] = max(sums[_U(place)], np.float32(0))


@njit(fastmath=_CONTRACT)
def _logistic(x, powers):
    """Give the sigmoid as XNNPACK has it: exp(-|x|) by a table of 2^(k/32) and a parabola. powers: see N_POWERS."""
    z = -abs(x)
    n = z * np.float32(1.4426950216293335) + np.float32(393216) - np.float32(393216)  # z / log(2), to the next 1/32
    part = powers[np.int64(n * np.float32(32)) & 31]
    t = n * np.float32(-0.6931471824645996) + z
    t = n * np.float32(1.9046542121259336e-09) + t
    p = t * np.float32(0.5) + np.float32(1.0000146627426147)
    t = t * part
    p = t * p + part
    e = p * powers[32 - max(np.int64(math.floor(n)), -127)]
    if z < np.float32(-87.33654022216797):  # what would be denormal
        e = np.float32(0)
    y = e / (e + np.float32(1))
    return y if x < 0 else np.float32(1) - y


@njit
def _step(arena, layout, time, out):
    """One step of a stage, whose newest features lie in its ring. Writes its heads to `out`; gives where its last layer
    lies in the arena.
    """
    channels, depth, n = layout[_CHANNELS], layout[_DEPTH], layout[_FEATURES]
    recent, memory, at = layout[_RECENT], layout[_MEMORY], layout[_NUMBERS]
    n_planes, n_beside, bands, delays = layout[_PLANES], layout[_BESIDE], layout[_BANDS], _TABLES
    planes = delays + layout[_DELAYS]
    beside = planes + 2 * n_planes
    flat, next_flat = FILTERS * layout[_FLAT], FILTERS * layout[_NEXT_FLAT]
    image = layout[_WORK]
    found = image + n_planes * bands
    last = found + flat
    now = last + next_flat
    new = now + channels
    work = new + channels
    for plane in range(n_planes):
        ago = (0, 2, 1)[layout[planes + 2 * plane]] * layout[delays]
        first = recent + (time - ago) % depth * n + layout[planes + 2 * plane + 1]
        for k in range(bands):
            arena[image + plane * bands + k] = arena[first + k]
    width = n_planes * layout[_WIDTH] * FILTERS
    bias, weights = arena[at : at + FILTERS], arena[at + FILTERS : at + FILTERS + width]
    sizes = bands, layout[_WIDTH], layout[_STRIDE], layout[_FLAT]
    _convolve(arena[image:found], n_planes, *sizes, bias, weights, arena[work:], arena[found:last])
    at += FILTERS + width
    width = layout[_NEXT_WIDTH] * FILTERS
    bias, weights = arena[at : at + FILTERS], arena[at + FILTERS : at + FILTERS + width * FILTERS]
    sizes = flat, width, layout[_NEXT_STRIDE] * FILTERS, layout[_NEXT_FLAT]
    _convolve(arena[found:last], 1, *sizes, bias, weights, arena[work:], arena[last:now])
    at += FILTERS + width * FILTERS
    x = arena[now : now + channels]
    for k in range(channels):
        x[k] = arena[at + k]
    at += channels
    _add(arena[last:now], arena[at : at + next_flat * channels], x)
    at += next_flat * channels
    for one in range(beside, beside + 3 * n_beside, 3):
        ago = (0, 2, 1)[layout[one]] * layout[delays]
        first = recent + (time - ago) % depth * n
        count = layout[one + 2] - layout[one + 1]
        given = arena[first + layout[one + 1] : first + layout[one + 2]]
        _add(given, arena[at : at + count * channels], x)
        at += count * channels
    for k in range(channels):
        x[k] = max(x[k], np.float32(0))
    y, size = arena[new : new + channels], channels * channels
    for layer in range(1, layout[_LAYERS]):
        ring = memory + (layer - 1) * depth * channels
        for k in range(channels):
            arena[ring + time % depth * channels + k] = x[k]
            y[k] = arena[at + k]
        at += channels
        for lag in range(2, -1, -1):
            first = ring + (time - lag * layout[delays + layer]) % depth * channels
            _add(arena[first : first + channels], arena[at : at + size], y)
            at += size
        for k in range(channels):
            x[k] += max(y[k], np.float32(0))
    heads = arena[new : new + LANES]
    for k in range(LANES):
        heads[k] = arena[at + k]
    _add(x, arena[at + LANES : at + LANES + channels * LANES], heads)
    powers = arena[layout[_POWERS] : layout[_POWERS] + N_POWERS]
    for k in range(layout[_HEADS]):
        out[k] = _logistic(heads[k], powers)
    return now


@cache
def _compiled() -> Callable[..., int]:
    def run(rows, clock, early, early_layout, deep, deep_layout, frame, early_out, out):
        whole, bands, channels = 0, early_layout[_FEATURES], early_layout[_CHANNELS]
        late = rows.shape[1] - bands
        for i in range(len(rows)):
            time, hop = clock[EARLY], clock[HOP]
            first = early_layout[_RECENT] + time % early_layout[_DEPTH] * bands
            for k in range(bands):
                early[first + k] = rows[i, k]
            last = _step(early, early_layout, time, early_out[i])
            for k in range(channels):
                frame[hop * channels + k] = early[last + k]
            for k in range(late):
                frame[STACK * channels + hop * late + k] = rows[i, bands + k]
            clock[EARLY], clock[HOP] = time + 1, hop + 1
            if hop + 1 < STACK:
                continue
            time, clock[HOP] = clock[DEEP], 0
            first = deep_layout[_RECENT] + time % deep_layout[_DEPTH] * len(frame)
            for k in range(len(frame)):
                deep[first + k] = frame[k]
            _step(deep, deep_layout, time, out[whole])
            clock[DEEP] = time + 1
            whole += 1
        return whole

    rows, row, places = types.float32[:, ::1], types.float32[::1], types.int64[::1]
    return njit([types.int64(rows, places, row, places, row, places, row, rows, rows)], cache=True)(run)


class Stage(NamedTuple):
    """What a step of a stage works on: its arena and layout; in the arena the rings, recent features, float32 (depth,
    n_features), and memory, (layers, depth, channels), of which row t is that of step t.
    """

    arena: NDArray[np.float32]
    layout: NDArray[np.int64]
    recent: NDArray[np.float32]
    memory: NDArray[np.float32]


def lay_out(weights: StageWeights, n_features: int, delays: NDArray[np.int64], depth: int) -> Stage:
    """[main] Lay a stage out, of before the first step. delays: of each layer, in steps."""
    bands, width, _, flat, next_width, _, next_flat, channels, _, layers = weights.sizes.tolist()
    planes = len(weights.planes)
    columns = max((planes * width + 1) * (flat + LANES), (FILTERS * next_width + 1) * (next_flat + LANES))
    work = planes * bands + FILTERS * (flat + next_flat) + 2 * channels + columns
    sizes = depth * n_features, (layers - 1) * depth * channels, len(weights.numbers), N_POWERS, work
    places = [0]
    for size in sizes:
        places.append(-(-(places[-1] + size) // LANES) * LANES)
    arena = aligned_zeros(places[-1])
    recent, memory, numbers, powers, work = places[:-1]
    arena[numbers : numbers + len(weights.numbers)] = weights.numbers
    arena[powers : powers + N_POWERS] = np.concatenate([2.0 ** (np.arange(32) / 32), 2.0 ** -np.arange(128.0)])
    counts = len(weights.planes), len(weights.beside), len(delays)
    head = [n_features, depth, *places[:-1], *counts, *weights.sizes]
    layout = np.array([*head, *delays, *weights.planes.ravel(), *weights.beside.ravel()], np.int64)
    shape = layers - 1, depth, channels
    return Stage(
        arena,
        layout,
        arena[recent : recent + sizes[0]].reshape(depth, n_features),
        arena[memory : memory + sizes[1]].reshape(shape),
    )


def compile_steps() -> Callable[..., int]:
    """[main] Give what runs steps of both stages for each row of features:

    (rows, clock, early arena, early layout, deep arena, deep layout, frame, early_out, out) -> frames that are whole.
    rows: float32 (n, features). clock: int64 (3,), see EARLY. frame: float32 (inputs of the deep stage,), of the frame
    that is not whole yet. early_out: (n, early heads), out: (frames, heads), which receive the answers.
    """
    return _compiled()
