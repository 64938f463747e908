import json
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.atlas.files import read_table, write_table
from samplechop.offline.atlas.store import NAMES, SAMPLES, SOURCES, STATE, TABLE, Atlas, Sound, Source, one_line
from samplechop.realtime.core.errors import UserError

WIDTH = 50
SOURCE = Source("/sounds/kick.wav", 1000, 1_700_000_000_123_456_789, 1, "none", "")


def sound(name: str = "kick", length: int = 10, **more) -> Sound:
    values = {
        "name": name,
        "path": "/sounds/kick.wav",
        "start": 0.25,
        "duration": 1.5,
        "length": length,
        "peak": 0.5,
        "label": "kick",
        "pack": "sounds",
        "rms": 0.1,
        "centroid": 1000.0,
        "bandwidth": 500.0,
        "rolloff": 2000.0,
        "flatness": 0.01,
        "zero_crossings": 800.0,
    }
    return Sound(**values | more)


def ramp(length: int, value: float = 1.0) -> np.ndarray:
    return np.linspace(0.1, value, length, dtype=np.float32)


@pytest.fixture
def atlas(tmp_path):
    """An atlas with two sounds."""
    made = Atlas.begin(tmp_path / "atlas", 44_100, WIDTH)
    made.append([sound("kick"), sound("snare", 20)], [ramp(10), ramp(20)], [SOURCE])
    return made


def names(folder: Path) -> list[str]:
    return [each.name for each in Atlas(folder).sounds]


def check(folder: Path, expected: list[str]) -> None:
    """The atlas is good: all its files tell of the same rows."""
    atlas = Atlas(folder)
    assert [each.name for each in atlas.sounds] == expected
    assert (folder / NAMES).read_text(encoding="utf-8").split("\n") == [*expected, ""]
    assert len(read_table(folder / TABLE, ["name"])) == len(expected)
    assert np.load(folder / SAMPLES, allow_pickle=False).shape == (len(expected), WIDTH)


@pytest.mark.parametrize("columns", [5, 15, 2 * WIDTH])
def test_sounds_that_are_read_are_those_of_the_map(atlas: Atlas, columns: int) -> None:
    for first in range(2):
        rows = atlas.samples_from(first)
        assert len(rows) == 2 - first
        np.testing.assert_array_equal(rows[0:1, :columns], atlas.samples()[first : first + 1, :columns])
        np.testing.assert_array_equal(rows[0:9, :columns], atlas.samples()[first:, :columns])


def test_sounds_that_went_while_they_were_read_are_told(atlas: Atlas) -> None:
    rows = atlas.samples_from(0)
    os.truncate(atlas.folder / SAMPLES, 4 * WIDTH)
    with pytest.raises(UserError, match=r"samples\.npy.*shorter"):
        rows[0:2, :WIDTH]
    with pytest.raises(UserError, match="damaged"):
        atlas.samples_from(0)


text = st.text(max_size=20).map(lambda each: each.encode("utf-8", "replace").decode())
number = st.integers(0, 10**8).map(lambda each: each / 1000)
rows = st.lists(
    st.tuples(
        text.map(one_line),
        st.integers(1, WIDTH),
        text,
        text,
        text,
        number,
        number,
    ),
    max_size=6,
)


@given(st.lists(rows, max_size=3))
def test_what_was_appended_is_read_again_in_the_same_order(batches):
    with TemporaryDirectory() as folder:
        atlas = Atlas.begin(Path(folder), 48_000, WIDTH)
        expected, samples = [], []
        for batch in batches:
            sounds = [
                sound(name, length, path=path, label=label, pack=pack, start=start, centroid=centroid)
                for name, length, path, label, pack, start, centroid in batch
            ]
            new = [ramp(each.length, len(expected) + 1) for each in sounds]
            atlas.append(sounds, new)
            expected += sounds
            samples += new
        again = Atlas(Path(folder))
        assert again.sounds == atlas.sounds == expected
        assert len(again) == len(expected)
        stored = again.samples()
        assert stored.shape == (len(expected), WIDTH)
        for row, (each, audio) in enumerate(zip(expected, samples, strict=True)):
            assert np.array_equal(stored[row, : each.length], audio)
            assert not stored[row, each.length :].any()


