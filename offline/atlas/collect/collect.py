"""Collecting sounds into an atlas: in several processes, a batch at a time, and only what it does not have yet.

What cannot be used is noted in sources.tsv with the reason, and costs nothing else: a file that kills the process which
reads it is tried alone once more and then left out. Rows come in the order of the inputs, but large files last, so that
nothing waits for them. Whatever ends a run, the same command goes on where it was.
"""

import shutil
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.collect.find_files import Item, find, match_alignments
from samplechop.offline.atlas.collect.normalise import Made, make
from samplechop.offline.atlas.files import STATE
from samplechop.offline.atlas.settings import CollectSettings, Split
from samplechop.offline.atlas.store import Atlas, Sound, Source, one_line
from samplechop.offline.common.atomic import PART
from samplechop.offline.common.process_pool import surviving
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.process import without_interrupts

DEAD = "the process that read it died (out of memory?)"
_TOGETHER = 64
"""Files that a worker is given at once, at most; fewer where there are few, so that all workers have some."""
_ROUNDS = 4
_MAPPED_BYTES = 8_000_000
"""Samples of a worker's files that are mapped: of some a thousand may wait to be written."""
_LARGE_BYTES = 16_000_000
"""A file from here on comes last and alone."""

Result = tuple[Item, str, list[Sound], NDArray[np.float32]]
"""An item, the reason as in normalise.Made, its sounds, and their samples, one after the other."""


