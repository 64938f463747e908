"""What is said of a kit beside its making."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.kits import pipeline, remarks
from samplechop.offline.kits import plan as planning
from samplechop.offline.kits.analysis import candidates
from samplechop.offline.kits.core.model import Candidate, Content, Slice
from samplechop.offline.kits.core.options import ChopOptions, Want
from tests.support.signals import RATE, record


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, record(12.0)[0], RATE)
    return path


@pytest.mark.parametrize(
    ("at_bars", "said"),
    [
        (None, "has no clear tempo, so --bars changed nothing"),
        (2, "2 of 4 slices of"),
        (4, "all 4 slices of"),
    ],
)
def test_it_says_how_many_slices_begin_with_a_bar(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_bars: int | None, said: str
) -> None:
    plan = planning.planned
    monkeypatch.setattr(pipeline, "planned", lambda *given: replace(plan(*given), at_bars=at_bars))
    options = ChopOptions(count=4, bars=True, formats=(), picture=False)
    notes = [note for note in pipeline.make_kit(song, tmp_path / "kit", options).warnings if "bar" in note]
    assert [said in note for note in notes] == [True]


def test_what_is_on_no_pad_is_said_where_the_kit_has_all_that_was_found(tmp_path: Path) -> None:
    audio = np.zeros((10 * RATE, 1), np.float32)
    audio[RATE : 5 * RATE, 0] = record(4.0)[0][: 4 * RATE]
    soundfile.write(tmp_path / "loop.wav", audio, RATE)
    told = [
        pipeline.make_kit(tmp_path / "loop.wav", tmp_path / until, ChopOptions(until=until, picture=False)).warnings
        for until in ("next", "chosen")
    ]
    assert [any("on no pad" in one for one in warnings) for warnings in told] == [True, False]


@pytest.mark.parametrize(("want", "tagged"), [("drums", 1), ("harmony", 1)])
def test_what_was_wanted_is_counted_by_the_tags_that_are_shown(want: Want, tagged: int) -> None:
    contents = [Content(), Content("A:min", drum="kick"), Content("A:min")]
    slices = [Slice(1, 0, 1, 0.5, 36, "a", "a.wav", 1, one) for one in contents]
    assert remarks.tagged(slices, want) == tagged
    assert remarks.tagged(slices, "both") == 3


@pytest.mark.parametrize(
    ("options", "alone", "count", "told"),
    [
        (ChopOptions(), 20, 16, 20),
        (ChopOptions(count=16), 20, 16, 0),
        (ChopOptions(choose="hits"), 20, 16, 0),
        (ChopOptions(), 19, 16, 0),
        (ChopOptions(), 20, 20, 0),
        (ChopOptions(start_note=110), 20, 16, 0),
        (ChopOptions(min_gap=0.5), 20, 16, 0),
    ],
)
def test_of_drums_alone_all_hits_are_offered_where_nobody_said_how_many(
    options: ChopOptions, alone: int, count: int, told: int
) -> None:
    hits = tuple(Candidate(1000 * number, 0.9, 0.0, number < alone) for number in range(20))
    assert remarks.drums_alone(candidates.Found(hits, (), ("chop", "0")), options, count) == told
