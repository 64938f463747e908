"""Damage and lies in bytes, in JSON, in lines of text and in arrays, all chosen by a seed.

What a file is mutated as goes by the ending of its name. Each mutation is a function of a random generator and what is
there; what comes out is as a rule neither right nor quite wrong.
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

Random = np.random.Generator
OUTSIDE = "outside"
"""The folder beside the input's own, in which nothing may be read or written."""
_DEEP = 20_000
_BOMB_BYTES = 768 << 20
_LARGE = 4 << 20
"""Bytes: what is larger is not repeated, nor unpacked."""
_PATHS = (
    *(f"../{OUTSIDE}/secret.wav", "/etc/passwd", "..", ".", "C:\\x\\..\\y", "\\\\host\\share", "a/../../b", "~/x"),
    "file:///etc/passwd",
)
_NUMBERS = (
    *("0", "-1", "-0", "1", "1.5", "0.1", "-0.5", "60", "65", "768000", "2147483648", "1e308", "-1e308", "1e-400"),
    *("1e999", "-1e999", "NaN", "Infinity", "-Infinity"),
    *("4294967296", "9223372036854775807", "9223372036854775808", "9" * 30, "9" * 5000, "1" + "0" * 400),
    "0." + "3" * 3000,
)
_TEXTS = (
    *("", " ", "\0", "\x1b[2J\x1b]0;x\x07", "\u202e\u2028", "a\nb", "a\tb", '"', "'", "=", ":", "<script>", "%s%n"),
    *("{}", "[]", "nan", "inf", "1e400", "1_0", "\u0663", "1,300", "-" * 300, "\U0001f642" * 90, "\xe9", "e\u0301"),
    *("N", "C:maj", "H:min", "C/"),
    *("+" * 6000, "(" * 6000, "[" + "+" * 6000, "<" * 6000, "a" * 100_000, "C:(" + "1," * 2000, "kick", "path", "true"),
    *("0001-01-01T00:00:00", "9999-12-31T23:59:59+14:00"),
)
_TOKENS = (
    *_NUMBERS,
    *(json.dumps(text) for text in (*_TEXTS, *_PATHS)),
    *("null", "true", "false", "nul", "[]", "{}", "[[]]", "[null]", "[1,2,3]", '{"a":1}', "[", '{"a":', '"\\ud800"'),
    *('"' + "9" * 5000 + '"', "[" * _DEEP + "]" * _DEEP, '{"a":' * _DEEP + "1" + "}" * _DEEP),
    "[" + "1," * 200_000 + "1]",
)
"""Values of JSON as they are written; some are none."""
_CELLS = (*_NUMBERS, *_TEXTS, *_PATHS)
_PARTS = re.compile(r"[^\t,;=\s]+")
_DTYPES = (
    *("'|O'", "'<f8'", "'<f2'", "'<i4'", "'<c8'", "'|b1'", "'<U9999'", "'<f4'", "'|V2000000000'", "[('a', '<f4')]"),
    *("'<M8[s]'", "''", "5"),
)
_SHAPES = (
    *("()", "(0,)", "(0, 0)", "(1,)", "(2, 2)", "(2, 2, 2)", "(6, 0)", "(1000000000000, 4)", "(-1, 4)", "5", "None"),
    *("(9223372036854775807,)", "(4611686018427387904, 4)", "('a',)", "(1.5, 2)", "(True,)", "(1" + "0" * 300 + ",)"),
    *("(" + "1, " * 40 + ")", "(" * 2000 + ")" * 2000),
)


def mutate(rng: Random, name: str, data: bytes) -> bytes:
    """Damage the content of a file, by the ending of its name."""
    ending = name.rpartition(".")[2].lower()
    if rng.random() < 0.25:
        return mutate_bytes(rng, data)
    for _ in range(int(rng.choice([1, 1, 1, 2, 5]))):
        try:
            data = BY_ENDING.get(ending, mutate_bytes)(rng, data) if len(data) < _LARGE else data
        except Exception:  # mutated already, it is no file of its kind any more
            data = mutate_bytes(rng, data)
    return mutate_bytes(rng, data) if rng.random() < 0.1 else data


