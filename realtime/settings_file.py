"""The user's settings file, config.toml: what it says, what of that counts in a run, and which errors come from it.

It has a table for each command that reads it, of that command's options.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_origin

import platformdirs

from samplechop.models import ModelError
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, close_word
from samplechop.realtime.core.given_values import check_name
from samplechop.realtime.core.options import UNDONE, is_pair, option_name, value_types
from samplechop.realtime.detectors.chop import check_has_ways, set_aside
from samplechop.realtime.settings import OF_DEVICES, LiveSettings

TABLES = {
    "live": ("--demo", "--fast", "--list-devices", "--list-midi"),
    "chop": (
        *("--demo", "--from-list", "--labels", "--no-project", "--output", "--force", "--cache", "--list-formats"),
        *("--jobs", "--scheduler"),
    ),
}
"""Commands whose options the file may hold, with those that say what is done in one run, which it may not."""
_IN_REAL_TIME = ("blocksize", "midi_port", "midi_clock", "osc", "tap", "monitor")
"""What says nothing of a file that is read as fast as it can be."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """Settings of a command in a file, by the names of the fields of the dataclass that declares its options."""

    path: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    options: type = LiveSettings

    def for_run(self, given: Mapping[str, Any], path: Path | None, fast: bool) -> "SettingsFile":
        """Pass over what says nothing of a run, so that a command that is right without a settings file is with one.

        given: the options on the command line, which win. path: the file that is played, None for the audio input.
        """
        kept = {name: value for name, value in self.values.items() if name not in given}

        def drop(*names: str) -> None:
            for name in names:
                kept.pop(name, None)

        def value(name: str) -> Any:
            return given.get(name, kept.get(name))

        if path is not None:
            drop(*OF_DEVICES)
        if fast:
            drop(*_IN_REAL_TIME)
        if value("midi_port") is None:
            drop("midi_clock")
        if {"record", "keep_dir"} & given.keys() and value("record") is None and value("keep_dir") is None:
            drop("keep_last")
        notes = {"note_low", "note_high"} & given.keys()
        if len(notes) == 1 and not _possible(kept | dict(given), {}):
            drop(*({"note_low", "note_high"} - notes))
        drop(*set_aside(given))
        if "detect" in kept and not _possible(kept | dict(given), given):
            without = {name: one for name, one in kept.items() if name != "detect"}
            kept = without if _possible(without | dict(given), given) else kept
        return replace(self, values=kept)

    def checked(self, given: Mapping[str, Any], path: Path | None, fast: bool) -> LiveSettings:
        """Add the options of the command line. Raises UserError for what cannot be done."""
        settings = LiveSettings(**{**self.values, **given})
        settings.check_needed(given)
        if "chop" in settings.detectors:
            check_has_ways(settings.model, given)
        settings.check_run(path, fast)
        return settings

    def named(self, text: str) -> str:
        """Say after a sentence which of the settings it speaks of stand in this file, and how to undo them."""
        found = [
            name for name, value in self.values.items() if _speaks_of(text, option_name(self.options, name), value)
        ]
        if not found:
            return text
        shown = ", ".join(name.replace("_", "-") for name in found)
        word = "comes" if len(found) == 1 else "come"
        undo = " ".join(undoing(name, self.options) for name in found)
        return f"{text} ({shown} {word} from {str(self.path)!r}; {undo} on the command line undoes it)"

    @contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """Have errors of the user that come from this file say so."""
        try:
            yield
        except (UserError, ModelError) as error:
            error.args = (self.named(str(error)), *error.args[1:])
            raise


def undoing(name: str, options: type = LiveSettings) -> str:
    """Give the option, and its value, with which a setting is as if it stood in no file.

    options: the dataclass with that field.
    """
    option = option_name(options, name)
    default = next(one.default for one in fields(options) if one.name == name)
    if isinstance(default, bool):
        on, _, off = option.partition("/")
        return (off or on.replace("--", "--no-", 1)) if default is False or not off else on
    if is_pair(value_types(options)[name]):
        return f"{option} 40 250"
    if default is None:
        return f"{option} {'default' if name in _HAVE_A_DEFAULT else 'off'}"
    if isinstance(default, tuple):
        return f"{option} {','.join(default) or repr('')}"
    return f"{option} {default}"


def config_path() -> Path:
    """Where the user's settings live."""
    # Without an author, or Windows would have a folder samplechop in a folder samplechop.
    return platformdirs.user_config_path("samplechop", appauthor=False) / "config.toml"


