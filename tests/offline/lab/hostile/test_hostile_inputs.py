import os
from pathlib import Path

import numpy as np
import pytest

from samplechop.offline.lab.hostile.attempt import Outcome, _Watch
from samplechop.offline.lab.hostile.content import OUTSIDE
from samplechop.offline.lab.hostile.formats import formats
from samplechop.offline.lab.hostile.run import lines, passed, run, shares
from samplechop.realtime.core.errors import UserError

DOCUMENTS = [name for name, one in formats().items() if one.examples is not list]


def contents(folder: Path) -> dict[str, object]:
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or (path.is_file() and os.access(path, os.R_OK))
    }


@pytest.mark.parametrize("name", ["labels", "atlas", "flac"])
def test_the_same_seed_makes_the_same_inputs(name, tmp_path):
    made = []
    for attempt in ("a", "b"):
        folder = tmp_path / attempt
        for number in range(5):
            (folder / str(number) / "input").mkdir(parents=True)
            (folder / str(number) / OUTSIDE).mkdir()
            formats()[name].make(np.random.default_rng([3, number]), folder / str(number) / "input")
        made.append(contents(folder))
    assert list(made[0]) == list(made[1])
    assert name == "atlas" or made[0] == made[1]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whole_examples_are_read(name, tmp_path):
    for number, example in enumerate(formats()[name].examples()[:1]):
        folder, scratch = tmp_path / f"{number}", tmp_path / f"scratch{number}"
        scratch.mkdir()
        for file, content in example.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        formats()[name].load(folder, scratch)


def test_hostile_inputs_are_read_or_refused():
    found = run([*DOCUMENTS, "wav", "flac", "aiff", "ogg"], 160, seed=20_261, jobs=2)
    assert [line for line in lines(found) if ", input " in line] == []
    assert sum(one.tried for one in found) >= 160
    assert sum(one.refused for one in found) > 40 < sum(one.accepted for one in found)


def test_what_is_opened_outside_the_folder_is_seen(tmp_path):
    (tmp_path / "input").mkdir()
    (tmp_path / OUTSIDE).mkdir()
    (tmp_path / OUTSIDE / "secret").write_text("x")
    (tmp_path / "input" / "link").symlink_to(tmp_path / OUTSIDE / "secret")
    watch = _Watch()
    watch.root = str(tmp_path.resolve())
    watch.event("open", (str(tmp_path / "input" / "mine"), "w", os.O_WRONLY))
    watch.event("open", (str(tmp_path / "input" / "link"), "r", os.O_RDONLY | os.O_NOFOLLOW))
    assert watch.seen == []
    watch.event("open", (str(tmp_path / "input" / "link"), "r", os.O_RDONLY))
    watch.event("os.remove", (str(tmp_path.parent / "other"), -1))
    watch.event("open", ("/etc/passwd", "r", os.O_RDONLY))
    assert [one.split(":")[0] for one in watch.seen] == [
        "reads outside the folder",
        "writes outside the folder",
        "reads outside the folder",
    ]


def test_faults_are_counted_by_kind_with_the_first_input():
    one = Outcome("labels", tried=3)
    for number in (7, 5, 9):
        one.blame("TypeError in x.py:1", number)
    assert (one.wrong, passed([one])) == (3, False)
    assert "labels, input 5, 3 in all: TypeError in x.py:1" in list(lines([one]))


def test_every_format_has_an_input():
    assert min(shares(list(formats()), 10).values()) == 1


def test_an_unknown_format_is_named():
    with pytest.raises(UserError, match="tapestry"):
        run(["tapestry"], 1, 1, 1)
