"""What a step of the shared net is made of: sums of products, convolutions and the sigmoid, as XNNPACK rounds them.

Every sum begins with the bias and takes its products in the order of the inputs, each product and sum rounded once;
outputs are computed side by side. Rows, or filters, are taken two at a time and share what is read for both, as reading
takes longer than computing.
"""

import math

import numpy as np

from samplechop.realtime.core.inner_functions import apart, inner
from samplechop.realtime.nets.stage_weights import FILTERS, LANES

# Indices are unsigned: numba would ask of each signed one whether it counts from the end.
_U = np.uint64
_CONTRACT = {"contract"}  # a product and the sum it goes into are rounded once, where the machine can
N_POWERS = 32 + 128
"""Powers of two that the sigmoid reads: 2^(k/32) for k < 32, then 2^-k for k < 128."""


@apart()
def copy(x, count, out):
    """Copy the first numbers of x."""
    for k in range(count):
        out[_U(k)] = x[_U(k)]


@apart(_CONTRACT, inline=False)
def add(x, stride, n, weights, count, m, out):
    """To the m outputs, whole LANES, of n rows add the products of their inputs, one after the other.

    x: row r has `count` inputs from r * stride on. weights: (count, m). out: (n, m). Two rows share what is read of the
    weights: reading takes longer than computing.
    """
    s, whole = _U(m), count // 8 * 8
    for k in range(0, whole, 8):
        r = _U(k * m)
        for row in range(0, n - 1, 2):
            i, j, first, other = _U(row * stride + k), _U((row + 1) * stride + k), _U(row * m), _U((row + 1) * m)
            a0, a1, a2, a3 = x[i], x[i + _U(1)], x[i + _U(2)], x[i + _U(3)]
            a4, a5, a6, a7 = x[i + _U(4)], x[i + _U(5)], x[i + _U(6)], x[i + _U(7)]
            b0, b1, b2, b3 = x[j], x[j + _U(1)], x[j + _U(2)], x[j + _U(3)]
            b4, b5, b6, b7 = x[j + _U(4)], x[j + _U(5)], x[j + _U(6)], x[j + _U(7)]
            for lane in range(0, m, LANES):
                for one in range(LANES):
                    o = _U(lane + one)
                    q = r + o
                    w0, w1, w2, w3 = weights[q], weights[q + s], weights[q + _U(2) * s], weights[q + _U(3) * s]
                    q += _U(4) * s
                    w4, w5, w6, w7 = weights[q], weights[q + s], weights[q + _U(2) * s], weights[q + _U(3) * s]
                    total = out[first + o] + a0 * w0 + a1 * w1 + a2 * w2 + a3 * w3
                    out[first + o] = total + a4 * w4 + a5 * w5 + a6 * w6 + a7 * w7
                    total = out[other + o] + b0 * w0 + b1 * w1 + b2 * w2 + b3 * w3
                    out[other + o] = total + b4 * w4 + b5 * w5 + b6 * w6 + b7 * w7
        if n % 2:
            i, first = _U((n - 1) * stride + k), _U((n - 1) * m)
            a0, a1, a2, a3 = x[i], x[i + _U(1)], x[i + _U(2)], x[i + _U(3)]
            a4, a5, a6, a7 = x[i + _U(4)], x[i + _U(5)], x[i + _U(6)], x[i + _U(7)]
            for lane in range(0, m, LANES):
                for one in range(LANES):
                    o = _U(lane + one)
                    q = r + o
                    total = out[first + o] + a0 * weights[q] + a1 * weights[q + s]
                    total = total + a2 * weights[q + _U(2) * s] + a3 * weights[q + _U(3) * s]
                    total = total + a4 * weights[q + _U(4) * s] + a5 * weights[q + _U(5) * s]
                    out[first + o] = total + a6 * weights[q + _U(6) * s] + a7 * weights[q + _U(7) * s]
    for k in range(whole, count):
        r = _U(k * m)
        for row in range(n):
            a, first = x[_U(row * stride + k)], _U(row * m)
            for lane in range(0, m, LANES):
                for one in range(LANES):
                    o = _U(lane + one)
                    out[first + o] += a * weights[r + o]


@inner(inline=False, error_model="numpy")
def add_rows(ring, depth, width, row, column, n, weights, count, m, out):
    """As `add`, of n rows of a ring, float32 (depth * width,), from `row` on: of each, `count` from `column` on."""
    row %= depth
    head = min(n, depth - row)
    add(ring[row * width + column :], width, head, weights, count, m, out)
    if head < n:
        add(ring[column:], width, n - head, weights, count, m, out[head * m :])


@apart(_CONTRACT, inline=False)
def convolve(image, inputs, side, weights, bias, lanes, out):
    """Convolve by FILTERS, of which two share what is read of the image. out: (FILTERS, lanes), whole LANES.

    inputs: of each, where in the image it lies for the first lane, in units of `side`. weights: (FILTERS, inputs).
    """
    count = len(inputs)
    whole = count // 9 * 9
    for f in range(0, FILTERS, 2):
        first, other = _U(f * lanes), _U((f + 1) * lanes)
        for lane in range(lanes):
            out[first + _U(lane)], out[other + _U(lane)] = bias[f], bias[f + 1]
        for k in range(0, whole, 9):
            i, j = _U(f * count + k), _U((f + 1) * count + k)
            a0, a1, a2 = weights[i], weights[i + _U(1)], weights[i + _U(2)]
            a3, a4, a5 = weights[i + _U(3)], weights[i + _U(4)], weights[i + _U(5)]
            a6, a7, a8 = weights[i + _U(6)], weights[i + _U(7)], weights[i + _U(8)]
            b0, b1, b2 = weights[j], weights[j + _U(1)], weights[j + _U(2)]
            b3, b4, b5 = weights[j + _U(3)], weights[j + _U(4)], weights[j + _U(5)]
            b6, b7, b8 = weights[j + _U(6)], weights[j + _U(7)], weights[j + _U(8)]
            r0, r1, r2 = _U(inputs[k] * side), _U(inputs[k + 1] * side), _U(inputs[k + 2] * side)
            r3, r4, r5 = _U(inputs[k + 3] * side), _U(inputs[k + 4] * side), _U(inputs[k + 5] * side)
            r6, r7, r8 = _U(inputs[k + 6] * side), _U(inputs[k + 7] * side), _U(inputs[k + 8] * side)
            for lane in range(0, lanes, LANES):
                for one in range(LANES):
                    o = _U(lane + one)
                    x0, x1, x2, x3, x4 = image[r0 + o], image[r1 + o], image[r2 + o], image[r3 + o], image[r4 + o]
                    x5, x6, x7, x8 = image[r5 + o], image[r6 + o], image[r7 + o], image[r8 + o]
                    total = out[first + o] + x0 * a0 + x1 * a1 + x2 * a2 + x3 * a3 + x4 * a4
                    out[first + o] = total + x5 * a5 + x6 * a6 + x7 * a7 + x8 * a8
                    total = out[other + o] + x0 * b0 + x1 * b1 + x2 * b2 + x3 * b3 + x4 * b4
                    out[other + o] = total + x5 * b5 + x6 * b6 + x7 * b7 + x8 * b8
        for k in range(whole, count):
            a, b, r = weights[f * count + k], weights[(f + 1) * count + k], _U(inputs[k] * side)
            for lane in range(0, lanes, LANES):
                for one in range(LANES):
                    o = _U(lane + one)
                    out[first + o] += image[r + o] * a
                    out[other + o] += image[r + o] * b


@inner(_CONTRACT, inline=False)
def logistic(x, powers):
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
