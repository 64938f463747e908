"""What an evaluation needs, looked for before hours of work."""

import sys
from importlib.util import find_spec
from pathlib import Path

from samplechop.offline.common.paths import check_ending
from samplechop.realtime.core.errors import UserError


def check_mir_eval() -> None:
    """Raise UserError where mir_eval is not installed: beside a clone that is newer than what it was set up with."""
    if find_spec("mir_eval") is None:
        raise UserError(f"evaluating needs mir_eval: {sys.executable} -m pip install mir_eval")


def check_writable(option: str, path: Path | None, ending: str) -> None:
    """Raise UserError for a file that cannot be written, None for no file, or whose name does not end as it has to."""
    if path is None:
        return
    if not path.absolute().parent.is_dir():
        raise UserError(f"{str(path)!r} cannot be written: there is no folder {str(path.absolute().parent)!r}")
    if path.is_dir():
        raise UserError(f"{str(path)!r} cannot be written: it is a folder; give the name of a file")
    check_ending(option, path, ending)
