"""What the page knows of an atlas, as scripts: a page that is opened from disk may read nothing else.

    data/sounds.js      names, files, classes, packs, tempos, keys, tags, places in the grid and in the audio
    data/map-0.js …     places on each map; the page begins with the first
    data/colours-0.js … red, green, blue of each sound on a map
    data/prints.js      all fingerprints, small
    audio/0.js …        one file of the audio sprites each, and the fingerprints of its sounds

Columns of numbers are [kind, base64], little-endian: u1, u4, f4 and f8 are numpy's. All else is JSON; no script can be
begun or ended by what a sound is called, as "<" is written as its number.
"""

import base64
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samplechop.offline.atlas import fingerprints, tags, tempo_and_key
from samplechop.offline.atlas.files import read_table
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.web import sprites
from samplechop.offline.common import palette
from samplechop.realtime.core.errors import UserError, reason_of


def palettes() -> dict[str, Any]:
    """Give what points and fingerprints are painted with in each theme.

    "print" is for fingerprints: [red, green, blue] each, 0..255, from faint to strong.
    """
    from matplotlib import colormaps

    magma = [[round(255 * part) for part in colormaps["magma"](at / 15)[:3]] for at in range(16)]
    pale = [[round(255 * part) for part in colormaps["magma_r"](at / 17)[:3]] for at in range(16)]
    parts = ("groups", "others", "none", "ramp", "print")
    dark = (palette.GROUPS_DARK, "#8a919e", palette.UNUSED, palette.RAMP_DARK, magma)
    light = (palette.GROUPS_LIGHT, "#767e8b", "#a9b0bb", palette.RAMP_LIGHT, pale)
    return {"dark": dict(zip(parts, dark, strict=True)), "light": dict(zip(parts, light, strict=True))}


Kind = Literal["u1", "u4", "f4", "f8"]
GIVEN = 255
"""How sure a tag is that people gave; one that was predicted has 0..254."""
MOST_TAGS = 12
"""Tags of a sound that the page knows, the given ones first."""
MOST_PRINTED, FEWEST_PRINTED = 6_000_000, 4
"""Values of all fingerprints that points are drawn with, at most; bands and frames of one, at least."""
_TOGETHER = 1000


def column(values: ArrayLike, kind: Kind) -> list[str]:
    """Give numbers, (n,), as [kind, base64]."""
    return [kind, base64.b64encode(np.asarray(values).astype(f"<{kind}").tobytes()).decode("ascii")]


def call(function: str, *values: Any) -> str:
    """Give a script that hands values to one of the page's functions."""
    arguments = (json.dumps(value, separators=(",", ":")).replace("<", "\\u003c") for value in values)
    return f'"use strict";\nsamplechop.{function}({",".join(arguments)});\n'


def numbered(words: Iterable[str]) -> tuple[list[str], list[int]]:
    """Give the different words in the order of their first use, and for each word its place among them."""
    places: dict[str, int] = {}
    of = [places.setdefault(word, len(places)) for word in words]
    return list(places), of


def sounds(atlas: Atlas, title: str, maps: Sequence[str], colourings: Sequence[str]) -> dict[str, Any]:
    """Give all that data/sounds.js holds. Raises UserError if a file of the atlas is missing or damaged."""
    rows = atlas.sounds
    _, places, rate = sprites.read_index(atlas)
    cut = [max(row.path.rfind("/"), row.path.rfind("\\")) + 1 for row in rows]
    folders, folder = numbered(row.path[:at] for row, at in zip(rows, cut, strict=True))
    labels, label = numbered(row.label for row in rows)
    packs, pack = numbered(row.pack for row in rows)
    tempos, keys = music(atlas)
    key_names, key = numbered(keys)
    vocabulary, tag_columns = tagged(atlas)
    cells = sprites.grid_cells(atlas)
    prints = prints_of(atlas)
    columns = {
        "folder": column(folder, "u4"),
        "start": column([row.start for row in rows], "f8"),
        "seconds": column([row.duration for row in rows], "f8"),
        "label": column(label, "u4"),
        "pack": column(pack, "u4"),
        "tempo": column(tempos, "f4"),
        "key": column(key, "u4"),
        "part": column([part for part, _, _ in places], "u4"),
        "offset": column([offset for _, offset, _ in places], "f8"),
        "length": column([length for _, _, length in places], "f8"),
        **tag_columns,
    }
    if cells is not None:
        columns |= {"gridRow": column(cells[:, 0], "u4"), "gridColumn": column(cells[:, 1], "u4")}
    return {
        "title": title,
        "names": [row.name for row in rows],
        "files": [row.path[at:] for row, at in zip(rows, cut, strict=True)],
        "folders": folders,
        "labels": labels,
        "packs": packs,
        "keys": key_names,
        "vocabulary": vocabulary,
        "maps": list(maps),
        "colourings": list(colourings),
        "grid": None if cells is None else dict(zip(("rows", "columns"), (cells.max(0) + 1).tolist(), strict=True)),
        "prints": None if prints is None else {"bands": prints.shape[1], "frames": prints.shape[2]},
        "rate": rate,
        "palettes": palettes(),
        "columns": columns,
    }


