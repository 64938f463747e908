import io
import zipfile

import numpy as np
import pytest

from samplechop.offline.common.arrays import map_array, read_array, read_arrays


def header(shape: str, kind: str = "'<f4'") -> bytes:
    text = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize("array", [np.eye(3, dtype=np.float32), np.zeros((0, 4)), np.asfortranarray(np.eye(2, 3))])
def test_arrays_are_read_as_they_were_written(array, tmp_path):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", one=array, text=np.array("ä"))
    for found in (
        read_array(tmp_path / "a.npy"),
        map_array(tmp_path / "a.npy"),
        read_arrays(tmp_path / "a.npz")["one"],
    ):
        assert np.array_equal(found, array)
    assert str(read_arrays(tmp_path / "a.npz")["text"]) == "ä"


@pytest.mark.parametrize(
    "head",
    [
        header("(1000000000000, 4)"),
        header("(4611686018427387904, 4)"),
        header("(-1,)"),
        header("('a',)"),
        header("(" * 3000 + ")" * 3000),
        header("(1,)", "'|O'"),
        header("(1,)", "[('a', '<f4')]"),
        b"\x93NUMPY\x09\x00",
        b"",
    ],
)
def test_a_header_that_lies_is_refused(head, tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(head + bytes(64))
    for read in (read_array, map_array):
        with pytest.raises(ValueError, match="it"):
            read(path)


def test_a_file_longer_than_its_array_is_mapped(tmp_path):
    (tmp_path / "a.npy").write_bytes(header("(2, 2)") + bytes(64))
    assert map_array(tmp_path / "a.npy").shape == (2, 2)


def test_an_archive_that_unpacks_to_more_is_refused(tmp_path):
    content = io.BytesIO()
    np.save(content, np.zeros(1 << 16))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", content.getvalue())
    with pytest.raises(ValueError, match="unpacks"):
        read_arrays(tmp_path / "a.npz", most=1 << 18)


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ValueError, match="archive"):
        read_arrays(tmp_path / "a.npz")
