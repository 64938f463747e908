"""What is refused before hours of work rather than after them."""

import tempfile
from importlib.util import find_spec
from pathlib import Path

from samplechop.realtime.core.errors import UserError


def check_extra() -> None:
    """Refuse to begin what cannot be ended. Raises UserError."""
    if find_spec("tensorflow") is None:
        raise UserError("training needs TensorFlow: install the extra with pip install 'samplechop[train]'")


def check_writable(option: str, given: Path, folder: Path) -> None:
    """Refuse a folder that cannot be written to. Raises UserError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"{option} {str(given)!r} cannot be written: {error.strerror or error}") from None


def checked_out(out: Path, example: str) -> Path:
    """Give the path of a model to write, without suffix. example: such a path, for people. Raises UserError."""
    out = out.with_suffix("") if out.suffix in {".json", ".tflite"} else out
    if out.name in ("", ".."):
        raise UserError(f"--out must name a model, such as {example}, got {str(out)!r}")
    return out
