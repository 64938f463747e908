"""The natural logarithm of many numbers at once, with the same bits on every machine.

That of the C library takes one number at a time, and rounds otherwise on another system. This is the one of glibc and
musl, from Arm's Optimized Routines (math/logf.c, MIT): with x = 2^e z, and c near z one of 16 places, log x is e log 2
+ log c + log(z / c), the last by a polynomial.
"""

import numpy as np

from samplechop.realtime.core.inner_functions import apart
from samplechop.realtime.dsp.registers import bits_of, of_bits

_TABLE = """
    1.661ec79f8f3bep+0 -1.57bf7808caadep-2  1.571ed4aaf883dp+0 -1.2bef0a7c06ddbp-2
    1.49539f0f010b0p+0 -1.01eae7f513a67p-2  1.3c995b0b80385p+0 -1.b31d8a68224e9p-3
    1.30d190c8864a5p+0 -1.6574f0ac07758p-3  1.25e227b0b8ea0p+0 -1.1aa2bc79c8100p-3
    1.1bb4a4a1a343fp+0 -1.a4e76ce8c0e5ep-4  1.12358f08ae5bap+0 -1.1973c5a611cccp-4
    1.0953f419900a7p+0 -1.252f438e10c1ep-5  1.0000000000000p+0  0.0000000000000p+0
    1.e608cfd9a47acp-1  1.aa5aa5df25984p-5  1.ca4b31f026aa0p-1  1.c5e53aa362eb4p-4
    1.b2036576afce6p-1  1.526e57720db08p-3  1.9c2d163a1aa2dp-1  1.bc2860d224770p-3
    1.886e6037841edp-1  1.1058bc8a07ee1p-2  1.767dcf5534862p-1  1.4043057b6ee09p-2
"""
_INVERSE, _LOG = np.array([float.fromhex(number) for number in _TABLE.split()]).reshape(-1, 2).T.copy()
"""1 / c and log c of each place."""
_LN2 = float.fromhex("1.62e42fefa39efp-1")
_SQUARE, _CUBE, _FOURTH = (
    float.fromhex(number) for number in ("-1.ffffef20a4123p-2", "1.5575b0be00b6ap-2", "-1.00ea348b88334p-2")
)
_LEAST = np.int32(0x3F330000)
"""Bits of 0.7: z lies from there to twice as much. The four bits from _PLACE on say which place is near."""
_FRACTION, _PLACE, _PLACES = np.int32(23), np.int32(19), np.int32(15)


# Rounded to float32 it does not matter whether a product and its sum are rounded once or twice.
@apart({"contract"})
def logarithms(x, count):
    """Put the logarithms of the first numbers of x, float32, in their place: of positive, finite, not denormal ones."""
    for k in range(count):
        i = np.uint64(k)
        bits = bits_of(x[i])
        above = np.int32(bits - _LEAST)
        place, power = np.uint64((above >> _PLACE) & _PLACES), above >> _FRACTION
        z = np.float64(of_bits(np.int32(bits - np.int32(power << _FRACTION))))
        r = z * _INVERSE[place] - 1.0
        squared = r * r
        rest = (_CUBE * r + _SQUARE) + _FOURTH * squared
        x[i] = np.float32(rest * squared + (_LOG[place] + np.float64(power) * _LN2 + r))
