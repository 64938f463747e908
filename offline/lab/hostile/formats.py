"""Every format that is read, with whole examples of it and what the program does with such files.

`load` does what the commands do; it raises UserError for what it refuses, and any other exception is a fault of ours.
"""

import hashlib
import itertools
import json
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from samplechop import models
from samplechop.offline.atlas import descriptions, tags, tempo_and_key
from samplechop.offline.atlas.collect.find_files import find
from samplechop.offline.atlas.collect.segmentation import read_alignment
from samplechop.offline.atlas.files import write_table
from samplechop.offline.atlas.fingerprints import read_fingerprints
from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.map.tsne_layout import Basis, TrainingRecord
from samplechop.offline.atlas.store import Atlas, Sound, Source
from samplechop.offline.atlas.web import page_data, sprites
from samplechop.offline.audio.reading import read_at_own_rate
from samplechop.offline.common.arrays import write_array
from samplechop.offline.kits import from_list, kit_folder
from samplechop.offline.kits.batch_state import BatchState, Row
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.kits.pipeline import make_kit
from samplechop.offline.lab.hostile import audio_files
from samplechop.offline.lab.hostile.mutation import Random, write_mutated
from samplechop.offline.labels.drum_labels import read_drum_labels
from samplechop.offline.labels.files import READERS, Labels, read_labels, read_review, write_labels
from samplechop.offline.labels.formats import with_cues
from samplechop.offline.labels.midi import midi_bytes, percussion, read_song
from samplechop.offline.labels.recording_truth import ChopTruth, ChordTruth, DrumTruth, Truth, write_truth
from samplechop.offline.labels.taps import read_taps
from samplechop.offline.notes.note_bank import read_bank
from samplechop.offline.sessions.reading import find_sessions, read_session, repair
from samplechop.offline.training import dataset, tcn
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.settings_file import read_settings

