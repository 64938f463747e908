"""The spritesheets: many sounds in few audio files which any web page plays from, and their fingerprints in one image.

    audio    gap | sound | gap | sound | gap | sound | gap
    howler   "sprite": {name: [offset, duration]}, milliseconds (howler.js 2, its README: "sprite")
    jukebox  "spritemap": {name: {"start", "end", "loop"}}, seconds (the default format of audiosprite)

The JSON of a part has both, with "src" and "resources" naming its file, so `new Howl(json)` and jukebox.Player read it.

The gap is silence. A decoder that knows nothing of the delay of an mp3 encoder plays everything late by 1105 samples,
50 ms at 22.05 kHz (LAME: 576 of the encoder, 529 of the decoder), and a transform coder spreads an attack over up to
1152 samples before it: with 100 ms of silence neither ever plays the beginning of a neighbour. Where the delay is
known, which LAME writes into the file, sounds lie exactly where the index says: so it was found for mp3, ogg and wav at
16 to 48 kHz with libsndfile 1.2, FFmpeg and decodeAudioData of Chromium 156.

    image.png      fingerprints as tiles where their sounds stand in the grid, empty cells transparent; where the
                   textures of a browser would be too small for it, image-000.png … of WIDEST pixels
    image.json     {"tile", "rows", "columns", "sheets": [{"file", "row", "column", "rows", "columns"} …],
                   "sounds": [[row, column, sheet, x, y] …]}: one entry a row of the atlas, in order; row and column in
                   the grid; x and y: pixels of its tile's left upper corner in its sheet

Low tones are at the bottom of a tile, its beginning at the left. Without a grid sounds stand row by row in a square.
"""

import json
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.atlas.fingerprints import STEP, colour_table, read_fingerprints
from samplechop.offline.atlas.settings import AudioFormat, SpriteSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.audio.sample_formats import resampled
from samplechop.offline.common.atomic import replacing, write_text
from samplechop.offline.common.progress import Progress

SUBTYPES = {"mp3": ("MP3", "MPEG_LAYER_III"), "ogg": ("OGG", "VORBIS"), "wav": ("WAV", "PCM_16")}
"""What soundfile calls the formats."""
RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Sample rates an mp3 can have, Hz."""
HEADROOM = 10 ** (-1 / 20)
"""Sounds are 1 dB below full scale, as what a lossy decoder gives can be louder than what the encoder got."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the sheet, before it is written.

    audio: its path; the JSON lies beside it. atlas: the folder its sounds are from. rows, names, lengths: of its sounds
    in order; lengths in samples at `rate`, Hz. offsets: where they begin, samples. total: samples of all.
    """

    audio: Path
    atlas: Path
    settings: SpriteSettings
    rate: int
    rows: tuple[int, ...]
    names: tuple[str, ...]
    lengths: tuple[int, ...]
    offsets: tuple[int, ...]
    total: int


def divide(lengths: Sequence[int], most: int, gap: int) -> list[tuple[int, int]]:
    """Divide sounds in order into parts: (first, one past last) of each. lengths, most, gap: samples; most 0: one part.

    A part, gaps counted, has at most `most` samples, except where one sound alone is longer.
    """
    parts: list[tuple[int, int]] = []
    first, filled = 0, gap
    for index, length in enumerate(lengths):
        if most and index > first and filled + length + gap > most:
            parts.append((first, index))
            first, filled = index, gap
        filled += length + gap
    return [*parts, (first, len(lengths))]


def write_part(part: Part) -> None:
    """[worker] Write a part and its JSON, unless both are there, made of the same samples in the same way.

    The JSON comes last and holds a checksum of what the audio was made of. Raises UserError if the disk is full or
    the sounds cannot be read.
    """
    index = part.audio.with_suffix(".json")
    text = json.dumps(_described(part, _checksum(part)), ensure_ascii=False, indent=1) + "\n"
    if part.audio.exists() and index.exists() and index.read_text(encoding="utf-8", errors="replace") == text:
        return
    index.unlink(missing_ok=True)
    rate = playing_rate(part.rate, part.settings.format)
    blocks = resampled((samples[:, None] for samples in _laid_out(part)), part.rate, rate, 1)
    write_audio(part.audio, part.settings.format, rate, (block[:, 0] for block in blocks))
    write_text(index, text)


def write_audio(path: Path, format: AudioFormat, rate: int, blocks: Iterable[NDArray[np.float64]]) -> None:
    """Write blocks, (n,), full scale ±1, as a mono file, whole or not at all. rate: Hz. Raises UserError."""
    kind, subtype = SUBTYPES[format]
    with replacing(path) as part:
        try:
            with soundfile.SoundFile(part, "w", rate, 1, subtype, format=kind) as file:
                for samples in blocks:
                    file.write(samples)
        except soundfile.LibsndfileError as error:
            raise OSError(error.error_string) from None


def playing_rate(rate: int, format: AudioFormat) -> int:
    """Give the sample rate of the file, Hz: for mp3 the next higher one it can have, else as it is."""
    if format != "mp3":
        return rate
    return next((allowed for allowed in RATES if allowed >= rate), RATES[-1])


def _described(part: Part, checksum: int) -> dict[str, Any]:
    sprite, spritemap = {}, {}
    for name, offset, length in zip(part.names, part.offsets, part.lengths, strict=True):
        start, seconds = offset / part.rate, length / part.rate
        sprite[name] = [round(1000 * start, 4), round(1000 * seconds, 4)]
        spritemap[name] = {"start": round(start, 7), "end": round(start + seconds, 7), "loop": False}
    return {
        "src": [part.audio.name],
        "sprite": sprite,
        "resources": [part.audio.name],
        "spritemap": spritemap,
        "checksum": f"{checksum:08x}",
    }


def _sounds(part: Part) -> Iterator[NDArray[np.float32]]:
    every = Atlas(part.atlas).samples()
    for row, length in zip(part.rows, part.lengths, strict=True):
        yield np.asarray(every[row, :length], np.float32)


def _checksum(part: Part) -> int:
    how = part.settings
    key = (how.format, part.rate, part.offsets, how.fade_in_ms, how.fade_out_ms)
    made = zlib.crc32(repr(key).encode())
    for sound in _sounds(part):
        made = zlib.crc32(sound.tobytes(), made)
    return made


def _laid_out(part: Part) -> Iterator[NDArray[np.float64]]:
    at = 0
    for offset, sound in zip(part.offsets, _sounds(part), strict=True):
        yield np.zeros(offset - at)
        yield HEADROOM * apply_fades(sound, part.rate, part.settings.fade_in_ms, part.settings.fade_out_ms)
        at = offset + len(sound)
    yield np.zeros(part.total - at)


def apply_fades(sound: NDArray[np.float32], rate: int, fade_in_ms: float, fade_out_ms: float) -> NDArray[np.float64]:
    """Give a sound, (n,), that begins and ends without a click: straight fades, each at most half of it. rate: Hz."""
    shaped = sound.astype(np.float64)
    into, out = (min(len(sound) // 2, round(ms / 1000 * rate)) for ms in (fade_in_ms, fade_out_ms))
    shaped[:into] *= np.arange(into) / max(1, into)
    shaped[len(shaped) - out :] *= np.arange(out)[::-1] / max(1, out)
    return shaped


IMAGE, IMAGE_INDEX = "image.png", "image.json"
WIDEST = 8192
"""Pixels of a sheet's side: what the textures of nearly all graphics cards hold."""


