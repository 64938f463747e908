"""What numba does again and again while it compiles, done once: half of the time of a first start.

For each operation it looks through all functions that might be meant, and at each compares all options, built anew, of
the one that was asked before. Answers stay the same; where numba is not as expected, it is left as it is. And it makes
objects by the million, among which Python again and again looks for garbage.
"""

import gc
from types import ModuleType
from typing import Any

from samplechop.realtime.core.import_hooks import Run


def quick_options(run: Run, module: ModuleType) -> None:
    """Run numba.core.targetconfig, whose options then are compared at once where those that are set are the same."""
    run(module)
    options = getattr(module, "TargetConfig", None)
    if options is None or "values" not in vars(options) or "_values" not in getattr(options, "__slots__", ()):
        return
    usual: dict[type, dict[str, Any]] = {}
    compare = options.__eq__

    def values(self: Any) -> dict[str, Any]:
        kind = type(self)
        if kind not in usual:
            usual[kind] = {name: option.default for name, option in kind.options.items()}
        return {**usual[kind], **self._values}

    def equal(self: Any, other: Any) -> Any:
        return (type(self) is type(other) and self._values == other._values) or compare(self, other)

    options.values, options.__eq__ = values, equal


def remembered_calls(run: Run, module: ModuleType) -> None:
    """Run numba.core.types.functions, whose functions then look once for what fits some types."""
    run(module)
    from numba.core.targetconfig import ConfigStack

    function = getattr(module, "Function", None)
    if function is None or not hasattr(function, "get_call_type") or not hasattr(function, "templates"):
        return
    look = function.get_call_type
    known: dict[Any, Any] = {}

    def get_call_type(self: Any, context: Any, args: Any, kws: Any) -> Any:
        if kws:
            return look(self, context, args, kws)
        key = self, len(self.templates), context, tuple(args), ConfigStack.top_or_none()
        if key not in known:
            known[key] = look(self, context, args, kws)
        return known[key]

    function.get_call_type = get_call_type


def leave_garbage() -> None:
    """[main] Let Python look for garbage after a function is compiled, not meanwhile."""
    from numba.core import event

    class Listener(event.Listener):
        depth, looked = 0, False

        def on_start(self, event: Any) -> None:  # noqa: ARG002 (numba names the argument)
            if not self.depth:
                self.looked = gc.isenabled()
                gc.disable()
            self.depth += 1

        def on_end(self, event: Any) -> None:  # noqa: ARG002 (numba names the argument)
            self.depth -= 1
            if not self.depth and self.looked:
                gc.enable()

    event.register("numba:compile", Listener())
