"""Pages of atlases: which folders hold one, and what a list says of it.

A page is known by its generator; those that were made before it told that, by their title and what they play.
"""

from dataclasses import dataclass
from pathlib import Path

from samplechop.realtime.core import documents

INDEX = "index.html"
GENERATOR = b'<meta name="generator" content="samplechop atlas">'
_TITLE, _SOUNDS = b"<title>Atlas</title>", Path("data", "sounds.js")
_HEAD = 4096
"""Bytes of a page that are looked at."""
_PAGE, _STATE = "page", "atlas.json"


@dataclass(frozen=True, slots=True)
class AtlasFacts:
    """title: for people. sounds: how many there are, 0 where that is not said beside the page."""

    title: str
    sounds: int


def is_atlas(folder: Path) -> bool:
    """Say whether a folder holds the page of an atlas."""
    try:
        with documents.open_regular(folder / INDEX, follow_links=False) as file:
            head = file.read(_HEAD)
    except (OSError, ValueError):
        return False
    return GENERATOR in head or (_TITLE in head and (folder / _SOUNDS).is_file())


def read(folder: Path) -> AtlasFacts:
    """Read what is said of the page in a folder: it lies in its atlas, unless somebody copied it elsewhere."""
    if folder.name != _PAGE:
        return AtlasFacts(folder.name, 0)
    try:
        told = documents.read_json(folder.parent / _STATE, follow_links=False)
    except (OSError, ValueError):
        told = None
    rows = told.get("rows") if isinstance(told, dict) else None
    return AtlasFacts(folder.parent.name, rows if isinstance(rows, int) and rows > 0 else 0)
