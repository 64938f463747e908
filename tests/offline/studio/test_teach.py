"""A model learns from projects in a process of its own, and what came of it is told."""

import json
import shutil
import sys
import threading
from pathlib import Path

import pytest

from samplechop.offline.project.model import Project
from samplechop.offline.project.places import PROJECT
from samplechop.offline.project.store import editing
from samplechop.offline.studio.library import Library
from samplechop.offline.studio.teaching import LEAST, Lesson, Teaching, lessons, missing
from samplechop.offline.studio.worker import Stopped
from samplechop.realtime.core.errors import UserError
from tests.support.projects import AUDIO
from tests.support.records import noise, record
from tests.support.studio_client import Client, studio

TRAINER = """
import sys, time, pathlib
folder, out = (pathlib.Path(sys.argv[sys.argv.index(name) + 1]) for name in ("--from-projects", "-o"))
print("reading records: 1 of 2", file=sys.stderr)
print("2026: a line of somebody else's", file=sys.stderr)
how = HOW
if how == "fails":
    print("samplechop: it cannot be", file=sys.stderr)
    sys.exit(2)
if how == "waits":
    time.sleep(600)
if how == "better":
    out.with_name(out.name + ".json").write_text(repr(sorted(path.name for path in folder.iterdir())))
print(f"{out}.json in 12 s: found with F 0.8, 0.7 before; from", sys.argv[sys.argv.index("--from") + 1])
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Give a library of three records, about two of which something was decided."""
    folder = tmp_path / "records"
    folder.mkdir()
    record(folder, noise(1000, 2))
    for number in range(3):
        path = folder / f"song {number}.wav"
        shutil.copyfile(folder / "record.wav", path)
        if number:
            with editing(path.with_name(path.stem + PROJECT), Project(AUDIO)) as editor:
                editor.do({"do": "add", "at": 100 * number})
    return Library([folder])


def teaching(library: Library, folder: Path, how: str) -> Teaching:
    return Teaching(
        lessons(library), folder / "models" / "mine", [sys.executable, "-c", TRAINER.replace("HOW", repr(how))]
    )


def test_records_with_decisions_are_learned_from(library: Library) -> None:
    assert [lesson.audio.name for lesson in lessons(library)] == ["song 1.wav", "song 2.wav"]


def test_what_is_missing_is_said_in_a_sentence() -> None:
    assert str(LEAST) in missing(0) and missing(0) != missing(1)


def test_a_better_model_is_there_afterwards(library: Library, tmp_path: Path) -> None:
    told: list[dict] = []
    found = teaching(library, tmp_path, "better").run(told.append)
    assert told == [{"stage": "reading records", "done": 1, "length": 2}]
    assert found["better"] and found["said"] == "found with F 0.8, 0.7 before; from chop\n"
    names = [lesson.name for lesson in lessons(library)]
    learned = Path(found["model"]).read_text()
    assert all(f"{name}.wav" in learned and f"{name}{PROJECT}" in learned for name in names)
    again = teaching(library, tmp_path, "better").run(told.append)
    assert f"from {found['model']}" in again["said"]


def test_a_model_that_is_no_better_leaves_the_one_there_is(library: Library, tmp_path: Path) -> None:
    found = teaching(library, tmp_path, "worse").run(lambda _: None)
    assert not found["better"]
    assert not Path(found["model"]).exists()


def test_what_keeps_it_from_learning_is_told(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it cannot be"):
        teaching(library, tmp_path, "fails").run(lambda _: None)


def test_a_training_can_be_stopped(library: Library, tmp_path: Path) -> None:
    one = teaching(library, tmp_path, "waits")
    with pytest.raises(Stopped):
        one.run(lambda _: threading.Thread(target=one.stop).start())
    with pytest.raises(Stopped):
        one.run(lambda _: None)


def test_a_record_that_is_gone_is_said(tmp_path: Path) -> None:
    gone = Lesson(tmp_path / "gone.wav", tmp_path / f"gone{PROJECT}", "gone")
    found = Teaching([gone], tmp_path / "mine", [sys.executable, "-c", TRAINER.replace("HOW", "'worse'")])
    assert not found.run(lambda _: None)["better"]


def test_with_too_few_decisions_nothing_begins(tmp_path: Path) -> None:
    opened = record(tmp_path, noise(44_100, 1)).source
    with studio("--port", 0, opened, cache=tmp_path / "cache") as (address, _):
        client = Client(address)
        said = client.json("/api/teach")
        assert said["records"] < LEAST
        assert said["missing"]
        assert client.post("/api/teach", {})[0] == 400
        assert client.post("/api/teach/use", {"use": True})[0] == 400
        assert client.post("/api/teach/stop", {}) == (200, json.loads("{}"))
