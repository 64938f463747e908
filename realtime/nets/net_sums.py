"""What a step of the shared net is made of: sums of products, convolutions and the sigmoid, as XNNPACK rounds them.

Every sum begins with the bias and takes its products in the order of the inputs, each product and sum rounded once;
outputs are computed side by side.
"""

import math

import numpy as np
from llvmlite.binding import get_host_cpu_features
from numpy.typing import NDArray

from samplechop.realtime.core.inner_functions import apart, inner
from samplechop.realtime.dsp.registers import LANES
from samplechop.realtime.nets.register_tiles import tile
from samplechop.realtime.nets.stage_weights import FILTERS

# Indices are unsigned: numba would ask of each signed one whether it counts from the end.
_U = np.uint64
_CONTRACT = {"contract"}  # a product and the sum it goes into are rounded once, where the machine can
N_POWERS = 32 + 128
"""Powers of two that the sigmoid reads: 2^(k/32) for k < 32, then 2^-k for k < 128."""
SIGMOIDS = BY_TABLE, BY_POLYNOMIAL = range(2)
"""How XNNPACK takes exp(-|x|): by a table of 2^(k/32) and a parabola with AVX-512, by a polynomial with AVX2."""
ROWS = 8 if get_host_cpu_features().get("avx512f") else 4
"""Of a tile, of which FILTERS are a multiple: so many sums are computed at once, as each product waits for the one
before. Where registers are half as long, twice as many hold a row, and there are half as many.
"""
_rows, _four, _three, _one = tile(ROWS, 1), tile(1, 4), tile(1, 3), tile(1, 1)


def powers_of_two() -> NDArray[np.float32]:
    """Give what the sigmoid reads: float32 (N_POWERS,)."""
    return np.concatenate([2.0 ** (np.arange(32) / 32), 2.0 ** -np.arange(128.0)]).astype(np.float32)


@apart()
def fill(number, count, out):
    """Write a number into the first places of out."""
    for k in range(count):
        out[_U(k)] = number


@apart()
def copy(x, count, out):
    """Copy the first numbers of x."""
    for k in range(count):
        out[_U(k)] = x[_U(k)]


@inner(inline=False)
def add(x, stride, n, weights, count, m, out):
    """To the m outputs, whole LANES, of n rows add the products of their inputs, one after the other.

    x: row r has `count` inputs from r * stride on. weights: (count, m). out: (n, m). ROWS rows share what is read of
    the weights, and what remains computes outputs of all lanes in turns: no sum waits for its last product.
    """
    whole = n // ROWS * ROWS
    for row in range(0, whole, ROWS):
        for lane in range(0, m, LANES):
            _rows(x, row * stride, stride, weights, None, lane, m, count, out, row * m + lane, m)
    for row in range(whole, n):
        if m % (4 * LANES) == 0:
            for lane in range(0, m, 4 * LANES):
                _four(x, row * stride, stride, weights, None, lane, m, count, out, row * m + lane, m)
        elif m % (3 * LANES) == 0:
            for lane in range(0, m, 3 * LANES):
                _three(x, row * stride, stride, weights, None, lane, m, count, out, row * m + lane, m)
        else:
            for lane in range(0, m, LANES):
                _one(x, row * stride, stride, weights, None, lane, m, count, out, row * m + lane, m)


@inner(inline=False, error_model="numpy")
def add_rows(ring, depth, width, row, column, n, weights, count, m, out):
    """As `add`, of n rows of a ring, float32 (depth * width,), from `row` on: of each, `count` from `column` on."""
    row %= depth
    head = min(n, depth - row)
    add(ring[row * width + column :], width, head, weights, count, m, out)
    if head < n:
        add(ring[column:], width, n - head, weights, count, m, out[head * m :])


@inner(inline=False)
def convolve(image, inputs, side, weights, bias, lanes, out):
    """Convolve by FILTERS, which share what is read of the image. out: (FILTERS, lanes), whole LANES.

    inputs: of each, where in the image it lies for the first lane, in units of `side`. weights: (FILTERS, inputs).
    """
    count = len(inputs)
    for f in range(FILTERS):
        fill(bias[f], lanes, out[f * lanes :])
    for lane in range(0, lanes, LANES):
        for f in range(0, FILTERS, ROWS):
            _rows(weights, f * count, count, image, inputs, lane, side, count, out, f * lanes + lane, lanes)


# Of the sigmoids of processors without AVX-512: 1/log(2), -log(2), and exp(t) - 1 over t for |t| < log(2)/2.
_LOG2_E, _MINUS_LN2 = np.float32(float.fromhex("0x1.715476p0")), np.float32(float.fromhex("-0x1.62E430p-1"))
_C1, _C2, _C3, _C4, _C5 = (
    np.float32(float.fromhex(one))
    for one in ("0x1.FFFFF6p-1", "0x1.FFFDC6p-2", "0x1.555A80p-3", "0x1.573A1Ap-5", "0x1.0F9F9Cp-7")
)
_NORMAL = np.finfo(np.float32).tiny
_ROUNDING = np.float32(1.5 * 2**23)  # a number to which it is added is rounded to a whole one


@inner(_CONTRACT, inline=False)
def logistic(x, powers, kind):
    """Give the sigmoid as XNNPACK has it, by exp(-|x|). powers: see N_POWERS. kind: one of SIGMOIDS."""
    z = -abs(x)
    if kind == BY_TABLE:
        n = z * np.float32(1.4426950216293335) + np.float32(393216) - np.float32(393216)  # z / log(2), to the next 1/32
        part = powers[np.int64(n * np.float32(32)) & 31]
        t = n * np.float32(-0.6931471824645996) + z
        t = n * np.float32(1.9046542121259336e-09) + t
        p = t * np.float32(0.5) + np.float32(1.0000146627426147)
        t = t * part
        p = t * p + part
        e = p * powers[32 - max(np.int64(math.floor(n)), -127)]
    else:
        n = z * _LOG2_E + _ROUNDING - _ROUNDING
        power = powers[32 - max(np.int64(n), -127)]
        t = n * _MINUS_LN2 + z
        p = (((_C5 * t + _C4) * t + _C3) * t + _C2) * t + _C1
        t = t * power
        if abs(t) < _NORMAL:  # the runtime has the processor take what is denormal for 0
            t = np.float32(0)
        e = t * p + power
    if z < np.float32(-87.33654022216797):  # what would be denormal
        e = np.float32(0)
    y = e / (e + np.float32(1))
    return y if x < 0 else np.float32(1) - y
