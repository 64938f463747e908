import subprocess
import sys
from types import ModuleType

from samplechop.realtime.core import quick_compiling
from tests.support.command import ROOT

TRIED = """
import gc
from samplechop.realtime.core import quick_compiling
from samplechop.realtime.core.compile_cache import ensure_compile_cache
ensure_compile_cache()
from numba import njit
from numba.core.compiler import Flags
assert Flags.values.__module__ == quick_compiling.__name__

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
assert gc.isenabled()
"""
"""In a process of its own: numba is imported there after the program has begun."""


def test_options_functions_and_garbage_are_as_numba_has_them() -> None:
    subprocess.run([sys.executable, "-c", TRIED], cwd=ROOT, check=True)


def test_another_numba_is_left_as_it_is() -> None:
    other = ModuleType("other")
    for hook in (quick_compiling.quick_options, quick_compiling.remembered_calls):
        hook(lambda module: setattr(module, "ran", True), other)
    assert vars(other)["ran"] and not hasattr(other, "TargetConfig")