Files = Mapping[str, bytes]
"""An example: names of files, with their content."""
Part = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    make: writes a hostile input into an empty folder. load: reads what lies in a folder; it may write there, and in a
    scratch folder, alone. share: of all inputs, beside the others. follows: whether the user's own link may lead out of
    the folder. seconds: that it may take. examples: whole ones, of which inputs are made by mutation.
    """

    make: Callable[[Random, Path], None]
    load: Callable[[Path, Path], None]
    share: float
    follows: bool = False
    seconds: float = 2.0
    examples: Callable[[], list[Files]] = list


def _mutated(
    examples: Callable[[], list[Files]],
    load: Callable[[Path, Path], None],
    share: float,
    follows: bool = False,
    links: int = 1,
) -> Format:
    known = cache(examples)

    def make(rng: Random, folder: Path) -> None:
        there = known()
        write_mutated(rng, there[rng.integers(len(there))], folder, links)

    return Format(make, load, share, follows, examples=known)


def _each(*parts: Part) -> None:
    """Do all parts, whether one refuses or not. Raises the first UserError."""
    refused: UserError | None = None
    for part in parts:
        try:
            part()
        except UserError as error:
            refused = refused or error
    if refused is not None:
        raise refused


def _written(write: Callable[[Path], object]) -> Files:
    """Give all files that something writes into a folder."""
    with tempfile.TemporaryDirectory() as place:
        write(Path(place))
        paths = [path for path in Path(place).rglob("*") if path.is_file()]
        return {path.relative_to(place).as_posix(): path.read_bytes() for path in paths}


def _lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _wav(seconds: float = 2.0, form: str = "WAV", subtype: str = "PCM_16") -> bytes:
    out = BytesIO()
    samples = 0.3 * np.sin(np.arange(int(seconds * 8000)) / 20)
    soundfile.write(out, samples, 8000, subtype, format=form)
    return out.getvalue()


def _log() -> bytes:
    begin = {"kind": "session", "date": "2026-01-01T10:00:00+00:00", "source": "x", "format": "wav24"}
    events = [
        {"kind": "chop", "sample": 800 * n, "time": n / 10, "strength": 0.5, "label": "kick", "velocity": 90}
        for n in range(1, 12)
    ]
    return _lines(
        begin | {"sample": 0, "time": 0.0, "sample_rate": 8000, "channels": 1},
        *events,
        {"kind": "tap", "sample": 9000, "time": 1.125, "strength": 1.0},
        {"kind": "chord", "sample": 9600, "time": 1.2, "strength": 0.5, "label": "C:maj", "notes": [60, 64, 67]},
        {"kind": "stop", "sample": 16000, "time": 2.0, "reason": "ended"},
    )


@cache
def _truth() -> bytes:
    truth = Truth(
        2.0,
        "soul",
        "train",
        1,
        chops=[ChopTruth(0.1, "bar", 0.5), ChopTruth(0.9, "hit", 1.0)],
        unsure=[(1.0, 1.2)],
        drums=[DrumTruth(0.1, "kick", 0.5), DrumTruth(0.6, "snare", 0.5)],
        chords=[ChordTruth(0.0, "C:maj"), ChordTruth(1.0, "A:min7")],
    )
    return _written(lambda folder: write_truth(truth, folder / "a.json"))["a.json"]


def _cues() -> bytes:
    labels = Labels(np.array([0.1, 0.5, 1.2]), ("one", "zwei ä", ""))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "a.wav")
        path.write_bytes(_wav())
        return with_cues(path, labels)


# Sessions and their logs


def _sessions() -> list[Files]:
    from samplechop.realtime.recording.audio_files import wav_header

    samples = np.zeros(3 * 4000, np.uint8).tobytes()
    ours = wav_header(8000, 1, 3, False, len(samples)) + samples
    flac = _wav(1.0, "FLAC", "PCM_24")
    return [
        {"s/events.jsonl": _log(), "s/audio.wav": ours},
        {"s/events.jsonl": _log(), "s/audio.flac": flac},
        {"s/events.jsonl": _log()[:-20], "s/audio.wav": ours[:-100], "t/events.jsonl": _log(), "t/audio.wav": ours},
        {"s/events.jsonl": _log()[:-20], "s/audio.flac": flac[:-1000]},
    ]


def _load_sessions(folder: Path, scratch: Path) -> None:
    sessions = [read_session(path) for path in find_sessions(folder)]
    parts: list[Part] = []
    for one in sessions:
        parts += [
            partial(_read_all, one.folder, scratch),
            partial(find, [one.folder]),
            partial(repair, one),
            partial(read_session, one.folder),
        ]
    _each(*parts)


def _load_log(folder: Path, _: Path) -> None:
    path = folder / "a.jsonl"
    _each(lambda: read_labels(path, 2.0), lambda: read_taps(path), lambda: read_review(path, folder / "b.txt", 2.0))


# Labels


def _label_files() -> list[Files]:
    return [
        {"a.txt": b"0.1\n0.5\n# remark\n1.2\n"},
        {"a.txt": "0.1\t0.1\tone\n0.5\t0.7\tzwei ä\n\\\t100\t200\n1.2\t1.2\treject\n".encode()},
        {"a.csv": b"0.1;0.5\n1.2\n"},
        {"a.csv": b'"0,1","0.5"\n1.2\n'},
        {"a.jsonl": _log()},
        {"a.json": _truth()},
        {"a.wav": _cues()},
        {"a.mid": midi_bytes([0.1, 0.5, 1.2])},
    ]


def _load_labels(folder: Path, scratch: Path) -> None:
    path = next((path for path in sorted(folder.iterdir()) if path.suffix in READERS), folder / "a.txt")
    found = read_labels(path, 2.0)
    for ending in (".txt", ".mid", ".jsonl", ".csv"):
        write_labels(scratch / f"out{ending}", found, force=True)


def _midi_files() -> list[Files]:
    plain = midi_bytes([0.1, 0.5, 1.2])
    smpte = plain[:12] + b"\xe7\x28" + plain[14:]
    track = bytes.fromhex(
        "00ff510307a12000ff580404021808 00ff5902ff00 00ff060474657374 00c905 00b90764 60992464 60892400"
    )
    song = b"".join(
        [
            b"MThd\0\0\0\6\0\1\0\2\0\x60",
            *(b"MTrk" + len(t).to_bytes(4, "big") + t for t in (track + b"\0\xff\x2f\0",) * 2),
        ]
    )
    return [{"a.mid": plain}, {"a.mid": smpte}, {"a.mid": song}]


def _load_midi(folder: Path, _: Path) -> None:
    path = folder / "a.mid"
    _each(
        lambda: read_labels(path, 9.0), lambda: percussion(read_song(path)), lambda: percussion(read_song(path), None)
    )


def _load_cues(folder: Path, scratch: Path) -> None:
    path = folder / "a.wav"
    found = Labels(np.array([0.1]), ("x",))
    _each(
        lambda: read_labels(path, path),
        lambda: write_labels(scratch / "b.wav", found, audio=path, force=True),
    )


def _drum_labels() -> list[Files]:
    event = {"time": 0.1, "label": "kick", "velocity": 0.5}
    span = {"start": 0.5, "stop": 1.0, "label": "snare"}
    known = {"schema": 1, "known": ["kick", "snare"], "events": [event, event | {"time": 0.4}], "unsure": [span]}
    return [
        {"a.drums.json": json.dumps(known).encode()},
        {"a.drums.txt": b"0.1 kick\n0.5 snare 0.9\n1,2 hat # remark\n"},
        {"a.json": _truth()},
    ]


def _load_drum_labels(folder: Path, _: Path) -> None:
    read_drum_labels(next(iter(sorted(folder.iterdir())), folder / "a.drums.json"))


def _references() -> list[Files]:
    wav = _wav()
    return [
        {"a.wav": wav, "a.lab": b"0 1 C:maj\n1 1.5 A:min7/b3\n1.5 2 N\n", "a.key": b"A:min"},
        {"a.wav": wav, "a.beats.txt": b"0.1 1\n0.6 2\n", "a.drums.txt": b"0.1 kick\n", "a.onsets.txt": b"0.1\n"},
        {"a.wav": wav, "a.json": _truth()},
        {"a.wav": _cues()},
    ]


def _load_references(folder: Path, _: Path) -> None:
    from samplechop.offline.evaluate.references import chord_references_for, references_for

    audio = folder / "a.wav"
    _each(lambda: references_for(audio, folder), lambda: chord_references_for(audio, folder))


def _alignments() -> list[Files]:
    phones = [{"phone": "dh_B", "duration": 0.1}, {"phone": "ah_E", "duration": 0.05}]
    word = {"case": "success", "start": 0.1, "end": 0.5, "word": "the", "phones": phones}
    sphinx = {
        "b": 0.0,
        "d": 1.0,
        "t": "the",
        "w": [{"b": 0.1, "d": 0.2, "t": "the(2)", "w": [{"b": 0.1, "d": 0.1, "t": "DH"}]}],
    }
    grid = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2
tiers? <exists>
size = 2
item []:
""" + "".join(
        f"""    item [{n}]:
        class = "IntervalTier"
        name = "{name}"
        xmin = 0
        xmax = 2
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1
            text = "AH0"
        intervals [2]:
            xmin = 1
            xmax = 2
            text = "sil"
"""
        for n, name in enumerate(("words", "phones"), 1)
    )
    return [
        {"a.json": json.dumps({"transcript": "the", "words": [word, word | {"start": 0.6, "end": 0.9}]}).encode()},
        {"a.txt": b"the 0.10 0.40 0.99\ncat(2) 0.50 0.90 0.98\n<sil> 1.0 1.2 1.0\n"},
        {"a.txt": b"DH 0.10 0.20\nAH 0.21 0.40\n"},
        {"a.json": json.dumps(sphinx, separators=(",", ":")).encode() + b"\n"},
        {"a.TextGrid": grid.encode()},
    ]


