"""Every note of a synthesizer, played to it over MIDI and recorded: a labelled bank from anything that has keys."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio.reading import read_at_own_rate, to_rate
from samplechop.offline.common.atomic import replacing
from samplechop.offline.notes.note_bank import INDEX, Bank, Note, write_bank
from samplechop.offline.notes.onsets import BEFORE_SECONDS, OVER_NOISE, RINGS, attack, is_clipped, is_silent
from samplechop.offline.notes.timestamped_input import Clock, Listener, LostSamples, TimestampedInput
from samplechop.realtime.core.errors import UserError
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
NoteProgress = Callable[[int, int, str], None]
"""Is called with how many notes are done, how many there are, and what else there is to say, often nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play. low..high: MIDI notes, every `step`-th. velocities: 1..127. seconds: each key is held, and
    release: how long it is listened to afterwards. channel: 1..16. Raises UserError for what cannot be played.
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
        if self.step < 1:
            raise UserError(f"--step must be at least 1 semitone, got {self.step}")
        if not self.velocities or not all(1 <= one <= 127 for one in self.velocities):
            raise UserError(f"--velocities must be numbers in 1..127, such as 40,80,120, got {self.velocities}")
        if not 0.05 <= self.seconds <= 60 or not 0 <= self.release <= 60:
            raise UserError(
                f"--seconds must be in 0.05..60 and --release in 0..60, got {self.seconds:g} and {self.release:g}"
            )
        if not 1 <= self.channel <= 16:
            raise UserError(f"--channel must be in 1..16, got {self.channel}")

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


def _tried(work: Callable[[], Result]) -> Result:
    """Do it again where samples were lost. Raises UserError if that does not help."""
    for _ in range(TRIES):
        with suppress(LostSamples):
            return work()
    raise UserError(f"samples were lost {TRIES} times in a row: close other programs, or give a larger --blocksize")


class _Session:
    """One connection to a synthesizer: keys go down, sounds come back."""

    def __init__(self, source: Listener, port: MidiPort, plan: Plan, clock: Clock) -> None:
        self._port, self._plan, self._clock, self._input = port, plan, clock, TimestampedInput(source, clock)
        self.noise = self.latency = 0.0

    def find_noise(self) -> None:
        """Listen to what is heard when nothing plays. Raises LostSamples where some of it is missing."""
        audio = self._input
        audio.receive()
        begin = audio.end
        audio.receive_until(begin + round(NOISE_SECONDS * audio.rate))
        self.noise = float(np.abs(audio.read(begin, audio.end)).max())

    def find_latency(self, port_name: str, device_name: str) -> None:
        """Listen to one loud note of the middle.

        Raises UserError if it is not heard, LostSamples where some of it is missing.
        """
        audio, rate, plan = self._input, self._input.rate, self._plan
        audio.receive_until(audio.end + round(plan.release * rate))  # of a try that failed
        note, velocity = (plan.low + plan.high) // 2, max(plan.velocities)
        held = min(plan.seconds, 1.0)
        sent = self._strike(note, velocity, held)
        earliest, latest = sent - round(EARLY_SECONDS * rate), sent + round(LATEST_SECONDS * rate)
        while (heard := attack(audio.read(earliest, audio.end), self.noise)) is None:
            if audio.end >= latest:
                raise UserError(
                    f"nothing was heard on {device_name!r} within {LATEST_SECONDS:g} s of note {note} on {port_name!r}:"
                    " check that the synthesizer listens to this port and channel, and its output is connected and "
                    "turned up"
                )
            audio.receive()
        # Until all of it is heard, its loudest moment may be still to come.
        audio.receive_until(earliest + heard + round((held + plan.release) * rate))
        heard = attack(audio.read(earliest, audio.end), self.noise) or 0
        self.latency = (earliest + heard - sent) / rate

    def take(self, note: int, velocity: int) -> tuple[NDArray[np.float32], bool]:
        """Play one note; give what was heard of it, float32 (n,), from where it begins, and if the one before overlaps.

        Raises LostSamples where some of it is missing.
        """
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
        heard = attack(audio.read(earliest, earliest + length), max(self.noise, rest))
        begin = earliest + heard if heard is not None and heard <= 2 * jitter else expected
        note_alone = audio.read(begin, begin + length)
        overlaps = rest > max(OVER_NOISE * self.noise, RINGS * float(np.abs(note_alone).max()))
        return note_alone, overlaps

    def _strike(self, note: int, velocity: int, seconds: float) -> int:
        """Hold a key for so long; give the position at which it went down."""
        down = self._clock()
        try:
            self._port.send(note_on(self._plan.channel, note, velocity))
            sent = self._input.position_of(down)
            self._input.receive_while(down + seconds)
        finally:
            self._port.send(note_off(self._plan.channel, note))
        return sent


