"""Every format that is read, by name: here sessions, audio, kits, atlases and what describes their sounds."""

import itertools
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

import numpy as np

from samplechop.offline.atlas import descriptions, tags, tempo_and_key
from samplechop.offline.atlas.collect.find_files import find
from samplechop.offline.atlas.files import write_table
from samplechop.offline.atlas.fingerprints import read_fingerprints
from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.map.tsne_layout import Basis, TrainingRecord
from samplechop.offline.atlas.store import Atlas, Sound, Source
from samplechop.offline.atlas.web import page_data, sprites
from samplechop.offline.audio.reading import read_at_own_rate
from samplechop.offline.common.arrays import write_array
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.pipeline import make_kit
from samplechop.offline.lab.hostile import audio_files, label_formats, table_formats
from samplechop.offline.lab.hostile.content import Random
from samplechop.offline.lab.hostile.format import (
    Files,
    Format,
    Part,
    each,
    mutated,
    read_all,
    session_log,
    wav,
    written,
)
from samplechop.offline.labels.files import read_labels, read_review
from samplechop.offline.labels.taps import read_taps
from samplechop.offline.project import fingerprint, store
from samplechop.offline.project.model import Audio, Offer, Project
from samplechop.offline.project.realign import read_sound
from samplechop.offline.project.store import editing
from samplechop.offline.sessions.reading import find_sessions, read_session, repair


def _sessions() -> list[Files]:
    from samplechop.realtime.recording.audio_files import wav_header

    samples = np.zeros(3 * 4000, np.uint8).tobytes()
    ours = wav_header(8000, 1, 3, False, len(samples)) + samples
    flac = wav(1.0, "FLAC", "PCM_24")
    log = session_log()
    return [
        {"s/events.jsonl": log, "s/audio.wav": ours},
        {"s/events.jsonl": log, "s/audio.flac": flac},
        {
            "s/events.jsonl": log[:-20],
            "s/audio.wav": ours[:-100],
            "t/events.jsonl": log,
            "t/audio.wav": ours,
        },
        {"s/events.jsonl": log[:-20], "s/audio.flac": flac[:-1000]},
    ]


def _load_sessions(folder: Path, scratch: Path) -> None:
    sessions = [read_session(path) for path in find_sessions(folder)]
    parts: list[Part] = []
    for one in sessions:
        parts += [
            partial(read_all, one.folder, scratch),
            partial(find, [one.folder]),
            partial(repair, one),
            partial(read_session, one.folder),
        ]
    each(*parts)


def _load_log(folder: Path, _: Path) -> None:
    path = folder / "a.jsonl"
    each(lambda: read_labels(path, 2.0), lambda: read_taps(path), lambda: read_review(path, folder / "b.txt", 2.0))


def _audio(ending: str) -> Callable[[Random, Path], None]:
    def make(rng: Random, folder: Path) -> None:
        name, data = audio_files.make(rng, ending)
        (folder / f"{name}.{ending}").write_bytes(data)

    return make


def _load_audio(folder: Path, scratch: Path) -> None:
    path = next(folder.iterdir())

    each(partial(read_all, path, scratch), partial(read_at_own_rate, path))


def _load_whole_kit(folder: Path, scratch: Path) -> None:
    path = next(folder.iterdir())
    with suppress(OSError):
        make_kit(path, scratch / "kit", ChopOptions(picture=False))


_PROJECT = "a.chops.json"


def _project_files() -> list[Files]:
    audio = Audio("ab" * 32, 8000, 9000, 1, "a.wav")
    edits = [
        {"do": "move", "at": 700, "to": 712},
        {"do": "name", "chop": "c1", "name": "zwei ä"},
        {"do": "end", "chop": "c1", "end": 1500},
        {"do": "delete", "at": 4000},
        {"do": "kit", "option": "until", "value": "4beats"},
        {"do": "kit", "option": "formats", "value": ["default", "op1"]},
        {"do": "tempo-change", "at": 4000, "bpm": 96.5},
        {"do": "key", "key": "A minor"},
        {"do": "undo"},
    ]

    def write(folder: Path) -> None:
        offer = Offer(("chop", "0" * 64), ((700, 0.5), (4000, 0.75)))
        with editing(folder / _PROJECT, Project(audio, offer=offer)) as editor:
            for edit in edits:
                editor.do(edit)

    whole = written(write)
    return [whole, {_PROJECT: whole[_PROJECT]}]


def _load_project(folder: Path, _: Path) -> None:
    path = folder / _PROJECT

    def edit() -> None:
        with editing(path) as editor:
            editor.do({"do": "lock", "at": 1})
            editor.do({"do": "undo"})

    each(lambda: store.read(path), edit, lambda: store.read(path))


_SOUND = "a.chops.sound.npz"


def _sound_files() -> list[Files]:
    low = np.random.default_rng(0).integers(-127, 128, 900).astype(np.int8)
    return [written(lambda folder: fingerprint.write(folder / _SOUND, fingerprint.Fingerprint(low, 8000, 3600)))]


def _load_sound(folder: Path, _: Path) -> None:
    each(lambda: read_sound(folder / _SOUND))


def _sound_formats() -> dict[str, Format]:
    made = {
        # A folder of a session may be a link: it is read, and not repaired.
        "sessions": mutated(_sessions, _load_sessions, 6, links=2),
        "fingerprints": mutated(_sound_files, _load_sound, 10, follows=True),
        "projects": mutated(_project_files, _load_project, 8),
        "logs": mutated(lambda: [{"a.jsonl": session_log(), "b.txt": b"0.1\n0.5\n"}], _load_log, 10, follows=True),
        "whole kits": Format(_audio("wav"), _load_whole_kit, 0.02, seconds=60.0),
    }
    endings = itertools.chain(audio_files.CONTAINERS, audio_files.FOREIGN)
    return made | {ending: Format(_audio(ending), _load_audio, 0.15, seconds=10.0) for ending in endings}


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


def _atlas_formats() -> dict[str, Format]:
    return {
        "atlas": mutated(_atlas_files, _load_atlas, 6),
        "metadata": mutated(_metadata, _load_metadata, 8, follows=True),
    }


@cache
def formats() -> Mapping[str, Format]:
    """Give all formats by name."""
    return _sound_formats() | label_formats.formats() | table_formats.formats() | _atlas_formats()