def _load_alignment(folder: Path, _: Path) -> None:
    path = next(iter(sorted(folder.iterdir())), folder / "a.json")
    _each(*(partial(read_alignment, path, unit) for unit in ("word", "phone")))


# What other files are named by: manifests, lists, ledgers, settings


def _manifests() -> list[Files]:
    folder = Path(models.__file__).parent
    made: list[Files] = []
    for name in models.names():
        record = json.loads((folder / f"{name}.json").read_text("utf-8"))
        net = b"not opened here"
        record |= {"file": "m.tflite", "sha256": hashlib.sha256(net).hexdigest()}
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
    piece = {"file": "slices/1.wav", "content": {"drum": "kick", "chord": None}}
    source = {"sha256": "0" * 64, "file": "a.wav"}
    manifest = {
        "schema": 1,
        "name": "kit",
        "source": source,
        "settings": asdict(ChopOptions(picture=False)),
        "model": {"name": "chop", "sha256": ""},
        "tempo": {"value": "92.1"},
        "key": {"value": "A minor"},
        "slices": [piece, piece | {"file": "slices/2.wav"}],
        "files": [{"file": "slices/1.wav"}, {"file": "kit.mid"}],
    }
    slices = {f"k/slices/{number}.wav": _wav(0.1) for number in (1, 2)}
    return [{"k/kit.json": json.dumps(manifest).encode(), **slices}]