@given(st.lists(st.tuples(text, st.integers(0, 2**63), st.integers(0, 2**63), st.integers(0, 99), text, text)))
def test_sources_are_read_as_they_were_written(values):
    with TemporaryDirectory() as folder:
        sources = [Source(*each) for each in values]
        Atlas.begin(Path(folder), 48_000, WIDTH).append([], [], sources)
        assert Atlas(Path(folder)).sources() == sources


@given(st.lists(st.tuples(text, text)))
def test_tables_hold_any_text(cells):
    with TemporaryDirectory() as folder:
        path = Path(folder, "table.tsv")
        write_table(path, ("one", "two"), cells)
        assert read_table(path, ("two", "one")) == [[two, one] for one, two in cells]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_numbers_of_a_table_are_exact_to_single_precision(value):
    with TemporaryDirectory() as folder:
        path = Path(folder, "table.tsv")
        write_table(path, ("value",), [[value]])
        assert np.float32(read_table(path, ("value",))[0][0]) == np.float32(value)


@given(st.text())
def test_a_name_becomes_one_line_that_can_be_written(name):
    assert len((one_line(name) + "\n").encode().decode().splitlines()) == 1
    assert one_line(one_line(name)) == one_line(name)


@given(st.integers(1, 400))
def test_a_torn_end_of_any_file_leaves_the_atlas_as_it_was(torn):
    with TemporaryDirectory() as folder:
        home = Path(folder)
        atlas = Atlas.begin(home, 44_100, WIDTH)
        atlas.append([sound("kick")], [ramp(10)], [SOURCE])
        state = (home / STATE).read_bytes()
        ends = {name: (home / name).stat().st_size for name in (TABLE, NAMES, SOURCES)}
        atlas.append([sound('sn"äre\u3042', path="/a\tb")], [ramp(20)], [SOURCE])
        (home / STATE).write_bytes(state)  # as if killed before it was replaced
        for name, end in ends.items():
            os.truncate(home / name, min(end + torn, (home / name).stat().st_size))
        again = Atlas(home)
        assert names(home) == ["kick"]
        assert again.samples().shape == (1, WIDTH)
        again.append([sound("hat")], [ramp(5)], [SOURCE])
        check(home, ["kick", "hat"])
        assert np.array_equal(Atlas(home).samples()[1, :5], ramp(5))


def test_what_fails_half_way_through_a_batch_leaves_the_atlas_as_it_was(atlas):
    def broken():
        yield ramp(5)
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match="No space left on device"):
        atlas.append([sound("a"), sound("b")], broken())
    after = Atlas(atlas.folder)
    assert [each.name for each in after.sounds] == ["kick", "snare"]
    assert after.samples().shape == (2, WIDTH)
    after.append([sound("c")], [ramp(5)])
    check(atlas.folder, ["kick", "snare", "c"])


@pytest.mark.parametrize("name", [NAMES, TABLE, SOURCES, STATE])
def test_what_fails_at_any_file_of_a_batch_can_be_tried_again(atlas, monkeypatch, name):
    opened = Path.open

    def refused(path, mode="r", *more, **options):
        if name in path.name and mode in ("a", "wb"):
            raise OSError(28, "No space left on device")
        return opened(path, mode, *more, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refused)
        with pytest.raises(UserError, match="No space left on device"):
            atlas.append([sound("a")], [ramp(5)], [SOURCE])
    atlas.append([sound("b")], [ramp(5)], [SOURCE])
    check(atlas.folder, ["kick", "snare", "b"])
    assert Atlas(atlas.folder).sources() == [SOURCE, SOURCE]