def mutate_bytes(rng: Random, data: bytes) -> bytes:
    """Flip bits, cut, repeat, remove, overwrite, or put something else in between."""
    out = bytearray(data or b"\0")
    at, length = int(rng.integers(len(out))), int(rng.integers(1, max(2, min(len(out), 400))))
    match int(rng.integers(8)):
        case 0:
            for place in rng.integers(len(out), size=rng.integers(1, 33)):
                out[place] ^= 1 << int(rng.integers(8))
        case 1:
            del out[at:]
        case 2:
            out[at:at] = out[at : at + length] * int(rng.choice([1, 2, 50]))
        case 3:
            del out[at : at + length]
        case 4:
            out[at : at + length] = bytes(length)
        case 5:
            out[at:at] = rng.bytes(length)
        case 6:
            size, value = int(rng.choice([1, 2, 4, 8])), int(rng.choice(EXTREMES))
            out[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, str(rng.choice(["little", "big"])))  # type: ignore[arg-type]
        case _:
            other = int(rng.integers(len(out)))
            out[at : at + length], out[other : other + length] = out[other : other + length], out[at : at + length]
    return bytes(out)


EXTREMES = (
    *(0, 1, 2, 65, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 768_000),
    *(0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF),
)


def mutate_json(rng: Random, data: bytes) -> bytes:
    """Put another value at some place of a document, leave one out, or repeat parts."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return mutate_bytes(rng, data)
    places = list(_places(value))
    if not places:
        return _token(rng).encode()
    holder, key = places[rng.integers(len(places))]
    token = _token(rng)
    match int(rng.integers(10)):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            size = len(json.dumps(holder[key]))
            holder[key:key] = [holder[key]] * min(int(rng.choice([1, 2, 3000])), _LARGE // size)
        case 1 | 2 if isinstance(holder, dict):
            holder[str(rng.choice(_CELLS))[:200]] = holder[key]
        case _:
            holder[key] = _HERE
    return json.dumps(value).replace(json.dumps(_HERE), token).encode("utf-8", "surrogatepass")


_HERE = "\x00here\x00"
_PLACES = 200
"""Values of a list or an object that are mutated: some have many."""


def _token(rng: Random) -> str:
    return _TOKENS[rng.integers(len(_TOKENS))]


def _places(value: Any, depth: int = 0) -> list[tuple[Any, Any]]:
    """List where values stand, the first of each list or object: (list or dict, index or key)."""
    if depth > 8 or not isinstance(value, list | dict):
        return []
    keys = list(value)[:_PLACES] if isinstance(value, dict) else list(range(min(len(value), _PLACES)))
    found: list[tuple[Any, Any]] = [(value, key) for key in keys]
    for key in keys:
        found += _places(value[key], depth + 1)
    return found


def mutate_json_lines(rng: Random, data: bytes) -> bytes:
    """Mutate one line as JSON, or the lines as such."""
    lines = data.split(b"\n")
    if rng.random() < 0.4:
        return mutate_lines(rng, data)
    at = int(rng.integers(len(lines)))
    lines[at] = mutate_json(rng, lines[at])
    return b"\n".join(lines)


def mutate_lines(rng: Random, data: bytes) -> bytes:
    """Put another cell somewhere, change the order of lines, the encoding, or how lines end."""
    text = data.decode("utf-8", "surrogateescape")
    lines = text.splitlines(keepends=True) or [""]
    at = int(rng.integers(len(lines)))
    cell = _CELLS[rng.integers(len(_CELLS))]
    match int(rng.integers(12)):
        case 0:
            del lines[at]
        case 1:
            lines[at:at] = [lines[at]] * min(int(rng.choice([1, 2, 2000])), _LARGE // max(1, len(lines[at])))
        case 2:
            other = int(rng.integers(len(lines)))
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at:at] = [cell + "\n"]
        case 4:
            lines[at] = lines[at].rstrip("\r\n") + str(rng.choice(["\t", ",", ";", " ", '"', "="])) + cell + "\n"
        case 5:
            codec = str(rng.choice(["utf-16", "utf-8-sig", "utf-32", "utf-16-be"]))
            return "".join(lines).encode(codec, "replace")
        case 6:
            ends = str(rng.choice(["\r\n", "\r", "\n\n", "\0", "\u2028", ""]))
            return "".join(lines).replace("\n", ends).encode("utf-8", "surrogateescape")
        case _:
            cells = list(_PARTS.finditer(lines[at]))
            if cells:
                one = cells[rng.integers(len(cells))]
                lines[at] = lines[at][: one.start()] + cell + lines[at][one.end() :]
    return "".join(lines).encode("utf-8", "surrogatepass" if "\udcff" not in text else "surrogateescape")


def mutate_array(rng: Random, data: bytes) -> bytes:
    """Lie in the header of a .npy file about the type and number of its values, or put in what is no number."""
    head = 10 + int.from_bytes(data[8:10], "little")
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception:  # mutated already: numpy raises anything then
        return mutate_bytes(rng, data)
    if rng.random() < 0.3 and array.dtype.kind == "f" and array.size:
        array = array.copy()
        array.flat[int(rng.integers(array.size))] = rng.choice([np.nan, np.inf, -np.inf, 1e30, -1e30])
        out = io.BytesIO()
        np.save(out, array, allow_pickle=False)
        return out.getvalue()
    kind, shape, order = f"'{array.dtype.str}'", repr(array.shape), "False"
    match int(rng.integers(4)):
        case 0:
            kind = str(rng.choice(_DTYPES))
        case 1:
            order = str(rng.choice(["True", "5", "[" * 3000]))
        case _:
            shape = str(rng.choice(_SHAPES))
    header = f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data[head:]


def mutate_archive(rng: Random, data: bytes) -> bytes:
    """Mutate a member of a .npz file, leave it out, or put a bomb in its place."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGE:
                return mutate_bytes(rng, data)
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # mutated already
        return mutate_bytes(rng, data)
    name = list(members)[rng.integers(len(members))]
    chance = rng.random()
    if chance < 0.1:
        del members[name]
    elif chance < 0.95:
        members[name] = mutate_array(rng, members[name])
    else:
        return _bomb(name)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for one, content in members.items():
            archive.writestr(zipfile.ZipInfo(one), content)
    return out.getvalue()


