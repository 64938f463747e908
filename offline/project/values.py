"""What the values of projects and commands may be: each function takes what stands in JSON and gives it checked.

All raise UserError in one sentence that begins with `what`, which names the value, and says what it must be.
"""

import re
from itertools import pairwise
from typing import Any, get_args

from samplechop.offline.project.model import PlayMode
from samplechop.realtime.core.errors import UserError

LONGEST_NAME = 200
"""Characters."""
BPM = (20.0, 400.0)
GAIN_DB = (-60.0, 24.0)
CHOKE_GROUPS = 16
FACTORS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Of a tempo."""
MOST_PLACES = 100_000
"""In a list of them: an hour has a tenth of it where all is drums."""
LONGEST = 2**53
"""Samples of a record must be fewer: numbers of JavaScript are exact up to here."""
_ID = re.compile(r"c[1-9]\d{0,8}", re.ASCII)
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_KEY = re.compile(r"[A-G](#|b)? (major|minor)", re.ASCII)
_SHA256 = re.compile(r"([0-9a-f]{64})?", re.ASCII)


def integer(value: Any, what: str, low: int, high: int) -> int:
    """Check an integer in low..high, both included."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UserError(f"{what} must be an integer in {low}..{high}, got {value!r:.60}")
    return value


def number(value: Any, what: str, low: float, high: float) -> float:
    """Check a number in low..high, both included."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise UserError(f"{what} must be a number in {low:g}..{high:g}, got {value!r:.60}")
    return float(value)


def truth(value: Any, what: str) -> bool:
    """Check true or false."""
    if not isinstance(value, bool):
        raise UserError(f"{what} must be true or false, got {value!r:.60}")
    return value


def text(value: Any, what: str, longest: int = LONGEST_NAME) -> str:
    """Check words of a person: at most `longest` characters, all of which can be seen."""
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise UserError(f"{what} must be 1 to {longest} printable characters, got {value!r:.60}")
    return value


def position(value: Any, what: str, length: int) -> int:
    """Check a sample of a record of so many."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < length:
        raise UserError(f"{what} must be a sample of the record, an integer in 0..{length - 1}, got {value!r:.60}")
    return value


def positions(value: Any, what: str, length: int) -> tuple[int, ...]:
    """Check a list of samples that rise."""
    if not isinstance(value, list) or len(value) > MOST_PLACES:
        raise UserError(f"{what} must be a list of at most {MOST_PLACES} samples, got {value!r:.60}")
    found = tuple(position(one, f"{what}[{index}]", length) for index, one in enumerate(value))
    if any(a >= b for a, b in pairwise(found)):
        raise UserError(f"{what} must rise from one to the next")
    return found


def end(value: Any, what: str, at: int, length: int) -> int:
    """Check where a slice that begins at `at` ends: one past its last sample."""
    return integer(value, what, at + 1, length)


def note(value: Any, what: str) -> int:
    """Check a MIDI note."""
    return integer(value, what, 0, 127)


def gain_db(value: Any, what: str) -> float:
    """Check a gain in decibels."""
    return number(value, what, *GAIN_DB)


def choke(value: Any, what: str) -> int:
    """Check a choke group; 0 is none."""
    return integer(value, what, 0, CHOKE_GROUPS)


def play(value: Any, what: str) -> PlayMode:
    """Check how a pad plays."""
    mode: PlayMode = one_of(value, what, PlayMode)
    return mode


def one_of(value: Any, what: str, words: Any) -> Any:
    """Check one of some words. words: a Literal."""
    if value not in get_args(words):
        raise UserError(f"{what} must be one of {', '.join(get_args(words))}, got {value!r:.60}")
    return value


def colour(value: Any, what: str) -> str:
    """Check a colour such as "#56b4e9"."""
    if not isinstance(value, str) or not _COLOUR.fullmatch(value.lower()):
        raise UserError(f"{what} must be a colour such as '#56b4e9', got {value!r:.60}")
    return value.lower()


def key(value: Any, what: str) -> str:
    """Check a key such as "A minor"."""
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise UserError(f"{what} must be a key such as 'A minor' or 'F# major', got {value!r:.60}")
    return value


def bpm(value: Any, what: str) -> float:
    """Check a tempo in beats per minute."""
    return number(value, what, *BPM)


def factor(value: Any, what: str) -> float:
    """Check by how much a tempo is multiplied."""
    if isinstance(value, bool) or value not in FACTORS:
        raise UserError(f"{what} must be one of {', '.join(f'{one:g}' for one in FACTORS)}, got {value!r:.60}")
    return float(value)


def chop_id(value: Any, what: str) -> str:
    """Check what may be the id of a chop."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise UserError(f"{what} must be the id of a chop such as 'c1', got {value!r:.60}")
    return value


def sha256(value: Any, what: str) -> str:
    """Check a hash, which may be empty."""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise UserError(f"{what} must be a SHA-256 in 64 small hexadecimal digits, or '', got {value!r:.60}")
    return value


def only(value: Any, what: str, known: frozenset[str], needed: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Check an object with no other names than `known`, and all of `needed`."""
    if not isinstance(value, dict):
        raise UserError(f"{what} must be an object, got {value!r:.60}")
    if strange := sorted(value.keys() - known):
        raise UserError(f"{what} has {strange[0]!r:.60}, which nobody knows: it may have {', '.join(sorted(known))}")
    if missing := sorted(needed - value.keys()):
        raise UserError(f"{what} lacks {missing[0]!r}")
    return value