def music(atlas: Atlas) -> tuple[list[float], list[str]]:
    """Give tempo, beats a minute, and key of each sound: 0 and "" where they are not clear or were not estimated."""
    path, count = atlas.folder / tempo_and_key.TABLE, len(atlas)
    if not atlas.covers_all(tempo_and_key.STEP) or not path.exists():
        return [0.0] * count, [""] * count
    rows = read_table(path, tempo_and_key.COLUMNS[1:])
    if len(rows) != count:
        raise UserError(f"{str(path)!r} covers {len(rows)} of {count} sounds: remove it and describe the sounds again")
    try:
        tempos = [float(tempo or 0) for tempo, _ in rows]
        if not all(0 <= tempo < 1e6 for tempo in tempos):
            raise ValueError("no tempo")
        return tempos, [key for _, key in rows]
    except ValueError as error:
        raise UserError(f"{str(path)!r} is damaged ({error}): remove it and describe the sounds again") from None


def tagged(atlas: Atlas) -> tuple[list[str], dict[str, list[str]]]:
    """Give the tags' names and three columns: the tags of row i are tag[tagFrom[i]:tagFrom[i + 1]], so sure each."""
    names: list[str] = []
    sureness: list[int] = []
    first = [0]
    for given, predicted in tags.known_tags(atlas):
        likely = [(name, round(254 * chance)) for name, chance in predicted if name not in given]
        each = ([(name, GIVEN) for name in given] + likely)[:MOST_TAGS]
        names.extend(name for name, _ in each)
        sureness.extend(sure for _, sure in each)
        first.append(len(names))
    vocabulary, of = numbered(names)
    columns = {"tagFrom": column(first, "u4"), "tag": column(of, "u4"), "sureness": column(sureness, "u1")}
    return vocabulary, columns


def prints_of(atlas: Atlas) -> NDArray[np.float32] | None:
    """Give the fingerprints, float32 (n, bands, frames), 0..1; None if they were not made of all sounds."""
    return fingerprints.read_fingerprints(atlas) if atlas.covers_all(fingerprints.STEP) else None


def small_prints(prints: NDArray[np.float32], most: int = MOST_PRINTED) -> NDArray[np.uint8]:
    """Give the fingerprints as uint8 (n, bands, frames), 0..255, made so small that they have at most `most` values.

    Blocks of 2**k × 2**k become their mean; what is over at the upper and later end is left out.
    """
    count, bands, frames = prints.shape
    block = 1
    while count * (bands // block) * (frames // block) > most and min(bands, frames) // block >= 2 * FEWEST_PRINTED:
        block *= 2
    high, wide = bands // block, frames // block
    small = np.empty((count, high, wide), np.uint8)
    for first in range(0, count, _TOGETHER):
        some = np.clip(prints[first : first + _TOGETHER, : high * block, : wide * block], 0, 1)
        means = some.reshape(-1, high, block, wide, block).mean(axis=(2, 4))
        small[first : first + _TOGETHER] = np.rint(255 * means)
    return small


def audio_part(audio: Path, rows: Sequence[int], prints: NDArray[np.float32] | None) -> dict[str, Any]:
    """Give what a script of audio/ holds: the file, and the fingerprints of its rows, 0..255. Raises UserError."""
    try:
        made: dict[str, Any] = {"audio": base64.b64encode(audio.read_bytes()).decode("ascii")}
    except OSError as error:
        raise UserError(f"{str(audio)!r} cannot be read ({reason_of(error)}): make the sprites again") from None
    if prints is not None:
        shown = np.rint(255 * np.clip(prints[list(rows)], 0, 1)).astype(np.uint8)
        made |= {"rows": list(rows), "prints": base64.b64encode(shown.tobytes()).decode("ascii")}
    return made
