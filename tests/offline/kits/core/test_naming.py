"""Names: what a template gives, and that nothing gives a name any system would refuse."""

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits.core import naming
from samplechop.offline.kits.core.model import Content, Guess
from samplechop.offline.kits.core.naming import names, parse, safe
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.realtime.core.errors import UserError

RATE = 44_100
TEMPI, KEY = (88.0, 92.4, 93.0), Guess("F# minor", 0.8)
DEFAULT = ChopOptions().template
SIGNS = "_", "-", "."
ALLOWED = {*string.ascii_letters, *string.digits, "L", "M", "N"}
DEVICES = {"con", "prn", "aux", "nul"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)}
FIELD = st.sampled_from([f"{{{name}}}" for name in naming.FIELDS])
TEMPLATE = st.one_of(st.text(), st.lists(st.one_of(FIELD, st.text(max_size=5)), max_size=8).map("".join))


def named(template: str = DEFAULT, count: int = 3, **known: object) -> list[str]:
    starts = [1 + 2_752_000 * number for number in range(count)]
    given = {"sample_rate": RATE, "length": starts[-1] + RATE} | known
    notes = [*range(36, 128), *reversed(range(36))][:count]
    return names(template, starts, [0.876] * count, notes, **given)  # type: ignore[arg-type]


def assert_safe(name: str, longest: int) -> None:
    assert all(char in "_.-" or (char if char.isascii() else unicodedata.category(char)[0]) in ALLOWED for char in name)
    assert name == unicodedata.normalize("NFC", name) and not name.startswith(SIGNS) and not name.endswith(SIGNS)
    assert name.split(".")[0].lower() not in DEVICES
    assert 1 <= len(name.encode()) <= longest


def test_every_field_is_filled_in() -> None:
    template = "{number}_{time}_{key}_{bpm}_{strength}_{note}_{pad}_{record}"
    got = named(template, tempi=TEMPI, key=KEY, record="Été à Paris")
    assert got[1] == "02_1m02.404_Fsm_92bpm_88_37_A02_Ete_a_Paris"


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (DEFAULT, "01_0m00.000_88"),
        ("{key}_{number}", "01"),
        ("{number}_{key}", "01"),
        ("{key}_{bpm}_{number}", "01"),
        ("{number}-{key}-{bpm}-{strength}", "01-88"),
        ("{number} - {key} - {strength}", "01_-_88"),
        ("chop{number}{key}x", "chop01x"),
        ("{{{number}}}", "01"),
        ("{key}", "01"),
        ("", "01"),
    ],
)
def test_what_is_unclear_goes_with_its_separator(template: str, name: str) -> None:
    assert named(template)[0] == name


@pytest.mark.parametrize(
    ("key", "name"), [("A minor", "Am"), ("F# minor", "Fsm"), ("Bb major", "Bb"), ("C major", "C")]
)
def test_keys_are_written_short_and_without_signs(key: str, name: str) -> None:
    assert named("{key}", 1, key=Guess(key, 1.0)) == [name]


def test_numbers_and_minutes_get_the_digits_they_need() -> None:
    got = named("{number}_{time}", 120)
    assert got[0] == "001_000m00.000"
    assert got == sorted(got)


def test_equal_names_are_told_apart() -> None:
    assert named("Chop") == ["Chop", "Chop_2", "Chop_3"]


def test_a_name_told_apart_takes_no_name_that_is_there() -> None:
    got = names("{strength}_{note}", [0, 1, 2], [0.5, 0.5, 0.5], [2, 2, 2], RATE, RATE)
    assert got == ["50_2", "50_2_2", "50_2_3"]
    assert names("{note}_{strength}", [0, 1, 2], [0.02, 0.02, 0.02], [7, 7, 7], RATE, RATE)[2] == "7_02_3"


@pytest.mark.parametrize(
    "template",
    ["{0}", "{}", "{bars}", "{number.__class__}", "{number[0]}", "{number!r}", "{number:>9}", "{number:{note}}"],
)
def test_anything_but_a_known_field_is_refused(template: str) -> None:
    with pytest.raises(UserError, match=r"^--template .*: there is no field '.*'; there are {number}, .*[^.]$"):
        parse(template)


