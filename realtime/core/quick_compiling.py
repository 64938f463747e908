"""What numba does again and again while it compiles, done once: half of the time of a first start.

For each operation it looks through all functions that might be meant, and at each compares all options, built anew, of
the one that was asked before. Answers stay the same; where numba is not as expected, it is left as it is. And it makes
objects by the million, among which Python again and again looks for garbage.
"""

import gc
from collections.abc import Callable
from types import ModuleType
from typing import Any

from samplechop.realtime.core.import_hooks import Run

_USUAL = {"no_cpython_wrapper", "nopython"}
"""Options of what numba wrote itself, where nothing else is asked for."""
_PLAIN = ("numba.cpython.builtins", "numba.np.arrayobj")
"""Modules of which nothing needs more than its machine code: max, int, zeros, reshape."""


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
    if function is None or not hasattr(function, "get_call_type"):
        return
    look = function.get_call_type
    known: dict[Any, Any] = {}

    def get_call_type(self: Any, context: Any, args: Any, kws: Any) -> Any:
        templates = getattr(self, "templates", None)
        if kws or templates is None:
            return look(self, context, args, kws)
        key = self, len(templates), context, tuple(args), ConfigStack.top_or_none()
        if key not in known:
            known[key] = look(self, context, args, kws)
        return known[key]

    function.get_call_type = get_call_type


def linked_overloads(run: Run, module: ModuleType) -> None:
    """Run numba.core.typing.templates, by which what numba itself wrote in Python, as max, is only linked into what
    calls it: of each kind of argument it would make machine code and a wrapper, which nobody runs.
    """
    run(module)
    template = getattr(module, "_OverloadFunctionTemplate", None)
    if template is None or not hasattr(template, "_get_jit_decorator"):
        return
    decorator = template._get_jit_decorator

    def _get_jit_decorator(self: Any) -> Callable[..., Any]:
        compile_for = decorator(self)

        def compile_linked(**options: Any) -> Any:
            if set(options) == _USUAL and self._overload_func.__module__ in _PLAIN:
                from samplechop.realtime.core.inner_functions import Inner

                options["pipeline_class"] = Inner
            return compile_for(**options)

        return compile_linked

    template._get_jit_decorator = _get_jit_decorator


def quick_variables(run: Run, module: ModuleType) -> None:
    """Run numba.core.ir, whose instructions then list their variables by what kinds of values have them."""
    run(module)
    instruction, variable = getattr(module, "Inst", None), getattr(module, "Var", None)
    if instruction is None or variable is None or "_rec_list_vars" not in vars(instruction):
        return
    # The first that fits counts. Nearly all values are of kinds that have none.
    containers: tuple[tuple[Any, Callable[[Any, Any], list[Any]]], ...] = (
        (variable, lambda _, value: [value]),
        (instruction, lambda _, value: value.list_vars()),
        ((list, tuple), lambda one, value: [found for part in value for found in one._rec_list_vars(part)]),
        (dict, lambda one, value: [found for part in value.values() for found in one._rec_list_vars(part)]),
    )
    known: dict[type, Callable[[Any, Any], list[Any]] | None] = {}

    def _rec_list_vars(self: Any, value: Any) -> list[Any]:
        kind = type(value)
        if kind not in known:
            known[kind] = next((lists for kinds, lists in containers if issubclass(kind, kinds)), None)
        lists = known[kind]
        return [] if lists is None else lists(self, value)

    instruction._rec_list_vars = _rec_list_vars


def leave_garbage() -> None:
    """[main] Let Python look for garbage after a function is compiled, not meanwhile, and not in what that left.

    That are many objects and hardly any garbage, and to look through them after each function is a tenth of a first
    start. `process.scheduling_hints` has it looked through once.
    """
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
                gc.freeze()
                gc.enable()

    event.register("numba:compile", Listener())
