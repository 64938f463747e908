"""The made-up producer labels by his rule, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.synthetic.producer import edit, label
from samplechop.offline.labels import read_labels
from samplechop.offline.labels.recording_truth import BeatTruth, DrumTruth, Truth, write_truth
from samplechop.offline.project.places import place_for
from samplechop.offline.project.store import read_project
from samplechop.realtime.core.errors import UserError

LENGTH = 8.0


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    """Three records: kick and snare in turn every half second, a bar every two seconds; the second has no snare."""
    folder = tmp_path / "crate"
    folder.mkdir()
    times = np.arange(0.25, LENGTH, 0.5).tolist()
    for number in range(3):
        drums = [
            DrumTruth(time, "snare" if at % 2 and number != 1 else "kick", 0.8 if at > 1 else 0.2)
            for at, time in enumerate(times)
        ]
        beats = [BeatTruth(time, 1 + at % 4) for at, time in enumerate(times)]
        path = folder / f"{number:05d}.json"
        write_truth(Truth(LENGTH, "soul", "train", number, drums=drums, beats=beats), path)
        soundfile.write(path.with_suffix(".flac"), np.zeros(round(LENGTH * 44_100)), 44_100)
    return folder


@pytest.mark.parametrize(
    ("rule", "names", "first"), [("snares", ["00000", "00002"], 1.75), ("bars", ["00000", "00001", "00002"], 0.25)]
)
def test_records_are_labelled_where_the_rule_finds_something(
    crate: Path, tmp_path: Path, rule: str, names: list[str], first: float
) -> None:
    assert label(crate, tmp_path / "out", rule, 10) == len(names)
    assert sorted(path.stem for path in (tmp_path / "out").glob("*.flac")) == names
    assert read_labels(tmp_path / "out" / "00000.txt").times[0] == pytest.approx(first)


def test_those_passed_over_are_not_copied(crate: Path, tmp_path: Path) -> None:
    assert label(crate, tmp_path / "out", "snares", 10, skip=1) == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["00002.flac", "00002.txt"]


def test_a_record_that_is_missing_is_named(crate: Path, tmp_path: Path) -> None:
    (crate / "00000.flac").unlink()
    with pytest.raises(UserError, match=r"00000\.flac' cannot be copied"):
        label(crate, tmp_path / "out", "snares", 1)


def test_a_producer_who_edits_ends_with_the_chops_of_the_taste(crate: Path) -> None:
    audio = crate / "00000.flac"
    clicks = np.zeros(round(LENGTH * 44_100))
    for at in (1.0, 2.5, 4.0):
        clicks[round(at * 44_100) :][:2000] += np.random.default_rng(1).normal(0, 0.3, 2000) * np.linspace(1, 0, 2000)
    soundfile.write(audio, clicks, 44_100)
    edit(audio, [1.0, 3.2])
    project = read_project(place_for(audio))
    assert project is not None and project.offer is not None
    assert {round(chop.at / 44_100, 2) for chop in project.chops} | {1.0} == {1.0, 3.2}
    left = {at for at, _ in project.offer.places} - set(project.deleted)
    assert all(abs(at / 44_100 - 1.0) < 0.05 for at in left)