def _bomb(name: str) -> bytes:
    out = io.BytesIO()
    deflated, size, check = _zeros()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo(name)
        archive.writestr(info, deflated)
        info.compress_type, info.file_size, info.CRC = zipfile.ZIP_DEFLATED, size, check
    return out.getvalue()


@cache
def _zeros() -> tuple[bytes, int, int]:
    """Make a .npy file of _BOMB_BYTES of zeros: deflated, how many bytes it has, and their CRC-32."""
    header, zeros = io.BytesIO(), bytes(1 << 20)
    about = {"descr": "<f4", "fortran_order": False, "shape": (_BOMB_BYTES // 4,)}
    np.lib.format.write_array_header_1_0(header, about)
    press = zlib.compressobj(wbits=-15)
    head = press.compress(header.getvalue()) + press.flush(zlib.Z_FULL_FLUSH)
    piece = press.compress(zeros) + press.flush(zlib.Z_FULL_FLUSH)  # may be repeated
    pieces, check = _BOMB_BYTES >> 20, zlib.crc32(header.getvalue())
    for _ in range(pieces):
        check = zlib.crc32(zeros, check)
    return head + pieces * piece + press.flush(), header.tell() + _BOMB_BYTES, check


BY_ENDING: dict[str, Callable[[Random, bytes], bytes]] = {
    "json": mutate_json,
    "jsonl": mutate_json_lines,
    **dict.fromkeys(("txt", "csv", "tsv", "toml", "lab", "key", "textgrid"), mutate_lines),
    "npy": mutate_array,
    "npz": mutate_archive,
}
