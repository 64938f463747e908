"""The manifest: everything about a kit, for programs, as JSON.

    schema        1; a later one may have more fields, and changes this number when one means something else
    name, source  the record's name; its file's name, size in bytes and sha256
    record        sample_rate (Hz), channels, length (samples), subtype, first and last (samples: what was chopped),
                  channel (what of stereo was analysed)
    slices        in order of time: number, name, file, note, strength, start, stop, frames (samples of the record, but
                  frames of the file), start_seconds, stop_seconds; slice_rate and slice_channels stand beside the list
                  content: chord (Harte's syntax), chord_name ("Am7"), key_agreement (0..1), hits (count by drum), drum
                  (the one it is), drum_content (0..1), of the slice's first two seconds; null where unknown or unclear
    candidates    sample, seconds, strength: every place that was found, chosen or not
    tempo, key    value, confidence and other (nearly as likely, or ""), or null where unclear; downbeats (samples)
    tempo_map     stretches of one tempo: sample (may lie between two), beat of the timeline there, bpm; meters: beat
                  and beats_per_bar from there on, where bars change; null where the tempo is unclear
    project       sha256 of what was decided, "" where nothing was; slices have its choke, play, colour and
                  gain_db, which is in their samples already, and called, the name that somebody gave one
    model         name and sha256; settings as they were chosen; redundancy by measure
    files         of the kit, this one not among them: name and size in bytes, those there when it was written

No date and no path of this machine are in it: the same record and settings give the same bytes.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

from samplechop.offline.export import plain
from samplechop.offline.kits.core.model import MANIFEST, Kit

SCHEMA = 1


def write(kit: Kit) -> list[Path]:
    """Write kit.json."""
    path = kit.folder / MANIFEST
    text = json.dumps(_plain(describe(kit)), ensure_ascii=False, indent=1, allow_nan=False)
    path.write_bytes(f"{text}\n".encode())
    return [path]


def describe(kit: Kit) -> dict[str, Any]:
    """Give what the manifest says."""
    return {
        "schema": SCHEMA,
        "name": kit.name,
        "source": _source(kit),
        "record": {
            name: getattr(kit, name)
            for name in ("sample_rate", "channels", "length", "subtype", "first", "last", "channel")
        },
        "tempo": kit.tempo and asdict(kit.tempo),
        "key": kit.key and asdict(kit.key),
        "downbeats": list(kit.downbeats),
        "tempo_map": kit.tempo_map and {name: asdict(kit.tempo_map)[name] for name in ("stretches", "meters")},
        "slice_rate": kit.slice_rate,
        "slice_channels": kit.slice_channels,
        "slices": [
            {name: value for name, value in asdict(part).items() if value or name != "called"}
            | {
                "content": asdict(part.content) | {"chord_name": part.content.chord_name or None},
                "start_seconds": _seconds(kit, part.start),
                "stop_seconds": _seconds(kit, part.stop),
            }
            for part in kit.slices
        ],
        "candidates": [
            {"sample": one.sample, "seconds": _seconds(kit, one.sample), "strength": one.strength}
            for one in kit.candidates
        ],
        "model": {"name": kit.model[0], "sha256": kit.model[1]},
        "project": kit.project,
        "settings": kit.settings,
        "redundancy": kit.redundancy,
        "files": _files(kit),
    }


def _source(kit: Kit) -> dict[str, object]:
    """Name the file that was read; of a folder, such as a session, the audio in it."""
    file = kit.source if kit.source.is_file() else kit.audio
    with file.open("rb") as stream:
        mark = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"name": plain(kit.source.name), "bytes": file.stat().st_size, "sha256": mark}


def _seconds(kit: Kit, sample: int) -> float:
    return round(kit.seconds(sample), 6)


def _files(kit: Kit) -> list[dict[str, object]]:
    found = (file for file in kit.folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    places = sorted((file.relative_to(kit.folder).as_posix(), file.stat().st_size) for file in found)
    return [{"file": place, "bytes": size} for place, size in places if place != MANIFEST]


def _plain(value: object) -> object:
    """Give what JSON can hold: lists for tuples, null for numbers that are none, and of whole paths the names."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str | PurePath) and Path(value).is_absolute():
        return Path(value).name
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
