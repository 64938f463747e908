"""Sprites: what a web page plays and shows of an atlas, in files few and small enough to load.

    sprites/audio-000.mp3 …     the sounds, in files that a browser decodes at once (web.spritesheets)
    sprites/audio-000.json …    where they lie in it, as howler.js and audiosprite have it
    sprites/audio.json          {"format", "rate", "gap", "parts": [file …], "sounds": [[part, offset, duration] …]}:
                                one entry a row, in row order; part counts from 0, offset and duration are seconds
    sprites/image.png           the fingerprints in the grid (web.spritesheets), and image.json

The order of the sounds follows the grid, where there is one, along Hilbert's curve: what is near on the map is mostly
in the same file. Without a grid they come row by row.
"""

import json
import math
from dataclasses import asdict
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.fingerprints import STEP as FINGERPRINT_STEP
from samplechop.offline.atlas.map.map_files import GRID_STEP, read_grid
from samplechop.offline.atlas.settings import SpriteSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.web import spritesheets
from samplechop.offline.atlas.web.spritesheets import Part, divide, playing_rate, write_part
from samplechop.offline.common import process_pool
from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.paths import inside
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError

STEP, FOLDER, INDEX = "sprites", "sprites", "audio.json"
FEW = 8
"""Up to so many parts are made no later here than other processes would have started."""


def sprites(atlas: Atlas, settings: SpriteSettings, progress: Progress, workers: int | None = None) -> None:
    """Write the sprites of an atlas, see above; only what changed is made anew. workers: processes; None: one a core.

    Raises UserError if the atlas has no sounds, its files cannot be read, or the disk is full.
    """
    if not len(atlas):
        raise UserError(f"the atlas {str(atlas.folder)!r} has no sounds: collect some first")
    cells = grid_cells(atlas)
    folder = atlas.folder / FOLDER
    noted = asdict(settings) | {"of": _mark(atlas, cells)}
    if atlas.is_made(STEP, noted) and (folder / INDEX).exists():
        return
    parts = _planned(atlas, settings, order(len(atlas), cells))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / INDEX).unlink(missing_ok=True)  # until the parts fit it again
    count = 1 if len(parts) <= FEW else min(len(parts), workers or process_pool.cores())
    for done, _ in enumerate(process_pool.in_order(write_part, parts, count), 1):
        progress("audio sprites", done, len(parts))
    spritesheets.write_image_sheets(atlas, cells, folder, settings.tile, progress)
    kept = {path for part in parts for path in (part.audio, part.audio.with_suffix(".json"))}
    for path in set(folder.glob("audio-*.*")) - kept:  # parts of an earlier sheet
        path.unlink()
    _write_index(folder / INDEX, parts, settings)
    atlas.note(STEP, noted)


def grid_cells(atlas: Atlas) -> NDArray[np.int64] | None:
    """Give row and column of each sound in the grid, int64 (n, 2); None if there is no grid of all of them.

    Raises UserError if it is damaged.
    """
    return read_grid(atlas) if atlas.covers_all(GRID_STEP) else None


def order(count: int, cells: NDArray[np.int64] | None) -> list[int]:
    """Give the rows in the order of the sheet. cells: int64 (count, 2), places in the grid, or None."""
    if cells is None:
        return list(range(count))
    return [int(row) for row in np.argsort(along_curve(cells), kind="stable")]


