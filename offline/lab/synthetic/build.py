"""Fill a folder with records and their truths: seeded, parallel, resumable, bounded in size."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import soundfile

from samplechop.offline.audio.reading import RATE
from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.process_pool import as_ready
from samplechop.offline.lab.sets import write_flac
from samplechop.offline.lab.synthetic import soundfont_bank
from samplechop.offline.lab.synthetic.grooves import name_of, read_grooves
from samplechop.offline.lab.synthetic.record import make
from samplechop.offline.lab.synthetic.score import outline
from samplechop.offline.lab.synthetic.songs import bed_of, read_songs, song_may_be_used
from samplechop.offline.labels.recording_truth import read_truth, write_truth
from samplechop.offline.synthesis import soundfonts
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

VERSION = 9
"""Raised when records of the same seed come out differently."""
BYTES_PER_MINUTE = 3.2e6
TAIL = 4096
_bank: soundfont_bank.Bank | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides how the records of a training set sound; a folder holds records of one."""

    seed: int
    sounds: tuple[str, ...]
    soundfont: str
    grooves: str = ""
    songs: str = ""
    version: int = VERSION


def instruments(font: Path | None) -> Path:
    """Find the soundfont, and make sure that fluidsynth is there to play it.

    Raises UserError if either is missing.
    """
    try:
        found = soundfonts.find_soundfont(font)
    except UserError:
        if font is not None:
            raise
        found = None
    if found is None or shutil.which("fluidsynth") is None:
        raise UserError(
            "Synthetic records are played by fluidsynth with a General MIDI soundfont: "
            "apt-get install fluidsynth fluid-soundfont-gm, or name an .sf2 file with --soundfont."
        )
    return found


def record_count(seed: int, minutes: float) -> int:
    """Give how many records it takes to fill so many minutes."""
    number, seconds = 0, 0.0
    while seconds < minutes * 60:
        seconds += outline(seed, number).length
        number += 1
    return number


def check_room(folder: Path, minutes: float, max_gb: float) -> None:
    """Refuse what would not fit.

    Raises UserError if the estimate is beyond max_gb (1e9 bytes) or the disk's free space.
    """
    needed = minutes * BYTES_PER_MINUTE / 1e9
    free = shutil.disk_usage(folder).free / 1e9
    if needed > max_gb:
        raise UserError(
            f"{minutes:g} minutes need about {needed:.1f} GB, more than --max-gb {max_gb:g}: ask for fewer minutes."
        )
    if needed > 0.95 * free:
        raise UserError(f"{minutes:g} minutes need about {needed:.1f} GB, but {str(folder)!r} has {free:.1f} GB free.")


def claim(folder: Path, settings: Settings) -> None:
    """Write the settings into the folder, or make sure that it holds the same.

    Raises UserError if it was filled with others, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "crate.json"
        mine = json.loads(json.dumps(asdict(settings)))
        if not path.exists():
            write_text(path, json.dumps(mine, indent=2) + "\n")
            return
        there = documents.read_json(path)
        if not isinstance(there, dict):
            raise ValueError("its crate.json holds no settings")
    except (OSError, ValueError) as error:
        raise UserError(f"The training set {str(folder)!r} cannot be used: {reason_of(error)}") from None
    other = [name for name in mine if there.get(name) != mine[name]]
    if other:
        raise UserError(
            f"{str(folder)!r} holds a training set of another {other[0]} "
            f"({there.get(other[0])!r}, now {mine[other[0]]!r}): "
            "name another folder, or delete this one."
        )


def is_done(folder: Path, seed: int, number: int) -> bool:
    """Say whether record `number` is there, whole."""
    flac, truth = folder / f"{number:05d}.flac", folder / f"{number:05d}.json"
    try:
        info, known = soundfile.info(flac), read_truth(truth)
        # The header alone would not show that the end is missing.
        tail, _ = soundfile.read(flac, start=max(0, info.frames - TAIL))
    except (soundfile.LibsndfileError, OSError, UserError):
        return False
    whole = info.frames == round(known.length * RATE) and len(tail) == min(TAIL, info.frames)
    return known.seed == seed and info.samplerate == RATE and whole


def _open(folder: str) -> None:
    global _bank
    _bank = soundfont_bank.load(Path(folder))


def _write(folder: str, seed: int, number: int) -> float:
    assert _bank is not None
    samples, truth = make(seed, number, _bank)
    target = Path(folder) / f"{number:05d}"
    # The audio comes first: a truth therefore never stands beside audio that is not whole.
    write_flac(target.with_suffix(".flac"), samples)
    write_truth(truth, target.with_suffix(".json"))
    return truth.length


def _named(folder: Path) -> str:
    """Name a folder of sounds so that another one, or one that has changed, is noticed."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return f"{folder.name} ({len(names)} files, {hashlib.sha256(chr(10).join(names).encode()).hexdigest()[:8]})"


def build(
    folder: Path,
    minutes: float,
    seed: int,
    sounds: Sequence[Path],
    font: Path | None,
    jobs: int,
    max_gb: float,
    grooves: Path | None = None,
    songs: Path | None = None,
) -> Iterator[tuple[int, int]]:
    """Fill a folder; yields (records done, records wanted) as it goes.

    grooves: the Groove MIDI Dataset, its archive or folder, whose performances a share of the drums is to be.
    songs: real songs with their drums apart, see songs.py, over whose music without drums some of the drums are played.
    Raises UserError if anything is missing, would not fit, or the folder holds another training set.
    """
    for place in sounds:
        if not place.is_dir():
            raise UserError(
                f"No folder of sounds at {str(place)!r}: give one that holds one-shots (.wav, .flac, .ogg)."
            )
    found = instruments(font)
    drumming = name_of(grooves) if grooves is not None else ""
    pieces = [song for song in read_songs(songs) if song_may_be_used(song.name)] if songs is not None else []
    named = ", ".join(song.name for song in pieces)
    settings = Settings(seed, tuple(sorted(_named(path) for path in sounds)), found.name, drumming, named)
    claim(folder, settings)
    check_room(folder, minutes, max_gb)
    wanted = record_count(seed, minutes)
    missing = [number for number in range(wanted) if not is_done(folder, seed, number)]
    there = wanted - len(missing)
    yield there, wanted
    if not missing:
        return
    performances = read_grooves(grooves) if grooves is not None else []
    with tempfile.TemporaryDirectory() as shared:
        beds = [bed_of(song) for song in pieces if len(song.beats)]
        soundfont_bank.prepare(Path(shared), found, sounds, performances, beds)
        calls = [partial(_write, str(folder), seed, number) for number in missing]
        for done, _ in enumerate(as_ready(calls, jobs, _open, shared), there + 1):
            yield done, wanted
