"""Numbers in the processor's registers, one or side by side, for functions that are written as LLVM has them."""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 16
"""Numbers that lie side by side in a register, or in several that are used as one."""
ROW, PLACES = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(ir.IntType(32), LANES)
"""Types of LLVM: float32 side by side, and the lanes that are taken from two of them."""


def values_of(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> list[Any]:
    """Give what a function of numba's is called with: whole numbers as intp, of an array where its data lie, None."""

    def value_of(value: Any, kind: Any) -> Any:
        if isinstance(kind, types.Integer):
            return context.cast(builder, value, kind, types.intp)
        if isinstance(kind, types.Array):
            return context.make_array(kind)(context, builder, value).data
        return value if isinstance(kind, types.Number) else None

    return [value_of(value, kind) for value, kind in zip(arguments, signature.args, strict=True)]


def row_at(builder: Any, numbers: Any, at: Any) -> Any:
    """Give where LANES numbers lie, from one of an array on."""
    return builder.bitcast(builder.gep(numbers, [at]), ROW.as_pointer())


def in_all_lanes(builder: Any, number: Any) -> Any:
    """Give a row of one number."""
    undefined = ir.Constant(ROW, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.IntType(32)(0))
    return builder.shuffle_vector(first, undefined, ir.Constant(PLACES, [0] * LANES))


def _same_bits(result: Any, given: Any) -> Any:
    """Give a function for compiled ones that takes the bits of a number for one of another type.

    That is numpy's `view`, which numba compiles anew in each function that has one.
    """

    def same_bits(_context: Any, _number: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(result))

        return result(given), generate

    return intrinsic(same_bits)


bits_of = _same_bits(types.int32, types.float32)
"""The bits of a float32 as an int32."""
of_bits = _same_bits(types.float32, types.int32)
"""The float32 of an int32's bits."""