@pytest.mark.parametrize("template", ["{", "}", "{number", "{x\n}", "../{number}", "a\\{number}"])
def test_any_other_template_is_refused_in_one_sentence(template: str) -> None:
    with pytest.raises(UserError, match=r"^--template .*[^.]$"):
        parse(template)


@given(TEMPLATE, st.text(), st.integers(0, 20), st.sampled_from([None, KEY]), st.floats(0, 999))
def test_any_template_gives_safe_names_or_is_refused(
    template: str, record: str, count: int, key: Guess | None, tempo: float
) -> None:
    try:
        got = names(template, [0] * count, [1.0] * count, [127] * count, RATE, RATE, record, [tempo] * count, key)
    except UserError:
        return
    for name in got:
        assert_safe(name, naming.LONGEST)
        assert "__" not in name
    assert len({name.casefold() for name in got}) == count


@given(st.one_of(st.text(), st.sampled_from(sorted(DEVICES)), st.text(min_size=50, max_size=200)))
def test_any_text_becomes_a_safe_name(text: str) -> None:
    assert_safe(safe(text), naming.LONGEST_RECORD)


@given(st.text(st.characters(codec="ascii"), max_size=20))
def test_plain_names_become_what_those_with_accents_do(text: str) -> None:
    assert safe("e" + text) == safe("é" + text)


@given(st.text(string.ascii_letters + string.digits + "_-. /\\:", max_size=90))
def test_a_safe_name_stays_as_it_is(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("..", "record"),
        ("../../etc/passwd", "etc_passwd"),
        ("CON", "CON-record"),
        ("nul.tar", "nul-record.tar"),
        ("Ｃoncert №1", "Concert_No1"),
        ("Straße & Ørsted…", "Strasse_and_Orsted"),
        ("F♯/C:\\x", "Fs_C_x"),
        ("", "record"),
        ("夜", "夜"),
        ("か\u3099っこう", "がっこう"),
        ("Вой́на", "Вой́на"),
        ("हिन्दी", "हिन्दी"),
        ("Cafe\u0301 x\u0302", "Cafe_x"),
    ],
)
def test_names_keep_what_can_be_kept(text: str, name: str) -> None:
    assert safe(text).startswith(name)


def test_names_without_a_letter_stay_apart() -> None:
    assert safe("♥") != safe("♦")


@pytest.mark.parametrize("letter", ["夜", "é", "\U00020000", "x"])
def test_names_fit_a_file_system_in_bytes(letter: str) -> None:
    got = names("{record}_{name}", [0, 1], [0.5] * 2, [36, 37], RATE, RATE, letter * 250, titles=[letter * 250] * 2)
    assert len(set(got)) == 2
    assert max(len(name.encode()) for name in got) <= naming.LONGEST


def test_time_and_strength_are_rounded_as_on_the_screen() -> None:
    given = names("{time}_{strength}", [int(11.3346 * RATE)], [0.976], [36], RATE, 60 * RATE)
    assert given == ["0m11.335_98"]
    assert names("{strength}", [0], [0.999], [36], RATE, RATE) == ["99"]


def test_a_slice_without_chord_or_drum_has_a_word_in_their_place() -> None:
    contents = [Content("A:min7", drum="kick"), Content()]
    given = names("{number}_{chord}_{drums}", [0, 1], [0.5, 0.5], [36, 37], RATE, RATE, contents=contents)
    assert given == ["01_Am7_kick", "02_nochord_nodrum"]


def test_a_key_that_may_as_well_be_another_is_not_in_names() -> None:
    assert named("{number}_{key}", 1, key=Guess("E major", 0.5, "E minor")) == ["01"]


def test_a_number_is_that_of_the_pad() -> None:
    assert names("{number}", [0, 1, 2], [0.5] * 3, [50, 48, 51], RATE, RATE, start_note=48) == ["03", "01", "04"]
