"""Beats that are divided in three, where the pulse was tracked as if they were divided in two."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.kits.analysis import candidates
from samplechop.offline.kits.analysis.compound_meter import DRUMS, compound_path, compound_tempo
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.realtime.core.events import DOWNBEAT, Event
from samplechop.realtime.detectors.beats.bar_pointer import ZONE
from tests.support import made_drums
from tests.support.made_drums import ROCK, SIX_EIGHT, WALTZ, Pattern, Times

RATE = 44_100 / 512
HEADS = (*DRUMS, "beat")


def struck(pattern: Pattern, meter: int, beats: Times) -> np.ndarray:
    """Give activations, float32 (n, HEADS), of a pattern played on beats, seconds; that of beats says nothing."""
    rows = np.zeros((round((beats[-1] + 1) * RATE), len(HEADS)), np.float32)
    for bar in range(0, len(beats) - meter, meter):
        for column, drum in enumerate(DRUMS):
            for place in pattern.get(drum, ()):
                at = np.interp(bar + place, np.arange(len(beats)), beats)
                rows[round(at * RATE), column] = 0.8
    return rows


def frames(beats: Times, step: float) -> np.ndarray:
    """Give every place that is a number of steps, in beats, after the first beat: in frames."""
    return RATE * np.interp(np.arange(0, len(beats) - 1, step), np.arange(len(beats)), beats)


@pytest.mark.parametrize("step", [1 / 3, 2 / 3])
def test_kick_and_snare_tell_beats_of_three_eighths(step: float) -> None:
    beats = made_drums.even(62.0, 30.0)
    found = compound_tempo(struck(SIX_EIGHT, 2, beats), HEADS, frames(beats, step), RATE)
    assert found == pytest.approx(62.0, rel=0.02)


@pytest.mark.parametrize(("pattern", "meter"), [(ROCK, 4), (WALTZ, 3), (SIX_EIGHT, 2)])
@pytest.mark.parametrize("step", [0.5, 1.0, 2.0])
def test_beats_that_were_found_or_that_are_divided_in_two_stay(pattern: Pattern, meter: int, step: float) -> None:
    beats = made_drums.even(96.0, 30.0)
    assert compound_tempo(struck(pattern, meter, beats), HEADS, frames(beats, step), RATE) is None


def test_a_snare_between_others_in_a_waltz_tells_no_six_eight() -> None:
    beats = made_drums.even(87.0, 30.0)
    rows = struck({"kick": (0,), "snare": (1, 1.5, 2)}, 3, beats)
    rows[:, 1] = np.where(np.isin(np.arange(len(rows)), np.round(frames(beats, 0.5)[3::6])), 0.7, 1.0) * rows[:, 1]
    assert compound_tempo(rows, HEADS, frames(beats, 1.0), RATE) is None


def test_where_no_drums_sound_nothing_is_told() -> None:
    rows = np.full((3000, len(HEADS)), 0.01, np.float32)
    assert compound_tempo(rows, HEADS, np.arange(20, 2980, 40.0), RATE) is None
    assert compound_tempo(rows, ("beat",), np.arange(20, 2980, 40.0), RATE) is None


def test_beats_lie_on_kick_and_snare_whatever_the_beat_head_says() -> None:
    beats = made_drums.even(50.0, 30.0)
    rows = struck(SIX_EIGHT, 2, beats)
    rows[np.round(RATE * (beats[:-1] + 0.8)).astype(int), HEADS.index("beat")] = 0.5
    path = compound_path(rows, HEADS, 50.0, RATE)
    settled = path.frames[(path.frames > 2 * RATE) & (path.frames < 27 * RATE)]
    assert (
        np.abs(settled[:, None] / RATE - beats).min(axis=1).max() < 60 / 50.0 / ZONE
    )  # a beat begins where its zone does


def beats_in(sound: np.ndarray, tmp_path: Path, tempo: str | None = None) -> list[Event]:
    soundfile.write(tmp_path / "record.wav", sound, made_drums.RATE)
    record = open_record(tmp_path / "record.wav", tmp_path)
    return list(candidates.find(record, ChopOptions(tempo=tempo), 0, record.length).beats)


@pytest.mark.parametrize("bpm", [50.0, 65.0])
def test_a_file_in_six_eight_has_two_beats_in_a_bar(bpm: float, tmp_path: Path) -> None:
    beats = made_drums.even(bpm, 25.0)
    found = beats_in(made_drums.drums(beats, SIX_EIGHT, 2, 25.0), tmp_path)
    places = np.array([beat.sample for beat in found]) / made_drums.RATE
    assert np.abs(places[:, None] - beats).min(axis=1).max() < 0.06
    assert len(places) == pytest.approx(len(beats), abs=1)
    ones = np.array([beat.label == DOWNBEAT for beat in found])
    np.testing.assert_allclose(places[ones], beats[::2][: ones.sum()], atol=0.06)


def test_whoever_wants_the_tracked_tempo_gets_it(tmp_path: Path) -> None:
    sound = made_drums.drums(made_drums.even(65.0, 25.0), SIX_EIGHT, 2, 25.0)
    found = beats_in(sound, tmp_path, "98")
    assert np.median([beat.tempo for beat in found]) == pytest.approx(97.5, rel=0.02)
