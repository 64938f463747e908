"""Options declared once, on the fields of a frozen dataclass: its checks, the command line and settings files use them.

    @dataclass(frozen=True, slots=True)
    class KitOptions:
        count: Annotated[int, Option("Slices in the kit, {low} to {high} (default: {default}).", "Kit", 1, 128)] = 16

        def __post_init__(self) -> None:
            check(self)

    @with_options(KitOptions)  # a Typer command with --count
    def chop(demo: Annotated[bool, typer.Option("--demo")] = False, **given: Any) -> None:
        options = KitOptions(**given)  # given: only what stands on the command line

A field without an Option is none. For a field of type tuple the command line gives a text, for the command to split;
for one of an optional tuple[float, float], a range, two values; for one of an optional list it takes the option several
times.
"""

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.given_values import check_name


@dataclass(frozen=True, slots=True)
class Option:
    """What the command line says of a field, and what values it may have.

    help: may contain {default}, {low} and {high}. panel: the heading it stands under. low, high: the range, both
    included; without high anything from low on. exclusive: neither of them is. names: in place of the field's own
    ("--min-gap" for min_gap). metavar: what stands for the value in the help. clock: a place in a recording, which
    may be written as m:ss, too.
    """

    help: str
    panel: str = "Options"
    low: float | None = None
    high: float | None = None
    exclusive: bool = False
    names: tuple[str, ...] = ()
    metavar: str | None = None
    clock: bool = False


@functools.cache
def _hints(cls: type, extras: bool = False) -> dict[str, Any]:
    """Evaluate a class's annotations once: it takes as long as a thousand checks."""
    return get_type_hints(cls, include_extras=extras)


def options_of(cls: type) -> dict[str, Option]:
    """Give the options declared on a dataclass, by the names of their fields."""
    hints = _hints(cls, True)
    found = {}
    for field in fields(cls):
        for extra in getattr(hints[field.name], "__metadata__", ()):
            if isinstance(extra, Option):
                found[field.name] = extra
    return found


def option_name(cls: type, name: str) -> str:
    """Give what the user types for a field."""
    option = options_of(cls).get(name)
    return option.names[0] if option is not None and option.names else "--" + name.replace("_", "-")


def check(settings: Any) -> None:
    """Refuse values out of range and words that are no choice. Raises UserError that names option, value and range."""
    cls: type = type(settings)
    for name, option in options_of(cls).items():
        value, low, high = getattr(settings, name), option.low, option.high
        if value is None or low is None:
            continue
        if isinstance(value, tuple | list):
            if high is not None and not (len(value) == 2 and low <= value[0] < value[1] <= high):
                got = " ".join(format(part, "g") for part in value)
                raise UserError(
                    f"{option_name(cls, name)} must be two numbers in {low:g}..{high:g}, the lower first, got {got}"
                )
            continue
        if high is None:
            if value < low:
                raise UserError(f"{option_name(cls, name)} must be {low:g} or more, got {value}")
            continue
        if option.exclusive and not low < value < high:
            raise UserError(f"{option_name(cls, name)} must lie between {low:g} and {high:g}, got {value}")
        if not low <= value <= high:
            raise UserError(f"{option_name(cls, name)} must be in {low:g}..{high:g}, got {value}")
    for name, hint in _hints(cls).items():
        value, choices = getattr(settings, name), _choices(hint)
        if choices and value not in choices:
            words = ", ".join(str(choice) for choice in choices if choice is not None)
            raise UserError(f"{option_name(cls, name)} must be one of {words}, got {value!r}")


def value_types(cls: type) -> dict[str, type]:
    """Give the plain type behind each field's: that of an optional one, str for a choice of words."""
    return {name: _value_type(hint) for name, hint in _hints(cls).items()}


def is_pair(kind: Any) -> bool:
    """Whether a type is that of a range: two numbers, the lower first."""
    return bool(kind == tuple[float, float])


NO = "no_"
UNDONE = ("off", "default")
"""What the command line takes for "as if it were not given", for options that may be left out."""


