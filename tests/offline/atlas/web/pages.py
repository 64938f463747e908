"""A page of few sounds at known places, with names that try to be more than names, and the browser to open it in."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from samplechop.offline.atlas.files import write_table
from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.settings import PageSettings, SpriteSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.web import sprites
from samplechop.offline.atlas.web.page import page
from tests.offline.atlas.atlases import RATE, row, sound, with_fingerprints, with_grid

COLUMNS, ROWS = 6, 4
COUNT = COLUMNS * ROWS
LABELS = ("kick", "snare", "<i>hat</i>")
HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    "\"quoted\" & 'single' \\ `${window.hacked = 3}`",
    "кик 🥁 \u202eback",
)
TITLE = "Drums </title><script>window.hacked = 4</script>"
TAG = "<b>warm</b>"


def nothing(what: str, done: int, of: int) -> None:
    """Hear nothing."""


def lattice() -> np.ndarray:
    """Give places in a lattice, row by row from the left lower corner: float32 (COUNT, 2)."""
    x, y = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    return (np.column_stack([x.ravel(), y.ravel()]) / (COLUMNS - 1)).astype(np.float32)


def make(folder: Path, pages: bool = True) -> Atlas:
    """Make an atlas with two maps, a grid, fingerprints, tags, tempos, keys, sprites, and its page."""
    atlas = Atlas.begin(folder, RATE, RATE)
    lengths = [1_500 + 500 * number for number in range(COUNT)]
    names = [*HOSTILE, *(f"{LABELS[number % 2]} {number}" for number in range(len(HOSTILE), COUNT))]
    sounds = [
        replace(
            row(name, length, label=LABELS[number % 3], pack=f"pack {number % 2}"),
            path=f'/music/disc <{number % 2}>/{number}".wav',
            start=0.25 * number,
        )
        for number, (name, length) in enumerate(zip(names, lengths, strict=True))
    ]
    atlas.append(sounds, [sound(number, length) for number, length in enumerate(lengths)])
    map_files.write_map(atlas, "lattice", lattice())
    map_files.write_map(atlas, "mirrored", lattice() * (-1, 1) + (1, 0))
    map_files.write_colours(atlas, "lattice", np.full((COUNT, 3), (10, 200, 30), np.uint8))
    atlas.note(map_files.STEP, {map_files.DEFAULT: "lattice"})
    with_grid(atlas, [divmod(number, 5) for number in range(COUNT)])
    with_fingerprints(atlas)
    tags = [(one.name, TAG if number == 7 else "", "bright:0.75") for number, one in enumerate(sounds)]
    write_table(folder / "tags.tsv", ("name", "given", "predicted"), tags)
    atlas.note("tags", {})
    keys = ("A minor", "", "C major")
    write_table(folder / "music.tsv", ("tempo", "key"), [(90 + number, keys[number % 3]) for number in range(COUNT)])
    atlas.note("describe", {})
    sprites.sprites(atlas, SpriteSettings(part_seconds=1.0), nothing, 1)
    if pages:
        page(atlas, PageSettings(title=TITLE), nothing)
    return atlas


def told(script: Path) -> list:
    """Give the values that a data script hands over."""
    text = script.read_text("ascii").partition("samplechop.")[2]
    return json.loads("[" + text.partition("(")[2].rstrip("\n);") + "]")
