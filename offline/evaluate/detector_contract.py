"""What the host asks of every detector, checked on any detector and any recording; samplechop.testing offers it."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.models import ModelError
from samplechop.realtime.audio.audio_file import open_audio
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.event_checks import check_event, has_kind, has_notes, has_place, has_strength, has_words
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE, Detector, ProcessSpec
from samplechop.realtime.engine.engine import prepare

Samples = NDArray[np.float32]

MAX_BLOCK = 8193
SECONDS = 15
"""How much of a recording is processed; in the smallest blocks only the first SHORT_SECONDS."""
SHORT_SECONDS = 1.0
SETTLE_SECONDS = 6.0
"""After a second of broken samples a detector with a memory may take so long to settle."""
NEAR_SECONDS = 0.005
"""And each event may then be off by so much."""
LOST = 0.05
"""And so many of its events may be others, those it is least sure of: its memory of levels goes further back."""
FAR = 10**12  # samples, nine months: what counts in 32 bits or in float32 breaks here
_NASTY = ANALYSIS_RATE  # a second


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was measured: its name, value and unit, the bound it must keep in words, and whether it does."""

    name: str
    value: float
    unit: str
    bound: str = ""
    passed: bool = True


@dataclass(frozen=True, slots=True)
class Emission:
    """An event, and the block in which it was emitted: where that ends, and its length, in samples."""

    event: Event
    end: int
    block: int


class DetectorError(Exception):
    """What a detector raised while it processed something."""


def read_excerpt(path: str | Path) -> Samples:
    """Read the first SECONDS of a recording as a detector gets it: float32 (n,), mono, 44.1 kHz.

    Raises UserError for a file that cannot be read.
    """
    import soxr

    with open_audio(Path(path)) as file:
        audio = file.read(SECONDS * file.samplerate, dtype="float32", always_2d=True).mean(axis=1)
        rate = file.samplerate
    if not len(audio):
        raise UserError(f"{str(path)!r} is empty: there is nothing to detect in it")
    resampled = audio if rate == ANALYSIS_RATE else soxr.resample(audio, rate, ANALYSIS_RATE)
    return np.ascontiguousarray(resampled, np.float32)


def run(detector: Detector, audio: Samples, sizes: Sequence[int], start: int = 0) -> list[Emission]:
    """Reset, feed audio, then silence for as long as events may be late, in blocks of the given sizes over and over.

    Raises DetectorError, also for what is no event.
    """
    emissions: list[Emission] = []
    position = turn = 0
    try:
        padded = np.concatenate([audio, np.zeros(max(0, detector.latency), np.float32)])
        padded.flags.writeable = False
        detector.reset()
        while position < len(padded):
            block = padded[position : position + sizes[turn % len(sizes)]]
            position += len(block)
            turn += 1

            def emit(event: object, end: int = start + position, size: int = len(block)) -> None:
                if not isinstance(event, Event):
                    raise TypeError(f"detectors emit Event, got {type(event).__name__}")
                emissions.append(Emission(event, end, size))

            detector.process(block, start + position - len(block), emit)
    except Exception as error:  # whatever a stranger's detector raises is what is to be shown
        raise DetectorError(f"{type(error).__name__}: {error}") from error
    return emissions


def contract_violations(detector: Detector, audio: Samples) -> list[str]:
    """Say in what a detector, prepared here, breaks the contract on this audio, float32 (n,) at 44.1 kHz."""
    return [
        f"{one.name}: {f'{one.value:g} {one.unit}'.strip()}, must be {one.bound}"
        for one in check(detector, audio)
        if not one.passed
    ]


