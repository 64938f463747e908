"""A project on disk: its edits come back, whatever ended the program, and nothing is edited by two at once."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from samplechop.offline.project import journal, store
from samplechop.offline.project.document import SCHEMA, from_document, offer_document, text_of
from samplechop.offline.project.history import History
from samplechop.offline.project.model import Offer, Project
from samplechop.offline.project.places import journal_of
from samplechop.offline.project.store import editing, read_project
from samplechop.realtime.core.errors import UserError
from tests.support.command import ROOT
from tests.support.projects import EMPTY, done, edits

OFFER = Offer(("chop", "0" * 64), ((5, 0.5),))
ADD, LOCK, UNDO = {"do": "add", "at": 1}, {"do": "lock", "at": 2}, {"do": "undo"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "song.chops.json"


def edit(path: Path, *commands: object) -> Project:
    with editing(path, EMPTY) as editor:
        for command in commands:
            editor.do(command)
        return editor.project


def test_edits_are_undone_after_a_restart(path: Path) -> None:
    edit(path, ADD, LOCK)
    edit(path, UNDO)
    assert read_project(path) == done(ADD)
    edit(path, {"do": "redo"})
    assert read_project(path) == done(ADD, LOCK)


def test_the_file_alone_is_the_project(path: Path) -> None:
    edit(path, ADD, LOCK)
    journal_of(path).unlink()
    assert read_project(path) == done(ADD, LOCK)
    assert edit(path, UNDO := {"do": "unlock", "at": 2}) == done(ADD, LOCK, UNDO)


def test_a_project_whose_file_went_is_what_its_edits_say(path: Path) -> None:
    edit(path, ADD, LOCK)
    path.unlink()
    assert edit(path) == done(ADD, LOCK)
    assert path.is_file()


def test_what_another_program_wrote_is_an_edit_that_can_be_undone(path: Path) -> None:
    edit(path, ADD)
    path.write_text(text_of(done(LOCK)))
    assert read_project(path) == done(LOCK)
    assert edit(path, LOCK | {"at": 3}) == done(LOCK, LOCK | {"at": 3})
    assert edit(path, UNDO, UNDO) == done(ADD)


def test_a_long_journal_is_shortened_and_undo_and_redo_go_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moves = [{"do": "move", "chop": "c1", "to": 2 + number} for number in range(120)]
    edit(path, ADD, {"do": "offer", "offer": offer_document(OFFER)}, *moves, UNDO, UNDO)
    long, before = journal_of(path).stat().st_size, read_project(path)
    monkeypatch.setattr(journal, "LONG", 1000)
    monkeypatch.setattr(journal, "KEPT", 2000)
    with editing(path) as editor:
        assert journal_of(path).stat().st_size < long / 2
        with pytest.raises(UserError, match="another program"), editing(path):
            pass
        editor.do(LOCK)
        assert editor.do(UNDO) == before
    monkeypatch.undo()
    assert before is not None and before.offer == OFFER
    assert edit(path, *[UNDO] * 40).chops[0].at == before.chops[0].at - 40
    with editing(path) as editor, pytest.raises(UserError, match="nothing to undo"):
        for _ in moves:
            editor.do(UNDO)
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".")] == []


def test_what_was_undone_is_done_again_after_a_journal_was_shortened(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(path, ADD, LOCK, LOCK | {"at": 3}, UNDO, UNDO)
    monkeypatch.setattr(journal, "LONG", 1)
    assert edit(path, {"do": "redo"}) == done(ADD, LOCK)
    assert edit(path, {"do": "redo"}) == done(ADD, LOCK, LOCK | {"at": 3})


def test_edits_of_an_older_schema_go_on(path: Path) -> None:
    edit(path, ADD, LOCK)
    for file in (path, journal_of(path)):
        file.write_text(file.read_text().replace(f'"schema": {SCHEMA}', '"schema": 1'))
    assert edit(path, UNDO) == done(ADD)


@pytest.mark.parametrize("kept", [1, 17, -1])
def test_a_line_cut_short_is_no_edit(path: Path, kept: int) -> None:
    edit(path, ADD)
    before = journal_of(path).read_bytes()
    edit(path, LOCK)
    whole = journal_of(path).read_bytes()
    journal_of(path).write_bytes(whole[: len(before) + kept] if kept > 0 else whole[:kept])
    path.write_text(text_of(done(ADD)))
    assert read_project(path) == done(ADD)
    assert edit(path, LOCK) == done(ADD, LOCK)
    assert journal_of(path).read_bytes() == whole


def test_killed_between_project_and_journal_no_edit_is_lost(path: Path) -> None:
    edit(path, ADD)
    before = journal_of(path).read_bytes()
    edit(path, LOCK)
    journal_of(path).write_bytes(before)
    assert read_project(path) == done(ADD, LOCK)


def test_a_journal_that_cannot_be_gone_by_is_kept_and_a_new_one_begun(path: Path) -> None:
    edit(path, ADD)
    broken = journal_of(path).read_bytes() + b"<<<<<<< HEAD\n"
    journal_of(path).write_bytes(broken)
    assert edit(path, LOCK) == done(ADD, LOCK)
    assert journal_of(path).with_name(journal_of(path).name + ".broken").read_bytes() == broken
    assert edit(path, UNDO) == done(ADD)


def test_a_second_program_is_told(path: Path) -> None:
    with (
        editing(path, EMPTY) as editor,
        pytest.raises(UserError, match="is being edited by another program"),
        editing(path),
    ):
        pass
    editor.do(ADD)
    assert read_project(path) == done(ADD)


def test_a_project_that_is_not_there_is_not_edited(path: Path) -> None:
    with pytest.raises(UserError, match="there is no project"), editing(path):
        pass
    assert not journal_of(path).exists()


def test_an_edit_that_the_disk_does_not_take_changes_nothing(path: Path) -> None:
    with editing(path, EMPTY) as editor:
        editor.do(ADD)
        journal_of(path).rename(path.with_name("away"))
        journal_of(path).mkdir()
        with pytest.raises(UserError, match="the edit is not kept"):
            editor.do(LOCK)
        assert editor.project == read_project(path) == done(ADD)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema": 9}', "<<<<<<< HEAD"])
def test_a_project_that_cannot_be_read_is_left_as_it_is(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(UserError, match="project"), editing(path, EMPTY):
        pass
    assert path.read_text() == content


def test_nothing_is_read_or_written_through_a_link(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    journal_of(path).symlink_to(elsewhere)
    with pytest.raises(UserError, match="link"), editing(path, EMPTY):
        pass
    assert elsewhere.read_text() == ""


EDITS = """
import sys
from pathlib import Path
from samplechop.offline.project.store import editing
with editing(Path(sys.argv[1])) as editor:
    for at in range(1, 1000):
        editor.do({"do": "add", "at": at})
        print(at, flush=True)
