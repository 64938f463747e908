"""Short loops: played on end, as they are in a sampler, until the beat detector is sure, which takes it some bars.

A loop of a bar is over before the tracker has settled. Played again and again its pulse is that of the whole, and its
length a whole number of bars: which is asked for, as any sound that is played on end repeats.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.kits.analysis import beat_grid, tempo_and_key
from samplechop.offline.kits.analysis.one_octave import at_octave
from samplechop.offline.kits.core.model import Guess
from samplechop.realtime.core.events import BEAT, Event
from samplechop.realtime.engine.engine import Engine

REPEATS, SECONDS = 3, 16
"""A loop is played as often as that, and as long, at least."""
SETTLED_SECONDS = 8
"""Of what is played, the end that counts: a loop's length at least."""
SHORTEST_SECONDS, LONGEST_SECONDS = 0.2, 16
"""No beat is shorter than the first of these; in a recording longer than the second the pulse settles as it is."""
EARLY_SECONDS = 0.005
"""An attack so much before the end of a loop is that of its first sample."""


def may_be_one(tempo: Guess | None, length: int, sample_rate: int) -> bool:
    """Say whether a recording of `length` samples may be a loop: by the tempo that was tracked, a number of beats."""
    if not SHORTEST_SECONDS * sample_rate <= length <= LONGEST_SECONDS * sample_rate:
        return False
    if tempo is None:
        return True
    count = length / sample_rate * float(tempo.value) / 60
    return round(count) > 0 and abs(count - round(count)) <= beat_grid.LOOP_ERROR * max(1.0, count / 4)


def play(engine: Engine, blocks: Callable[[], Iterable[NDArray[np.float32]]], length: int) -> tuple[list[Event], int]:
    """Run an engine, as new, over a loop that is played on end; give all events, and how often it was played.

    blocks: gives the loop from its beginning, float32 (n, channels), whenever it is called. length: samples of it.
    """
    times = max(REPEATS, -(-SECONDS * engine.sample_rate // length))
    events: list[Event] = []
    for _ in range(times):
        for block in blocks():
            engine.process(block, events.append)
    engine.flush(events.append)
    return events, times


def settled_beats(events: Iterable[Event], length: int, times: int, sample_rate: int) -> list[Event]:
    """Give the beats of the end of what `play` played: where the pulse was not known yet says nothing of it."""
    begin = max(0, length * times - max(length, SETTLED_SECONDS * sample_rate))
    return [event for event in events if event.kind == BEAT and event.sample >= begin]


def once(events: Iterable[Event], length: int, times: int, sample_rate: int) -> list[Event]:
    """Give the events of the last time that `play` played the loop, at their places in it; there is no place before."""
    begin, early = length * (times - 1), round(EARLY_SECONDS * sample_rate)
    return [
        replace(event, sample=max(0, event.sample - begin))
        for event in events
        if begin - early <= event.sample < begin + length - early
    ]


def tempo_and_beats(
    beats: Sequence[Event], first: int, length: int, sample_rate: int, open_octave: int = 0
) -> tuple[Guess, tuple[Event, ...]] | None:
    """Give a loop's tempo and its beats, evenly from its first sample to its end; None where it has no whole bars.

    beats: settled ones. first: where the loop begins, in samples. open_octave: as in `tempo_and_key.tempo`.
    """
    grid: Sequence[Event] = ()
    for shift in dict.fromkeys((0, open_octave)):  # two beats at half the tempo are no bar, but four at the whole are
        level = at_octave(beats, shift, sample_rate)
        tempo = tempo_and_key.tempo(level, sample_rate, open_octave)
        if tempo is not None and (grid := beat_grid.of_loop(level, 0, length, sample_rate)):
            open_octave = -shift or open_octave
            break
    if tempo is None or not grid:
        return None
    bpm = f"{60 * sample_rate * len(grid) / length:.1f}"
    other = f"{float(bpm) * 2.0**open_octave:.1f}" if open_octave else ""
    return replace(tempo, value=bpm, other=other), tuple(
        replace(beat, sample=first + beat.sample, emitted=first + beat.sample) for beat in grid
    )
