"""A format that is read: hostile inputs of it, what the program does with them, and whole files that several share."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from samplechop.offline.kits.core.record import open_record
from samplechop.offline.lab.hostile.content import OUTSIDE, Random, mutate
from samplechop.offline.labels.files import Labels
from samplechop.offline.labels.formats import with_cues
from samplechop.offline.labels.recording_truth import ChopTruth, ChordTruth, DrumTruth, Truth, write_truth
from samplechop.realtime.core.errors import UserError

_SPARSE_BYTES, _SPARSE_AUDIO = 10 << 30, 16 << 20


def write_mutated(rng: Random, files: Mapping[str, bytes], folder: Path, links: int = 1) -> None:
    """Write files into an existing folder, one to three of them mutated; one in twelve times the folder is, too.

    links: how deep a folder in it must lie to become a link.
    """
    names = sorted(files)
    chosen = set(rng.choice(names, size=min(len(names), int(rng.integers(1, 4))), replace=False).tolist())
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutate(rng, name, files[name]) if name in chosen else files[name])
    if rng.random() < 1 / 12:
        mutate_folder(rng, folder, names, links)


def mutate_folder(rng: Random, folder: Path, names: Sequence[str], links: int) -> None:
    """Put something in the place of a file: a link out of the folder, a pipe, a folder, 10 GB of zeros, or nothing."""
    name = names[int(rng.integers(len(names)))]
    path = folder / name
    outside = folder.parent / OUTSIDE / path.name
    match int(rng.integers(8)):
        case 0 | 1:
            path.replace(outside)
            path.symlink_to(os.path.relpath(outside, path.parent) if rng.random() < 0.5 else outside)
        case 2:
            path.unlink()
            path.symlink_to(str(rng.choice(["/etc/passwd", "/dev/zero", path.name, "/dev/null", ".", "/"])))
        case 3:
            path.unlink()
            os.mkfifo(path)
        case 4:
            path.unlink()
            path.mkdir()
        case 5:
            path.unlink()
        case 6:
            with path.open("rb+") as file:
                most = _SPARSE_AUDIO if path.suffix in (".wav", ".flac") else _SPARSE_BYTES  # audio may be large
                file.truncate(int(rng.choice([0, 1, most])))
        case _ if name.count("/") >= links:
            path.parent.rename(outside.parent / path.parent.name)
            path.parent.symlink_to(outside.parent / path.parent.name)
        case _:
            path.chmod(0)


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


def mutated(
    examples: Callable[[], list[Files]],
    load: Callable[[Path, Path], None],
    share: float,
    follows: bool = False,
    links: int = 1,
) -> Format:
    """Give a format whose inputs are made of whole examples. links: see `write_mutated`."""
    known = cache(examples)

    def make(rng: Random, folder: Path) -> None:
        there = known()
        write_mutated(rng, there[rng.integers(len(there))], folder, links)

    return Format(make, load, share, follows, examples=known)


def each(*parts: Part) -> None:
    """Do all parts, whether one refuses or not. Raises the first UserError."""
    refused: UserError | None = None
    for part in parts:
        try:
            part()
        except UserError as error:
            refused = refused or error
    if refused is not None:
        raise refused


def written(write: Callable[[Path], object]) -> Files:
    """Give all files that something writes into a folder."""
    with tempfile.TemporaryDirectory() as place:
        write(Path(place))
        paths = [path for path in Path(place).rglob("*") if path.is_file()]
        return {path.relative_to(place).as_posix(): path.read_bytes() for path in paths}


def wav(seconds: float = 2.0, form: str = "WAV", subtype: str = "PCM_16") -> bytes:
    """Make a tone at 8 kHz."""
    out = BytesIO()
    samples = 0.3 * np.sin(np.arange(int(seconds * 8000)) / 20)
    soundfile.write(out, samples, 8000, subtype, format=form)
    return out.getvalue()


def _lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def session_log() -> bytes:
    """Make the log of a session of two seconds."""
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
def truth() -> bytes:
    """Make the truth of a recording of two seconds, as JSON."""
    known = Truth(
        2.0,
        "soul",
        "train",
        1,
        chops=[ChopTruth(0.1, "bar", 0.5), ChopTruth(0.9, "hit", 1.0)],
        unsure=[(1.0, 1.2)],
        solo=[(0.0, 0.7)],
        drums=[DrumTruth(0.1, "kick", 0.5, -3.0), DrumTruth(0.6, "snare", 0.5, -20.0)],
        chords=[ChordTruth(0.0, "C:maj"), ChordTruth(1.0, "A:min7")],
    )
    return written(lambda folder: write_truth(known, folder / "a.json"))["a.json"]


def wav_with_cues() -> bytes:
    """Make a wav file with three labels."""
    labels = Labels(np.array([0.1, 0.5, 1.2]), ("one", "zwei ä", ""))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "a.wav")
        path.write_bytes(wav())
        return with_cues(path, labels)


def read_all(path: Path, scratch: Path) -> None:
    """Read a recording to its end. Raises ValueError where that lies elsewhere than was said."""
    record = open_record(path, scratch)
    if sum(len(block) for block in record.blocks(65536)) != record.length:
        raise ValueError("it is not as long as it was said to be")
