"""Commands as people type them, in words: what they become are those of `commands`, which says what is allowed.

    move 12.51 12.532       lock c3       name 1:02.4 the break       kit count 12       tempo x2       undo

A place is in seconds or m:ss, a chop "c1" or the place where it is. A place that is shown to the millisecond means the
chop or candidate there. "none" for a value takes back what was said, and a pad may have its name, "A01".
"""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from samplechop.offline.project.commands import COMMANDS
from samplechop.offline.project.model import Project
from samplechop.realtime.core.errors import UserError, close_word
from samplechop.realtime.core.options import read_clock
from samplechop.realtime.ui.formatting import pad_name

SAME_SECONDS = 0.005
"""How near a place must lie to a chop or candidate to mean it."""
ARGUMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("add", "restore", "one", "not-one"), ("at",)),
    **dict.fromkeys(("delete", "release", "lock", "unlock", "settle"), ("chop",)),
    "move": ("chop", "to"),
    "name": ("chop", "name"),
    "pad": ("chop", "note"),
    "swap": ("chop", "with"),
    "end": ("chop", "end"),
    "gain": ("chop", "gain_db"),
    "choke": ("chop", "choke"),
    "play": ("chop", "play"),
    "colour": ("chop", "colour"),
    "kit": ("option", "value"),
    "key": ("key",),
    "tempo": ("tempo",),
    "shift": ("beats",),
    "tap": ("taps",),
    "meter": ("beats_per_bar",),
    "tempo-change": ("at", "bpm"),
    **dict.fromkeys(("reset-grid", "undo", "redo"), ()),
}
"""What follows a verb; of the last, all words that are left."""
_PLACES, _TEXTS = ("at", "to", "end"), ("name", "key", "play", "colour", "option", "with")
_TIME = re.compile(r"([+-]?\d{1,6}(?:\.\d{1,9})?) ?(ms|s)", re.ASCII)
_ID = re.compile(r"c\d+", re.ASCII)
_NOTES = {name: note for note in range(128) if (name := pad_name(note))}
_NONE, _ALL = "none", "all"
_LONGEST = 100


def command_of(text: str, project: Project) -> dict[str, Any]:
    """Read a command in words. Raises UserError for what is none."""
    try:
        verb, *words = shlex.split(text) or [""]
    except ValueError as error:
        raise UserError(f"{text!r:.80} is no command: {error}") from None
    if (names := ARGUMENTS.get(verb)) is None:
        known = f"it has {', '.join(ARGUMENTS)}, and in JSON {', '.join(sorted(COMMANDS.keys() - ARGUMENTS.keys()))}"
        raise UserError(f"{text!r:.80} begins with no command of a project{close_word(verb, ARGUMENTS)}: {known}")
    if len(words) < len(names) or (not names and words):
        wanted = " ".join((verb, *(name.upper() for name in names)))
        raise UserError(f"{text!r:.80} must be {wanted}, with spaces between")
    if [verb, *words] == ["settle", _ALL]:
        return {"do": verb}
    values = [*words[: len(names) - 1], " ".join(words[len(names) - 1 :])] if names else []
    command: dict[str, Any] = {"do": verb}
    for name, value in zip(names, values, strict=True):
        command |= _argument(verb, name, value, project)
    _check_end(command, project)
    return command


def _check_end(command: Mapping[str, Any], project: Project) -> None:
    """Raise UserError for a slice that would end before it begins."""
    begins = command.get("at", next((chop.at for chop in project.chops if chop.id == command.get("chop")), None))
    end = command.get("end")
    if begins is not None and end is not None and end <= begins:
        rate = project.audio.sample_rate
        raise UserError(f"a slice that begins at {seconds_of(begins, rate)} cannot end at {seconds_of(end, rate)}")


def _chop_at(value: str, project: Project) -> str:
    """Give the id of the project's chop at a place. Raises UserError."""
    place = _place(value, project, [chop.at for chop in project.chops])
    found = next((chop.id for chop in project.chops if chop.at == place), None)
    if found is None:
        raise UserError(
            f"no chop of the project lies at {value!r:.40}: give it a pad first, such as pad {value:.40} A01"
        )
    return found


