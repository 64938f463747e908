"""The passes of a real Fourier transform, over several frames side by side, down to their magnitudes.

The transform is that of fft.py, a radix-4 Stockham transform of half as many complex samples, of one length. Frames are
interleaved, so that every inner loop runs over neighbours of several frames. No operation is reordered or fused (no
fastmath): a frame has the same bits alone and among others.
"""

import math

import numpy as np

from samplechop.realtime.core.inner_functions import apart, inner

LENGTH = 1024
"""Samples of a frame: 23 ms at 44.1 kHz, short enough to part a kick from the hat after it."""
HALF, QUARTER = LENGTH // 2, LENGTH // 4

# Indices are unsigned: numba would ask of each signed one whether it counts from the end.
_U = np.uint64


@apart()
def first_pass(line, places, lanes, window, yr, yi, table):
    """The first radix-4 pass, over windowed frames side by side; two real samples make one complex one."""
    for p in range(HALF // 4):
        i, j, k, m = 2 * p, 2 * p + HALF // 2, 2 * p + HALF, 2 * p + 3 * HALF // 2
        w1r, w1i = table[0, 2 * p], table[1, 2 * p]
        w2r, w2i = table[0, 4 * p], table[1, 4 * p]
        w3r, w3i = table[0, 6 * p], table[1, 6 * p]
        ar, ai, br, bi = window[i], window[i + 1], window[j], window[j + 1]
        cr, ci, dr, di = window[k], window[k + 1], window[m], window[m + 1]
        a, b, c, d, e, f, g, h = _U(i), _U(j), _U(k), _U(m), _U(i + 1), _U(j + 1), _U(k + 1), _U(m + 1)
        if lanes > 1:
            a, b, c, d = _U(places[i]), _U(places[j]), _U(places[k]), _U(places[m])
            e, f, g, h = _U(places[i + 1]), _U(places[j + 1]), _U(places[k + 1]), _U(places[m + 1])
        to, n = _U(4 * lanes * p), _U(lanes)
        for lane in range(lanes):
            q = _U(lane)
            x0r, x0i, x1r, x1i = line[a + q] * ar, line[e + q] * ai, line[b + q] * br, line[f + q] * bi
            x2r, x2i, x3r, x3i = line[c + q] * cr, line[g + q] * ci, line[d + q] * dr, line[h + q] * di
            sum_r, sum_i, dif_r, dif_i = x0r + x2r, x0i + x2i, x0r - x2r, x0i - x2i
            odd_r, odd_i, turn_r, turn_i = x1r + x3r, x1i + x3i, x3i - x1i, x1r - x3r  # i (b - d)
            o = to + q
            yr[o], yi[o] = sum_r + odd_r, sum_i + odd_i
            r, s = dif_r - turn_r, dif_i - turn_i
            yr[o + n], yi[o + n] = w1r * r - w1i * s, w1r * s + w1i * r
            r, s = sum_r - odd_r, sum_i - odd_i
            yr[o + n + n], yi[o + n + n] = w2r * r - w2i * s, w2r * s + w2i * r
            r, s = dif_r + turn_r, dif_i + turn_i
            yr[o + n + n + n], yi[o + n + n + n] = w3r * r - w3i * s, w3r * s + w3i * r


@apart()
def middle_pass(xr, xi, yr, yi, m, n, table, step):
    """One radix-4 pass over sub-transforms of 4 m points, of which n lie side by side, frames counted."""
    for p in range(m):
        w1r, w1i = table[0, p * step], table[1, p * step]
        w2r, w2i = table[0, 2 * p * step], table[1, 2 * p * step]
        w3r, w3i = table[0, 3 * p * step], table[1, 3 * p * step]
        a, b, c, d = _U(n * p), _U(n * (p + m)), _U(n * (p + 2 * m)), _U(n * (p + 3 * m))
        e, f, g, h = _U(4 * n * p), _U(4 * n * p + n), _U(4 * n * p + 2 * n), _U(4 * n * p + 3 * n)
        for k in range(n):
            q = _U(k)
            sum_r, sum_i = xr[a + q] + xr[c + q], xi[a + q] + xi[c + q]
            dif_r, dif_i = xr[a + q] - xr[c + q], xi[a + q] - xi[c + q]
            odd_r, odd_i = xr[b + q] + xr[d + q], xi[b + q] + xi[d + q]
            turn_r, turn_i = xi[d + q] - xi[b + q], xr[b + q] - xr[d + q]  # i (b - d)
            yr[e + q], yi[e + q] = sum_r + odd_r, sum_i + odd_i
            r, i = dif_r - turn_r, dif_i - turn_i
            yr[f + q], yi[f + q] = w1r * r - w1i * i, w1r * i + w1i * r
            r, i = sum_r - odd_r, sum_i - odd_i
            yr[g + q], yi[g + q] = w2r * r - w2i * i, w2r * i + w2i * r
            r, i = dif_r + turn_r, dif_i + turn_i
            yr[h + q], yi[h + q] = w3r * r - w3i * i, w3r * i + w3i * r


@inner()
def _magnitude(r, i, mirrored_r, mirrored_i, cos, sin):
    """Part the spectra of even and odd samples at a bin, and put them together."""
    share = np.float32(0.5)
    even_r, even_i = share * (r + mirrored_r), share * (i - mirrored_i)
    odd_r, odd_i = share * (i + mirrored_i), share * (mirrored_r - r)
    real, imag = even_r + cos * odd_r - sin * odd_i, even_i + cos * odd_i + sin * odd_r
    return math.sqrt(real * real + imag * imag)


@apart()
def magnitudes(xr, xi, lanes, table, top, out):
    """The last pass, of radix 2, and from it `top` magnitudes of each frame."""
    half = _U(QUARTER * lanes)
    for lane in range(lanes):
        a, b = _U(lane), half + _U(lane)
        out[a] = abs(xr[a] + xr[b] + (xi[a] + xi[b]))
        r, i = xr[a] - xr[b], xi[a] - xi[b]
        out[b] = _magnitude(r, i, r, i, table[0, QUARTER], table[1, QUARTER])
    for k in range(1, QUARTER):
        cos, sin, at, mirrored = table[0, k], table[1, k], _U(k * lanes), _U((QUARTER - k) * lanes)
        for lane in range(lanes):
            a, c = at + _U(lane), mirrored + _U(lane)
            b, d = a + half, c + half
            out[a] = _magnitude(xr[a] + xr[b], xi[a] + xi[b], xr[c] - xr[d], xi[c] - xi[d], cos, sin)
    for k in range(QUARTER + 1, top):
        cos, sin, at, mirrored = table[0, k], table[1, k], _U((k - QUARTER) * lanes), _U((HALF - k) * lanes)
        for lane in range(lanes):
            a, c = at + _U(lane), mirrored + _U(lane)
            b, d = a + half, c + half
            out[b] = _magnitude(xr[a] - xr[b], xi[a] - xi[b], xr[c] + xr[d], xi[c] + xi[d], cos, sin)
