"""An atlas, and what describes its sounds."""

import json
from functools import partial
from pathlib import Path

import numpy as np

from samplechop.offline.atlas import descriptions, tags, tempo_and_key
from samplechop.offline.atlas.files import write_table
from samplechop.offline.atlas.fingerprints import read_fingerprints
from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.map.tsne_layout import Basis, TrainingRecord
from samplechop.offline.atlas.store import Atlas, Sound, Source
from samplechop.offline.atlas.web import page_data, sprites
from samplechop.offline.common.arrays import write_array
from samplechop.offline.lab.hostile.format import Files, Format, each, mutated, wav, written


def _sound(n: int) -> Sound:
    return Sound(
        f"kick {n}", f"/sounds/kick{n}.wav", 0.0, 0.01, 80, 1.0, "kick", "sounds", 0.1, 100.0, 50.0, 200.0, 0.1, 9.0
    )


def _atlas_files() -> list[Files]:
    def write(folder: Path) -> None:
        rng, n = np.random.default_rng(1), 6
        atlas = Atlas.begin(folder, 8000, 100)
        sounds = [_sound(row) for row in range(n)]
        sources = [Source(one.path, 100, 1, 1, "none", "") for one in sounds]
        atlas.append(sounds, [rng.random(80).astype(np.float32) for _ in sounds], sources)
        atlas.note("collect", {"rate": 8000, "max_seconds": 1.0, "window_seconds": None})
        write_array(folder / "fingerprints.npy", rng.random((n, 4, 4)).astype(np.float32))
        atlas.note("fingerprint", {"bands": 4, "frames": 4})
        flat = rng.random((n, 2)).astype(np.float32)
        map_files.write_map(atlas, "a", flat)
        map_files.write_colours(atlas, "a", np.zeros((n, 3), np.uint8))
        atlas.note(map_files.STEP, {"map": "a", "maps": {"a": {"settings": {"dims": 2}, "sounds": n}}})
        write_table(folder / "grid.tsv", map_files.CELLS, [(row // 3, row % 3) for row in range(n)])
        (folder / "grid.json").write_text(json.dumps({"rows": 2, "columns": 3, "map": "a"}))
        atlas.note("grid", {"map": "a"})
        write_table(folder / tempo_and_key.TABLE, tempo_and_key.COLUMNS, [(s.name, "92.1", "A minor") for s in sounds])
        atlas.note(tempo_and_key.STEP, {"least_seconds": 1.5})
        write_table(folder / tags.TABLE, tags.COLUMNS, [(s.name, "kick,low", "drum:0.91,hat:0.30") for s in sounds])
        index = {"model": "sounds", "sha256": "0" * 64, "vocabulary": ["kick"], tags.GIVEN_DIGEST: "0"}
        (folder / tags.INDEX).write_text(json.dumps(index))
        atlas.note(tags.STEP, {"sha256": "0" * 64})
        (folder / sprites.FOLDER).mkdir()
        (folder / sprites.FOLDER / "a.wav").write_bytes(wav(0.1))
        parts = {"rate": 8000, "parts": ["a.wav"], "sounds": [[0, 0.01 * row, 0.01] for row in range(n)]}
        (folder / sprites.FOLDER / sprites.INDEX).write_text(json.dumps(parts))
        atlas.note("sprites", {})
        basis = Basis({"fingerprints": np.zeros(16, np.float32)}, {"fingerprints": np.ones((16, 2), np.float32)})
        record = TrainingRecord.of({"dims": 2}, basis, flat, flat.astype(np.float64))
        record.write(folder / "maps" / "a.npz")

    return [written(write)]


def _load_atlas(folder: Path, _: Path) -> None:
    atlas = Atlas(folder)

    def index() -> None:
        parts, places, _ = sprites.read_index(atlas)
        for part in parts:
            page_data.audio_part(part, range(len(places)), page_data.prints_of(atlas))

    def again() -> None:
        with atlas.exclusive():
            atlas.append([_sound(9)], [np.zeros(min(80, atlas.width), np.float32)])

    each(
        lambda: atlas.sounds,
        atlas.sources,
        lambda: float(np.sum(atlas.samples()[:, :50])),
        *(partial(map_files.read_map, atlas, name) for name in map_files.names(atlas)),
        *(partial(map_files.read_known, atlas, name) for name in map_files.names(atlas)),
        *(partial(map_files.read_colours, atlas, name) for name in map_files.names(atlas)),
        lambda: map_files.origin(atlas, "a"),
        lambda: map_files.default_map(atlas),
        lambda: read_fingerprints(atlas),
        lambda: tags.known_tags(atlas),
        lambda: tags._digest(atlas),
        index,
        lambda: page_data.call("x", page_data.sounds(atlas, "x", map_files.names(atlas), [])),
        lambda: TrainingRecord.read(folder / "maps" / "a.npz"),
        again,
    )


def _metadata() -> list[Files]:
    one = {"name": "Kick 1", "description": "a low kick", "tags": ["kick", "low"], "filename": "kick1.wav"}
    return [
        {"a.json": json.dumps(one).encode()},
        {"a.json": json.dumps({"results": [one, one | {"tags": "snare;high"}]}).encode()},
        {"a.json": json.dumps({"kick1.wav": ["kick"], "kick2.wav": one}).encode()},
        {"a.csv": b'file,tags,description\nkick1.wav,"kick;low","a kick"\nkick2.wav,hat,\n'},
        {"a.tsv": b"name\tclass\nkick1\tkick\n"},
        {"synonyms.txt": b"hat: hihat, hi-hat, hh\nkick: bd # remark\n"},
    ]


def _load_metadata(folder: Path, _: Path) -> None:
    synonyms = folder / "synonyms.txt"
    each(
        lambda: descriptions.describe([_sound(n) for n in range(3)], [folder]),
        lambda: descriptions.read_synonyms(synonyms) if synonyms.exists() else None,
    )


def formats() -> dict[str, Format]:
    """Give these formats by name."""
    return {
        "atlas": mutated(_atlas_files, _load_atlas, 6),
        "metadata": mutated(_metadata, _load_metadata, 8, follows=True),
    }
