"""Which recordings are trained on, and which are held out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.evaluate.references import tracks_in
from samplechop.offline.labels.files import fingerprint
from samplechop.offline.labels.recording_truth import Truth, write_truth
from samplechop.offline.training import dataset
from samplechop.offline.training.tasks.chop_targets import SHARED


@given(st.lists(st.sampled_from("abcdefghij"), min_size=2, max_size=30))
def test_recordings_are_split_by_name(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    folder = tmp_path_factory.mktemp("records")
    for place, name in enumerate(names):
        (folder / str(place)).mkdir()
        (folder / str(place) / f"{name}.wav").touch()
        (folder / str(place) / f"{name}.txt").write_text("1.0\n")
    found = dataset.find(SHARED, [folder])
    of_name = {name: {one.split for one in found if one.audio.stem == name} for name in names}
    assert all(len(splits) == 1 for splits in of_name.values())
    assert len({one.split for one in found}) == min(2, len(set(names)))


def test_what_macos_writes_beside_recordings_on_other_disks_is_none(tmp_path: Path) -> None:
    for name in ("song", "other"):
        (tmp_path / f"{name}.wav").touch()
        (tmp_path / f"{name}.txt").write_text("1.0\n")
        for ending in ("wav", "txt"):
            (tmp_path / f"._{name}.{ending}").write_bytes(b"\x00\x05\x16\x07\xff")
    found = dataset.find(SHARED, [tmp_path])
    assert [one.audio.name for one in found] == ["other.wav", "song.wav"]
    assert [one.path.name for one in tracks_in(tmp_path, lambda audio, _: audio)] == ["other.wav", "song.wav"]


def test_a_model_knows_the_recordings_it_learned_from_without_their_names(tmp_path: Path) -> None:
    for name in "abcdefghij":
        (tmp_path / f"{name}.wav").touch()
        (tmp_path / f"{name}.txt").write_text("1.0\n")
    learned = {one.audio for one in dataset.find(SHARED, [tmp_path]) if one.split == "train"}
    assert set(dataset.learned_from(SHARED, [tmp_path])) == {fingerprint(audio) for audio in learned}
    assert 0 < len(learned) < 10


def test_folders_are_mixed_where_something_is_trained_on_in_each(tmp_path: Path) -> None:
    for name in ("mine", "held-out", "made"):
        (tmp_path / name).mkdir()
        for number in range(10):
            (tmp_path / name / f"{number}.wav").touch()
            if name == "mine":
                (tmp_path / name / f"{number}.txt").write_text("1.0\n")
            else:
                split = "train" if name == "made" else "validation"
                write_truth(Truth(2.0, "funk", split, number), tmp_path / name / f"{number}.json")
    mine, held_out, made = (tmp_path / name for name in ("mine", "held-out", "made"))
    assert dataset.can_be_mixed(dataset.find(SHARED, [mine, made]))
    assert not dataset.can_be_mixed(dataset.find(SHARED, [mine, held_out]))
    assert not dataset.can_be_mixed(dataset.find(SHARED, [held_out, mine]))
    assert not dataset.can_be_mixed(dataset.find(SHARED, [mine]))
