"""The MIDI file's tempo: bars where the record has them, and every time still where it was."""

from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.file import MidiFileSink
from samplechop.realtime.midi.tempo_map import BAR, TICKS_PER_BEAT, TempoMap

RATE = 44_100


def beats_at(seconds: list[float], tempo: float, first: int = 1) -> list[Event]:
    return [
        Event("beat", round(place * RATE), 0, 0.9, str((first - 1 + k) % 4 + 1), tempo=tempo)
        for k, place in enumerate(seconds)
    ]


def test_beats_lie_on_whole_beats_and_downbeats_on_whole_bars() -> None:
    beats = beats_at([1.7, 2.21, 2.69, 3.2, 3.72, 4.2], 119.0, first=3)
    ticks = [TempoMap(beats, RATE).tick(beat.sample / RATE) for beat in beats]
    assert [tick % TICKS_PER_BEAT for tick in ticks] == [0] * len(ticks)
    assert np.diff(ticks).tolist() == [TICKS_PER_BEAT] * 5
    assert ticks[2] % (BAR * TICKS_PER_BEAT) == 0


def test_a_missed_beat_leaves_room_for_itself() -> None:
    ticks = [TempoMap(beats_at([2.0, 2.5, 3.5], 120.0), RATE).tick(place) for place in (2.0, 2.5, 3.5)]
    assert np.diff(ticks).tolist() == [TICKS_PER_BEAT, 2 * TICKS_PER_BEAT]


def test_without_beats_it_is_120_bpm() -> None:
    assert TempoMap([], RATE).changes == [(0, 500_000)]
    assert TempoMap([], RATE).tick(10.0) == 20 * TICKS_PER_BEAT


@given(
    steps=st.lists(st.floats(0.2, 3.0), max_size=12),
    tempi=st.lists(st.none() | st.floats(55, 200), min_size=12, max_size=12),
    first=st.integers(1, 4),
    times=st.lists(st.floats(0, 40), min_size=1, max_size=12),
)
def test_what_is_read_back_is_where_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[float],
    tempi: list[float | None],
    first: int,
    times: list[float],
) -> None:
    path = tmp_path_factory.mktemp("midi") / "a.mid"
    sink = MidiFileSink(path, RATE)
    for k, (place, tempo) in enumerate(zip(np.cumsum(steps), tempi, strict=False)):
        sink.write(Event("beat", round(place * RATE), 0, 0.9, str((first + k) % 4 + 1), tempo=tempo))
    for k, place in enumerate(times):
        sink.write(Event("chop", round(place * RATE), 0, 0.9, note=k, velocity=90))
    sink.close()
    assert read_back(path) == pytest.approx(dict(enumerate(times)), abs=0.002)


def read_back(path: Path) -> dict[int, float]:
    now, found = 0.0, {}
    for message in mido.MidiFile(path):
        now += message.time
        if message.type == "note_on":
            found[message.note] = now
    return found
