"""Every note of a synthesizer, played to it over MIDI and recorded: a labelled bank from anything that has keys."""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio.reading import read_at_own_rate, to_rate
from samplechop.offline.common.atomic import replacing
from samplechop.offline.common.progress import Progress, silent
from samplechop.offline.notes import note_bank
from samplechop.offline.notes.note_bank import BEFORE_SECONDS, INDEX, OVER_NOISE, RINGS, Bank, Note
from samplechop.realtime.audio.source import Source
from samplechop.realtime.core.ends import end_begins
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.dsp.downmix import Downmix
from samplechop.realtime.midi.messages import all_notes_off, note_off, note_on
from samplechop.realtime.midi.ports import MidiPort

TAKES = "takes"
"""The folder inside the bank's where notes lie until all are there."""
NOISE_SECONDS = 0.5
LATEST_SECONDS = 2.0
"""After a key went down its sound must come within this, the first time."""
EARLY_SECONDS = 0.1
"""How much earlier than the key it may seem to come: what a virtual device says of time is its own guess."""
JITTER_SECONDS = 0.03
"""How much earlier or later than usual a note may come: MIDI is sent once per block of audio."""
TRIES = 3
"""For a note in which samples were lost."""

Result = TypeVar("Result")
Clock = Callable[[], float]
"""Seconds, from any beginning; the one of Source.time_of."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play. low..high: MIDI notes, every `step`-th. velocities: 1..127. seconds: each key is held, and
    release: how long is recorded after the key is up. channel: 1..16. Raises UserError for what cannot be played.
    """

    low: int = 36
    high: int = 96
    step: int = 1
    velocities: tuple[int, ...] = (40, 80, 120)
    seconds: float = 2.0
    release: float = 1.0
    channel: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        if not 0 <= self.low <= self.high <= 127:
            raise UserError(f"--low and --high must be in 0..127, the lower one first, got {self.low} and {self.high}")
        if not self.velocities or not all(1 <= one <= 127 for one in self.velocities):
            raise UserError(f"--velocities must be numbers in 1..127, such as 40,80,120, got {self.velocities}")
        if not 0.05 <= self.seconds <= 60 or not 0 <= self.release <= 60:
            raise UserError(
                f"--seconds must be in 0.05..60 and --release in 0..60, got {self.seconds:g} and {self.release:g}"
            )

    @property
    def keys(self) -> list[tuple[int, int]]:
        """Every (note, velocity), in the order in which they are played."""
        return [(note, velocity) for note in range(self.low, self.high + 1, self.step) for velocity in self.velocities]


@dataclass(frozen=True, slots=True)
class Captured:
    """What came of it: the (note, velocity) of all that are in the bank, of those that were silent and so are not, of
    those that are too loud and clip. latency_seconds: from sending a note to its sound; None if all was there already.
    """

    kept: tuple[tuple[int, int], ...]
    silent: tuple[tuple[int, int], ...]
    clipped: tuple[tuple[int, int], ...]
    latency_seconds: float | None


class LostSamples(Exception):
    """The audio system dropped samples in the middle of a note."""


