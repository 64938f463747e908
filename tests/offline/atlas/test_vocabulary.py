from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.atlas.descriptions import (
    STOP_WORDS,
    Described,
    choose,
    read_synonyms,
    synonyms_with,
    tags_of,
    usual_synonyms,
    words_of,
)
from samplechop.realtime.core.errors import UserError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Hi-Hat, recorded at 44100 Hz", ["hat", "hz"]),
        ("hi hat open_HiHat hihats", ["hat", "open", "hat", "hat"]),
        ("bass drum 03 and bass", ["kick", "bass"]),
        ("kick12 of an 808", ["kick", "808"]),
        ("Großer GONG", ["großer", "gong"]),
        ("", []),
    ],
)
def test_words_are_lower_case_and_one_for_all_synonyms(text: str, expected: list[str]) -> None:
    assert words_of(text, usual_synonyms()) == expected


@given(st.text())
def test_no_text_gives_empty_words_or_stop_words(text: str) -> None:
    words = words_of(text, usual_synonyms())
    assert all(len(word) > 1 and word not in STOP_WORDS for word in words)
    assert not set(words) & set(usual_synonyms())


def test_tags_come_before_the_words_of_the_description_and_each_once() -> None:
    described = Described("a.wav", ("a dark kick", "so dark"), ("bd", "lofi"))
    assert tags_of(described, usual_synonyms()) == ("kick", "lofi", "dark")


def test_a_file_of_synonyms_goes_before_the_usual_ones(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text("# mine\nbassdrum: kick, bd\nhat: tss\n\n", encoding="utf-8")
    synonyms = synonyms_with(path)
    assert words_of("kick bd bass-drum tss hihat", synonyms) == ["bassdrum"] * 3 + ["hat", "hat"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("hat: hh\nkick bd", "line 2: must be"),
        ("hat: hh,,x", "line 1: must be"),
        (": hh", "line 1: must be"),
        ("hat: hh\nride: hh", "line 2: 'hh' already stands for 'hat'"),
        ("hat: hh\nhh: x", "line 2: 'hh' already stands for 'hat'"),
    ],
)
def test_what_is_wrong_with_synonyms_is_reported_with_its_line(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text(content)
    with pytest.raises(UserError, match=problem):
        read_synonyms(path)


def test_missing_synonyms_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_synonyms(tmp_path / "none.txt")


def test_only_words_of_enough_sounds_become_tags_the_most_frequent_first() -> None:
    tags = [("kick", "low")] * 3 + [("hat",)] * 4 + [("rare", "hat")]
    assert choose(tags, 3) == ("hat", "kick", "low")


def test_a_word_that_nearly_all_sounds_have_is_no_tag() -> None:
    assert choose([("drum", "kick")] * 50 + [("drum", "hat")] * 50, 5) == ("hat", "kick")


def test_that_no_word_is_frequent_enough_is_reported_with_the_most_frequent() -> None:
    with pytest.raises(UserError, match=r"kick \(2\).*--min-df"):
        choose([("kick",), ("kick",), ("hat",)], 3)
