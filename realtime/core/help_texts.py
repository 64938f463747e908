"""Help of commands that fits the terminal: paragraphs that flow, examples with their comments, values in words."""

import re
import shutil
import textwrap
from pathlib import Path
from typing import Any

from samplechop.realtime.core.given_values import read_quickly, refuse_empty_names

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
"""Settings of a command line's context: those below it take them over."""
_WIDEST = 100
_MARGIN = 2
_WORDS = {bool: "", str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "PATH", list[Path]: "PATH", list[str]: "TEXT"}


def fit_help(command: Any, below: bool = True) -> Any:
    """Fit the texts of a command, and of all below it, to the terminal, and have it read what is given quickly.

    An empty name of a file is refused. Gives the command.
    """
    width = min(shutil.get_terminal_size().columns, _WIDEST) - _MARGIN
    command.help = fitted(command.help or "", width)
    for param in command.params:
        read_quickly(param)
        refuse_empty_names(param)
        kind = getattr(getattr(param, "type_descriptor", None), "annotation", None)
        if param.param_type_name == "argument":
            param.metavar = param.metavar or param.name.upper()
            param.display_type_rich = lambda ctx: None  # noqa: ARG005 (Typer names it)
        elif param.metavar is None and kind in _WORDS:
            param.metavar = _WORDS[kind]
    help_option = command.get_help_option

    def without_type(ctx: Any) -> Any:
        option = help_option(ctx)
        option.metavar = ""
        read_quickly(option)
        return option

    command.get_help_option = without_type
    for one in getattr(command, "commands", {}).values() if below else ():
        fit_help(one)
    return command


def fitted(text: str, width: int) -> str:
    r"""Have a help text fit a number of columns: lines of a paragraph flow together, except after a line "\b".

    There a line is a command and, after three spaces or more, what it does, which goes below it where it does not fit.
    """
    paragraphs = textwrap.dedent(text).strip().split("\n\n")
    return "\n\n".join(
        _examples(one.split("\n")[1:], width) if one.startswith("\b") else " ".join(one.split()) for one in paragraphs
    )


def _examples(lines: list[str], width: int) -> str:
    split = [[*re.split(r" {3,}", line.rstrip(), maxsplit=1), ""][:2] for line in lines]
    fits = all(len(line.rstrip()) <= width for line in lines)
    shown = []
    for command, comment in split:
        if fits:
            column = max(len(one) for one, what in split if what) if comment else 0
            shown.append(f"{command:{column}}   {comment}".rstrip())
            continue
        shown += textwrap.wrap(command, width - 2, subsequent_indent="    ", break_on_hyphens=False)
        shown += textwrap.wrap(comment, width, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(shown)
