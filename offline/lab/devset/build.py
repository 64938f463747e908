"""Fill a folder with a development set: breaks, drums alone, drums in music, real songs, two plays of one record.

The same seed, sounds and count give the same set. A set that was broken off goes on where it was.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from samplechop.offline.common.atomic import write_text
from samplechop.offline.evaluate.references import PLAY, write_play
from samplechop.offline.lab.devset import music, sounds
from samplechop.offline.lab.devset import sources as real
from samplechop.offline.lab.devset.making import Made, Order
from samplechop.offline.lab.devset.sources import Sources
from samplechop.offline.lab.sets import clear, write_flac
from samplechop.offline.lab.synthetic import soundfont_bank
from samplechop.offline.lab.synthetic.build import instruments
from samplechop.offline.labels.recording_truth import write_truth
from samplechop.realtime.core import documents

MAKERS: dict[str, Callable[[Order], Made]] = {
    "stems": music.stem,
    "mixes": music.mix,
    "loops": sounds.loop,
    "hits": sounds.hits,
    "breaks": music.broken,
    "meters": music.meter,
    "songs": sounds.song,
    "plays": music.play_twice,
}
SHARES = {
    "breaks": 0.18,
    "stems": 0.13,
    "mixes": 0.27,
    "meters": 0.11,
    "songs": 0.08,
    "plays": 0.11,
    "loops": 0.06,
    "hits": 0.06,
}
"""Which part of the recordings each group has."""
NEEDS = {"loops": "loops", "hits": "hits", "songs": "songs", "breaks": "grooves"}
"""Groups that are made only where there are such sources."""
TAG = 0xDE5E7
"""Keeps the seeds apart from those of training sets."""
VERSION = 5
"""Raised when recordings of the same seed come out differently."""
SETTINGS = "devset.json"


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides how the recordings of a set sound: a folder holds recordings of one."""

    seed: int
    count: int
    soundfont: str
    sounds: tuple[str, ...]
    music: str
    grooves: str
    songs: str
    version: int = VERSION


def plan(count: int, sources: Sources) -> list[tuple[str, int]]:
    """Give (group, number in the group) of `count` recordings; a group without sources leaves its share to mixes.

    Plays come in pairs, songs in as many as there are, whole and drums alone.
    """
    numbers = {
        group: round(share * count)
        for group, share in SHARES.items()
        if group != "mixes" and getattr(sources, NEEDS.get(group, "drums"))
    }
    numbers["plays"] -= numbers["plays"] % 2
    if "songs" in numbers:
        numbers["songs"] = min(numbers["songs"], 2 * len(sources.songs))
    numbers["mixes"] = count - sum(numbers.values())
    return [(group, number) for group in sorted(numbers) for number in range(numbers[group])]


def build(folder: Path, places: real.Places, seed: int, count: int, font: Path | None) -> Iterator[tuple[int, int]]:
    """Fill a folder; yields (recordings done, recordings wanted) as it goes.

    Raises UserError if anything is missing, the folder holds something else, or it cannot be written.
    """
    found = instruments(font)
    sources = real.gather_sources(places)
    wanted = plan(count, sources)
    _claim(folder, Settings(seed, count, found.name, *places.names))
    missing = [one for one in wanted if not _is_done(_path(folder, *one))]
    there = len(wanted) - len(missing)
    yield there, len(wanted)
    if not missing:
        return
    with tempfile.TemporaryDirectory() as shared:
        soundfont_bank.prepare(Path(shared), found, [])
        loaded = soundfont_bank.load(Path(shared))
        for done, (group, number) in enumerate(missing, there + 1):
            # Two plays of one record take the same chance.
            chance = number // 2 if group == "plays" else number
            rng = np.random.default_rng([TAG, seed, list(MAKERS).index(group), chance])
            _write(_path(folder, group, number), MAKERS[group](Order(rng, number, sources, loaded, seed)))
            yield done, len(wanted)


def _claim(folder: Path, settings: Settings) -> None:
    """Keep what is there of the same set, clear away another one. Raises UserError if it holds anything else."""
    mine = json.loads(json.dumps(asdict(settings)))
    try:
        if documents.read_json(folder / SETTINGS) == mine:
            return
    except (OSError, ValueError):
        pass
    clear(folder, (*MAKERS, SETTINGS))
    write_text(folder / SETTINGS, json.dumps(mine, indent=2) + "\n")


def _path(folder: Path, group: str, number: int) -> Path:
    return folder / group / f"{group}-{number:02d}.flac"


DONE = ".onsets.txt", ".drums.txt"
"""The file that is written last is one of these."""


def _is_done(path: Path) -> bool:
    return path.is_file() and any(path.with_suffix(ending).is_file() for ending in DONE)


def _write(path: Path, made: Made) -> None:
    """Write a recording and what is known of it; DONE last, so that what is broken off is made again."""
    write_flac(path, made.samples)
    if made.truth is not None:
        write_truth(made.truth, path.with_suffix(".json"))
    if made.beats:
        lines = (f"{time:.4f} {position}\n" if position else f"{time:.4f}\n" for time, position in made.beats)
        write_text(path.with_suffix(".beats.txt"), "".join(lines))
    if made.first_play is not None:
        number = int(path.stem.rpartition("-")[2])
        first = _path(path.parent.parent, path.parent.name, number - 1).name
        write_play(path.with_suffix(PLAY), first, made.first_play)
    if made.drums:
        hits = (f"{hit.time:.4f} {hit.label} {hit.velocity:.2f}\n" for hit in made.drums)
        write_text(path.with_suffix(".drums.txt"), "".join(hits))
    if made.onsets is not None:
        write_text(path.with_suffix(".onsets.txt"), "".join(f"{time:.4f}\n" for time in made.onsets))
