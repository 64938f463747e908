"""Rows become columns in the processor's registers, LANES by LANES, written as LLVM has it.

A loop in Python would move single numbers, each to a place of its own: four times as long.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from samplechop.realtime.dsp.registers import LANES, PLACES, ROW, in_all_lanes, row_at, values_of


def _exchange(builder: Any, above: Any, below: Any, span: int) -> tuple[Any, Any]:
    """Exchange the second of each two spans of the upper row for the first one of the lower row."""
    lanes = [(lane, bool(lane & span)) for lane in range(LANES)]
    upper = [lane - span + LANES if second else lane for lane, second in lanes]
    lower = [lane + LANES if second else lane + span for lane, second in lanes]
    masks = (ir.Constant(PLACES, mask) for mask in (upper, lower))
    first, second = (builder.shuffle_vector(above, below, mask) for mask in masks)
    return first, second


def _limited(builder: Any, row: Any, loudest: Any) -> Any:
    """Give a row in which numbers beyond a magnitude, and NaN, are 0."""
    least, most = (in_all_lanes(builder, one) for one in (builder.fneg(loudest), loudest))
    inside = builder.and_(builder.fcmp_ordered(">=", row, least), builder.fcmp_ordered("<=", row, most))
    return builder.select(inside, row, ir.Constant(ROW, [0.0] * LANES))


@intrinsic
def transpose(_context, x, at, stride, out, to, step, places, first, loudest):
    """Copy LANES by LANES numbers: out[to + step * p + r] = x[at + r * stride + k], where p is places[first + k], or k
    where places is None. x, out: float32 (n,) that do not overlap. places: int64 (m,). loudest: float32, the largest
    magnitude that is copied, all others and NaN are 0; None for any. No index is checked.
    """
    signature = types.void(x, at, stride, out, to, step, places, first, loudest)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, at, stride, out, to, step, places, first, loudest = values_of(context, builder, signature, arguments)
        index = context.get_value_type(types.intp)
        rows = []
        for _ in range(LANES):
            row = builder.load(row_at(builder, x, at), align=4)
            if loudest is not None:
                row = _limited(builder, row, loudest)
            rows.append(row)
            at = builder.add(at, stride)
        for span in (1, 2, 4, 8):
            for row in range(LANES):
                if not row & span:
                    rows[row], rows[row + span] = _exchange(builder, rows[row], rows[row + span], span)
        for k, row in enumerate(rows):
            place = ir.Constant(index, k)
            if places is not None:
                place = builder.load(builder.gep(places, [builder.add(first, place)]))
            builder.store(row, row_at(builder, out, builder.add(to, builder.mul(step, place))), align=4)
        return context.get_dummy_value()

    return signature, generate
