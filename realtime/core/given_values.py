"""Values on the command line that are read at once: texts, numbers, paths, and what is not given; and empty names.

Typer has pydantic read each, which takes a tenth of a second to import, and makes ready to read those that are not
given, too. Whatever is not as plain as it mostly is, Typer reads as ever; so it says what is wrong with a value.
"""

import os
import re
from pathlib import Path
from typing import Any

from samplechop.realtime.core.errors import UserError

_PLAIN = {
    int: re.compile(r"-?(0|[1-9]\d{0,8})", re.ASCII),
    float: re.compile(r"-?(0|[1-9]\d{0,8})(\.\d{1,9})?", re.ASCII),
}
_USUAL = {
    **dict.fromkeys(("exists", "writable", "resolve_path", "allow_dash", "clamp"), False),
    **dict.fromkeys(("file_okay", "dir_okay"), True),
    **dict.fromkeys(("path_type", "min", "max"), None),
}
"""What an option wants of its value where nothing is asked for that only Typer sees to."""


def read_quickly(param: Any) -> None:
    """Have a parameter of a command read what is plain by itself."""
    described = getattr(param, "type_descriptor", None)
    kind: Any = getattr(described, "annotation", None)
    info = getattr(described, "parameter_info", None)
    process, several = param.process_value, param.multiple or param.nargs == -1
    if info is None or "process_value" in vars(param):
        return

    def process_value(ctx: Any, value: Any) -> Any:
        if value is None and not param.required:
            read: Any = () if several else None
        else:
            try:
                read = [_read(kind.__args__[0], info, one) for one in value] if several else _read(kind, info, value)
            except (ValueError, TypeError, AttributeError):
                return process(ctx, value)
            if several and not read:
                return process(ctx, value)
        return read if param.callback is None else param.callback(ctx, param, read)

    param.process_value = process_value


def check_name(text: str, option: str = "") -> None:
    """Refuse an empty name of a file, as a variable of the shell gives that is not set: it would be the current folder.

    option: that it was given to, or a key of a file, "" for an argument. Raises UserError.
    """
    if not text:
        raise UserError(f"{option} '' is no name of a file or folder: give one, or . for this folder".lstrip())


def refuse_empty_names(param: Any) -> None:
    """Have a parameter of a command whose values are paths refuse empty ones."""
    if getattr(getattr(param, "type_descriptor", None), "annotation", None) not in (Path, list[Path]):
        return
    process = param.process_value
    option = "" if param.param_type_name == "argument" else max(param.opts, key=len)

    def process_value(ctx: Any, value: Any) -> Any:
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, str) and not ctx.resilient_parsing:
                check_name(one, option)
        return process(ctx, value)

    param.process_value = process_value


def _read(kind: Any, info: Any, value: Any) -> Any:
    """Read one value. Raises ValueError where it is not plain."""
    if not isinstance(value, str):
        if type(value) is kind and kind in (int, float, str):  # a default
            return value
        raise ValueError(value)
    value.encode()  # raises ValueError for a name that is no text
    if info.parser is not None:
        return info.parser(value)
    if any(getattr(info, name, usual) is not usual for name, usual in _USUAL.items()):
        raise ValueError(value)
    if kind is str:
        return value
    if kind is Path and value and (os.access(value, os.R_OK) or not os.path.lexists(value)):
        return Path(value)
    if kind in _PLAIN and _PLAIN[kind].fullmatch(value):
        return kind(value)
    raise ValueError(value)
