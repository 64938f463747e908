import subprocess
import sys
from types import ModuleType

from samplechop.realtime.core import quick_compiling
from tests.support.command import ROOT

TRIED = """
import gc
import numpy as np
from samplechop.realtime.core import quick_compiling
from samplechop.realtime.core.compile_cache import ensure_compile_cache
ensure_compile_cache()
from numba import njit
from numba.core import ir, types
from numba.core.compiler import Flags
from numba.core.typing.templates import _OverloadFunctionTemplate
for hooked in (_OverloadFunctionTemplate._get_jit_decorator, ir.Inst._rec_list_vars, types.Function.get_call_type):
    assert hooked.__module__ == quick_compiling.__name__
assert Flags.values.__module__ == quick_compiling.__name__

place = ir.unknown_loc
x, y = (ir.Var(ir.Scope(None, place), name, place) for name in "xy")
pair = ir.Expr.build_tuple((x, ir.Expr.call(y, [x], {"k": y}, place)), place)
assert pair.list_vars() == [x, y, x, y] and ir.Return(x, place).list_vars() == [x]

def flags(**values):
    given = Flags()
    for name, value in values.items():
        setattr(given, name, value)
    return given

usual = Flags().nrt
for one in (flags(), flags(nrt=usual), flags(nrt=not usual)):
    assert one.values() == {name: getattr(one, name) for name in one.options}
    assert (one == flags()) == (one.nrt == usual)
assert hash(flags(nrt=usual)) == hash(flags())

@njit
def sums(x, y):
    return x + x, x + y, y + y

assert sums(1, 2.0) == (2, 3.0, 4.0)

@njit
def largest(numbers):
    rows, most = numbers.copy().reshape(2, -1), 0
    for row in rows:
        most = max(most, int(row[0]), min(row[1], 7))
    return most, rows.shape

assert largest(np.arange(8.0)) == (5.0, (2, 4))
assert gc.isenabled()
"""
"""In a process of its own: numba is imported there after the program has begun."""


def test_options_functions_and_garbage_are_as_numba_has_them() -> None:
    subprocess.run([sys.executable, "-c", TRIED], cwd=ROOT, check=True)


def test_another_numba_is_left_as_it_is() -> None:
    other = ModuleType("other")
    hooks = (
        quick_compiling.quick_options,
        quick_compiling.remembered_calls,
        quick_compiling.linked_overloads,
        quick_compiling.quick_variables,
    )
    for hook in hooks:
        hook(lambda module: setattr(module, "ran", True), other)
    assert vars(other)["ran"] and not hasattr(other, "TargetConfig")
