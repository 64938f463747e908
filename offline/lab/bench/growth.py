"""What grows with the hours of a session or record: the MIDI file that is kept, a kit's planning and its picture.

Events are made by rule, and records are silence that takes no room on a disk. Of every long record as many places are
compared pair by pair (`plan.MOST_CANDIDATES`): the planning that is timed ends before.
"""

import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits import picture, plan
from samplechop.offline.kits.analysis import candidates, tempo_and_key
from samplechop.offline.kits.analysis.attacks import Attacks
from samplechop.offline.kits.analysis.detection import Detection
from samplechop.offline.kits.core.model import Kit, Slice
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.lab.bench import Figure, best_cpu_seconds, least_in_turns
from samplechop.realtime.core.events import BEAT, CHOP, Event
from samplechop.realtime.midi.file import MidiFileSink

RATE = 11_025
"""Of the records, Hz: low, as all of their silence is read once."""
HOURS = (1, 3)
PER_HOUR = 8000
"""Chops, and beats, in an hour of music."""
LINEAR = 1.2
"""What grows as the hours do may be measured to grow so much faster: sorting does, and a busy machine adds some."""
UNEVEN = 0.004
"""By how much beats of people are off, s."""
SLICES = 16
OPTIONS = ChopOptions(count=SLICES)


KEPT = {"without beats": 0.107, "with beats": 0.186, "waiting for beats": 0.124}
"""What the MIDI file may keep of an hour, MB: a third more than when that was set. Without: nobody looks for beats.
Waiting: none come."""


def midi_file(hours: Sequence[int] = HOURS) -> Iterator[Figure]:
    """Give what --midi-file keeps of so many hours of events."""
    for name, most in KEPT.items():
        kept = [_kept(count, name) for count in hours]
        each = (kept[-1] - kept[0]) / (hours[-1] - hours[0]) / 1e6
        yield Figure(f"--midi-file, {name}: memory each further hour", each, "MB").at_most(most)


def _kept(hours: int, name: str) -> int:
    """Give the bytes that the MIDI file holds after so many hours of events."""
    with tempfile.TemporaryDirectory() as folder:
        tracemalloc.start()
        try:
            sink = MidiFileSink(Path(folder, "long.mid"), RATE, beats=name != "without beats")
            for number in range(hours * PER_HOUR):
                sample = number * 3600 * RATE // PER_HOUR
                if name == "with beats":
                    sink.write(Event(BEAT, sample, 0, 0.9, str(number % 4 + 1), tempo=PER_HOUR / 60))
                sink.write(Event(CHOP, sample, 0, 0.9, note=36 + number % 16, velocity=100))
            sink.grow()
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return held


def kits(hours: Sequence[int] = HOURS) -> Iterator[Figure]:
    """Give how much longer it takes, for a longer record, to offer places to choose from, and to draw the picture."""
    with tempfile.TemporaryDirectory() as folder:
        longest, shortest = (_Long(Path(folder, f"{count} hours.wav"), count) for count in (hours[-1], hours[0]))
        works: list[tuple[str, int, list[Callable[[], object]]]] = [
            ("planned from what was detected", 20, [longest.plan, shortest.plan]),
            ("a kit's picture", 3, [longest.draw, shortest.draw]),
        ]
        for name, repeats, both in works:
            took, unit = least_in_turns([partial(best_cpu_seconds, work, 1) for work in both], repeats)
            ratio = Figure(f"{name}, {hours[-1]} h ÷ {hours[0]} h", took / unit, "×")
            yield ratio.at_most(LINEAR * hours[-1] / hours[0])


class _Long:
    """A silent record in which a chop and a beat were detected at each PER_HOURth of an hour."""

    def __init__(self, path: Path, hours: int) -> None:
        luck = np.random.default_rng(0)
        count = hours * PER_HOUR
        samples = (
            ((np.arange(count) * (3600 / PER_HOUR) + luck.normal(0, UNEVEN, count)) * RATE).clip(0).astype(np.int64)
        )
        strengths, none, yes = luck.uniform(0.4, 1.0, count), np.zeros(count), np.ones(count, bool)
        attacks = Attacks(samples, strengths, none, yes, ~yes, np.zeros((count, 0)))
        beats = tuple(
            Event(BEAT, sample, 0, 0.9, str(number % 4 + 1), tempo=PER_HOUR / 60)
            for number, sample in enumerate(samples.tolist())
        )
        tempo = tempo_and_key.tempo(beats, RATE, 0)
        self._detected = Detection(attacks, attacks, beats, ("chop", ""), tempo)
        with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16", format="RF64") as file:
            file.seek(hours * 3600 * RATE - 1)
            file.write(np.zeros(1, np.int16))
        self._record = open_record(path, path.parent).with_cache(ArrayCache(path.with_suffix(".cache")))
        self._kit = self._made(path)

    def plan(self) -> plan.Offered:
        """Give what it offers."""
        found = candidates.found_of(self._detected, OPTIONS, RATE)
        return plan.offered(found, self._record, OPTIONS, 0, self._record.length)

    def draw(self) -> None:
        """Draw the picture of its kit."""
        picture.draw(self._kit)

    def _made(self, path: Path) -> Kit:
        """Make a kit of SLICES of the record, all of one file."""
        there, each = self.plan(), self._record.length // SLICES
        soundfile.write(path.with_name("slice.wav"), np.zeros(RATE // 4), RATE)
        slices = tuple(
            Slice(number + 1, number * each, (number + 1) * each, 0.9, 36 + number, str(number), "slice.wav", RATE // 4)
            for number in range(SLICES)
        )
        return Kit(
            name=path.stem,
            folder=path.parent,
            source=path,
            audio=path,
            sample_rate=RATE,
            channels=1,
            length=self._record.length,
            subtype="PCM_16",
            slice_rate=RATE,
            slice_channels=1,
            first=0,
            last=self._record.length,
            slices=slices,
            candidates=there.found.candidates,
            downbeats=there.bars,
        )
