"""The data set of "The Infinite Drum Machine" for an atlas: its page plays these sounds when the folder is put into it.

The page is github.com/googlecreativelab/aiexperiments-drum-machine (Apache License 2.0). app/Data.js reads

    meta/drum_like.json   built into the page: {"0": [index …], …} for each of four tracks, sorted; by chance it takes
                          one of those that are loaded yet, for which it looks up to the first that is not
    audio/K.mp3           chunk K of CHUNKS, one after the other: the sound number i of it begins after i * 0.25 s
    meta/K.json           {"metaData": [{"name", "tags", "coords", "color", "analysis"} …], "autoSuggest": [{TAG: n} …]}

    index      of a sound: its number in chunk 0, or in chunk 1 behind all of chunk 0, and so on
    coords     x, y on the map, 0..1; color: three numbers 0..1, positions of a map of three dimensions
    analysis   its distance from each track's drum: with a search it takes one of the 20 nearest of what was found

Tracks are open hat, closed hat, snare and kick, by the patterns of app/seq/Beat.js and the order of
scripts/sort_sounds.py; `analysis` is read by track, too, although their scripts/analysis.py writes the kick first.
Chunks grow as in scripts/split.py, so that the page plays soon. We depart from it in that the nearest sounds of all
drums come first: else chunk 0 may hold none for a track, which the page does not survive; and with few sounds the last
chunks are empty, as the page asks for all of them. It writes names as HTML, so they are escaped.

    analysis.tsv          name, index, and the distance from each drum (web.drum_prototypes), for others
"""

import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas import descriptions, fingerprints, tags
from samplechop.offline.atlas.files import write_table
from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.settings import ROLES, DrumMachineSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.web import drum_prototypes as drum_references
from samplechop.offline.atlas.web.drum_prototypes import PLAYED_SECONDS, Prototype
from samplechop.offline.atlas.web.spritesheets import HEADROOM, apply_fades, write_audio
from samplechop.offline.common import process_pool
from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core.errors import UserError, reason_of

STEP, FOLDER, LIKE, TABLE = "drum-machine", "drum-machine", "meta/drum_like.json", "analysis.tsv"
CHUNKS, FIRST_CHUNK = 50, 150
"""How many chunks app/Config.js asks for, and how many sounds the first of them has."""
RATE = 44_100
"""Hz: 0.25 seconds are whole samples."""
TRACKS = ("open hat", "closed hat", "snare", "kick")
MOST_NEAREST, LEAST_NEAREST, SHARE = 200, 4, 8
"""Without --nearest: an eighth of all sounds, but within these."""
TOP_TAGS = 50
FADE_IN_MS, FADE_OUT_MS = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """One audio file before it is written. atlas: the folder. rows, lengths (samples): of its sounds, in order."""

    audio: Path
    atlas: Path
    rows: Sequence[int]
    lengths: Sequence[int]


