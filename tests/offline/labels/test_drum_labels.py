"""What is known of a recording's drums survives being written, and wrong files are named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.labels.drum_labels import (
    DrumHit,
    DrumLabels,
    Unsure,
    drum_labels_beside,
    read_drum_labels,
    write_drum_labels,
)
from samplechop.offline.labels.recording_truth import DrumTruth, Truth, write_truth
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS

micro = st.integers(0, 10**9).map(lambda n: n / 1e6)
hits = st.builds(DrumHit, micro, st.sampled_from(DRUMS), st.integers(0, 1000).map(lambda n: n / 1000))
spans = st.builds(lambda a, b, label: Unsure(min(a, b), max(a, b), label), micro, micro, st.sampled_from(("", *DRUMS)))


@given(st.lists(hits), st.frozensets(st.sampled_from(DRUMS)), st.lists(spans))
def test_labels_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, events: list[DrumHit], known: frozenset[str], unsure: list[Unsure]
) -> None:
    path = tmp_path_factory.mktemp("labels") / "a.drums.json"
    labels = DrumLabels(tuple(events), known, tuple(unsure))
    write_drum_labels(labels, path)
    assert read_drum_labels(path) == labels


def test_a_text_file_may_say_more_exactly_what_is_struck(tmp_path: Path) -> None:
    path = tmp_path / "a.drums.txt"
    path.write_text("0.5 clap\n0.7 perc\n0.9 open 0.3\n")
    assert read_drum_labels(path).events == (DrumHit(0.5, "snare"), DrumHit(0.9, "hat", 0.3))


def test_a_text_file_is_complete_and_may_hold_comments(tmp_path: Path) -> None:
    path = tmp_path / "a.drums.txt"
    path.write_text("# mine\n1.5 snare 0.4\n\n0.25 kick\n")
    labels = read_drum_labels(path)
    assert labels.events == (DrumHit(0.25, "kick"), DrumHit(1.5, "snare", 0.4))
    assert labels.known == frozenset(DRUMS)


def test_a_crate_knows_its_drums_but_not_those_in_loops(tmp_path: Path) -> None:
    truth = Truth(
        9.0,
        "soul",
        "train",
        1,
        unsure=[(1.0, 1.02), (3.0, 5.0)],
        drums=[DrumTruth(0.5, "tom", 0.7)],
        sample_rate=44_100,
    )
    write_truth(truth, tmp_path / "a.json")
    labels = read_drum_labels(tmp_path / "a.json")
    assert labels.events == (DrumHit(0.5, "tom", 0.7),)
    assert labels.unsure == (Unsure(3.0, 5.0),)


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("a.drums.txt", "0.5 kick\n1.0 bongo\n", "line 2"),
        ("a.drums.txt", "1.0 bongo\n", "cymbal, or perc, got 'bongo'"),
        ("a.drums.txt", "0.5 perc 90\n", "velocity must be in 0..1"),
        ("a.drums.txt", "0.5\n", "line 1"),
        ("a.drums.txt", "nan kick\n", "line 1"),
        ("a.drums.txt", "0.5 kick 90\n", "velocity must be in 0..1"),
        ("a.drums.json", "[]", "schema 1"),
        ("a.drums.json", "{", "no JSON"),
        ("a.drums.json", '{"schema": 1, "known": ["gong"]}', "field 'known'"),
        ("a.drums.json", '{"schema": 1, "known": 3}', "field 'known'"),
        ("a.drums.json", '{"schema": 1, "known": [], "events": [{"time": -1, "label": "kick"}]}', "events[0]"),
        ("a.drums.json", '{"schema": 1, "known": [], "events": [{"time": "x", "label": "kick"}]}', "events[0]"),
        ("a.drums.json", '{"schema": 1, "known": [], "unsure": [{"start": 1}]}', "unsure[0]"),
        ("a.drums.json", '{"schema": 1, "known": [], "events": {}}', "field 'events'"),
    ],
)
def test_wrong_labels_are_told_by_file_and_place(tmp_path: Path, name: str, text: str, named: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_drum_labels(path)
    assert named in str(caught.value) and name in str(caught.value)


def test_the_labels_beside_are_found_the_finest_first(tmp_path: Path) -> None:
    audio = tmp_path / "song.two.flac"
    assert drum_labels_beside(audio) is None
    for name in ("song.two.json", "song.two.drums.txt", "song.two.drums.json"):
        (tmp_path / name).write_text("")
        assert drum_labels_beside(audio) == tmp_path / name


def test_drums_noted_by_hand_may_have_a_byte_order_mark_and_decimal_commas(tmp_path: Path) -> None:
    (tmp_path / "cafe\u0301.drums.txt").write_text("\ufeff0,3 kick\n0.8 snare 0,5\n", encoding="utf-8")
    path = drum_labels_beside(tmp_path / "caf\u00e9.flac")
    assert path is not None
    assert read_drum_labels(path).events == (DrumHit(0.3, "kick"), DrumHit(0.8, "snare", 0.5))