"""


@pytest.mark.parametrize("after", [1, 40])
def test_kill_9_loses_the_last_edit_at_most(path: Path, after: int) -> None:
    edit(path, {"do": "lock", "at": 0})
    with subprocess.Popen(
        [sys.executable, "-c", EDITS, str(path)],
        *(-1, None, None, subprocess.PIPE),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        for _ in range(after):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        told = after + len(process.stdout.read().splitlines())
    project = read_project(path)
    assert project is not None
    assert [one.at for one in project.chops] in ([*range(told + 1)], [*range(told + 2)])
    assert from_document(json.loads(path.read_text())) == project
    assert edit(path, {"do": "undo"}).chops == project.chops[:-1]


class Edits(RuleBasedStateMachine):
    """Random edits with undo, redo and restarts: the project is what a replay of those that were done makes."""

    def __init__(self) -> None:
        super().__init__()
        from tempfile import TemporaryDirectory

        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "song.chops.json"
        self.done: list[object] = []
        self.start()

    def start(self) -> None:
        self.editing = editing(self.path, EMPTY)
        self.editor = self.editing.__enter__()

    def do(self, command: object) -> None:
        with suppress(UserError):
            self.editor.do(command)
            self.done.append(command)

    @rule(commands=st.lists(edits, min_size=1, max_size=4))
    def edit(self, commands: list[object]) -> None:
        for command in commands:
            self.do(command)

    @rule(steps=st.integers(1, 4), name=st.sampled_from(["undo", "redo"]))
    def step(self, steps: int, name: str) -> None:
        for _ in range(steps):
            self.do({"do": name})

    @rule(formats=st.sampled_from([["op1"], ["default", "sfz"], None]))
    def write_in(self, formats: list[str] | None) -> None:
        self.do({"do": "formats", "formats": formats})

    @rule()
    def restart(self) -> None:
        self.editing.__exit__(None, None, None)
        self.start()

    @invariant()
    def is_the_replay(self) -> None:
        project = History(EMPTY, self.done).project
        assert self.editor.project == project
        stored = store.read(self.path)
        assert stored is not None
        assert (stored.history.project, stored.outside) == (project, False)

    def teardown(self) -> None:
        self.editing.__exit__(None, None, None)
        self.folder.cleanup()


TestEdits = Edits.TestCase
TestEdits.settings = settings(max_examples=settings().max_examples * 3 // 5, stateful_step_count=25)
