"""Compiled functions whose arrays never overlap: else each short loop would first compare where they lie."""

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core.compiler import CompilerBase, DefaultPassBuilder


class _NoAlias(CompilerBase):
    def define_pipelines(self) -> list[Any]:
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


def apart(fastmath: bool | set[str] = False, inline: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function for those that call it, which see to it that no two of its arrays overlap.

    inline: into each of them.
    """
    compiled: Callable[[Callable[..., Any]], Callable[..., Any]]
    compiled = njit(fastmath=fastmath, forceinline=inline, pipeline_class=_NoAlias)
    return compiled