@contextmanager
def _connected(source: Listener, port: MidiPort, channel: int) -> Iterator[None]:
    """Listen meanwhile; whatever happens, no note is left sounding and both are given back."""
    try:
        source.start()
        yield
    finally:
        with suppress(OSError):  # the port is gone, and with it the way to end a note
            port.send(all_notes_off(channel))
        port.close()
        source.stop()


def capture(
    source: Listener,
    port: MidiPort,
    plan: Plan,
    folder: Path,
    progress: NoteProgress,
    names: tuple[str, str] = ("", ""),
    clock: Clock = time.perf_counter,
) -> Captured:
    """Play, record and cut all that is not in `folder` yet, and write the bank when everything is there.

    source and port are closed in the end. names: of the port and of the device, for messages. Interrupted, by Ctrl-C or
    an error, it goes on with the same folder where it was. Raises UserError if nothing is heard, if the input or the
    port is lost, or if the disk is full.
    """
    latency = None
    try:
        with _connected(source, port, plan.channel):
            if missing := [key for key in plan.keys if not _path(folder, key).exists()]:
                session = _Session(source, port, plan, clock)
                _tried(session.find_noise)
                _tried(partial(session.find_latency, *names))
                latency = session.latency
                _record(session, plan, folder, missing, progress, source.sample_rate)
    except (OSError, soundfile.LibsndfileError) as error:
        raise UserError(f"the notes cannot be captured: {error}; repeat the command to go on") from None
    return _assemble(plan, folder, latency)


def refuse_finished(folder: Path) -> None:
    """Raise UserError if a folder holds a bank already, which nothing may be added to."""
    if (folder / INDEX).exists():
        raise UserError(f"{str(folder)!r} holds a bank of notes already: give -o another folder")


def _record(
    session: _Session, plan: Plan, folder: Path, missing: Sequence[tuple[int, int]], progress: NoteProgress, rate: int
) -> None:
    (folder / TAKES).mkdir(parents=True, exist_ok=True)
    of = len(plan.keys)
    progress(of - len(missing), of, f"sound comes {max(0, round(1000 * session.latency))} ms after its note")
    for done, key in enumerate(missing, of - len(missing) + 1):
        heard, overlaps = _tried(partial(session.take, *key))
        wrong = ""
        if is_silent(heard, session.noise):
            wrong = "is silent"
            heard = np.zeros_like(heard)  # so that no noise passes for a note later
        elif is_clipped(heard):
            wrong = "clips: turn the synthesizer or the input down"
        elif overlaps:
            wrong = "began while the one before still overlaps: give a longer --release"
        path = _path(folder, key)
        with replacing(path) as part:
            soundfile.write(part, np.clip(heard, -1, 1), rate, format="FLAC", subtype="PCM_24")
        progress(done, of, f"note {key[0]} at velocity {key[1]} {wrong}" if wrong else "")


def _assemble(plan: Plan, folder: Path, latency: float | None) -> Captured:
    notes, kept, silent, clipped = [], [], [], []
    for key in plan.keys:
        samples, rate = read_at_own_rate(_path(folder, key))
        if is_silent(samples, 0.0):
            silent.append(key)
            continue
        if is_clipped(samples):
            clipped.append(key)
        notes.append(Note(float(key[0]), key[1], plan.seconds, to_rate(samples, rate)))
        kept.append(key)
    if not notes:
        raise UserError(
            f"every note in {str(folder)!r} is silent: turn the synthesizer up, and begin with a new folder"
        )
    write_bank(Bank(folder.name, tuple(notes)), folder)
    shutil.rmtree(folder / TAKES)
    return Captured(tuple(kept), tuple(silent), tuple(clipped), latency)


def _path(folder: Path, key: tuple[int, int]) -> Path:
    return folder / TAKES / f"{key[0]:03d}-{key[1]:03d}.flac"