def process_items(
    items: Sequence[Item], settings: CollectSettings, scratch: Path, jobs: int, scheduler: str | None = None
) -> Generator[Result]:
    """Give what is made of each item, small files first, else in order. scratch: a folder for what workers write.

    scheduler: of a Dask cluster whose workers do it, which see the same folders. What kills its process is tried again
    alone, and then given up.
    """
    small = [item for item in items if item.size < _LARGE_BYTES]
    large = [item for item in items if item.size >= _LARGE_BYTES]
    together = max(1, min(_TOGETHER, len(small) // (_ROUNDS * jobs)))
    chunks = [small[at : at + together] for at in range(0, len(small), together)] + [[item] for item in large]
    yield from _in_order(chunks, settings, scratch, jobs, scheduler)


def _in_order(
    chunks: Sequence[Sequence[Item]], settings: CollectSettings, scratch: Path, jobs: int, scheduler: str | None
) -> Generator[Result]:
    files = [scratch / f"{number}.f32" for number in range(len(chunks))]
    calls = [partial(make, chunk, settings, file) for chunk, file in zip(chunks, files, strict=True)]
    ready: dict[int, list[Made] | None] = {}
    turn = 0
    for number, result in surviving(calls, jobs, scheduler):
        ready[number] = result
        while turn in ready:
            made, chunk = ready.pop(turn), chunks[turn]
            if made is not None:
                yield from _read(chunk, made, files[turn])
            elif len(chunk) == 1:
                yield chunk[0], DEAD, [], np.zeros(0, np.float32)
            else:
                alone = scratch / f"alone-{turn}"
                alone.mkdir()
                yield from _in_order([[item] for item in chunk], settings, alone, 1, scheduler)
                shutil.rmtree(alone)
            turn += 1


def _read(chunk: Sequence[Item], made: Sequence[Made], path: Path) -> Generator[Result]:
    size = path.stat().st_size  # to map it takes longer, but no memory
    samples = np.memmap(path, "<f4", "r") if size > _MAPPED_BYTES else np.fromfile(path, "<f4")
    at = 0
    for item, (reason, rows) in zip(chunk, made, strict=True):
        sounds = [Sound(*row) for row in rows]
        length = sum(sound.length for sound in sounds)
        yield item, reason, sounds, samples[at : at + length]
        at += length
    path.unlink()


STEP = "collect"
_BATCH_SECONDS, _BATCH_SOUNDS = 2.0, 1024
"""So much is lost at most when a run is killed; every batch waits for the disk."""


@dataclass(slots=True)
class Collected:
    """What became of the inputs. new: sounds that were added. known: files that were collected before.

    left_out: a sentence for each file that was left out. notes: one for each other thing to know. interrupted: by
    Ctrl-C.
    """

    new: int = 0
    known: int = 0
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False


def collect(
    folder: Path,
    inputs: Sequence[Path],
    settings: CollectSettings,
    progress: Progress,
    jobs: int = 1,
    alignments: Sequence[Path] = (),
    unit: str = "phone",
    scheduler: str | None = None,
) -> Collected:
    """Add the sounds of files, sessions, kits and folders of them to an atlas, which is begun if it is not there.

    jobs: processes at once. alignments: of speech, see collect.alignment_matching; recordings are then cut by `unit`,
    "phone" or "word". scheduler: address of a Dask scheduler, whose workers see inputs and atlas at the same places and
    do the work. Raises UserError if there is nothing to collect, for settings that differ from those of the atlas, if
    another process is at work in it, no worker can be reached, or the disk does not take it.
    """
    items = find([path.absolute() for path in inputs] if scheduler else inputs)
    if alignments:
        items = match_alignments(items, alignments, unit)
    atlas = Atlas(folder) if (folder / STATE).exists() else Atlas.begin(folder, settings.rate, settings.width)
    with atlas.exclusive(), tempfile.TemporaryDirectory(prefix=PART, dir=folder.absolute()) as scratch:
        _settle(atlas, settings)
        run = _Run(atlas, unit if alignments else settings.split)
        wanted = run.unknown(items)
        try:
            with closing(process_items(wanted, settings, Path(scratch), jobs, scheduler)) as results:
                for done, result in enumerate(results, 1):
                    run.take(*result)
                    progress("collecting", done, len(wanted))
        except KeyboardInterrupt:
            run.report.interrupted = True
        run.write()
        atlas.note(STEP, settings.of_atlas())
    return run.report


def _settle(atlas: Atlas, settings: CollectSettings) -> None:
    """Make sure that an atlas has these settings; one that has no sounds takes them."""
    if not len(atlas):
        atlas.begin_anew(settings.rate, settings.width)
        atlas.note(STEP, settings.of_atlas())
    before = atlas.made(STEP)
    for name, value in (before[0] if before else {"rate": atlas.rate}).items():
        new = settings.of_atlas().get(name)
        if new != value:
            raise UserError(
                f"the sounds in {str(atlas.folder)!r} were collected with {name.replace('_', ' ')} {value}, not {new}: "
                f"leave the option out, or collect into another folder"
            )


class _Run:
    """What is added to an atlas, a batch at a time."""

    def __init__(self, atlas: Atlas, split: str) -> None:
        self.atlas, self.split = atlas, split
        self.report = Collected()
        self._names = {sound.name.casefold() for sound in atlas.sounds}
        self._numbers: dict[str, int] = {}
        self._known = {source.path: source for source in atlas.sources()}
        self._sounds: list[Sound] = []
        self._samples: list[NDArray[np.float32]] = []
        self._sources: list[Source] = []
        self._written = time.monotonic()

    def unknown(self, items: Sequence[Item]) -> list[Item]:
        """Give what is to be processed: what never was, and what was left out, as ffmpeg may be there by now."""
        wanted = []
        for item in items:
            known = self._known.get(item.file)
            if known is None or not known.sounds:
                wanted.append(item)
                continue
            self.report.known += 1
            if (known.size, known.mtime_ns) != (item.size, item.mtime_ns):
                self.report.notes.append(f"{str(item.path)!r} has changed; it is left as it was collected")
            elif known.split != self.split and (known.sounds > 1 or item.segments is not None):
                how = f"--split {known.split}" if known.split in get_args(Split) else f"--unit {known.split}"
                self.report.notes.append(f"{str(item.path)!r} is left as it was collected, with {how}")
        return wanted

    def take(self, item: Item, reason: str, sounds: Sequence[Sound], samples: NDArray[np.float32]) -> None:
        """Take what became of an item. samples: those of its sounds, one after the other."""
        at = 0
        for sound in sounds:
            self._sounds.append(replace(sound, name=self._unused(one_line(sound.name))))
            self._samples.append(samples[at : at + sound.length])
            at += sound.length
        if reason:
            sentence = reason if repr(str(item.path)) in reason else f"{str(item.path)!r}: {reason}"
            (self.report.notes if sounds else self.report.left_out).append(sentence)
        source = Source(item.file, item.size, item.mtime_ns, len(sounds), self.split, reason)
        if source != self._known.get(item.file):
            self._sources.append(source)
        if len(self._sounds) > _BATCH_SOUNDS or time.monotonic() > self._written + _BATCH_SECONDS:
            self.write()

    def write(self) -> None:
        """Put on disk what was taken; Ctrl-C waits for it."""
        with without_interrupts():
            if self._sources:
                self.atlas.append(self._sounds, self._samples, self._sources)
            self.report.new += len(self._sounds)
            self._sounds, self._samples, self._sources = [], [], []
        self._written = time.monotonic()

    def _unused(self, name: str) -> str:
        """Give a name that no sound has yet, even where case does not count."""
        candidate = name
        while candidate.casefold() in self._names:
            self._numbers[name] = self._numbers.get(name, 1) + 1
            candidate = f"{name}_{self._numbers[name]}"
        self._names.add(candidate.casefold())
        return candidate
