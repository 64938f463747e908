"""What names other files and says how to use them: manifests, kits, training input, lists, ledgers, settings."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from samplechop import models
from samplechop.offline.atlas import tags, tempo_and_key
from samplechop.offline.atlas.collect.find_files import find
from samplechop.offline.kits import from_kit, from_list, kit_folder
from samplechop.offline.kits.batch_state import BatchState, Row
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.lab.hostile.format import (
    Files,
    Format,
    each,
    mutated,
    wav,
    written,
)
from samplechop.offline.notes.note_bank import read_bank
from samplechop.offline.project.commands import apply
from samplechop.offline.project.model import Audio, Project
from samplechop.offline.training import dataset, tcn
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.settings_file import read_settings


def _manifests() -> list[Files]:
    folder = Path(models.__file__).parent
    made: list[Files] = []
    for name in models.names():
        record = json.loads((folder / f"{name}.json").read_text("utf-8"))
        net = b"not opened here"
        own = {"file": "m.tflite", "sha256": hashlib.sha256(net).hexdigest()}
        record |= own
        if early := record["features"].get("early"):
            early |= own
        made.append({"m.json": json.dumps(record).encode(), "m.tflite": net})
    return made


def _load_manifest(folder: Path, _: Path) -> None:
    try:
        manifest = models.load(folder / "m.json")
    except models.ModelError as error:
        raise UserError(str(error)) from None
    tags.synonyms_of(manifest, None)
    if isinstance(manifest.features, models.SoundFeatures):
        tags.thresholds_of(manifest, manifest.features)


def _kits() -> list[Files]:
    piece: dict[str, Any] = {"file": "slices/1.wav", "content": {"drum": "kick", "chord": None}}
    piece |= {"start": 100, "note": 36, "strength": 0.5, "name": "01_0m00.012_Am_92bpm_50_intro", "play": "loop"}
    source = {"sha256": "0" * 64, "file": "a.wav"}
    manifest = {
        "schema": 1,
        "name": "kit",
        "source": source,
        "record": {"sample_rate": 8000, "length": 9000, "channels": 1, "first": 0, "last": 9000},
        "candidates": [{"sample": 100, "strength": 0.5}],
        "project": "0" * 64,
        "settings": asdict(ChopOptions(picture=False, count=2, tempo="x2", lock=(0.5,))),
        "model": {"name": "chop", "sha256": ""},
        "tempo": {"value": "92.1", "confidence": 0.5, "other": ""},
        "key": {"value": "A minor", "confidence": 0.5, "other": ""},
        "slices": [piece, piece | {"file": "slices/2.wav", "start": 4000, "note": 37}],
        "files": [{"file": "slices/1.wav"}, {"file": "kit.mid"}],
    }
    slices = {f"k/slices/{number}.wav": wav(0.1) for number in (1, 2)}
    return [{"k/kit.json": json.dumps(manifest).encode(), **slices}]


def _training() -> list[Files]:
    note = {"file": "001.flac", "pitch": 60, "velocity": 90, "seconds": 0.5}
    rows = [{"name": "a", "split": "train", "shard": 0, "first": 0, "rows": 2}]
    return [
        {"notes.json": json.dumps({"schema": 1, "name": "b", "notes": [note]}).encode(), "001.flac": wav(0.1, "FLAC")},
        {
            "shards.json": json.dumps({"schema": 1, "made_of": "x", "records": rows}).encode(),
            **{f"000.{part}.npy": _npy(np.ones((2, 3), np.float16)) for part in dataset.PARTS},
        },
        {"w.npz": written(lambda folder: tcn.save_weights(folder / "w.npz", _layers()))["w.npz"]},
    ]


def _npy(array: np.ndarray) -> bytes:
    out = BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def _layers() -> list[tcn.Layers]:
    return [[(np.ones((3, 2), np.float32), np.ones(2, np.float32))] * 2]


def _load_kits(folder: Path, scratch: Path) -> None:
    kit, audio, options = folder / "k", scratch / "a.wav", ChopOptions(picture=False)
    project = Project(Audio("", 8000, 9000, 1, "a.wav"))
    audio.write_bytes(b"x")
    each(
        lambda: find([kit]),
        lambda: kit_folder.is_kit_of(kit, audio, options, ""),
        lambda: apply(project, from_kit.command_of(from_kit.read_kit(kit), audio, project)[0]),
        lambda: from_kit.offer_of({**from_kit.read_kit(kit), "project": ""}, project),
        lambda: kit_folder.check_folder(kit, True),
        lambda: list(kit_folder._of_others(kit)),
        lambda: tempo_and_key._manifest.__wrapped__(kit),
    )


def _load_training(folder: Path, _: Path) -> None:
    there = {path.name for path in folder.iterdir()}
    if "001.flac" in there:
        read_bank(folder)
    elif "w.npz" in there:
        tcn.load_weights(folder / "w.npz")
    else:
        for record in dataset.read(folder, "train", "validation"):
            np.sum(record.x)


def _lists() -> list[Files]:
    return [
        {"a.tsv": b"a.wav\t0.1\t0.5\tone\nb.wav\t0\t0.2\n\na.wav\t1\t0.5\tdrei\n", "a.wav": wav(), "b.wav": wav(0.5)},
        {"a.tsv": b'name\tpath\tstart\tduration\n"x"\ta.wav\t0\t1\n', "a.wav": wav()},
    ]


def _load_list(folder: Path, scratch: Path) -> None:
    entries = from_list.read_list(folder / "a.tsv")
    notes: list[str] = []
    cuts = from_list._opened(folder / "a.tsv", entries[:128], scratch, notes, lambda *_: None)
    from_list.joined(cuts, folder / "a.tsv", scratch / "joined.wav")


def _ledgers() -> list[Files]:
    def write(folder: Path) -> None:
        (folder / "a.wav").write_bytes(b"x")
        with BatchState(folder) as state:
            state.put([Row(f"{n:064x}", "0" * 64, "made", f"kit{n}", "a.wav", 1.5, "") for n in range(3)])
            state.record_of([folder / "a.wav"])
        (folder / "a.wav").unlink()  # the user's own, which may be a link

    def hostile(folder: Path, statements: Sequence[str]) -> None:
        write(folder)
        base = sqlite3.connect(folder / "chopped.sqlite")
        for statement in statements:
            base.execute(statement)
        base.commit()
        base.close()

    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
    row = "'r', 'o', 'made', '../outside/kit', 's', 1.0, ''"
    columns = "record, options, state, folder, source, seconds, message"
    loose = "record, options, state, folder, source, seconds, message, PRIMARY KEY (record, options)"
    values = "x'00', 5, NULL, x'ff', 2.5, 'x', 9"
    added = f"INSERT INTO files {endless} SELECT x, 1, 1, '' FROM n"
    attacks = (
        ("DROP TABLE kits", f"CREATE VIEW kits({columns}) AS {endless} SELECT {row} FROM n"),
        (f"INSERT INTO kits VALUES ({row})",),
        ("DROP TABLE kits", f"CREATE TABLE kits ({loose})", f"INSERT INTO kits VALUES ({values})"),
        (f"CREATE TRIGGER t AFTER INSERT ON kits BEGIN {added}; END",),
    )
    return [written(write), *(written(partial(hostile, statements=statements)) for statements in attacks)]


def _load_ledger(folder: Path, scratch: Path) -> None:
    audio = scratch / "a.wav"
    audio.write_bytes(b"x")
    with BatchState(folder) as state:
        for row in state.rows():
            (folder / row.folder).is_dir()
        each(
            lambda: state.find("0" * 64, "0" * 64),
            lambda: state.of_record("0" * 64),
            lambda: state.put([Row("f" * 64, "0" * 64, "claimed", "new", "a.wav")]),
            lambda: state.record_of([audio]),
        )


def _settings() -> list[Files]:
    text = """[live]
device = "Line In"
channels = 2
samplerate = 44100
midi-port = "virtual"
note-low = 36
gate = 0.1
midi-clock = true
detect = "chops,beats"
record = 'C:\\Music'
"""
    return [{"config.toml": text.encode()}, {"config.toml": b"[live]\nquiet = true\n"}]


def _load_settings(folder: Path, _: Path) -> None:
    read_settings(folder / "config.toml").checked({}, None, False)


def formats() -> dict[str, Format]:
    """Give these formats by name."""
    return {
        "manifests": mutated(_manifests, _load_manifest, 8),
        "kits": mutated(_kits, _load_kits, 6, links=2),
        "training": mutated(_training, _load_training, 6, follows=True),
        "lists": mutated(_lists, _load_list, 5, follows=True),
        "ledgers": mutated(_ledgers, _load_ledger, 4),
        "settings": mutated(_settings, _load_settings, 8, follows=True),
    }
