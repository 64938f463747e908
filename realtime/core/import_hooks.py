"""What is done as a module of numba is imported, which takes too long to be imported for it alone."""

import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

Run = Callable[[ModuleType], None]


def around_import(name: str, around: Callable[[Run, ModuleType], None]) -> None:
    """[main] Have around(run, module) called in place of run(module), which runs the module's code, on its import.

    The first that is given for a name holds. Nothing comes of a module that is imported already.
    """
    if not any(isinstance(finder, _Hook) and finder.name == name for finder in sys.meta_path):
        sys.meta_path.insert(0, _Hook(name, around))


def spare_scipy(run: Run, module: ModuleType) -> None:
    """Run numba.np.arraymath without scipy.linalg, which it imports only to know that it is there.

    scipy takes as long as numba itself. What multiplies matrices still imports it when it is compiled.
    """
    from numba.np import linalg

    check = linalg.ensure_blas
    if find_spec("scipy") is not None:  # imports nothing
        linalg.ensure_blas = lambda: None
    try:
        run(module)
    finally:
        linalg.ensure_blas = check


class _Hook(MetaPathFinder):
    def __init__(self, name: str, around: Callable[[Run, ModuleType], None]) -> None:
        self.name, self._around = name, around

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module
            spec.loader.exec_module = lambda module: self._around(run, module)  # type: ignore[method-assign]
        return spec
