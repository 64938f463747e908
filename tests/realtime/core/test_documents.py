"""Documents of strangers: whatever is in them, a value or a ValueError comes back."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.core.documents import (
    LARGEST,
    MOST_DEPTH,
    open_regular,
    parse_json,
    parse_rows,
    read_bytes,
    read_json,
    read_toml,
)

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - LARGEST, LARGEST - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_what_json_writes_is_read(value: object) -> None:
    assert parse_json(json.dumps(value)) == value


@given(st.binary())
def test_any_bytes_are_json_or_a_value_error(content: bytes) -> None:
    try:
        parse_json(content)
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1),
        '{"a":' * 500 + "1" + "}" * 500,
        str(LARGEST),
        "9" * 5_000,
        "1e999",
        "NaN",
        "-Infinity",
    ],
    ids=lambda text: text[:12],
)
def test_depth_digits_and_endless_numbers_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


def test_the_greatest_depth_is_read() -> None:
    assert parse_json("[" * MOST_DEPTH + "]" * MOST_DEPTH)


def test_numbers_that_are_not_finite_are_read_where_they_may_be() -> None:
    assert parse_json("[Infinity]", finite=False) == [float("inf")]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf{}")
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbf[live]\npads = 'similar'\n")
    assert read_json(tmp_path / "a.json") == {}
    assert read_toml(tmp_path / "a.toml") == {"live": {"pads": "similar"}}


def test_a_windows_path_in_toml_gets_a_hint(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('record = "C:\\Users\\me"\n')
    with pytest.raises(ValueError, match="single quotes"):
        read_toml(tmp_path / "a.toml")


def test_deep_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("a = " + "[" * 50_000)
    with pytest.raises(ValueError, match="nested"):
        read_toml(tmp_path / "a.toml")


def test_a_document_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(11))
    assert read_bytes(tmp_path / "a", most=11) == bytes(11)
    with pytest.raises(ValueError, match="larger"):
        read_bytes(tmp_path / "a", most=10)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="regular"):
        open_regular(tmp_path / "pipe")


def test_a_device_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (Path("/dev/zero"), tmp_path):
        with pytest.raises(ValueError):
            open_regular(path)


def test_a_link_is_followed_only_where_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read_bytes(tmp_path / "link") == b"1"
    with pytest.raises(ValueError, match="link"):
        read_bytes(tmp_path / "link", follow_links=False)


@given(st.lists(st.text(), max_size=5))
def test_any_lines_are_rows_or_a_value_error(lines: list[str]) -> None:
    for strict in (False, True):
        try:
            assert all(isinstance(cell, str) for row in parse_rows(lines, "\t", strict) for cell in row)
        except ValueError as error:
            assert str(error).startswith("line ")