def check(detector: Detector, audio: Samples, progress: Callable[[str], object] = lambda _: None) -> Iterator[Check]:
    """Prepare a detector, let it process a recording in many ways, and count what should not happen.

    audio: float32 (n,) at 44.1 kHz, with something in it that it detects. What makes all that follows
    meaningless ends it: a detector that cannot be prepared or raises, events that nobody could write.
    progress: called with what is checked next.
    """
    progress("preparing it")
    try:
        prepare(type(detector).__name__, detector, ProcessSpec(ANALYSIS_RATE, MAX_BLOCK))
    except (UserError, ModelError) as error:
        yield _raised("preparing it", DetectorError(str(error)))
        return
    own = detector.latency - MAX_BLOCK
    yield Check("latency of its own", 1000 * own / ANALYSIS_RATE, "ms", "0 or more", own >= 0)
    # A block is over before anything in it can be emitted: that much later than by itself.
    late = 0
    progress("processing the recording")
    brief = audio[: round(SHORT_SECONDS * ANALYSIS_RATE)]
    try:
        begun = [one.event for one in run(detector, brief, [256])]
        began = time.perf_counter()
        emissions = run(detector, audio, [256])
        spent = time.perf_counter() - began
    except DetectorError as error:
        yield _raised("processing the recording", error)
        return
    expected = [one.event for one in emissions]
    yield Check("cost in real time", 100 * spent * ANALYSIS_RATE / len(audio), "% of a core")
    yield Check("events in the recording", len(expected), "", "1 or more", bool(expected))
    yield from _well_formed(emissions)
    if any(map(_is_refused, emissions)):
        return
    many = np.random.default_rng(0).integers(1, MAX_BLOCK, 7).tolist()
    moved = [event.moved(event.sample + FAR, event.emitted + FAR) for event in expected]
    silence = np.zeros(3 * ANALYSIS_RATE, np.float32)
    ways: list[tuple[str, Samples, list[int], int, list[Event]]] = [
        *((f"events that differ in blocks of {size}", audio, [size], 0, expected) for size in (64, 65, MAX_BLOCK)),
        ("events that differ in mixed blocks", audio, many, 0, expected),
        ("events that differ sample by sample", brief, [1], 0, begun),
        ("events that differ after reset", audio, [256], 0, expected),
        ("events that differ late in a stream", audio, [256], FAR, moved),
        ("events in silence", silence, [256], 0, []),
    ]
    for name, samples, sizes, start, wanted in ways:
        progress(name)
        try:
            emissions = run(detector, samples, sizes, start)
            late += sum(one.end - one.event.sample > own + one.block for one in emissions)
            yield _none(name, _differing([one.event for one in emissions], wanted))
        except DetectorError as error:
            yield _raised(name, error)
    yield _none("events emitted later than its latency", late)
    yield from _survives(detector, audio, progress)


def _well_formed(emissions: Sequence[Emission]) -> Iterator[Check]:
    """Look at events one by one: their places, their numbers, and whether they can be written down."""
    events = [one.event for one in emissions]
    places = sum(
        not (has_place(one.event, one.end) and one.event.sample <= one.event.emitted <= one.end) for one in emissions
    )
    yield _none("events outside what was processed", places)
    yield _none("kinds not of letters, digits, - and _", sum(not has_kind(event) for event in events))
    yield _none("strengths outside 0..1", sum(not has_strength(event) for event in events))
    yield _none("notes and velocities outside 0..127", sum(not has_notes(event) for event in events))
    yield _none("events that cannot be written as JSON", sum(not _is_writable(event) for event in events))


def _is_refused(one: Emission) -> bool:
    try:
        check_event(one.event, one.end)
    except ValueError:
        return True
    return False


def _is_writable(event: Event) -> bool:
    try:
        event.to_json(ANALYSIS_RATE)
    except (TypeError, ValueError):  # a number of numpy's, say
        return False
    return has_words(event)


def _survives(detector: Detector, audio: Samples, progress: Callable[[str], object]) -> Iterator[Check]:
    """Let a nasty second come before the recording, and see whether what follows is detected as after a silent one.

    As after a silent one, not as without any: so the detector's frames lie as they did, however long they are.
    """
    noise = np.random.default_rng(0).uniform(-1, 1, _NASTY).astype(np.float32)
    nasty = {value: np.full(_NASTY, value, np.float32) for value in (0.0, 1.0, np.nan, np.inf)}
    wanted: list[int] | None = None
    seconds = (("silence", nasty[0.0]), ("DC", nasty[1.0]), ("NaN", nasty[np.nan]), ("infinity", nasty[np.inf]))
    for name, second in (*seconds, ("noise", noise)):
        what = f"events lost after a second of {name}"
        progress(what)
        try:
            emissions = run(detector, np.concatenate([second, audio]), [256])
        except DetectorError as error:
            yield _raised(what, error)
            continue
        start, end = _NASTY + round(SETTLE_SECONDS * ANALYSIS_RATE), _NASTY + len(audio)
        found = [one.event.sample for one in emissions if start < one.event.sample < end]
        if wanted is None:
            wanted = found
            continue
        lost = max(len(found), len(wanted)) - _matched(found, wanted)
        yield Check(what, lost, f"of {len(wanted)}", f"at most {LOST:.0%}", lost <= LOST * len(wanted))


def _matched(found: Sequence[int], wanted: Sequence[int]) -> int:
    """Count pairs of positions within NEAR_SECONDS of each other, each in one pair."""
    near, found, wanted, pairs = NEAR_SECONDS * ANALYSIS_RATE, sorted(found), sorted(wanted), 0
    at = 0
    for one in found:
        while at < len(wanted) and wanted[at] < one - near:
            at += 1
        if at < len(wanted) and wanted[at] <= one + near:
            pairs, at = pairs + 1, at + 1
    return pairs


def _differing(found: Sequence[Event], wanted: Sequence[Event]) -> int:
    same = sum(one == other for one, other in zip(found, wanted, strict=False))
    return max(len(found), len(wanted)) - same


def _none(name: str, count: int) -> Check:
    return Check(name, count, "", "0", count == 0)


def _raised(name: str, error: DetectorError) -> Check:
    return Check(name, 1, "error", f"none, got {error}", False)
