"""Where drums alone begin, as is known seconds later: live that takes its time, a whole record can be looked back on.

The state "drums alone" is a mean over the last seconds, so what a passage of drums alone begins with was still chosen
as music is. Here those attacks are judged as those after them: at every stroke.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from samplechop.offline.kits.core.record import Record
from samplechop.realtime.core.events import ATTACK, CHOP, Event
from samplechop.realtime.engine.engine import FAST_BLOCK, Engine

WARM_SECONDS = 6.0
"""What the detector of attacks needs before a part: its adaptive threshold remembers so much."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Samples start..stop that a passage of drums alone begins with: its first attack that was judged so is at stop."""

    start: int
    stop: int


def beginnings(events: Iterable[Event], first: int, memory: int) -> list[Beginning]:
    """Give the beginnings of the passages of drums alone, in order of time.

    events: attacks and chops, by `choose="auto"`. first: the sample they begin at. memory: samples, the time constant
    of the state's mean. At the record's beginning the mean is that of all there was: twice as much can be looked back
    on. Elsewhere other sounds have gone before.
    """
    struck = sorted((one.sample, one.way == "attacks") for one in events if one.kind in (CHOP, ATTACK))
    found, since, before = [], first, False
    for sample, alone in struck:
        if alone and not before:
            start = first if since == first and sample - first <= 2 * memory else max(since, sample - memory)
            if start < sample:
                found.append(Beginning(start, sample))
        since, before = (sample + 1 if alone else since), alone
    return found


def judged_as_drums(
    events: Sequence[Event], passages: Sequence[Beginning], strokes: Engine, record: Record, first: int, last: int
) -> list[Event]:
    """Replace the attacks at the beginnings of passages by those that are found where every stroke is a chop.

    strokes: an engine that finds them so. first, last: the part of the record that is processed, samples.
    """
    kept = [
        one
        for one in events
        if one.kind not in (CHOP, ATTACK) or not any(part.start <= one.sample < part.stop for part in passages)
    ]
    for part in passages:
        begin = max(first, part.start - round(WARM_SECONDS * record.sample_rate))
        end = min(last, part.stop + strokes.latency)
        strokes.reset(begin, record.opening() if begin == 0 else None)
        found: list[Event] = []
        for block in record.blocks(FAST_BLOCK, begin, end):
            strokes.process(block, found.append)
        if end == last:
            strokes.flush(found.append)
        kept += [one for one in found if part.start <= one.sample < part.stop]
    if strokes.faults:
        raise RuntimeError(f"a detector failed: {strokes.faults}")
    return sorted(kept, key=lambda one: one.sample)