def write_image_sheets(
    atlas: Atlas, cells: NDArray[np.int64] | None, folder: Path, tile: int | None, progress: Progress
) -> list[Path]:
    """Write the sheets and image.json; give the sheets' paths, none if the atlas has no fingerprints.

    cells: int64 (n, 2), row and column of each sound in the grid, or None. tile: pixels of a tile's side; None: as many
    as a fingerprint has. Raises UserError if the fingerprints cannot be read or the disk is full.
    """
    (folder / IMAGE_INDEX).unlink(missing_ok=True)
    for old in folder.glob("image*.png"):
        old.unlink()
    if not atlas.covers_all(STEP):
        return []
    prints = read_fingerprints(atlas)
    places = square_places(len(atlas)) if cells is None else cells
    side = tile or max(prints.shape[1:])
    each = WIDEST // side
    rows, columns = (int(last) + 1 for last in places.max(axis=0))
    across = math.ceil(columns / each)
    count = math.ceil(rows / each) * across
    sheets, paths = [], []
    belongs = places[:, 0] // each * across + places[:, 1] // each
    for number in range(count):
        top, left = number // across * each, number % across * each
        high, wide = min(each, rows - top), min(each, columns - left)
        inside = np.flatnonzero(belongs == number)
        picture = np.zeros((high * side, wide * side), np.uint8)
        for row, shown in zip(inside.tolist(), _tiles(prints, inside, side), strict=True):
            y, x = side * (places[row] - (top, left))
            picture[y : y + side, x : x + side] = shown
        paths.append(folder / (IMAGE if count == 1 else f"image-{number:03d}.png"))
        _save_indexed(picture, paths[-1])
        sheets.append({"file": paths[-1].name, "row": top, "column": left, "rows": high, "columns": wide})
        progress("image sprites", number + 1, count)
    corners = side * (places % each)
    index = {
        "tile": side,
        "rows": rows,
        "columns": columns,
        "sheets": sheets,
        "sounds": np.column_stack([places, belongs, corners[:, 1], corners[:, 0]]).tolist(),
    }
    write_text(folder / IMAGE_INDEX, json.dumps(index, separators=(",", ":")))
    return paths


def square_places(count: int) -> NDArray[np.int64]:
    """Give places in a square for so many sounds, row by row: int64 (count, 2)."""
    columns = math.ceil(math.sqrt(count))
    return np.column_stack(np.divmod(np.arange(count), columns)).astype(np.int64)


def _tiles(prints: NDArray[np.float32], rows: NDArray[np.int64], side: int) -> Iterator[NDArray[np.uint8]]:
    """Give tiles, uint8 (side, side), 1..255, one for each row."""
    from PIL import Image

    for row in rows.tolist():
        shown = np.rint(np.clip(prints[row, ::-1], 0, 1) * 254).astype(np.uint8)
        if shown.shape != (side, side):
            shown = np.asarray(Image.fromarray(shown).resize((side, side), Image.Resampling.BOX))
        yield shown + np.uint8(1)


def _save_indexed(picture: NDArray[np.uint8], path: Path) -> None:
    """Write colour numbers, (height, width), as PNG: 0 is transparent, 1..255 are `colour_table` from dark to light."""
    from PIL import Image

    image = Image.fromarray(picture, "P")
    image.putpalette(b"\0\0\0" + colour_table().tobytes())
    with replacing(path) as made:
        image.save(made, "PNG", transparency=0)
