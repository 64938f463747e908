"""Sums of products that stay in the processor's registers until all of them are taken, written as LLVM has them.

The same loops in Python would be compiled so that each sum goes to memory and back at every few products, which takes
longer than computing.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
"""Sums that lie side by side in a register; the outputs of a layer are whole ones, filled up with zeros."""
_ROW, _PLACES = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(ir.IntType(32), LANES)
_ROUNDED_ONCE = ("contract",)  # a product and the sum it goes into, where the machine can


def tile(n_rows: int, n_columns: int) -> Callable[..., Any]:
    """Give a function for compiled ones that adds products to a tile of so many rows, each of n_columns * LANES sums.

    (x, at, stride, y, places, first, step, count, out, to, out_stride): to out[to + r * out_stride + lane] it adds, for
    each k < count in turn, x[at + r * stride + k] * y[first + step * p + lane], where p is places[k], or k where
    places is None. x, y, out: float32 (n,), of which out overlaps none. places: int64 (count,). No index is checked.
    """

    @intrinsic
    def add_products(_context, x, at, stride, y, places, first, step, count, out, to, out_stride):
        signature = types.void(x, at, stride, y, places, first, step, count, out, to, out_stride)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            x, at, stride, y, places, first, step, count, out, to, out_stride = (
                context.cast(builder, value, kind, types.intp)
                if isinstance(kind, types.Integer)
                else context.make_array(kind)(context, builder, value).data
                if isinstance(kind, types.Array)
                else None
                for value, kind in zip(arguments, signature.args, strict=True)
            )

            def place(numbers: Any, at: Any, column: int) -> Any:
                at = builder.add(at, at.type(column * LANES))
                return builder.bitcast(builder.gep(numbers, [at]), _ROW.as_pointer())

            def row_of(start: Any, stride: Any, row: int) -> Any:
                return builder.add(start, builder.mul(stride, stride.type(row)))

            columns = range(n_columns)
            sums = [
                (place(out, row_of(to, out_stride, row), column), cgutils.alloca_once(builder, _ROW))
                for row in range(n_rows)
                for column in columns
            ]
            for where, total in sums:
                builder.store(builder.load(where, align=4), total)
            with cgutils.for_range(builder, count) as loop:
                k = loop.index
                p = k if places is None else builder.load(builder.gep(places, [k]))
                at_y = builder.add(first, builder.mul(step, p))
                given = [builder.load(place(y, at_y, column), align=4) for column in columns]
                for row in range(n_rows):
                    factor = builder.load(builder.gep(x, [builder.add(row_of(at, stride, row), k)]))
                    undefined = ir.Constant(_ROW, ir.Undefined)
                    factor = builder.insert_element(undefined, factor, ir.IntType(32)(0))
                    factor = builder.shuffle_vector(factor, undefined, ir.Constant(_PLACES, [0] * LANES))
                    for column in columns:
                        _, total = sums[row * n_columns + column]
                        product = builder.fmul(factor, given[column], flags=_ROUNDED_ONCE)
                        builder.store(builder.fadd(builder.load(total), product, flags=_ROUNDED_ONCE), total)
            for where, total in sums:
                builder.store(builder.load(total), where, align=4)
            return context.get_dummy_value()

        return signature, generate

    made: Callable[..., Any] = add_products
    return made
