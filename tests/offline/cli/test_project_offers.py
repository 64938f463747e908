"""What the machine offered, noted in projects by the command line: once, without listening anew, beside all undo."""

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile

import samplechop as face
from samplechop.offline.kits.analysis import detection
from samplechop.offline.project.model import Offer
from samplechop.offline.project.store import editing, project_of
from samplechop.offline.training.tasks.chop_decisions import annotation_of
from tests.support.clicks import HITS, RATE, clicks
from tests.support.command import samplechop

PLAIN = ("--no-picture", "--formats", "sfz", "--force")


@pytest.fixture
def song(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a record; what is found in it is kept in a folder of the test's own."""
    monkeypatch.setenv("SAMPLECHOP_CACHE", str(tmp_path / "cache"))
    soundfile.write(tmp_path / "song.wav", clicks(), RATE, subtype="PCM_16")
    return tmp_path / "song.wav"


def chop(song: Path, *options: object) -> dict[str, bytes]:
    """Make a kit and give its files."""
    folder = song.parent / "kits"
    outcome = samplechop("chop", song, "-o", folder, *PLAIN, *options)
    assert outcome.code == 0, outcome.err
    return files(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def decide(song: Path, *commands: dict[str, object]) -> None:
    outcome = samplechop("project", "set", song, *map(json.dumps, commands))
    assert outcome.code == 0, outcome.err


def test_python_makes_the_kit_of_the_command_notes_the_offer_and_finds_nothing_twice(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_python(**options: Any) -> dict[str, bytes]:
        face.chop(song, song.parent / "kits", picture=False, formats=["sfz"], force=True, **options)
        return files(song.parent / "kits")

    decide(song, {"do": "add", "at": 12_345})
    first = by_python()
    offer = offer_of(song)
    assert offer is not None and 12_345 not in dict(offer.places)
    with monkeypatch.context() as patched:
        patched.setattr(detection, "_detected", lambda *_: pytest.fail("it was listened to again"))
        assert chop(song) == by_python() == first
    assert by_python(cache=False) == chop(song, "--no-cache") == first


def offer_of(song: Path) -> Offer | None:
    project = project_of(song)
    assert project is not None
    return project.offer


def test_an_edit_notes_what_a_kit_before_was_made_of(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = json.loads(chop(song)["song/kit.json"])
    monkeypatch.setattr(detection, "_detected", lambda *_: pytest.fail("it was listened to again"))
    decide(song, {"do": "delete", "at": HITS[2]})
    offer = offer_of(song)
    assert offer is not None
    assert offer.model == (made["model"]["name"], made["model"]["sha256"])
    assert offer.places == tuple((one["sample"], round(one["strength"], 4)) for one in made["candidates"])
    project = project_of(song)
    assert project is not None
    near = [at for at, _ in offer.places if 0.01 * RATE < abs(at - HITS[2]) < 2 * RATE]
    assert [round(at * RATE) for at in annotation_of(project).faint["chop"]] == near


def test_labels_that_are_imported_note_it_too(song: Path) -> None:
    chop(song)
    (song.parent / "mine.txt").write_text("0.25\t0.25\tintro\n")
    assert samplechop("project", "import-labels", song, song.parent / "mine.txt").code == 0
    assert offer_of(song) is not None


def test_where_nothing_is_known_the_next_kit_notes_what_it_is_made_of(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(detection, "_detected", lambda *_: pytest.fail("an edit listened"))
        decide(song, {"do": "add", "at": 12_345})
    assert offer_of(song) is None
    chop(song, "--no-cache", "--start", "1")
    assert offer_of(song) is None  # a part is not all that was offered
    first = chop(song, "--no-cache")
    offer = offer_of(song)
    assert offer is not None
    assert 12_345 not in dict(offer.places)
    assert chop(song, "--no-cache") == first


def test_it_is_noted_once_and_undo_passes_it_by(song: Path) -> None:
    chop(song)
    decide(song, {"do": "add", "at": 12_345})
    offer = offer_of(song)
    chop(song, "--model", "chop-61")
    decide(song, {"do": "add", "at": 23_456})
    for _ in range(2):
        assert samplechop("project", "undo", song).code == 0
    project = project_of(song)
    assert project is not None and project.is_empty
    assert project.offer == offer
    assert samplechop("project", "undo", song).code == 2


def test_what_another_program_edits_is_left_alone_and_the_kit_is_made(song: Path) -> None:
    decide(song, {"do": "add", "at": 12_345})
    with editing(song.with_suffix(".chops.json")):
        chop(song)
    assert offer_of(song) is None


def test_another_sound_is_not_what_was_offered(song: Path) -> None:
    decide(song, {"do": "add", "at": 23_456})
    sound, rate = soundfile.read(song)
    soundfile.write(song, sound[::-1], rate, subtype="PCM_16")
    chop(song)
    decide(song, {"do": "add", "at": 12_345})
    assert offer_of(song) is None


def test_a_place_that_is_typed_means_what_was_offered_there_from_the_first_edit_on(song: Path) -> None:
    found = json.loads(chop(song)["song/kit.json"])["candidates"][2]
    assert samplechop("project", "set", song, f"delete {found['seconds']:.3f}").code == 0
    project = project_of(song)
    assert project is not None
    assert project.deleted == (found["sample"],)
