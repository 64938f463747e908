"""Fill a folder with a development set: the same one for the same seed, sounds and count."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.audio.reading import RATE
from samplechop.offline.lab.devset import recordings
from samplechop.offline.lab.devset.sources import Made, Order, Sources, gather_sources
from samplechop.offline.lab.synthetic import soundfont_bank
from samplechop.offline.lab.synthetic.build import instruments
from samplechop.offline.labels.recording_truth import write_truth
from samplechop.realtime.core.errors import UserError

MAKERS: dict[str, Callable[[Order], Made]] = {
    "stems": recordings.stem,
    "mixes": recordings.mix,
    "loops": recordings.loop,
    "hits": recordings.hits,
}
SHARES = {"mixes": 0.44, "stems": 0.24, "loops": 0.2, "hits": 0.12}
"""Which part of the recordings each group has."""
TAG = 0xDE5E7
"""Keeps the seeds apart from those of training sets."""


def plan(count: int, sources: Sources) -> list[tuple[str, int]]:
    """Give (group, number in the group) of `count` recordings; a group without sounds leaves its share to mixes."""
    shares = dict(SHARES)
    for group, there in (("loops", sources.loops), ("hits", sources.hits)):
        if not there:
            shares["mixes"] += shares.pop(group)
    numbers = {group: round(share * count) for group, share in shares.items() if group != "mixes"}
    numbers["mixes"] = count - sum(numbers.values())
    return [(group, number) for group in sorted(numbers) for number in range(numbers[group])]


def build(
    folder: Path, sounds: Sequence[Path], music: Path, seed: int, count: int, font: Path | None
) -> Iterator[tuple[int, int]]:
    """Fill a folder; yields (recordings done, recordings wanted) as it goes.

    Raises UserError if anything is missing, the folder holds something else, or it cannot be written.
    """
    found = instruments(font)
    sources = gather_sources(sounds, music)
    wanted = plan(count, sources)
    _empty(folder)
    yield 0, len(wanted)
    with tempfile.TemporaryDirectory() as shared:
        soundfont_bank.prepare(Path(shared), found, [])
        loaded = soundfont_bank.load(Path(shared))
        for done, (group, number) in enumerate(wanted, 1):
            rng = np.random.default_rng([TAG, seed, list(MAKERS).index(group), number])
            _write(folder / group, number, MAKERS[group](Order(rng, number, sources, loaded, seed)))
            yield done, len(wanted)


def _empty(folder: Path) -> None:
    """Make the folder, or clear it of an earlier development set."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strange = [path for path in folder.iterdir() if path.name not in MAKERS]
        if strange:
            raise UserError(
                f"{str(folder)!r} holds something else ({strange[0].name!r}): name an empty folder, or a new one."
            )
        for group in MAKERS:
            shutil.rmtree(folder / group, ignore_errors=True)
    except OSError as error:
        raise UserError(f"The folder {str(folder)!r} cannot be used: {error}") from None


def _write(folder: Path, number: int, made: Made) -> None:
    path = folder / f"{folder.name}-{number:02d}.flac"
    try:
        folder.mkdir(exist_ok=True)
        soundfile.write(path, made.samples, RATE, format="FLAC", subtype="PCM_16")
        path.with_suffix(".onsets.txt").write_text("".join(f"{time:.4f}\n" for time in made.onsets), encoding="utf-8")
        if made.truth is not None:
            write_truth(made.truth, path.with_suffix(".json"))
        if made.beats:
            lines = (f"{time:.4f} {position}\n" if position else f"{time:.4f}\n" for time, position in made.beats)
            path.with_suffix(".beats.txt").write_text("".join(lines), encoding="utf-8")
    except (OSError, soundfile.LibsndfileError) as error:
        raise UserError(f"{str(path)!r} cannot be written: {error}") from None
