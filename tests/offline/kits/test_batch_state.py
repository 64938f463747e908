import resource
import sqlite3
from contextlib import contextmanager
from dataclasses import replace

import pytest

from samplechop.offline.kits.batch_state import FILE, BatchState, Row, fingerprint
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.realtime.core.errors import UserError

ROW = Row("a" * 64, "b" * 64, "made", "song", "/records/song.wav", 1.5, "it is loud")


def test_what_is_put_is_found_after_reopening(tmp_path):
    with BatchState(tmp_path) as state:
        state.put([ROW])
    with BatchState(tmp_path) as state:
        assert state.find(ROW.record, ROW.options) == ROW
        assert state.find(ROW.record, "c" * 64) is None
        assert state.rows() == state.of_record(ROW.record) == [ROW]


def test_a_row_takes_the_place_of_the_one_of_the_same_kit(tmp_path):
    with BatchState(tmp_path) as state:
        state.put([replace(ROW, state="claimed")])
        state.put([ROW])
        assert state.rows() == [ROW]


def test_a_row_takes_the_place_of_the_one_in_the_same_folder(tmp_path):
    other = replace(ROW, options="c" * 64)
    with BatchState(tmp_path) as state:
        state.put([ROW])
        state.put([other])
        assert state.rows() == [other]


def test_rows_are_put_all_or_none(tmp_path):
    with BatchState(tmp_path) as state:
        with pytest.raises(sqlite3.Error):
            state.put([ROW, replace(ROW, record="d" * 64, folder="other", state="unheard of")])  # type: ignore[arg-type]
        state.put([replace(ROW, folder="later")])
        assert [row.folder for row in state.rows()] == ["later"]


def test_files_with_the_same_bytes_are_the_same_record(tmp_path):
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    for path, text in ((one, "same"), (two, "same"), (three, "else")):
        path.write_text(text)
    with BatchState(tmp_path) as state:
        assert state.record_of([one]) == state.record_of([two]) != state.record_of([three])
        assert state.record_of([one, three]) != state.record_of([one])


def test_a_changed_file_is_another_record(tmp_path):
    path = tmp_path / "one"
    path.write_text("before")
    with BatchState(tmp_path) as state:
        before = state.record_of([path])
        path.write_text("afterwards")
        assert state.record_of([path]) != before


def test_a_file_that_did_not_change_is_not_read_again(tmp_path, monkeypatch):
    path = tmp_path / "one"
    path.write_text("text")
    with BatchState(tmp_path) as state:
        record = state.record_of([path])
        monkeypatch.setattr("hashlib.file_digest", None)
        assert state.record_of([path]) == record


@contextmanager
def full_disk():
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_keeps_no_record_from_being_known(tmp_path):
    path = tmp_path / "one"
    path.write_text("text")
    with BatchState(tmp_path) as state:
        with full_disk():
            record = state.record_of([path])
        assert state.record_of([path]) == record


def test_a_full_disk_is_told_in_a_sentence_and_leaves_the_batch_state_as_it_was(tmp_path):
    with BatchState(tmp_path) as state:
        state.put([ROW])
        with full_disk(), pytest.raises(UserError, match="is the disk full"):
            state.put([replace(ROW, state="failed")])
        assert state.rows() == [ROW]
        state.put([replace(ROW, state="claimed")])


def test_a_batch_state_that_cannot_be_begun_on_a_full_disk_says_so(tmp_path):
    with full_disk(), pytest.raises(UserError, match="is the disk full"):
        BatchState(tmp_path)


def test_a_damaged_batch_state_is_reported_in_a_sentence(tmp_path):
    with BatchState(tmp_path) as state:
        state.put([replace(ROW, record=f"{number:064}", folder=str(number)) for number in range(100)])
    with (tmp_path / FILE).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 100_000)
    with BatchState(tmp_path) as state, pytest.raises(UserError, match="cannot be used"):
        state.rows()


def test_two_processes_cannot_hold_one_batch_state(tmp_path):
    with BatchState(tmp_path), pytest.raises(UserError, match="another samplechop is at work in"):
        BatchState(tmp_path)


def test_what_is_no_batch_state_is_refused_and_left_alone(tmp_path):
    (tmp_path / FILE).write_bytes(b"a song" * 1000)
    with pytest.raises(UserError, match=r"cannot be used .* delete it"):
        BatchState(tmp_path)
    assert (tmp_path / FILE).read_bytes() == b"a song" * 1000


def test_a_batch_state_of_a_later_version_is_refused(tmp_path):
    with BatchState(tmp_path):
        pass
    base = sqlite3.connect(tmp_path / FILE)
    base.execute("PRAGMA user_version = 7")
    base.close()
    with pytest.raises(UserError, match=r"another version \(7\)"):
        BatchState(tmp_path)


def test_every_option_counts_in_the_fingerprint():
    prints = {fingerprint(options) for options in (ChopOptions(), ChopOptions(count=8), ChopOptions(lock=(1.0,)))}
    assert len(prints | {fingerprint(ChopOptions(), "model")}) == 4
    assert fingerprint(ChopOptions(lock=(1.0,))) == fingerprint(ChopOptions(lock=(1.0,)))


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TABLE files", "CREATE VIEW files(path, size, changed_ns, record) AS SELECT 1, 2, 3, 4"),
        ("CREATE TRIGGER t AFTER INSERT ON files BEGIN DELETE FROM kits; END",),
        ("DROP TABLE kits", "CREATE TABLE kits (record, options, state, folder, source, seconds, message)"),
        ("INSERT INTO kits VALUES ('r', 'o', 'made', '../other', 's', 1.0, '')",),
    ],
)
def test_a_batch_state_of_a_stranger_is_refused(statements, tmp_path):
    BatchState(tmp_path).close()
    base = sqlite3.connect(tmp_path / FILE)
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()
    with pytest.raises(UserError, match="cannot be trusted"), BatchState(tmp_path) as state:
        state.rows()


def test_a_batch_state_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "kits").mkdir()
    BatchState(tmp_path).close()
    (tmp_path / "kits" / FILE).symlink_to(tmp_path / FILE)
    with pytest.raises(UserError, match="link"):
        BatchState(tmp_path / "kits")