def _undoable(kind: Any, read: Callable[[str], Any], option: str) -> Callable[[str], Any]:
    """Give a parser of a kind of value as `read` reads it, or of a word that undoes it. option: that it is given to."""

    def parse(text: str) -> Any:
        if text in UNDONE:
            return UNDONE
        if kind is Path:
            check_name(text, option)
        try:
            return read(text)
        except ValueError:
            import typer

            raise typer.BadParameter(f"{text!r} is no {_METAVARS[kind].lower()}, nor off or default") from None

    return parse


_CLOCK = re.compile(r"(?:(\d+):)?(\d+):([0-5]?\d(?:\.\d*)?)", re.ASCII)


def read_clock(text: str) -> float:
    """Read a place in a recording, in seconds: seconds, m:ss or h:mm:ss, with decimals. Raises ValueError."""
    if ":" not in text:
        return float(text)
    if (found := _CLOCK.fullmatch(text.strip())) is None:
        raise ValueError(text)
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def _clock(option: str) -> Callable[[str], float]:
    """Give a parser of a place in a recording."""

    def parse(text: str) -> float:
        try:
            return read_clock(text)
        except ValueError:
            raise UserError(f"{option} takes seconds or m:ss, such as 12.5 or 1:02.4; got {text!r}") from None

    return parse


def _completing(choices: tuple[object, ...]) -> Callable[[str], list[str]] | None:
    words = [str(choice) for choice in choices if choice is not None]
    return (lambda incomplete: [word for word in words if word.startswith(incomplete)]) if words else None


_METAVARS = {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "PATH"}


def with_options(cls: type, undoable: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function that takes **given a Typer command with the options of a dataclass, after those of its own.

    given: the values of those options that stand on the command line, by the names of the fields. undoable: whether an
    option that may be left out takes "off" and "default", too, which give None, and --name has --no-name, which gives
    False.
    """
    import typer  # only a command line needs it

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(function, eval_str=True).parameters.values()
        types, defaults = value_types(cls), {field.name: field.default for field in fields(cls)}
        declared, hints = options_of(cls), _hints(cls)
        more = []
        for name, option in declared.items():
            kind = str if get_origin(types[name]) is tuple and not is_pair(types[name]) else types[name]
            # A bool has one name only: Typer would add a --no-… to it.
            names = option.names or (("--" + name.replace("_", "-"),) if kind is bool else ())
            text = option.help.format(default=defaults[name], low=option.low, high=option.high)
            typed: Any = kind | None
            parser, metavar = None, option.metavar
            if option.clock:
                typed, parser, metavar = Any, _clock(option_name(cls, name)), metavar or "TIME"
            if undoable and defaults[name] is None and kind in _METAVARS:
                parser = _undoable(kind, parser or kind, option_name(cls, name))
                typed, metavar = Any, metavar or _METAVARS[kind]
            annotation = Annotated[
                typed,
                typer.Option(
                    *names,
                    help=text,
                    rich_help_panel=option.panel,
                    show_default=False,
                    metavar=metavar,
                    parser=parser,
                    autocompletion=_completing(_choices(hints[name])),
                ),
            ]
            more.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation))
            if undoable and kind is bool and not any("/" in one for one in names):
                off = Annotated[bool | None, typer.Option(f"--no-{name.replace('_', '-')}", hidden=True)]
                more.append(inspect.Parameter(NO + name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=off))

        @functools.wraps(function)
        def command(**values: Any) -> None:
            off = {name: False for name in declared if values.pop(NO + name, None)}
            given = {name: value for name, value in values.items() if name not in declared or value is not None}
            function(**off | {name: None if value is UNDONE else value for name, value in given.items()})

        before = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own if one.kind is not one.VAR_KEYWORD]
        command.__signature__ = inspect.Signature([*before, *more])  # type: ignore[attr-defined]
        return command

    return decorate


def _choices(hint: Any) -> tuple[object, ...]:
    """Give the values of a choice of words, None among them where it is optional; () for any other type."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    parts = get_args(hint)
    choices = [choice for part in parts if get_origin(part) is Literal for choice in get_args(part)]
    return (*choices, None) if choices and type(None) in parts else tuple(choices)


def _value_type(hint: Any) -> Any:
    inner = [part for part in get_args(hint) if part is not type(None)]
    if not inner or get_origin(hint) is tuple:
        return hint
    return inner[0] if isinstance(inner[0], type) or get_origin(inner[0]) in (tuple, list) else str
