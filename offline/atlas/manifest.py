"""What atlas.json holds: rate and width of the sounds, how many rows count, and what was made of them."""

import json
import os
from pathlib import Path
from typing import Any

from samplechop.offline.atlas.tsv import replaced
from samplechop.realtime.core.errors import UserError

FILE = "atlas.json"
SCHEMA = 1
_NUMBERS = ("schema", "rate", "width", "rows", "sources")


def new(rate: int, width: int) -> dict[str, Any]:
    """Give the state of an atlas without sounds. rate: Hz. width: samples of the longest sound there may be."""
    return {"schema": SCHEMA, "rate": rate, "width": width, "rows": 0, "sources": 0, "steps": {}}


def read(folder: Path) -> dict[str, Any]:
    """Read the state of an atlas. Raises UserError if there is none, or one of another version."""
    path = folder / FILE
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
        state: dict[str, Any] = {name: int(there[name]) for name in _NUMBERS}
        state["steps"] = dict(there["steps"])
    except FileNotFoundError:
        raise UserError(f"there is no atlas in {str(folder)!r}: make one with samplechop atlas collect") from None
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{str(path)!r} is damaged: collect the sounds again into another folder") from None
    if state["schema"] != SCHEMA:
        raise UserError(f"the atlas {str(folder)!r} is of another version: collect the sounds again into another")
    return state


def write(folder: Path, state: dict[str, Any]) -> None:
    """Write the state, in one go and for good. Raises UserError if the disk does not take it."""
    with replaced(folder / FILE) as part, part.open("w", encoding="utf-8") as file:
        json.dump(state, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
