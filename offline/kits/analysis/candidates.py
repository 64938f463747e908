"""All places where a record could be cut: the live engine, run over the whole file."""

from collections.abc import Callable
from dataclasses import dataclass

from samplechop import models
from samplechop.models import StreamFeatures
from samplechop.offline.kits.model import Candidate
from samplechop.offline.kits.open import Record
from samplechop.offline.kits.options import ChopOptions
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import BEAT, Event
from samplechop.realtime.detectors.beats.detector import BeatDetector, BeatSettings
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.session_parts import FAST_BLOCK


@dataclass(frozen=True, slots=True)
class Found:
    """What was heard. candidates: in order of time. beats: events of the beat detector. model: its name and sha256."""

    candidates: tuple[Candidate, ...]
    beats: tuple[Event, ...]
    model: tuple[str, str]


def find(record: Record, options: ChopOptions, first: int, last: int, told: Callable[[int], object] = int) -> Found:
    """Hear the samples first..last of a record as live, and give every chop and beat at its place in the record.

    told: hears how many samples are done. Raises UserError or ModelError for a model that cannot be used.
    """
    manifest = models.load(options.model)
    chops = ChopDetector(ChopSettings(options.model, options.threshold, choose=options.choose))
    # A streaming net tracks beats, too; beside another, that of the beat detector does.
    streams = isinstance(manifest.features, StreamFeatures)
    beats = BeatDetector(BeatSettings(options.model) if streams else BeatSettings())
    engine = Engine({"chop": chops, "beats": beats}, record.sample_rate, record.channels, FAST_BLOCK)
    engine.reset(first)
    heard: list[Event] = []
    for block in record.blocks(FAST_BLOCK, first, last):
        engine.process(block, heard.append)
        told(engine.position - first)
    if engine.position > first:
        engine.flush(heard.append)
    if engine.faults:
        raise RuntimeError(f"a detector failed: {engine.faults}")
    found = sorted((event for event in heard if event.kind == "chop"), key=lambda event: event.sample)
    return Found(
        _apart([Candidate(event.sample, event.strength) for event in found if first <= event.sample < last]),
        tuple(event for event in heard if event.kind == BEAT),
        (manifest.name, manifest.sha256),
    )


def _apart(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    """Clean up: of several candidates on one sample the strongest stays."""
    best: dict[int, Candidate] = {}
    for candidate in candidates:
        if candidate.sample not in best or best[candidate.sample].strength < candidate.strength:
            best[candidate.sample] = candidate
    return tuple(best.values())


def span(record: Record, options: ChopOptions) -> tuple[int, int]:
    """Give the part of the record that is chopped, in samples. Raises UserError if nothing of it is in the record."""
    first = round(options.start * record.sample_rate)
    last = record.length if options.end is None else min(record.length, round(options.end * record.sample_rate))
    if first >= last:
        raise UserError(
            f"--start {options.start:g} lies behind the end of {str(record.source)!r}, "
            f"which is {record.length / record.sample_rate:.2f} seconds long"
        )
    return first, last
