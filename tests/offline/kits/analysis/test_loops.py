"""Short loops: their tempo, beats and bars, whatever a tracker makes of one time through."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.kits.analysis import candidates, loops
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.kits.plan import choice
from samplechop.realtime.core.events import BEAT, Event
from tests.support.signals import RATE, kick, snare


def hat(rng: np.random.Generator) -> np.ndarray:
    times = np.arange(2000) / RATE
    return (0.15 * np.diff(rng.standard_normal(len(times)), prepend=0) * np.exp(-times / 0.015)).astype(np.float32)


def loop(bpm: float, bars: int, beats: int = 4) -> np.ndarray:
    """Kick on the first beat, snare on the second and fourth (of three: hats alone), hats in eighths; float32 (n,)."""
    rng, bar = np.random.default_rng(0), round(60 / bpm * RATE * beats)
    audio = np.zeros(bars * bar, np.float32)
    for number in range(bars * beats * 2):
        at, place = round(number * bar / beats / 2), number / 2 % beats
        struck = [hat(rng)]
        if place in (0, 2.5):
            struck.append(kick(rng))
        elif place in (1, 3) and beats == 4:
            struck.append(snare(rng))
        for sound in struck:
            end = np.arange(at, at + len(sound)) % len(audio)
            audio[end] += sound
    return 0.5 * audio


@pytest.mark.parametrize(("bpm", "bars"), [(176.0, 1), (124.0, 1), (92.0, 1), (138.0, 2), (100.0, 2)])
def test_a_loop_has_its_tempo_and_its_bars(tmp_path: Path, bpm: float, bars: int) -> None:
    samples = loop(bpm, bars)
    soundfile.write(tmp_path / "loop.wav", samples, RATE)
    among = choice(open_record(tmp_path / "loop.wav", tmp_path), ChopOptions(choose="bars"), 0, len(samples))
    found = among.found
    assert found.tempo is not None
    octave = round(np.log2(float(found.tempo.value) / bpm))
    assert float(found.tempo.value) == pytest.approx(bpm * 2.0**octave, rel=0.005)
    assert octave == 0 or float(found.tempo.other) == pytest.approx(bpm, rel=0.005)
    assert len(found.beats) == 4 * bars * 2.0**octave
    assert found.beats[0].sample == 0 and found.beats[0].label == "1"
    assert all(beat.sample < len(samples) for beat in found.beats)
    assert among.everything[0].sample < 0.005 * RATE


def test_what_is_no_whole_number_of_beats_is_no_loop(tmp_path: Path) -> None:
    samples = loop(120.0, 4)[: round(6.7 * RATE)]
    soundfile.write(tmp_path / "part.wav", samples, RATE)
    record = open_record(tmp_path / "part.wav", tmp_path)
    found = candidates.find(record, ChopOptions(), 0, len(samples))
    assert found.tempo is None or float(found.tempo.value) == pytest.approx(120.0, rel=0.02)


@pytest.mark.parametrize(("seconds", "may_be"), [(0, False), (1 / RATE, False), (0.5, True), (16, True), (17, False)])
def test_what_is_shorter_than_a_beat_or_long_is_no_loop(seconds: float, may_be: bool) -> None:
    assert loops.may_be_one(None, round(seconds * RATE), RATE) == may_be


def test_what_sounds_at_the_end_of_a_loop_begins_it() -> None:
    events = [Event("chop", sample, 0, 0.5) for sample in (0, 2950, 3100, 3990, 4050)]
    assert [one.sample for one in loops.once(events, 1000, 4, 10_000)] == [0, 100]
    beats = [Event(BEAT, sample, 0, 0.5, tempo=100.0) for sample in range(0, 4000, 500)]
    assert [one.sample for one in loops.settled_beats(beats, 1000, 4, 100)] == [3000, 3500]
    assert len(loops.settled_beats(beats, 1000, 4, 200)) == 3
