import json
from pathlib import Path

import pytest

from samplechop.offline.atlas.descriptions import describe, read_csv
from samplechop.offline.atlas.store import Sound
from samplechop.realtime.core.errors import UserError


def sound(path: Path, name: str = "", pack: str = "pack") -> Sound:
    return Sound(name or path.stem, str(path), 0.0, 1.0, 100, 1.0, "", pack, 0.1, 1.0, 1.0, 1.0, 0.1, 1.0)


def words(sounds: list[Sound], *paths: Path) -> list[tuple[str, ...] | None]:
    return [None if one is None else one.tags for one in describe(sounds, paths)]


def test_a_json_beside_a_sound_describes_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"name": "A kick", "description": "deep", "tags": ["kick", "808"]}))
    first, second = describe([sound(tmp_path / "a.wav"), sound(tmp_path / "b.wav")], [])
    assert first is not None and first.texts == ("A kick", "deep") and first.tags == ("kick", "808")
    assert second is None


def test_json_of_something_else_beside_a_sound_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"transcript": "hello", "words": [{"word": "hello", "start": 0.1}]}))
    assert describe([sound(tmp_path / "a.wav"), sound(tmp_path / "b.wav")], []) == [None, None]


def test_without_any_metadata_the_folder_names_the_sound(tmp_path: Path) -> None:
    one, other = describe([sound(tmp_path / kind / "1.wav") for kind in ("snares", "hats")], [])
    assert one is not None and one.texts == ("snares",)
    assert other is not None and other.texts == ("hats",)


def test_a_folder_that_all_sounds_are_in_says_nothing(tmp_path: Path) -> None:
    assert describe([sound(tmp_path / "loops" / f"{number}.wav") for number in range(3)], []) == [None] * 3


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_of_tables_are_distinguished(tmp_path: Path, separator: str) -> None:
    table = tmp_path / "tags.csv"
    inner = " " if separator in ",;|" else ","
    table.write_text(f"file{separator}tags\na.wav{separator}kick{inner}deep\nb{separator}hat\n", encoding="utf-8")
    found = words([sound(tmp_path / "a.wav"), sound(tmp_path / "b.wav"), sound(tmp_path / "c.wav")], table)
    assert found == [("kick", "deep"), ("hat",), None]


def test_a_cell_may_hold_the_separator_in_quotes(tmp_path: Path) -> None:
    table = tmp_path / "tags.csv"
    table.write_text('name,tags\na,"kick, deep"\n')
    assert read_csv(table)[0].tags == ("kick", "deep")


def test_a_json_may_list_many_sounds_or_name_them(tmp_path: Path) -> None:
    sounds = [sound(tmp_path / "a.wav"), sound(tmp_path / "b.wav")]
    many, named = tmp_path / "many.json", tmp_path / "named.json"
    many.write_text(json.dumps([{"filename": "a.wav", "tags": ["kick"]}, {"name": "b", "tags": "hat open"}]))
    named.write_text(json.dumps({"a.wav": {"tags": ["kick"]}, "b": ["hat", "open"]}))
    assert words(sounds, many) == words(sounds, named) == [("kick",), ("hat", "open")]


def test_a_page_of_a_freesound_search_is_understood(tmp_path: Path) -> None:
    page = tmp_path / "page.json"
    page.write_text(json.dumps({"count": 1, "results": [{"name": "a", "tags": ["kick"]}]}))
    assert words([sound(tmp_path / "a.wav")], page) == [("kick",)]


def test_two_sounds_of_one_name_are_distinguished_by_the_folder_beside_the_metadata(tmp_path: Path) -> None:
    for pack, tag in (("one", "kick"), ("two", "snare")):
        (tmp_path / pack).mkdir()
        (tmp_path / pack / "1.wav").touch()
        (tmp_path / pack / "all.json").write_text(json.dumps([{"filename": "1.wav", "tags": [tag]}]))
    sounds = [sound(tmp_path / pack / "1.wav") for pack in ("one", "two")]
    assert words(sounds, tmp_path) == [("kick",), ("snare",)]


def test_sidecars_of_a_named_folder_are_for_the_sounds_beside_them(tmp_path: Path) -> None:
    for pack, tag in (("one", "kick"), ("two", "snare")):
        (tmp_path / pack).mkdir()
        (tmp_path / pack / "1.json").write_text(json.dumps({"tags": [tag]}))
    sounds = [sound(tmp_path / pack / "1.wav") for pack in ("one", "two", "three")]
    assert words(sounds, tmp_path) == [("kick",), ("snare",), None]


def test_a_point_in_a_name_is_no_suffix(tmp_path: Path) -> None:
    table = tmp_path / "tags.csv"
    table.write_text("name,tags\nkick.v1,soft\n")
    assert words([sound(tmp_path / "kick.wav"), sound(tmp_path / "kick.v1.wav")], table) == [None, ("soft",)]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", "{\n\n,", r"a\.json', line 3: no JSON"),
        ("a.json", "3", r"a\.json', line 1: metadata must be"),
        ("a.json", '[{"name": "a"}, 4]', r"a\.json', sound 2: must be an object"),
        ("a.json", '[{"tags": ["x"]}]', r"a\.json', sound 1: must have a filename or a name"),
        ("a.json", '{"a": {"tags": 4}}', r"a\.json', sound 1: tags must be a list"),
        ("a.json", "[" * 100_000, r"a\.json', line 1"),
        ("a.csv", "", r"a\.csv', line 1: needs a column file or name"),
        ("a.csv", "file,colour\na,red\n", r"a\.csv', line 1: needs .* got file, colour"),
        ("a.csv", "file,tags\na,kick\nb,hat,3\n", r"a\.csv', line 3: 3 cells where the header has 2"),
        ("a.csv", 'file,tags\na,"kick', r"a\.csv': no table of text"),
    ],
)
def test_what_is_wrong_with_metadata_is_reported_with_its_line(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=problem):
        describe([sound(tmp_path / "a.wav")], [tmp_path / name])


def test_metadata_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"file,tags\n\xff\xfe,x\n")
    with pytest.raises(UserError, match=r"a\.csv' cannot be used: it is not text in UTF-8"):
        describe([sound(tmp_path / "a.wav")], [tmp_path / "a.csv"])


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_metadata_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="no metadata"):
        describe([sound(tmp_path / "a.wav")], [tmp_path / name])


def test_a_name_as_long_as_a_file_system_takes_has_no_json_beside_it(tmp_path: Path) -> None:
    assert describe([sound(tmp_path / ("x" * 251 + ".wav"))], []) == [None]


def test_a_json_is_found_whichever_way_accents_are_written(tmp_path: Path) -> None:
    (tmp_path / "cafe\u0301.json").write_text(json.dumps({"tags": ["kick"]}))
    assert words([sound(tmp_path / "caf\u00e9.wav")]) == [("kick",)]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_table_may_name_what_no_file_can_be_called(tmp_path: Path, name: str) -> None:
    table = tmp_path / "tags.json"
    table.write_text(json.dumps([{"filename": name, "tags": ["hat"]}, {"filename": "a.wav", "tags": ["kick"]}]))
    assert words([sound(tmp_path / "a.wav")], table) == [("kick",)]
