"""Options of a kit that a project keeps: those of `samplechop chop`, but what the project says better itself."""

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from samplechop.offline.kits.core.options import ChopOptions, set_aside
from samplechop.offline.project.model import Project
from samplechop.realtime.core.errors import UserError, close_word
from samplechop.realtime.core.options import is_pair, options_of, value_types

ELSEWHERE = {"lock": "lock the chop itself", "tempo": "correct the grid"}
"""Options that a project has no room for, and what says the same in it."""
NAMES = frozenset(options_of(ChopOptions)) - ELSEWHERE.keys()
_MODEL = re.compile(r"[\w-]{1,80}", re.ASCII)
_LONGEST, _MOST_WORDS = 300, 100


def checked(kit: Any, what: str) -> dict[str, Any]:
    """Check options by name as they stand in JSON; lists become tuples. Raises UserError, beginning with `what`."""
    if not isinstance(kit, dict):
        raise UserError(f"{what} must be an object, got {kit!r:.60}")
    found = {name: value_of(name, value, f"{what}.{name}") for name, value in sorted(kit.items())}
    ChopOptions(**found)
    return found


def with_option(kit: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Give options with one said anew, as it stands in JSON, or taken back by None.

    Raises UserError for what cannot be, also together with the others.
    """
    said = {} if value is None else {name: value_of(name, value, f"kit.{name}")}
    aside = {name, *set_aside(said)}  # of two that do not go together, the one that is said later counts
    kept = {other: given for other, given in kit.items() if other not in aside}
    ChopOptions(**kept, **said)
    return dict(sorted((kept | said).items()))


def chop_options(project: Project | None, given: Mapping[str, Any], usual: Mapping[str, Any] = {}) -> ChopOptions:
    """Give the options of a kit by what was said of it: now, else in its project, else as usual. Raises UserError."""
    kit = project.kit if project else {}
    above = {**_beside(given, kit), **given}
    return ChopOptions(**{**_beside(above, usual), **above})


def _beside(said: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    aside = set_aside(said)
    return {name: value for name, value in options.items() if name not in aside}


@cache
def _types() -> dict[str, type]:
    return value_types(ChopOptions)


def value_of(name: str, value: Any, what: str) -> Any:
    """Check one option as it stands in JSON, by itself. Raises UserError, beginning with `what`."""
    if name in ELSEWHERE:
        raise UserError(f"{what} is no option of a project's kit: {ELSEWHERE[name]} instead")
    if name not in NAMES:
        raise UserError(f"{what} is no option of samplechop chop{close_word(str(name), NAMES)}")
    kind = _types()[name]
    if name == "formats":
        if isinstance(value, list) and len(value) <= _MOST_WORDS and all(_is_text(one) for one in value):
            return tuple(value)
        raise UserError(f"{what} must be a list of names, got {value!r:.60}")
    if is_pair(kind):
        if isinstance(value, list) and len(value) == 2 and all(_is_number(one) for one in value):
            return tuple(float(one) for one in value)
        raise UserError(f"{what} must be a list of two numbers, got {value!r:.60}")
    if name == "model":  # a path in a project of somebody else's could lead anywhere
        if _is_text(value) and _MODEL.fullmatch(value):
            return value
        raise UserError(f"{what} must be the name of a released model, got {value!r:.60}; a path goes with --model")
    if name in ("until", "max_length") and _is_number(value):
        return value
    right = {
        bool: isinstance(value, bool),
        int: isinstance(value, int) and not isinstance(value, bool),
        float: _is_number(value),
    }
    if not right.get(kind, _is_text(value)):
        raise UserError(f"{what} must be {_WORDS.get(kind, 'a text')}, got {value!r:.60}")
    return float(value) if kind is float else value


_WORDS = {bool: "true or false", int: "an integer", float: "a number"}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
