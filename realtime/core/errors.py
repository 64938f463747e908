"""The one exception that means "the user can put this right", and how any text is shown in a terminal."""

import difflib
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path


class UserError(Exception):
    """Wrong input or surroundings: one sentence that names the thing, the value and the way out.

    The command line prints it and exits with code 2. A bug must never raise it.
    """


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
