"""What there is to choose from, and by which beats."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits import plan as planning
from samplechop.offline.kits.core.model import Candidate, Guess
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.model import Grid, Project
from samplechop.realtime.detectors.chop import Choose
from tests.support.signals import RATE, record

PLACES = tuple(Candidate(sample, 0.9) for sample in (0, 500, 950))


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, record(12.0)[0], RATE)
    return path


def test_a_sliver_at_the_end_is_no_chop_while_there_are_others() -> None:
    assert planning._long_enough(PLACES, set(), 2, 900) == list(PLACES[:2])


def test_a_sliver_that_is_fixed_or_needed_stays() -> None:
    assert planning._long_enough(PLACES, {950}, 2, 900) == list(PLACES)
    assert planning._long_enough(PLACES, set(), 3, 900) == PLACES
    assert planning._long_enough(PLACES[2:], set(), 1, 900) == PLACES[2:]


def test_too_many_candidates_are_thinned_to_the_strongest(song: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(planning, "MOST_CANDIDATES", 6)
    taken = open_record(song, tmp_path)
    plan = planning.planned(taken, ChopOptions(count=4, until="chosen"), 0, taken.length)
    assert len(plan.pieces) == 4
    assert plan.pieces[0].start == 0


def test_bars_are_followed_only_where_the_tempo_is_clear(song: Path, tmp_path: Path, monkeypatch) -> None:
    taken = open_record(song, tmp_path)
    seen = []
    monkeypatch.setattr(planning.tempo_and_key, "downbeats", lambda _: (1, 2))
    monkeypatch.setattr(planning.beat_grid, "whole", lambda *given: given[0])
    monkeypatch.setattr(planning.selection, "select", lambda *given: seen.append(given[4]) or np.arange(3))
    for known, bars in ((None, ()), (Guess("90.0", 0.9), (1, 2))):
        monkeypatch.setattr(planning.tempo_and_key, "tempo", lambda *_, known=known: known)
        planning.planned(taken, ChopOptions(bars=True), 0, taken.length)
        assert seen[-1] == bars


def test_beats_bars_and_lengths_follow_a_corrected_grid(song: Path, tmp_path: Path) -> None:
    taken = open_record(song, tmp_path)
    project = Project(audio_of(taken), grid=Grid(bpm=80.0, ones=(50_000,)))
    plan = planning.planned(taken, ChopOptions(until="2beats"), 0, taken.length, project=project)
    assert plan.found.tempo == Guess("80.0", 1.0)
    assert {one.stop - one.start for one in plan.pieces[:-1]} == {round(1.5 * taken.sample_rate)}
    assert 50_000 in {beat.sample for beat in plan.found.beats if beat.label == "1"}


@pytest.mark.parametrize("choose", ["bars", "beats"])
def test_bars_and_beats_are_chosen_by_the_corrected_grid(song: Path, tmp_path: Path, choose: Choose) -> None:
    taken = open_record(song, tmp_path).with_cache(ArrayCache(tmp_path))  # what is detected is the same
    for grid in (Grid(factor=2.0), Grid(factor=0.5), Grid(shift=9_000), Grid(bpm=77.0, ones=(50_000,))):
        project = Project(audio_of(taken), grid=grid)
        found = planning.planned(taken, ChopOptions(choose=choose), 0, taken.length, project=project).found
        wanted = [beat.sample for beat in found.beats if choose == "beats" or beat.label == "1"]
        away = [one.sample - at for one, at in zip(found.candidates, wanted, strict=True)]
        assert max(np.abs(away)) <= 0.05 * taken.sample_rate