class TimestampedInput:
    """What a source delivered since a moment, as one stretch of mono samples of which each has its time."""

    def __init__(self, source: Source) -> None:
        """Read a source that is started already or will be before anything is asked of it."""
        self._source = source
        self._downmix = Downmix(source.sample_rate, source.channels, source.most)
        self.rate = source.sample_rate
        self.clear(0)

    def clear(self, at: int) -> None:
        """Forget everything; the next sample has position `at`."""
        self._parts: list[NDArray[np.float32]] = []
        self._first = self.end = at  # positions of the first sample and after the last one

    def receive(self) -> None:
        """Take what comes next. Raises LostSamples where some are missing, UserError if the input ended."""
        chunk = self._source.read()
        if chunk is None:
            raise UserError("the audio input ended: connect it again and repeat the command, which goes on from there")
        mono = self._downmix.process(chunk.samples).copy()
        if chunk.gap and self._parts:
            self.clear(chunk.start + len(mono))
            raise LostSamples
        if not self._parts:
            self._first = chunk.start
        self._parts.append(mono)
        self.end = chunk.start + len(mono)

    def receive_until(self, position: int) -> None:
        """Take all up to a position."""
        while self.end < position:
            self.receive()

    def position_of(self, moment: float) -> int:
        """Give the sample at the converter at a moment of the clock."""
        return self.end + round((moment - self._source.time_of(self.end)) * self.rate)

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Give samples start..stop-1; what is no longer or not yet there is silence."""
        out = np.zeros(stop - start, np.float32)
        first, last = max(start, self._first), min(stop, self.end)
        if first < last:
            out[first - start : last - start] = np.concatenate(self._parts)[first - self._first : last - self._first]
        return out


class _Connection:
    """One connection to a synthesizer: keys go down, sounds come back. Each call raises LostSamples where some are."""

    def __init__(self, source: Source, port: MidiPort, plan: Plan, clock: Clock) -> None:
        self._port, self._plan, self._clock, self._input = port, plan, clock, TimestampedInput(source)
        self.noise = self.latency = 0.0

    def find_noise(self) -> None:
        """Measure the level when nothing plays."""
        audio = self._input
        audio.receive()
        begin = audio.end
        audio.receive_until(begin + round(NOISE_SECONDS * audio.rate))
        self.noise = float(np.abs(audio.read(begin, audio.end)).max())

    def find_latency(self, port_name: str, device_name: str) -> None:
        """Measure it with one loud note of the middle. Raises UserError if no sound comes."""
        audio, rate, plan = self._input, self._input.rate, self._plan
        audio.receive_until(audio.end + round(plan.release * rate))  # of a try that failed
        note, velocity = (plan.low + plan.high) // 2, max(plan.velocities)
        seconds = min(plan.seconds, 1.0)
        sent = self._strike(note, velocity, seconds)
        earliest, latest = sent - round(EARLY_SECONDS * rate), sent + round(LATEST_SECONDS * rate)
        while (begin := note_bank.attack(audio.read(earliest, audio.end), self.noise)) is None:
            if audio.end >= latest:
                raise UserError(
                    f"no sound came in on {device_name!r} within {LATEST_SECONDS:g} s of note {note} on {port_name!r}:"
                    " check that the synthesizer listens to this port and channel, and its output is connected and "
                    "turned up"
                )
            audio.receive()
        # Until all of it is there, its loudest moment may be still to come.
        audio.receive_until(earliest + begin + round((seconds + plan.release) * rate))
        begin = note_bank.attack(audio.read(earliest, audio.end), self.noise) or 0
        self.latency = (earliest + begin - sent) / rate

    def take(self, note: int, velocity: int) -> tuple[NDArray[np.float32], bool]:
        """Play one note; give its sound, float32 (n,), from where it begins, and if the one before overlaps."""
        audio, plan = self._input, self._plan
        rate, jitter = audio.rate, round(JITTER_SECONDS * audio.rate)
        before = round(BEFORE_SECONDS * rate)
        audio.clear(audio.end)
        audio.receive_until(audio.end + before + jitter + round(max(0.0, -self.latency) * rate))
        sent = self._strike(note, velocity, plan.seconds)
        length = round((plan.seconds + plan.release) * rate)
        expected = sent + round(self.latency * rate)
        earliest = expected - jitter
        audio.receive_until(expected + jitter + length)
        rest = float(np.abs(audio.read(earliest - before, earliest)).max())
        found = note_bank.attack(audio.read(earliest, earliest + length), max(self.noise, rest))
        begin = earliest + found if found is not None and found <= 2 * jitter else expected
        note_alone = audio.read(begin, begin + length)
        overlaps = rest > max(OVER_NOISE * self.noise, RINGS * float(np.abs(note_alone).max()))
        return note_alone, overlaps

    def _strike(self, note: int, velocity: int, seconds: float) -> int:
        """Press a key for so long; give the position at which it went down."""
        down = self._clock()
        try:
            self._port.send(note_on(self._plan.channel, note, velocity))
            sent = self._input.position_of(down)
            while self._clock() < down + seconds:
                self._input.receive()
        finally:
            self._port.send(note_off(self._plan.channel, note))
        return sent


def _tried(work: Callable[[], Result]) -> Result:
    """Do it again where samples were lost. Raises UserError if that does not help."""
    for _ in range(TRIES):
        with suppress(LostSamples):
            return work()
    raise UserError(f"samples were lost {TRIES} times in a row: close other programs, or give a larger --blocksize")


def capture(
    source: Source,
    port: MidiPort,
    plan: Plan,
    folder: Path,
    progress: Progress = silent,
    say: Callable[[str], None] = lambda _: None,
    names: tuple[str, str] = ("", ""),
    clock: Clock = time.perf_counter,
) -> Captured:
    """Play, record and cut all that is not in `folder` yet, and write the bank when everything is there.

    source and port are closed in the end. say: is called with the latency found, and what is wrong with a note.
    names: of the port and of the device, for messages. Interrupted, by Ctrl-C or an error, it goes on with the same
    folder where it was. Raises UserError if no sound comes, if the input or the port is lost, or if the disk is full.
    """
    latency = None
    try:
        try:
            source.start()
            if missing := [key for key in plan.keys if not _path(folder, key).exists()]:
                synthesizer = _Connection(source, port, plan, clock)
                _tried(synthesizer.find_noise)
                _tried(partial(synthesizer.find_latency, *names))
                latency = synthesizer.latency
                say(f"sound comes {max(0, round(1000 * latency))} ms after its note")
                (folder / TAKES).mkdir(parents=True, exist_ok=True)
            of = len(plan.keys)
            for done, key in enumerate(missing, of - len(missing) + 1):
                sound, overlaps = _tried(partial(synthesizer.take, *key))
                wrong = ""
                if note_bank.is_silent(sound, synthesizer.noise):
                    wrong = "is silent"
                    sound = np.zeros_like(sound)  # so that no noise passes for a note later
                elif note_bank.is_clipped(sound):
                    wrong = "clips: turn the synthesizer or the input down"
                elif overlaps:
                    wrong = "began while the one before still overlaps: give a longer --release"
                with replacing(_path(folder, key)) as part:
                    soundfile.write(part, np.clip(sound, -1, 1), source.sample_rate, format="FLAC", subtype="PCM_24")
                if wrong:
                    say(f"note {key[0]} at velocity {key[1]} {wrong}")
                progress("notes", done, of)
        finally:  # whatever happens, no note is left sounding and both are given back
            end_begins()
            with suppress(OSError):  # the port is gone, and with it the way to end a note
                port.send(all_notes_off(plan.channel))
            port.close()
            source.stop()
    except (OSError, soundfile.LibsndfileError) as error:
        raise UserError(f"the notes cannot be captured: {reason_of(error)}; repeat the command to go on") from None
    return _assemble(plan, folder, latency)


def refuse_finished(folder: Path) -> None:
    """Raise UserError if a folder holds a bank already, which nothing may be added to."""
    if (folder / INDEX).exists():
        raise UserError(f"{str(folder)!r} holds a bank of notes already: give -o another folder")


def _assemble(plan: Plan, folder: Path, latency: float | None) -> Captured:
    notes, kept, silent, clipped = [], [], [], []
    for key in plan.keys:
        samples, rate = read_at_own_rate(_path(folder, key))
        if note_bank.is_silent(samples, 0.0):
            silent.append(key)
            continue
        if note_bank.is_clipped(samples):
            clipped.append(key)
        notes.append(Note(float(key[0]), key[1], plan.seconds, to_rate(samples, rate)))
        kept.append(key)
    if not notes:
        raise UserError(
            f"every note in {str(folder)!r} is silent: turn the synthesizer up, and begin with a new folder"
        )
    note_bank.write_bank(Bank(folder.name, tuple(notes)), folder)
    shutil.rmtree(folder / TAKES)
    return Captured(tuple(kept), tuple(silent), tuple(clipped), latency)


def _path(folder: Path, key: tuple[int, int]) -> Path:
    return folder / TAKES / f"{key[0]:03d}-{key[1]:03d}.flac"
