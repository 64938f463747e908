"""What third parties add: entry points of installed packages."""

import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points


def plug_ins(group: str) -> tuple[EntryPoint, ...]:
    """Give the entry points of a group; all packages are looked through once, and again where sys.path is another."""
    return _found(group, tuple(sys.path))


@cache
def _found(group: str, _path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=group))