def _training() -> list[Files]:
    note = {"file": "001.flac", "pitch": 60, "velocity": 90, "seconds": 0.5}
    rows = [{"name": "a", "split": "train", "shard": 0, "first": 0, "rows": 2}]
    return [
        {"notes.json": json.dumps({"schema": 1, "name": "b", "notes": [note]}).encode(), "001.flac": _wav(0.1, "FLAC")},
        {
            "shards.json": json.dumps({"schema": 1, "made_of": "x", "records": rows}).encode(),
            **{f"000.{part}.npy": _npy(np.ones((2, 3), np.float16)) for part in dataset.PARTS},
        },
        {"w.npz": _written(lambda folder: tcn.save_weights(folder / "w.npz", _layers()))["w.npz"]},
    ]


def _npy(array: np.ndarray) -> bytes:
    out = BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def _layers() -> list[tcn.Layers]:
    return [[(np.ones((3, 2), np.float32), np.ones(2, np.float32))] * 2]


def _load_kits(folder: Path, scratch: Path) -> None:
    kit, audio, options = folder / "k", scratch / "a.wav", ChopOptions(picture=False)
    audio.write_bytes(b"x")
    _each(
        lambda: find([kit]),
        lambda: kit_folder.is_kit_of(kit, audio, options, ""),
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
        {"a.tsv": b"a.wav\t0.1\t0.5\tone\nb.wav\t0\t0.2\n\na.wav\t1\t0.5\tdrei\n", "a.wav": _wav(), "b.wav": _wav(0.5)},
        {"a.tsv": b'name\tpath\tstart\tduration\n"x"\ta.wav\t0\t1\n', "a.wav": _wav()},
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
    return [_written(write), *(_written(partial(hostile, statements=statements)) for statements in attacks)]


def _load_ledger(folder: Path, _: Path) -> None:
    with BatchState(folder) as state:
        for row in state.rows():
            (folder / row.folder).is_dir()
        _each(
            lambda: state.find("0" * 64, "0" * 64),
            lambda: state.of_record("0" * 64),
            lambda: state.put([Row("f" * 64, "0" * 64, "claimed", "new", "a.wav")]),
            lambda: state.record_of([folder / "a.wav"]) if (folder / "a.wav").is_file() else None,
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


# An atlas and what describes its sounds


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
        (folder / sprites.FOLDER / "a.wav").write_bytes(_wav(0.1))
        parts = {"rate": 8000, "parts": ["a.wav"], "sounds": [[0, 0.01 * row, 0.01] for row in range(n)]}
        (folder / sprites.FOLDER / sprites.INDEX).write_text(json.dumps(parts))
        atlas.note("sprites", {})
        basis = Basis({"fingerprints": np.zeros(16, np.float32)}, {"fingerprints": np.ones((16, 2), np.float32)})
        record = TrainingRecord.of({"dims": 2}, basis, flat, flat.astype(np.float64))
        record.write(folder / "maps" / "a.npz")

    return [_written(write)]


def _load_atlas(folder: Path, _: Path) -> None:
    atlas = Atlas(folder)

    def index() -> None:
        parts, places, _ = sprites.read_index(atlas)
        for part in parts:
            page_data.audio_part(part, range(len(places)), page_data.prints_of(atlas))

    def again() -> None:
        with atlas.exclusive():
            atlas.append([_sound(9)], [np.zeros(80, np.float32)])

    _each(
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
    _each(
        lambda: descriptions.describe([_sound(n) for n in range(3)], [folder]),
        lambda: descriptions.read_synonyms(synonyms) if synonyms.exists() else None,
    )


# Audio


def _audio(ending: str) -> Callable[[Random, Path], None]:
    def make(rng: Random, folder: Path) -> None:
        name, data = audio_files.make(rng, ending)
        (folder / f"{name}.{ending}").write_bytes(data)

    return make


def _load_audio(folder: Path, scratch: Path) -> None:
    path = next(folder.iterdir())

    _each(partial(_read_all, path, scratch), partial(read_at_own_rate, path))


def _read_all(path: Path, scratch: Path) -> None:
    record = open_record(path, scratch)
    if sum(len(block) for block in record.blocks(65536)) != record.length:
        raise ValueError("it is not as long as it was said to be")


def _load_whole_kit(folder: Path, scratch: Path) -> None:
    path = next(folder.iterdir())
    with suppress(OSError):
        make_kit(path, scratch / "kit", ChopOptions(picture=False))


@cache
def formats() -> Mapping[str, Format]:
    """Give all formats by name."""
    made = {
        # A folder of a session may be a link: it is read, and not repaired.
        "sessions": _mutated(_sessions, _load_sessions, 6, links=2),
        "logs": _mutated(lambda: [{"a.jsonl": _log(), "b.txt": b"0.1\n0.5\n"}], _load_log, 10, follows=True),
        "labels": _mutated(_label_files, _load_labels, 12, follows=True),
        "midi": _mutated(_midi_files, _load_midi, 10, follows=True),
        "cues": _mutated(lambda: [{"a.wav": _cues()}], _load_cues, 8, follows=True),
        "drum labels": _mutated(_drum_labels, _load_drum_labels, 8, follows=True),
        "references": _mutated(_references, _load_references, 6, follows=True),
        "alignments": _mutated(_alignments, _load_alignment, 10, follows=True),
        "manifests": _mutated(_manifests, _load_manifest, 8),
        "kits": _mutated(_kits, _load_kits, 6, links=2),
        "training": _mutated(_training, _load_training, 6, follows=True),
        "lists": _mutated(_lists, _load_list, 5, follows=True),
        "ledgers": _mutated(_ledgers, _load_ledger, 4),
        "atlas": _mutated(_atlas_files, _load_atlas, 6),
        "metadata": _mutated(_metadata, _load_metadata, 8, follows=True),
        "settings": _mutated(_settings, _load_settings, 8, follows=True),
    }
    endings = itertools.chain(audio_files.CONTAINERS, audio_files.FOREIGN)
    made |= {ending: Format(_audio(ending), _load_audio, 0.15, seconds=10.0) for ending in endings}
    return made | {"whole kits": Format(_audio("wav"), _load_whole_kit, 0.02, seconds=60.0)}
