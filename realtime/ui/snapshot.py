"""What a session reports: snapshots for a view, a few times a second, the summary at the end, its statistics."""

from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.audio.source import Counters
from samplechop.realtime.core.events import BEAT, CHOP, CHORD, CONFIRMED, DRUM, DRUMS, KEY, PITCHES, Event
from samplechop.realtime.outputs.osc import Presence

OTHER_KINDS = frozenset({BEAT, CONFIRMED, DRUM, CHORD, KEY, PITCHES})
"""Kinds of events that have a place of their own in a snapshot; all others stand among the chops."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What is written of a session.

    folder: where it is recorded, None while it is not. kept: folders of the pre-record. key: what a key keeps, for
    people, "" for nothing. ended: why the recording ended before the session, "" if it did not.
    """

    folder: Path | None = None
    kept: tuple[Path, ...] = ()
    key: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn over time, such as the chop probability.

    name: for people. values: float32, (n,), of the last n analysis frames, oldest first. threshold: the line a frame
    has to reach. frame_seconds: time between two frames. position: where the newest one stands, in samples; it lies
    behind that of the session, as a frame is scored with what follows it.
    """

    name: str
    values: NDArray[np.float32]
    threshold: float
    frame_seconds: float
    position: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A running session at one moment.

    source: name of the device or file. state: "listening", "playing", or why nothing comes ("waiting for 'USB Audio'").
    position: samples processed so far, at sample_rate Hz. duration: samples in all, None for an open end.
    peaks: float, one per channel, the largest magnitude since the last snapshot, full scale 1.
    detectors: names of those that run. curve: what one of them draws, None where none does.
    chops: the last events but OTHER_KINDS, oldest first; chop_count: all chops so far.
    beat: the last beat, None before the first; beat_count: all of them so far. open_octave: octaves from its tempo to
        one that is nearly as likely, 0 for none.
    tempo_keys: what keys do to the tempo, for people, "" for nothing.
    latency: samples between an event and its MIDI note; enter it as the DAW's track delay.
    cpu: share of one core used by the whole program since the last snapshot, 1 = one core.
    overflows, underflows: buffers the device lost on the way in and out ("xruns"); lost: samples lost, with gaps.
    midi: where the notes go, or "" for nowhere. late_notes: notes that left more than a millisecond after their time.
    taps: the user's hits so far, None where none are taken. pad: what they are hit on.
    recording: what is written of it.
    drums: how present each drum is now, 0..1, by label; empty where drums are not detected. drum_counts: hits so
        far, by label.
    harmony: whether harmony is detected. chord, key: the last event of either, None before the first.
    latencies: samples between an event and its MIDI note, by name, of the detectors whose notes do not wait for
        `latency`.
    realtime: whether it runs as the sound does, so that anything is late. port: whether notes leave over a MIDI port.
    warnings: one sentence each, such as a detector that was switched off.
    """

    source: str
    state: str
    position: int
    duration: int | None
    sample_rate: int
    peaks: tuple[float, ...]
    detectors: tuple[str, ...]
    curve: Curve | None
    chops: tuple[Event, ...]
    chop_count: int
    latency: int
    cpu: float
    overflows: int = 0
    underflows: int = 0
    lost: int = 0
    midi: str = ""
    late_notes: int = 0
    taps: int | None = None
    pad: str = ""
    warnings: tuple[str, ...] = field(default=())
    beat: Event | None = None
    beat_count: int = 0
    tempo_keys: str = ""
    open_octave: int = 0
    recording: Recording = Recording()
    drums: Mapping[str, float] = field(default_factory=dict)
    drum_counts: Mapping[str, int] = field(default_factory=dict)
    harmony: bool = False
    chord: Event | None = None
    key: Event | None = None
    latencies: Mapping[str, int] = field(default_factory=dict)
    realtime: bool = True
    port: bool = True


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened in a session: counts, and times in seconds.

    events: how many there were of each kind. losses: of the audio. folders: of the session, and of what was kept of it.
    interrupted: whether Ctrl-C ended it. ways: how many of the chops were judged in each way to choose that is known.
    """

    events: Mapping[str, int]
    taps: int
    audio_seconds: float
    wall_seconds: float
    losses: Counters
    warnings: tuple[str, ...]
    folders: tuple[Path, ...] = ()
    interrupted: bool = False
    ways: Mapping[str, int] = field(default_factory=dict)


LAST_CHOPS = 16


class SessionStats:
    """Counts events and keeps the newest. One thread uses it.

    counts: how many there were of each kind; ways: of chops, in each way to choose; drum_counts: of each drum, all of
    DRUMS from the start.
    chops: the last LAST_CHOPS chops and events of plug-ins, oldest first. last: the last event of each kind.
    presence: of the drums.
    """

    def __init__(self, half_life_seconds: float, sample_rate: int, apart: Collection[str] = OTHER_KINDS) -> None:
        """Begin with none. half_life_seconds: of a drum's presence. sample_rate: Hz, of the positions.

        apart: kinds of events that do not stand among the chops.
        """
        self._apart = apart
        self.counts: Counter[str] = Counter()
        self.ways: Counter[str] = Counter()
        self.drum_counts: Counter[str] = Counter(dict.fromkeys(DRUMS, 0))
        self.chops: deque[Event] = deque(maxlen=LAST_CHOPS)
        self.last: dict[str, Event] = {}
        self.presence = Presence(half_life_seconds, sample_rate)

    def take(self, event: Event) -> None:
        """Count the next event."""
        self.counts[event.kind] += 1
        self.last[event.kind] = event
        if event.kind not in self._apart:
            self.chops.append(event)
        if event.kind == CHOP and event.way is not None:
            self.ways[event.way] += 1
        if event.kind == DRUM:
            self.drum_counts[event.label or event.kind] += 1
            self.presence.hit(event)