def along_curve(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give how far along Hilbert's curve each cell of a grid lies, int64 (n,). cells: int64 (n, 2), from 0.

    The curve passes every cell of the smallest square of side 2**k around the grid, each step to a neighbour.
    As in Henry S. Warren, "Hacker's Delight", 2nd edition, chapter 16.
    """
    x, y = cells[:, 1].copy(), cells[:, 0].copy()
    passed = np.zeros(len(cells), np.int64)
    half = 1 << max(0, int(cells.max(initial=0)).bit_length() - 1)
    while half:
        right, lower = (x & half) > 0, (y & half) > 0
        passed += half * half * ((3 * right) ^ lower)
        # The quarter is turned so that the curve in it begins and ends where its neighbours' do.
        flip = ~lower & right
        x[flip], y[flip] = half - 1 - (x[flip] & (half - 1)), half - 1 - (y[flip] & (half - 1))
        x[~lower], y[~lower] = y[~lower].copy(), x[~lower].copy()
        x, y = x & (half - 1), y & (half - 1)
        half >>= 1
    return passed


def read_index(atlas: Atlas) -> tuple[list[Path], list[tuple[int, float, float]], int]:
    """Read the index: the parts' audio files, and for each row its part, offset and duration, seconds; and their rate.

    Raises UserError if there is none, or it does not fit the atlas.
    """
    path = atlas.folder / FOLDER / INDEX
    try:
        index = documents.read_json(path)
        if not isinstance(index["parts"], list) or len(index["parts"]) > max(1, len(index["sounds"])):
            raise ValueError("it has parts without a sound")
        parts = [inside(path.parent, name) for name in index["parts"]]
        rate = int(index["rate"])
        sounds = [(int(part), float(offset), float(duration)) for part, offset, duration in index["sounds"]]
        if not all(0 <= part < len(parts) and offset >= 0 and duration >= 0 for part, offset, duration in sounds):
            raise ValueError("it has a sound in no part")
    except FileNotFoundError:
        raise UserError(
            f"{str(atlas.folder)!r} has no audio sprites: make them with samplechop atlas sprites"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{str(path)!r} cannot be read ({error}): make the sprites again") from None
    if len(sounds) != len(atlas):
        raise UserError(f"{str(path)!r} has {len(sounds)} sounds, the atlas {len(atlas)}: make the sprites again")
    return parts, sounds, rate


def _planned(atlas: Atlas, settings: SpriteSettings, rows: list[int]) -> list[Part]:
    rate, sounds = atlas.rate, [atlas.sounds[row] for row in rows]
    gap = math.ceil(settings.gap_ms / 1000 * rate)
    parts = []
    pieces = divide([sound.length for sound in sounds], round(settings.part_seconds * rate), gap)
    for number, (first, last) in enumerate(pieces):
        lengths = tuple(sound.length for sound in sounds[first:last])
        offsets = tuple(accumulate((gap + length for length in lengths[:-1]), initial=gap))
        parts.append(
            Part(
                audio=atlas.folder / FOLDER / f"audio-{number:03d}.{settings.format}",
                atlas=atlas.folder,
                settings=settings,
                rate=rate,
                rows=tuple(rows[first:last]),
                names=tuple(sound.name for sound in sounds[first:last]),
                lengths=lengths,
                offsets=offsets,
                total=offsets[-1] + lengths[-1] + gap,
            )
        )
    return parts


def _write_index(path: Path, parts: list[Part], settings: SpriteSettings) -> None:
    entries: dict[int, list[float]] = {}
    for number, part in enumerate(parts):
        for row, offset, length in zip(part.rows, part.offsets, part.lengths, strict=True):
            entries[row] = [number, round(offset / part.rate, 6), round(length / part.rate, 6)]
    index = {
        "format": settings.format,
        "rate": playing_rate(parts[0].rate, settings.format),
        "gap": settings.gap_ms / 1000,
        "parts": [part.audio.name for part in parts],
        "sounds": [entries[row] for row in sorted(entries)],
    }
    write_text(path, json.dumps(index, ensure_ascii=False, separators=(",", ":")))


def _mark(atlas: Atlas, cells: NDArray[np.int64] | None) -> str:
    """Give a mark of what the sprites depend on besides their settings: the places in the grid and the fingerprints."""
    grid = b"" if cells is None else cells.tobytes()
    return sha256(grid + repr(atlas.made(FINGERPRINT_STEP)).encode()).hexdigest()[:16]
