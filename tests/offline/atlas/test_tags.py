"""From tagged sounds to a net to tags of the untagged, on sounds made here: tones, clicks and noise of three packs."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from samplechop import models
from samplechop.offline.atlas import descriptions, tag_net
from samplechop.offline.atlas.settings import TagSettings
from samplechop.offline.atlas.store import Atlas, Sound
from samplechop.offline.atlas.tag_net import encode
from samplechop.offline.atlas.tags import predicted_tags, read_tags, tag
from samplechop.offline.nets.sound_net import Encoder
from samplechop.offline.training.tasks import tags as tag_training
from samplechop.realtime.core.errors import UserError
from tests.support.command import samplechop

RATE = 44_100
KINDS = ("tone", "click", "noise")
PACKS = ("one", "two", "three")
EACH = 10


def made(kind: str, rng: np.random.Generator) -> np.ndarray:
    times = np.arange(int(RATE * rng.uniform(0.1, 0.3))) / RATE
    if kind == "tone":
        sound = np.sin(2 * np.pi * rng.uniform(200, 800) * times)
    elif kind == "click":
        sound = rng.standard_normal(len(times)) * np.exp(-times / 0.003)
    else:
        sound = rng.standard_normal(len(times))
    return (sound / np.abs(sound).max()).astype(np.float32)


def row(name: str, path: Path, pack: str, length: int) -> Sound:
    return Sound(name, str(path), 0.0, length / RATE, length, 1.0, "", pack, 0.1, 1.0, 1.0, 1.0, 0.1, 1.0)


def add(atlas: Atlas, pack: str, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"{pack}-{kind}-{seed}-{number}" for kind in KINDS for number in range(count)]
    sounds = [made(name.split("-")[1], rng) for name in names]
    rows = [
        row(name, Path("/music") / pack / f"{name}.wav", pack, len(s)) for name, s in zip(names, sounds, strict=True)
    ]
    atlas.append(rows, sounds)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train on packs one and two; three has no tags."""
    folder = tmp_path_factory.mktemp("tags")
    atlas = Atlas.begin(folder / "atlas", RATE, RATE)
    for number, pack in enumerate(PACKS):
        add(atlas, pack, EACH, number)
    lines = [f"{one.name};{one.name.split('-')[1]}" for one in atlas.sounds if one.pack != "three"]
    (folder / "tags.csv").write_text("name;tags\n" + "\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tag_training, "CHANNELS", (8, 12, 16, 16))  # three kinds need no more, and it learns in seconds
        told = samplechop(
            "train", "tags", folder / "atlas", "-o", folder / "mine", "--metadata", folder / "tags.csv",
            "--held-out", "two", "--steps", 100, "--jobs", 1,
        )  # fmt: skip
    assert told.code == 0, told.err
    assert "3 tags of 60 sounds" in told.out
    assert "packs held out: two" in told.out
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy of the untouched atlas, its metadata and its model."""
    shutil.copytree(trained, tmp_path / "copy")
    return tmp_path / "copy"


def settings(folder: Path) -> TagSettings:
    return TagSettings(str(folder / "mine.json"), (folder / "tags.csv",))


def heard(atlas: Atlas, how: TagSettings) -> int:
    """Tag, and give how many sounds were heard for it."""
    counts = {"tagging": 0}
    tag(atlas, how, lambda what, _, of: counts.update({what: of}))
    return counts["tagging"]


def test_training_measures_each_tag_on_the_packs_held_out(trained: Path) -> None:
    manifest = models.load(trained / "mine.json")
    assert set(manifest.scores["average_precision"]) == set(KINDS)
    assert manifest.scores["mean_average_precision"] > 0.8
    assert manifest.training["sounds_validation"] == 30
    assert (trained / "mine-report" / "average-precision.png").read_bytes().startswith(b"\x89PNG")
    assert "- tone: " in (trained / "mine.md").read_text()


def test_untagged_sounds_are_tagged_by_what_was_learned_from_others(folder: Path) -> None:
    told = samplechop(
        "atlas", "tags", folder / "atlas", "--model", folder / "mine.json", "--metadata", folder / "tags.csv"
    )
    assert told.code == 0 and "60 of 90 sounds with given tags" in told.out
    atlas = Atlas(folder / "atlas")
    labels = np.load(folder / "atlas" / "labels.npy", allow_pickle=False)
    names = json.loads((folder / "atlas" / "tags.json").read_text())["vocabulary"]
    right = [names[labels[place].argmax()] in one.name for place, one in enumerate(atlas.sounds) if one.pack == "three"]
    assert np.mean(right) > 0.8
    for given, predicted in read_tags(atlas)[:60]:
        assert len(given) == 1 and all(0 <= value <= 1 for _, value in predicted)


def test_encodings_are_of_unit_length_and_alike_for_alike_sounds(folder: Path) -> None:
    atlas = Atlas(folder / "atlas")
    heard(atlas, settings(folder))
    encodings = np.load(folder / "atlas" / "encodings.npy", allow_pickle=False)
    np.testing.assert_allclose(np.linalg.norm(encodings, axis=1), 1, atol=1e-4)
    kinds = np.array([one.name.split("-")[1] for one in atlas.sounds])
    near = encodings @ encodings.T - 9 * np.eye(len(kinds))
    assert np.mean(kinds[near.argmax(axis=1)] == kinds) > 0.8


def test_only_new_sounds_are_processed_and_the_others_stay_as_they_are(folder: Path) -> None:
    atlas = Atlas(folder / "atlas")
    assert heard(atlas, settings(folder)) == 90
    before = np.load(folder / "atlas" / "labels.npy", allow_pickle=False)
    assert heard(atlas, settings(folder)) == 0
    add(atlas, "four", 2, 4)
    assert heard(atlas, settings(folder)) == 6
    after = np.load(folder / "atlas" / "labels.npy", allow_pickle=False)
    np.testing.assert_array_equal(after[:90], before)
    assert len(after) == len(read_tags(atlas)) == 96


def test_other_metadata_changes_the_given_tags_without_hearing_again(folder: Path) -> None:
    atlas = Atlas(folder / "atlas")
    heard(atlas, settings(folder))
    (folder / "tags.csv").write_text("name,tags\none-tone-0-0,noise\n")
    assert heard(atlas, settings(folder)) == 0
    assert [given for given, _ in read_tags(atlas)].count(["noise"]) == 1


@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_damaged_answers_are_made_again(folder: Path, damage: bytes) -> None:
    atlas = Atlas(folder / "atlas")
    heard(atlas, settings(folder))
    (folder / "atlas" / "labels.npy").write_bytes(damage)
    add(atlas, "four", 1, 4)
    assert heard(atlas, settings(folder)) == 93


def test_the_answers_do_not_depend_on_how_many_threads_there_are(trained: Path) -> None:
    manifest, atlas = models.load(trained / "mine.json"), Atlas(trained / "atlas")
    lengths = [one.length for one in atlas.sounds]
    one, three = (
        np.concatenate([labels for *_, (labels, _) in encode(manifest, atlas.samples(), lengths, RATE, threads)])
        for threads in (1, 3)
    )
    np.testing.assert_array_equal(one, three)


def test_a_sound_at_another_rate_gets_nearly_the_same_answer(trained: Path) -> None:
    import soxr

    manifest, atlas = models.load(trained / "mine.json"), Atlas(trained / "atlas")
    sound = np.array(atlas.samples()[0, : atlas.sounds[0].length])
    other = soxr.resample(sound, RATE, 48_000)
    answers = [
        next(iter(encode(manifest, some[None], [len(some)], rate, 1)))[2][1][0]
        for some, rate in ((sound, RATE), (other, 48_000))
    ]
    assert float(answers[0] @ answers[1]) > 0.97


def test_no_sounds_need_no_answers(tmp_path: Path, trained: Path) -> None:
    atlas = Atlas.begin(tmp_path / "empty", RATE, RATE)
    tag(atlas, settings(trained), lambda *_: None)
    assert read_tags(atlas) == []
    assert np.load(atlas.folder / "encodings.npy", allow_pickle=False).shape[0] == 0


@pytest.mark.parametrize("model", ["drums", "none", "chop"])
def test_a_model_that_hears_something_else_is_refused(folder: Path, model: str) -> None:
    told = samplechop("atlas", "tags", folder / "atlas", "--model", model)
    assert told.code == 2 and "model" in told.err and model in told.err


def test_a_model_without_thresholds_is_refused(folder: Path) -> None:
    path = folder / "mine.json"
    record = json.loads(path.read_text())
    del record["decision"]["thresholds"]["tone"]
    path.write_text(json.dumps(record))
    with pytest.raises(UserError, match="a number for each tag"):
        tag(Atlas(folder / "atlas"), settings(folder), lambda *_: None)


def test_training_without_the_extra_is_refused_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from samplechop.realtime.core import errors

    monkeypatch.setattr(errors, "find_spec", lambda _: None)
    told = samplechop("train", "tags", folder / "atlas", "-o", folder / "other")
    assert told.code == 2 and "[train]'" in told.err


def test_too_few_tagged_sounds_are_refused(folder: Path) -> None:
    (folder / "few.csv").write_text("name,tags\n" + "".join(f"one-tone-0-{i},tone\n" for i in range(6)))
    told = samplechop("train", "tags", folder / "atlas", "-o", folder / "x", "--metadata", folder / "few.csv")
    assert told.code == 2 and "tag" in told.err


def test_whole_packs_are_held_out() -> None:
    packs = ["a"] * 40 + ["b"] * 30 + ["c"] * 20 + ["d"] * 10
    held, how = tag_net.split(packs, [])
    assert 0 < held.sum() <= 35 and how.startswith("packs held out")
    assert all(len(set(held[np.array(packs) == pack])) == 1 for pack in "abcd")


def test_one_pack_is_split_by_sound_and_reported_to_be() -> None:
    held, how = tag_net.split(["a"] * 50, [])
    assert held.sum() == 10 and "one pack only" in how


@pytest.mark.parametrize("named", [["x"], ["a", "b"]])
def test_packs_that_cannot_be_held_out_are_refused(named: list[str]) -> None:
    with pytest.raises(UserError, match="--held-out"):
        tag_net.split(["a"] * 20 + ["b"] * 20, named)


def test_where_folders_are_the_tags_the_folders_above_are_the_packs(tmp_path: Path) -> None:
    atlas = Atlas.begin(tmp_path / "atlas", RATE, 100)
    where = [(pack, kind, i) for pack in ("p", "q", "r") for kind in ("kick", "hat") for i in range(12)]
    rows = [row(f"{pack}{kind}{i}", tmp_path / pack / kind / f"{i}.wav", kind, 100) for pack, kind, i in where]
    atlas.append(rows, [np.ones(100, np.float32)] * len(rows))
    found = tag_net.find(atlas, [], None, 5, ["q"])
    assert found.tags == ("hat", "kick") and [where[i][0] for i in np.flatnonzero(found.held_out)] == ["q"] * 24


def test_predicted_tags_come_with_the_likeliest_first() -> None:
    labels = np.array([[0.3, 0.9, 0.6]], np.float32)
    assert [name for name, _ in predicted_tags(labels, "abc", np.array([0.4, 0.5, 0.5], np.float32))[0]] == ["b", "c"]


def test_the_step_reads_metadata_only_once_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "long.json").write_text('{"tags": ["speech"]}')
    calls: list[Path] = []
    read = descriptions.read_json
    monkeypatch.setattr(descriptions, "read_json", lambda path, file: calls.append(path) or read(path, file))
    pieces = [row(f"piece{i}", tmp_path / "long.wav", "p", 10) for i in range(5)]
    assert all(one is not None and one.tags == ("speech",) for one in descriptions.describe(pieces, []))
    assert len(calls) == 1


def test_a_model_whose_file_was_exchanged_is_refused(folder: Path) -> None:
    content = bytearray((folder / "mine.tflite").read_bytes())
    content[-1] ^= 1
    (folder / "mine.tflite").write_bytes(content)
    with pytest.raises(UserError, match="damaged or was exchanged"):
        tag(Atlas(folder / "atlas"), settings(folder), lambda *_: None)


def test_a_net_of_another_shape_than_its_manifest_is_refused(folder: Path) -> None:
    path = folder / "mine.json"
    record = json.loads(path.read_text())
    record["features"]["encoding"] = 7
    path.write_text(json.dumps(record))
    with pytest.raises(models.ModelError, match="its manifest says"):
        Encoder(models.load(path))