def drum_machine(
    atlas: Atlas,
    settings: DrumMachineSettings,
    progress: Progress,
    output: Path | None = None,
    workers: int | None = None,
) -> list[Prototype]:
    """Write the data set of an atlas; give what the drums were taken to be like.

    output: folder; None: `drum-machine` in the atlas. workers: processes; None: one a core.
    Raises UserError if there are no fingerprints or no map of all sounds, a file cannot be used, or the disk is full.
    """
    folder = atlas.folder / FOLDER if output is None else output
    coords = map_files.read_map(atlas)[:, :2]
    prototypes = drum_references.find_prototypes(atlas, settings.files)
    noted = _noted(atlas, settings, folder)
    if atlas.is_made(STEP, noted) and (folder / LIKE).exists():
        return prototypes
    away = drum_references.distances(atlas, prototypes)
    order = nearest_first(away)
    edges = np.cumsum([0, *chunk_sizes(len(atlas))]).tolist()
    parts = [order[first:last] for first, last in pairwise(edges)]
    try:
        (folder / LIKE).unlink(missing_ok=True)  # until all of the rest is there
        (folder / "audio").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{str(folder)!r} cannot be written ({reason_of(error)})") from None
    chunks = [
        Chunk(folder / f"audio/{number}.mp3", atlas.folder, rows, [atlas.sounds[row].length for row in rows])
        for number, rows in enumerate(parts)
    ]
    together = 1 if len(atlas) <= 4 * FIRST_CHUNK else workers or process_pool.cores()
    for done, _ in enumerate(process_pool.in_order(write_chunk, chunks, together), 1):
        progress("drum machine", done, CHUNKS)
    tracks = [ROLES.index(role) for role in TRACKS]
    entries = _entries(atlas, coords, away[:, tracks])
    for number, rows in enumerate(parts):
        inside = [entries[row] for row in rows]
        _write_json(folder / "meta" / f"{number}.json", {"autoSuggest": suggested(inside), "metaData": inside})
    table = [(atlas.sounds[row].name, index, *away[row].tolist()) for index, row in enumerate(order)]
    write_table(folder / TABLE, ("name", "index", *(role.replace(" ", "_") for role in ROLES)), table)
    count = min(len(atlas), settings.nearest or max(LEAST_NEAREST, min(MOST_NEAREST, len(atlas) // SHARE)))
    nearest = np.argsort(away[order][:, tracks], axis=0, kind="stable")[:count]
    _write_json(folder / LIKE, {str(track): sorted(nearest[:, track].tolist()) for track in range(len(TRACKS))})
    atlas.note(STEP, noted)
    return prototypes


def _noted(atlas: Atlas, settings: DrumMachineSettings, folder: Path) -> dict[str, Any]:
    """Give what the data set depends on."""
    files = {}
    for role, path in settings.files.items():
        seen = path.stat()  # it has been read
        files[role] = [str(path.absolute()), seen.st_size, seen.st_mtime_ns]
    of = {step: (atlas.made(step) or [None])[0] for step in (map_files.STEP, tags.STEP, fingerprints.STEP)}
    return {"nearest": settings.nearest, "files": files, "folder": str(folder.absolute()), "of": of}


def _entries(atlas: Atlas, coords: NDArray[np.float32], away: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Give what the page gets of each sound. away: float64 (n, tracks)."""
    words, colours = _words(atlas), _colours(atlas)
    return [
        {
            "tags": words[row],
            "color": np.round(colours[row].astype(np.float64), 4).tolist(),
            "coords": np.round(coords[row].astype(np.float64), 6).tolist(),
            "analysis": np.round(away[row], 6).tolist(),
            "name": html.escape(sound.name),
        }
        for row, sound in enumerate(atlas.sounds)
    ]


def nearest_first(away: NDArray[np.float64]) -> list[int]:
    """Order sounds so that the nearest of each drum come first, those of the next rank after them, and so on.

    away: float64 (n, drums). Gives row numbers.
    """
    ranks = np.argsort(np.argsort(away, axis=0, kind="stable"), axis=0, kind="stable")
    return [int(row) for row in np.lexsort((away.min(axis=1), ranks.min(axis=1)))]


def chunk_sizes(count: int) -> list[int]:
    """Give how many of `count` sounds each of CHUNKS holds: FIRST_CHUNK, and evenly more in those that follow.

    With fewer than that the last are empty.
    """
    if count <= CHUNKS * FIRST_CHUNK:
        return [max(0, min(FIRST_CHUNK, count - number * FIRST_CHUNK)) for number in range(CHUNKS)]
    low, high = FIRST_CHUNK, count
    while low < high:  # the least size of the last with which all have room
        middle = (low + high) // 2
        low, high = (low, middle) if int(_growing(middle).sum()) >= count else (middle + 1, high)
    sizes = _growing(low)
    sizes[-1] -= sizes.sum() - count
    return [int(size) for size in sizes]


def _growing(last: int) -> NDArray[np.int64]:
    return np.geomspace(FIRST_CHUNK, last, CHUNKS).round().astype(np.int64)


def suggested(entries: Sequence[dict[str, Any]]) -> list[dict[str, int]]:
    """Count the tags of a chunk: those of most sounds first, at most TOP_TAGS."""
    counts = Counter(tag for entry in entries for tag in entry["tags"])
    return [{tag: count} for tag, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:TOP_TAGS]]


def write_chunk(chunk: Chunk) -> None:
    """[worker] Write the sounds of a chunk as mp3, PLAYED_SECONDS each; one of silence if it has none."""
    write_audio(chunk.audio, "mp3", RATE, _slots(chunk))


def _slots(chunk: Chunk) -> Iterator[NDArray[np.float64]]:
    import soxr

    atlas = Atlas(chunk.atlas)
    every, slot = atlas.samples(), round(PLAYED_SECONDS * RATE)
    for row, length in zip(chunk.rows, chunk.lengths, strict=True):
        beginning = every[row, : min(length, round(PLAYED_SECONDS * atlas.rate))]
        sound = soxr.resample(np.asarray(beginning), atlas.rate, RATE)[:slot]
        played = HEADROOM * apply_fades(sound, RATE, FADE_IN_MS, FADE_OUT_MS)
        yield np.pad(played, (0, slot - len(played)))
    if not chunk.rows:
        yield np.zeros(slot)


def _colours(atlas: Atlas) -> NDArray[np.float64]:
    """Give float64 (n, 3), 0..1: positions in a map of three dimensions, or else the colours of the first map."""
    for name in map_files.names(atlas):
        found = map_files.read_known(atlas, name)
        if found is not None and found.shape == (len(atlas), 3):
            return found.astype(np.float64)
    return map_files.read_colours(atlas, map_files.default_map(atlas)) / 255


def _words(atlas: Atlas) -> list[list[str]]:
    """Give the tags of each sound as the page wants them: capitals, without spaces; of its label if there are none."""
    synonyms = descriptions.usual_synonyms()
    words = [
        [*given, *(name for name, _ in predicted)] or descriptions.words_of(sound.label, synonyms)
        for (given, predicted), sound in zip(tags.known_tags(atlas), atlas.sounds, strict=True)
    ]
    plain = [[re.sub(r"\s+", "", word).upper() for word in some] for some in words]
    return [list(dict.fromkeys(word for word in some if word)) for some in plain]


def _write_json(path: Path, value: object) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False))