def words_of(edit: Any, rate: int) -> str:
    """Give an edit as it is typed, cut short where a terminal has no room; in JSON what has no words.

    rate: Hz, of the record.
    """
    steps = [one for one in edit["steps"] if one["do"] != "hold"] if edit["do"] == "steps" else [edit]
    text = ", ".join(_words_of_one(one, rate) for one in steps)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _words_of_one(command: Mapping[str, Any], rate: int) -> str:
    names = ARGUMENTS.get(command["do"])
    if names is None:
        return json.dumps(command, ensure_ascii=False)
    return " ".join((command["do"], *(_word(name, command, rate) for name in names)))


def _word(name: str, command: Mapping[str, Any], rate: int) -> str:
    if name == "chop" and name not in command:
        name = "at"
    if name == "at" and name not in command:
        return _ALL
    if name == "tempo":
        factor = command.get("factor")
        return str(command.get("bpm")) if factor is None else f"x{factor:g}" if factor >= 1 else f"/{1 / factor:g}"
    if name == "beats" and name not in command:
        return f"{1000 * command['by'] / rate:.4g}ms"
    value = command.get(name)
    if value is None:
        return _NONE
    if name == "taps":
        return " ".join(seconds_of(tap, rate) for tap in value)
    if name == "note":
        return pad_name(value) or str(value)
    return seconds_of(value, rate) if name in _PLACES else _typed(str(value))


def _typed(text: str) -> str:
    """Quote a text that the words of a command would not be."""
    try:
        is_as_typed = " ".join(shlex.split(text)) == text
    except ValueError:
        is_as_typed = False
    return text if is_as_typed else shlex.quote(text)


def seconds_of(place: int, rate: int) -> str:
    """Write a place as it is typed: seconds to the millisecond."""
    return f"{place / rate:.3f}"


def _argument(verb: str, name: str, value: str, project: Project) -> dict[str, Any]:
    if name == "tempo":
        return _tempo(value)
    if name == "beats":
        return _shift(value, project.audio.sample_rate)
    if name == "with" or (name == "chop" and verb == "swap"):
        return {name: value if _ID.fullmatch(value) else _chop_at(value, project)}
    if name == "taps":
        return {name: [_place(word, project, ()) for word in value.split()]}
    if name == "chop":
        return {"chop": value} if _ID.fullmatch(value) else {"at": _place(value, project, _known(project))}
    if value == _NONE:
        return {name: None}
    if name == "note" and (note := _NOTES.get(value.upper())) is not None:
        return {name: note}
    if name in _PLACES:
        return {name: _place(value, project, _known(project) if name == "at" else ())}
    return {name: value if name in _TEXTS else _number(value)}


def _tempo(value: str) -> dict[str, Any]:
    """Read "x2", "/2", or beats per minute."""
    sign, digits = value[:1], _number(value.lstrip("x/"))
    if sign not in "x/" or not isinstance(digits, int | float) or not digits:
        return {"bpm": _number(value)}
    return {"factor": digits if sign == "x" else 1 / digits}


def _shift(value: str, rate: int) -> dict[str, Any]:
    """Read a time as "20ms" or "-0.35s", or a number of beats."""
    if (time := _TIME.fullmatch(value)) is None:
        return {"beats": _number(value)}
    return {"by": round(float(time[1]) * rate / (1000 if time[2] == "ms" else 1))}


def _number(value: str) -> Any:
    """Give what a word says in JSON, else the word itself, for `commands` to refuse."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _known(project: Project) -> Sequence[int]:
    offered = project.offer.places if project.offer is not None else ()
    conflicts = (one.at for one in project.conflicts)
    return [*(chop.at for chop in project.chops), *conflicts, *(place for place, _ in offered)]


def _place(value: str, project: Project, known: Sequence[int]) -> int:
    """Read a place as samples: the one known nearest to it, where that is within SAME_SECONDS."""
    rate = project.audio.sample_rate
    try:
        sample = round(read_clock(value) * rate)
    except (ValueError, OverflowError):
        raise UserError(
            f"{value!r:.40} is no place in the record: seconds or m:ss, such as 12.5 or 1:02.4, or a chop such as c1"
        ) from None
    if not 0 <= sample <= project.audio.length:
        raise UserError(
            f"{value!r:.40} lies outside of the record, which has {seconds_of(project.audio.length, rate)} s"
        )
    nearest = min(known, key=lambda one: abs(one - sample), default=sample)
    return nearest if abs(nearest - sample) <= SAME_SECONDS * rate else sample