def test_a_killed_process_leaves_whole_batches(tmp_path):
    script = """
        import os, signal, sys
        from pathlib import Path
        import numpy as np
        from samplechop.offline.atlas.store import Atlas
        from tests.offline.atlas.test_store import WIDTH, ramp, sound
        atlas = Atlas.begin(Path(sys.argv[1]), 44100, WIDTH)
        atlas.append([sound("kick")], [ramp(10)])
        def deadly():
            yield ramp(5)
            os.kill(os.getpid(), signal.SIGKILL)
        atlas.append([sound("a"), sound("b")], deadly())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), tmp_path], check=False, cwd=Path.cwd())
    assert done.returncode == -9
    assert names(tmp_path) == ["kick"]
    assert Atlas(tmp_path).samples().shape == (1, WIDTH)
    Atlas(tmp_path).append([sound("hat")], [ramp(5)])
    check(tmp_path, ["kick", "hat"])


def test_two_that_add_at_once_do_not_spoil_it(atlas):
    other = Atlas(atlas.folder)
    atlas.append([sound("hat")], [ramp(5)])
    with pytest.raises(UserError, match="another samplechop has added"):
        other.append([sound("clap")], [ramp(5)])
    check(atlas.folder, ["kick", "snare", "hat"])


def test_only_one_has_an_atlas_at_a_time(atlas):
    with (
        atlas.exclusive(),
        pytest.raises(UserError, match="another samplechop is at work"),
        Atlas(atlas.folder).exclusive(),
    ):
        pass
    with Atlas(atlas.folder).exclusive():
        pass


def test_what_killed_runs_left_is_removed_by_the_next(atlas):
    (atlas.folder / ".part-1-map.tsv").write_text("half")
    (atlas.folder / ".part-scratch").mkdir()
    (atlas.folder / ".part-scratch" / "1.f32").write_text("half")
    with atlas.exclusive():
        assert not list(atlas.folder.glob(".part-*"))
    check(atlas.folder, ["kick", "snare"])


def test_rows_that_come_later_are_not_seen_by_who_opened_it_before(atlas):
    reader = Atlas(atlas.folder)
    atlas.append([sound("hat")], [ramp(5)])
    assert len(reader) == len(reader.sounds) == len(reader.samples()) == 2


def test_a_step_is_made_until_rows_are_added_or_settings_change(atlas):
    atlas.note("fingerprint", {"bands": 32})
    assert Atlas(atlas.folder).is_made("fingerprint", {"bands": 32})
    assert not atlas.is_made("fingerprint", {"bands": 16})
    atlas.append([sound("hat")], [ramp(5)])
    assert not atlas.is_made("fingerprint", {"bands": 32})
    assert atlas.made("fingerprint") == ({"bands": 32}, 2)
    assert atlas.made("grid") is None


def test_steps_noted_by_two_processes_are_both_kept(atlas):
    other = Atlas(atlas.folder)
    atlas.note("fingerprint", {})
    other.note("tags", {})
    assert Atlas(atlas.folder).made("fingerprint") == ({}, 2)
    assert Atlas(atlas.folder).made("tags") == ({}, 2)


def test_samples_are_a_plain_file_that_numpy_reads(atlas):
    there = np.load(atlas.folder / SAMPLES, allow_pickle=False)
    assert there.dtype == np.float32 and np.array_equal(there, atlas.samples())


def test_room_for_long_sounds_takes_no_disk(tmp_path):
    atlas = Atlas.begin(tmp_path, 44_100, 10_000_000)
    atlas.append([sound(str(row)) for row in range(100)], (ramp(10) for _ in range(100)))
    facts = (tmp_path / SAMPLES).stat()
    assert facts.st_size > 4_000_000_000
    assert facts.st_blocks * 512 < 4_000_000


def test_a_sound_that_is_too_long_is_a_programming_error_and_changes_nothing(atlas):
    with pytest.raises(ValueError, match="at most 50 samples"):
        atlas.append([sound("long")], [ramp(51)])
    assert names(atlas.folder) == ["kick", "snare"]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_sounds_and_samples_must_be_as_many(atlas, count):
    with pytest.raises(ValueError, match="there must be 2 sounds"):
        atlas.append([sound("a"), sound("b")], [ramp(5)] * count)
    assert names(atlas.folder) == ["kick", "snare"]


def test_a_name_of_two_lines_is_a_programming_error(atlas):
    with pytest.raises(ValueError, match="one line"):
        atlas.append([sound("a\nb")], [ramp(5)])


def test_no_atlas_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"there is no atlas in .*samplechop atlas collect"):
        Atlas(tmp_path)


def test_one_atlas_is_not_begun_over_another(atlas):
    with pytest.raises(UserError, match="there is an atlas"):
        Atlas.begin(atlas.folder, 44_100, WIDTH)


def test_an_atlas_with_sounds_does_not_begin_anew(atlas):
    with pytest.raises(ValueError, match="with sounds"):
        atlas.begin_anew(22_050, WIDTH)
    empty = Atlas.begin(atlas.folder / "empty", 44_100, WIDTH)
    empty.append([], [], [SOURCE])
    empty.begin_anew(22_050, 7)
    empty.append([sound("kick", 7)], [ramp(7)], [SOURCE])
    again = Atlas(empty.folder)
    assert (again.rate, again.width, again.sources()) == (22_050, 7, [SOURCE])


@pytest.mark.parametrize("state", ["", "{}", "[]", '{"schema": 1}', "\0\0\0"])
def test_a_damaged_state_is_one_sentence(atlas, state):
    (atlas.folder / STATE).write_text(state)
    with pytest.raises(UserError, match="is damaged"):
        Atlas(atlas.folder)


def test_another_version_is_one_sentence(atlas):
    state = json.loads((atlas.folder / STATE).read_text())
    (atlas.folder / STATE).write_text(json.dumps(state | {"schema": 2}))
    with pytest.raises(UserError, match="another version"):
        Atlas(atlas.folder)


@pytest.mark.parametrize("spoilt", [b"", b"not numpy", b"\x93NUMPY\x02\x00"])
def test_damaged_samples_are_one_sentence(atlas, spoilt):
    (atlas.folder / SAMPLES).write_bytes(spoilt)
    with pytest.raises(UserError, match=r"samples\.npy.* is damaged"):
        Atlas(atlas.folder).samples()


def test_samples_cut_short_are_one_sentence(atlas):
    os.truncate(atlas.folder / SAMPLES, 200)
    with pytest.raises(UserError, match=r"samples\.npy.* is damaged"):
        Atlas(atlas.folder).samples()


def test_a_table_that_lost_rows_is_one_sentence(atlas):
    lines = (atlas.folder / TABLE).read_text().splitlines(keepends=True)
    (atlas.folder / TABLE).write_text("".join(lines[:-1]))
    with pytest.raises(UserError, match="has 1 rows where 2 were"):
        _ = Atlas(atlas.folder).sounds


def test_a_table_with_text_for_a_number_is_one_sentence(atlas):
    path = atlas.folder / TABLE
    path.write_text(path.read_text().replace("1000", "loud"))
    with pytest.raises(UserError, match="is damaged"):
        _ = Atlas(atlas.folder).sounds


def test_labels_may_be_changed_by_hand(atlas):
    path = atlas.folder / TABLE
    path.write_text(path.read_text().replace("\tkick\t", "\tbass drum\t"))
    assert Atlas(atlas.folder).sounds[0] == replace(sound("kick"), label="bass drum")
    Atlas(atlas.folder).append([sound("hat")], [ramp(5)])
    check(atlas.folder, ["kick", "snare", "hat"])
