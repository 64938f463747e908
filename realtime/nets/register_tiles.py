"""Sums of products that stay in the processor's registers until all of them are taken, written as LLVM has them.

The same loops in Python would be compiled so that each sum goes to memory and back at every few products, which takes
longer than computing.
"""

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from samplechop.realtime.dsp.registers import LANES, ROW, in_all_lanes, row_at, values_of

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
            x, at, stride, y, places, first, step, count, out, to, out_stride = values_of(
                context, builder, signature, arguments
            )

            def place(numbers: Any, at: Any, column: int) -> Any:
                return row_at(builder, numbers, builder.add(at, at.type(column * LANES)))

            def row_of(start: Any, stride: Any, row: int) -> Any:
                return builder.add(start, builder.mul(stride, stride.type(row)))

            columns = range(n_columns)
            sums = [
                (place(out, row_of(to, out_stride, row), column), cgutils.alloca_once(builder, ROW))
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
                    factor = in_all_lanes(
                        builder, builder.load(builder.gep(x, [builder.add(row_of(at, stride, row), k)]))
                    )
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
