"""Projects and random edits of them, for tests."""

from typing import Any

from hypothesis import strategies as st

from samplechop.offline.project.commands import apply
from samplechop.offline.project.model import Audio, Project

LENGTH = 1000
AUDIO = Audio("ab" * 32, 44_100, LENGTH, 2, "song.flac")
EMPTY = Project(AUDIO)


def done(*commands: dict[str, Any], begin: Project = EMPTY) -> Project:
    """Apply commands, one after the other."""
    for command in commands:
        begin = apply(begin, command)
    return begin


_places = st.integers(0, 12).map(lambda place: 50 * place)  # few, so that edits meet each other
_targets = st.one_of(_places.map(lambda at: {"at": at}), st.integers(1, 9).map(lambda n: {"chop": f"c{n}"}))


def _of_chop(name: str, /, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    said = st.fixed_dictionaries({"do": st.just(name), **values})
    return st.builds(lambda target, rest: rest | target, _targets, said)


def _of_project(name: str, /, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"do": st.just(name), **values})


_nothing = st.none()
_held = st.lists(st.tuples(_places, st.integers(1, 90), st.integers(36, 40)), max_size=4).map(
    lambda slices: [[at, at + long, note] for at, long, note in sorted(slices)]
)
edits: st.SearchStrategy[dict[str, Any]] = st.one_of(
    _of_project("add", at=_places),
    _of_chop("move", to=_places),
    _of_chop("move", to=_places, further=st.just(True)),
    _of_chop("delete"),
    _of_project("restore", at=_places),
    _of_chop("release"),
    _of_chop("lock"),
    _of_chop("unlock"),
    _of_chop("name", name=st.sampled_from(["intro", "zwei ä", None])),
    _of_chop("pad", note=st.integers(36, 40) | _nothing),
    _of_chop("end", end=_places | _nothing),
    _of_chop("end", end=_places | _nothing, further=st.just(True)),
    _of_chop("gain", gain_db=st.sampled_from([-3.5, 0, None])),
    _of_chop("choke", choke=st.sampled_from([0, 3, None])),
    _of_chop("play", play=st.sampled_from(["gate", "loop", None])),
    _of_chop("colour", colour=st.sampled_from(["#56b4e9", None])),
    _of_project("kit", option=st.just("count"), value=st.integers(1, 128) | _nothing),
    _of_project("kit", option=st.just("count"), value=st.integers(1, 128) | _nothing, further=st.just(True)),
    _of_project("kit", option=st.just("formats"), value=st.sampled_from([["op1"], ["default", "sfz"], None])),
    _of_project("kit", option=st.just("tempo_range"), value=st.just([60, 120.5]) | _nothing),
    _of_project("hold", kit=st.sampled_from(["", "cd" * 32]), slices=_held),
    _of_project("key", key=st.sampled_from(["A minor", "F# major", None])),
    _of_project("tempo", factor=st.sampled_from([2, 0.5])),
    _of_project("tempo", bpm=st.sampled_from([92.5, 120, None])),
    _of_project("tap", taps=st.just([0, 300, 610])),
    _of_project("shift", by=st.integers(-5, 5)),
    _of_project("shift", beats=st.sampled_from([1, -1])),
    _of_project("one", at=_places),
    _of_project("not-one", at=_places),
    _of_project("meter", beats_per_bar=st.sampled_from([3, 4, None])),
    _of_project("tempo-change", at=_places, bpm=st.sampled_from([80.0, 96, None])),
    _of_project("reset-grid"),
)
"""Commands of a project of AUDIO, of every kind; some can be done and some cannot, depending on what was before."""
