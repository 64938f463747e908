"""Kits that were made before, opened as projects by command; and projects of sessions, which lie in them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from samplechop.offline.project.store import project_of
from tests.support.clicks import HITS, RATE, clicks
from tests.support.command import samplechop

pytestmark = pytest.mark.usefixtures("kept")
PLAIN = ("--no-picture", "--formats", "sfz", "--force")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "song.wav", clicks(), RATE, subtype="PCM_16")
    return tmp_path / "song.wav"


def chop(source: Path, folder: Path, *options: object) -> list[dict[str, Any]]:
    """Make a kit and give its slices."""
    outcome = samplechop("chop", source, "-o", folder, *PLAIN, *options)
    assert outcome.code == 0, outcome.err
    found: list[dict[str, Any]] = json.loads((folder / source.stem / "kit.json").read_text())["slices"]
    return found


def run(*arguments: object) -> str:
    """Do a command under `project` and give what it says on stderr."""
    outcome = samplechop("project", *arguments)
    assert outcome.code == 0, outcome.err
    return outcome.err


def test_a_kit_made_before_is_made_again_by_what_it_said(song: Path, tmp_path: Path) -> None:
    options = ("--count", 5, "--start-note", 60, "--diversity", 0.7, "--pre-roll", 3, "--until", "candidate")
    before = chop(song, tmp_path / "before", *options)
    assert run("import-kit", song, tmp_path / "before" / "song") == ""
    kit = json.loads((tmp_path / "before" / "song" / "kit.json").read_text())
    project = project_of(song)
    assert project is not None and project.offer is not None
    assert {at for at, _ in project.offer.places} == {one["sample"] for one in kit["candidates"]}
    again = chop(song, tmp_path / "again")
    kept = ("start", "stop", "note", "name")
    assert [[one[name] for name in kept] for one in again] == [[one[name] for name in kept] for one in before]
    other = {(one["start"], one["note"]) for one in chop(song, tmp_path / "other", "--density", 1, "--count", 9)}
    assert {(one["start"], one["note"]) for one in before} < other
    run("undo", song)
    project = project_of(song)
    assert project is not None and project.is_empty


def test_names_and_pads_of_a_project_that_is_gone_come_back_from_its_kit(song: Path, tmp_path: Path) -> None:
    edits: list[dict[str, object]] = [
        {"do": "name", "at": HITS[3], "name": "intro"},
        {"do": "play", "at": HITS[3], "play": "loop"},
        {"do": "pad", "at": HITS[5], "note": 99},
        {"do": "gain", "at": HITS[5], "gain_db": -4.5},
    ]
    run("set", song, *map(json.dumps, edits))
    before = chop(song, tmp_path / "before")
    for path in tmp_path.glob("song.chops.*"):
        path.unlink()
    run("import-kit", song, tmp_path / "before" / "song" / "kit.json")
    said = ("name", "note", "play", "gain_db")
    assert [[one[name] for name in said] for one in chop(song, tmp_path / "again")] == [
        [one[name] for name in said] for one in before
    ]
    assert {one["gain_db"] for one in before} == {None, -4.5}


def test_slices_are_named_by_the_tempo_where_they_lie(song: Path, tmp_path: Path) -> None:
    run("set", song, "tempo-change 0 120", "tempo-change 3 90", f"name {HITS[3] / RATE} intro")
    made = chop(song, tmp_path / "before", "--until", "0.2")
    assert [f"_{120 if one['start'] < 2.9 * RATE else 90}bpm" in one["name"] for one in made] == [True] * len(made)
    for path in tmp_path.glob("song.chops.*"):
        path.unlink()
    run("import-kit", song, tmp_path / "before" / "song")
    project = project_of(song)
    assert project is not None and [one.name for one in project.chops if one.name] == ["intro"]


def test_what_the_project_says_stands_and_is_told(song: Path, tmp_path: Path) -> None:
    before = chop(song, tmp_path / "before", "--count", 6)
    starts = [one["start"] for one in before]
    edits: list[dict[str, object]] = [
        {"do": "move", "at": starts[1], "to": starts[1] + 4_000},
        {"do": "delete", "at": starts[2]},
        {"do": "pad", "at": starts[3], "note": before[4]["note"]},
        {"do": "kit", "option": "count", "value": 7},
    ]
    run("set", song, *map(json.dumps, edits))
    told = run("import-kit", song, tmp_path / "before" / "song")
    project = project_of(song)
    assert project is not None
    assert [chop.at for chop in project.chops] == sorted({*starts} - {starts[1], starts[2]} | {starts[1] + 4_000})
    assert {chop.at: chop.note for chop in project.chops}[starts[3]] == before[4]["note"]
    assert (project.deleted, project.kit["count"]) == ((starts[2],), 7)
    for sentence in ("somebody deleted that place", "which stays at", "gets the next free one", "count stands, 7"):
        assert sentence in told
    assert len(chop(song, tmp_path / "again")) == 7
    for _ in range(2):
        outcome = samplechop("project", "import-kit", song, tmp_path / "again" / "song")
    assert "says nothing that the project does not" in outcome.out


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda kit: kit["record"].update(length=99), "was made of another record than"),
        (lambda kit: kit["slices"][0].update(start=-1), "slices[0].start must be a sample of the record"),
        (lambda kit: kit["slices"][0].update(note="x"), "slices[0].note must be an integer"),
        (lambda kit: kit.update(schema=2), "made by a later samplechop"),
        (lambda kit: kit.update(model={"name": ""}), "a kit of listed sounds"),
        (lambda kit: kit.pop("slices"), "is no kit.json of a kit"),
    ],
)
def test_what_is_no_kit_of_the_record_is_told_in_a_sentence(
    song: Path, tmp_path: Path, change: Any, sentence: str
) -> None:
    kit: dict[str, Any] = {"schema": 1, "record": {"sample_rate": RATE, "length": len(clicks()), "channels": 1}}
    kit |= {"source": {}, "settings": {}, "slices": [{"start": HITS[1], "note": 40}], "model": {"name": "chop"}}
    change(kit)
    (tmp_path / "kit.json").write_text(json.dumps(kit))
    outcome = samplechop("project", "import-kit", song, tmp_path / "kit.json")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert sentence in outcome.err
    assert project_of(song) is None


def test_settings_are_taken_in_an_order_in_which_they_go_together(song: Path, tmp_path: Path) -> None:
    chop(song, tmp_path / "many", "--count", 100, "--start-note", 20)
    assert run("import-kit", song, tmp_path / "many" / "song") == ""
    project = project_of(song)
    assert project is not None
    assert {name: project.kit[name] for name in ("count", "start_note")} == {"count": 100, "start_note": 20}


def test_the_project_of_a_session_lies_in_it(tmp_path: Path) -> None:
    session = tmp_path / "2026-11-21_10-30-43_line-in"
    session.mkdir()
    soundfile.write(session / "audio.wav", np.stack([clicks(), clicks()], axis=1), RATE, subtype="PCM_16")
    (session / "events.jsonl").write_text(json.dumps({"schema": 1, "settings": {"channel": "left"}}) + "\n")
    before = chop(session, tmp_path / "kits")
    run("import-kit", session, tmp_path / "kits" / session.name)
    run("set", session, json.dumps({"do": "move", "at": before[2]["start"], "to": before[2]["start"] + 2_000}))
    assert (session / "audio.chops.json").is_file()
    assert "moved from" in samplechop("project", "show", session).out
    starts = [one["start"] for one in chop(session, tmp_path / "kits")]
    assert starts == [one["start"] + 2_000 * (index == 2) for index, one in enumerate(before)]
    assert [path for path in session.parent.iterdir() if "chops" in path.name] == []
    run("undo", session)
    assert [one["start"] for one in chop(session, tmp_path / "kits")] == [one["start"] for one in before]
