"""Functions that only other compiled functions call: linked into those, never run alone.

numba makes each of them ready to be called from Python, too: two wrappers and machine code, a sixth of the time that a
first start would take.
"""

import ctypes
from collections.abc import Callable
from types import CodeType
from typing import Any, Literal

from numba import njit
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.typed_passes import NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes

Compile = Callable[[Callable[..., Any]], Callable[..., Any]]
ErrorModel = Literal["python", "numpy"]
# What Python would call: it raises TypeError.
_NO_CODE = ctypes.cast(ctypes.pythonapi.PyErr_BadArgument, ctypes.c_void_p).value


class _Linked(JITCodeLibrary):
    """A function's code to link into others', of which no machine code is made."""

    def _optimize_final_module(self) -> None:
        """Leave it to those that it becomes a part of, which is optimised whole."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, _name: str) -> int | None:
        self._ensure_finalized()
        return _NO_CODE

    @property
    def codegen(self) -> "_Linked":
        return self

    def set_env(self, _name: str, _environment: Any) -> None:
        """Do nothing: only machine code has one."""


def passes_for(state: Any) -> list[Any]:
    """Give numba's own passes for a function, but those that look for what it has not: a tenth of the time.

    Those are functions inside of it, and operations on whole arrays where it makes none.
    """
    manager = DefaultPassBuilder.define_nopython_pipeline(state)
    has_functions = any(isinstance(one, CodeType) for one in state.func_id.code.co_consts)
    needless = {InlineClosureLikes: not has_functions, NopythonRewrites: not state.flags.nrt}
    manager.passes = [(one, description) for one, description in manager.passes if not needless.get(one)]
    manager.finalize()
    return [manager]


class Inner(CompilerBase):
    """numba's compiler, for functions that are linked into others."""

    def define_pipelines(self) -> list[Any]:
        """Give the passes, which end with what is linked."""
        state = self.state
        state.flags.no_cpython_wrapper = state.flags.no_cfunc_wrapper = True
        state.library = _Linked(state.targetctx.codegen(), state.func_id.func_qualname)
        return passes_for(state)


class _Apart(Inner):
    def define_pipelines(self) -> list[Any]:
        self.state.flags.noalias = True
        return super().define_pipelines()


def inner(
    fastmath: bool | set[str] = False, inline: bool = True, error_model: Literal["python", "numpy"] = "python"
) -> Compile:
    """Compile a function for compiled ones that call it; called from Python it raises TypeError.

    It makes no arrays, and counts no more than an entry who holds those it is given or gives a view of: numba
    would have each count as the first that called it does, and those that call it later free what they do not hold. A
    caller that counts must not be given a view.
    inline: into each of them.
    """
    return _linked(Inner, fastmath=fastmath, forceinline=inline, error_model=error_model)


def apart(fastmath: bool | set[str] = False, inline: bool = True) -> Compile:
    """As `inner`, of a function whose arrays never overlap, which its callers see to: else each short loop would first
    compare where they lie.
    """
    return _linked(_Apart, fastmath=fastmath, forceinline=inline)


def _linked(pipeline: type[Inner], **options: Any) -> Compile:
    compiled: Compile = njit(**{"pipeline_class": pipeline, "_nrt": False, **options})
    return compiled
