"""The exceptions that mean "the user can put this right", how a command line says so, and any text in a terminal."""

import difflib
import errno
import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

from samplechop.realtime.core.standard_streams import output_fault, say

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended, as shells have it."""


class UserError(Exception):
    """Wrong input or surroundings: one sentence that names the thing, the value and the way out.

    The command line prints it and exits with code 2. A bug must never raise it.
    """


class ModelError(ValueError):
    """A model that cannot be used: one sentence that names it and says why."""


def printable(text: str) -> str:
    """Replace what would move the cursor or end the line: names of files and devices may hold anything."""
    return "".join(char if char.isprintable() else "?" for char in text)


def reason_of(error: BaseException | None) -> str:
    """Say why something failed: without number and path, where the system says so (the sentence names the path)."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def close_word(word: str, known: Iterable[str], closeness: float = 0.6) -> str:
    """Give " (did you mean 'x'?)" for the known word that one is most like, "" where it is like none.

    closeness: 0..1, as of difflib.get_close_matches.
    """
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(word.casefold(), folded, 1, closeness)
    return f" (did you mean {folded[near[0]]!r}?)" if near else ""


def install_extra(name: str) -> str:
    """Give the pip command that installs an extra, in a clone of the repository or elsewhere, with this Python."""
    root = Path(__file__).resolve().parents[2]
    clone = (root / "pyproject.toml").is_file()
    return f"{sys.executable} -m pip install " + (f"-e '{root}[{name}]'" if clone else f"'samplechop[{name}]'")


EXTRAS = {
    "atlas": ("bokeh", "openTSNE", "sklearn", "praatio"),
    "train": ("tensorflow", "sklearn", "optuna"),
    "dask": ("distributed",),
    "osc": ("pythonosc",),
    "bench": ("jack",),
    "test": ("playwright",),
}
"""The modules that each extra brings for us, as they are imported."""


def check_extra(name: str, purpose: str, *modules: str) -> None:
    """Refuse work that cannot be ended without an extra, before any of it is done; nothing is imported.

    purpose: what needs it, the beginning of the sentence. modules: those of the extra that are needed, none for all.
    Raises UserError.
    """
    if missing := [module for module in modules or EXTRAS[name] if find_spec(module) is None]:
        are = "are" if len(missing) > 1 else "is"
        raise UserError(f"{purpose} needs {', '.join(missing)}, which {are} not installed: {install_extra(name)}")


def guarded(command: Callable[[], object]) -> int:
    """Run a command line; report the user's mistakes in one sentence. Gives the exit code."""
    try:
        for argument in sys.argv[1:]:
            argument.encode()
        command()
    except UnicodeEncodeError as error:
        if error.reason != "surrogates not allowed":  # what stands in Python's texts for bytes that are no UTF-8
            raise
        say(f"samplechop: the name {error.object!r} is not UTF-8: rename it")
        return 2
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            said = f"the name {str(error.filename)!r} is too long: a file system holds 255 bytes"
        elif fault := output_fault():
            said = f"cannot write to standard output ({reason_of(fault)}): lead it to another file"
        else:
            raise
        say(f"samplechop: {said}")
        return 2
    except (UserError, ModelError) as error:
        say(f"samplechop: {printable(str(error))}")
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
