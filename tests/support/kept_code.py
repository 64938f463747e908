"""Imported before numba: tests then run what samplechop's programs, or `warm_numba`, compiled, in place of their own.

Programs keep a function under a name that says, too, how it is compiled (see `compile_cache.load_alone`), for which
numba as tests import it does not ask: each process of the suite compiled nearly everything once more. What a test
compiles is still kept under numba's own name: among all that tests compile, a function can come to need what no program
loads with it.
"""

from functools import wraps
from types import ModuleType
from typing import Any

from samplechop.realtime.core.compile_cache import MAKES_ARRAYS
from samplechop.realtime.core.import_hooks import Run, around_import


def _ask_for_both(run: Run, module: ModuleType) -> None:
    run(module)
    cache: Any = module.Cache
    load, known = cache.load_overload, cache._index_key

    @wraps(load)
    def load_overload(self: Any, signature: Any, context: Any) -> Any:
        how = getattr(self._py_func, MAKES_ARRAYS, None)
        if how is None:  # then there is but one name
            return load(self, signature, context)
        self._index_key = lambda *described: (*known(self, *described), how)
        try:
            found = load(self, signature, context)
        finally:
            del self._index_key
        return load(self, signature, context) if found is None else found

    cache.load_overload = load_overload


around_import("numba.core.caching", _ask_for_both)