def read_settings(path: Path, command: str = "live", options: type = LiveSettings) -> SettingsFile:
    """Read a command's table of a TOML file; no file, or none with such a table, means no settings.

    options: the dataclass that declares the command's options. Keys are option names without the dashes in front
    ("midi-port"); "off" and "default" mean what they do there. Raises UserError for a table, key or type nobody knows.
    """
    try:
        content = documents.read_toml(path)
    except FileNotFoundError:
        return SettingsFile(path, options=options)
    except (OSError, ValueError) as error:
        raise UserError(f"the settings file {str(path)!r} cannot be read: {error}") from None
    if set(content) - set(TABLES) or not all(isinstance(table, dict) for table in content.values()):
        raise UserError(
            f"the settings file {str(path)!r} may have the tables [{'] and ['.join(TABLES)}], got {sorted(content)}: "
            "other commands take their options from the command line"
        )
    known = value_types(options)
    keys = {option_name(options, name).partition("/")[0].removeprefix("--"): name for name in known}
    optional = {one.name for one in fields(options) if one.default is None}
    settings: dict[str, Any] = {}
    for key, value in content.get(command, {}).items():
        if (name := keys.get(key.replace("_", "-"), "")) not in known:
            own = f"--{key.replace('_', '-')}"
            if own in TABLES[command]:
                raise UserError(f"{str(path)!r} has the key {key!r}: take it out, and give {own} on the command line")
            meant = close_word(key, list(keys))
            raise UserError(f"{str(path)!r} has the unknown key {key!r}{meant}; it may have any option of {command}")
        undone = name in optional and isinstance(value, str) and value in UNDONE
        settings[name] = None if undone else _typed(known[name], value, name, f"{key!r} in {str(path)!r}")
    return SettingsFile(path, settings, options)


def _possible(values: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    try:
        LiveSettings(**values).check_needed(given)
    except UserError:
        return False
    return True


def _speaks_of(text: str, option: str, value: Any) -> bool:
    """Whether a sentence names an option, or quotes the text that is its value, or a part of it between commas."""
    if re.search(rf"{re.escape(option.partition('/')[0])}(?![\w-])", text):
        return True
    if not isinstance(value, str | Path):
        return False
    parts = {str(value), *(part.strip() for part in str(value).split(","))}
    return any(repr(part) in text for part in parts if part)


def _typed(wanted: type, value: object, name: str, where: str) -> object:
    if wanted is Path and isinstance(value, str):
        check_name(value, where)
        return Path(value)
    if name in _MAY_BE_NUMBERS and type(value) in (int, float):
        return str(value)
    if wanted is float and type(value) is int:
        return float(value)
    if is_pair(wanted):
        if isinstance(value, list) and len(value) == 2 and all(type(part) in (int, float) for part in value):
            return float(value[0]), float(value[1])
        raise UserError(f"{where} must be two numbers in brackets, got {value!r}")
    if get_origin(wanted) is tuple:  # a list on the command line has commas between
        listed = [value] if isinstance(value, str) else value
        if isinstance(listed, list) and all(type(part) in (str, int, float) for part in listed):
            return ",".join(map(str, listed))
        raise UserError(f"{where} must be a list in brackets, or a text with commas between, got {value!r}")
    if type(value) is not wanted:
        raise UserError(f"{where} must be {_IN_WORDS.get(wanted, wanted.__name__)}, got {value!r}")
    return value


_HAVE_A_DEFAULT = {
    *OF_DEVICES,
    *("blocksize", "drum_threshold", "threshold", "min_gap", "density", "tap_port", "tap_file", "keep_dir"),
    *("count", "diversity", "candidates", "end", "max_length", "channel", "resample"),
}
"""Where leaving a setting out turns nothing off."""
_MAY_BE_NUMBERS = ("device", "tempo", "drum_threshold", "until", "max_length")
_IN_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}
