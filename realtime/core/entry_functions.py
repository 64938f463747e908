"""Functions that Python calls: compiled once for given types, and kept with no more than a later start needs of them.

numba keeps, too, what other compiled functions would link, and the types of all variables in words: nine tenths of the
file, to read which takes as long as all else of loading a function. And it makes each ready to be called from C.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import llvmlite.binding as llvm
import numpy as np
from numba import njit, typeof, types
from numba.core.compiler import CompilerBase, CompileResult
from numba.np.numpy_support import as_dtype

from samplechop.realtime.core.compile_cache import MAKES_ARRAYS
from samplechop.realtime.core.inner_functions import passes_for

FLOAT32 = np.dtype(np.float32)
"""What the arrays of a bound function are looked at for, where others than ours come."""
_STUB = 'define void @"{}"() {{ ret void }}'


class _Kept(CompileResult):
    """What was compiled; of it is kept what it takes to call it from Python."""

    __slots__ = ()

    def _reduce(self) -> Any:
        """Give numba's parts of it, in which the code to link is no more than the name of what Python calls."""
        (name, kind, (machine_code, _)), described, *rest, environments = super()._reduce()
        stub = llvm.parse_assembly(_STUB.format(described.llvm_cpython_wrapper_name)).as_bitcode()
        # Constants that are Python's objects, which only functions that raise or print them have.
        used = tuple(one for one in environments if one.consts)
        return (name, kind, (machine_code, stub)), described, *rest, used


class Entry(CompilerBase):
    """numba's compiler, for functions that only Python calls."""

    def define_pipelines(self) -> list[Any]:
        """Give the passes, which make it ready to be called from Python alone."""
        self.state.flags.no_cfunc_wrapper = True
        return passes_for(self.state)

    def compile_extra(self, function: Callable[..., Any]) -> Any:
        """Compile, and forget the types of variables in words."""
        return _Kept._make(super().compile_extra(function)._replace(type_annotation=""))


def bound(function: Any, *arguments: Any) -> Callable[..., Any]:
    """[main] Give what calls an entry of one signature, with its first arguments given beforehand.

    At a call nothing looks at types, which takes longer than the call itself where there are many arguments: arrays
    that come only then must be of the signature's types. Raises TypeError where one that is given now is not.
    """
    (compiled,) = function.overloads.values()
    for given, wanted in zip(arguments, compiled.signature.args, strict=False):
        if isinstance(wanted, types.Array) and not _suits(given, wanted):
            raise TypeError(f"{function.py_func.__qualname__} takes {wanted}, got {typeof(given)}")
    return partial(compiled.entry_point, *arguments)


def _suits(given: Any, wanted: types.Array) -> bool:
    return (
        isinstance(given, np.ndarray)
        and given.dtype == as_dtype(wanted.dtype)
        and given.ndim == wanted.ndim
        and (wanted.layout == "A" or given.flags.c_contiguous)
        and (not wanted.mutable or given.flags.writeable)
    )


def entry(
    signature: Any = None,
    fastmath: bool | set[str] = False,
    error_model: Literal["python", "numpy"] = "python",
    allocates: bool = False,
) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function for Python to call, for the types of a signature, and keep it for later starts.

    No compiled function can call it: what they call is an inner function, of which this makes an entry, too. Without a
    signature it is compiled when it is called; see `compile_later.kept`.
    allocates: whether it makes arrays, or gives one. Where none does, nothing counts who holds those it is given, which
    its caller does; that takes less than half as long to call, and a part of the time to compile.
    """
    options: dict[str, Any] = {"fastmath": fastmath, "error_model": error_model, "_nrt": allocates}
    signatures = None if signature is None else [signature]

    def compiled(function: Callable[..., Any]) -> Any:
        function = getattr(function, "py_func", function)
        setattr(function, MAKES_ARRAYS, allocates)
        return njit(signatures, cache=True, pipeline_class=Entry, **options)(function)

    return compiled
