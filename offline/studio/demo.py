"""The record that comes with samplechop, where a project can lie beside it."""

import shutil
from pathlib import Path

import platformdirs

from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.errors import UserError, reason_of


def demo_record() -> Path:
    """Give the record in a folder of this user's, copied there unless it is. Raises UserError."""
    path = platformdirs.user_data_path("samplechop", appauthor=False) / "demo" / DEMO.name
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(DEMO, path)
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be written: {reason_of(error)}") from None
    return path
