"""Everything a live session can be told, checked in one place; kept in a TOML file or given as options."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import platformdirs

from samplechop.realtime.audio.source import Monitor
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import BEAT, DRUM
from samplechop.realtime.detectors.chop.peak_picking import Choose
from samplechop.realtime.midi.pad_allocation import PadMode
from samplechop.realtime.recording.formats import RecordFormat

HarmonyNotes = Literal["chord", "pitches", "off"]
"""Which kind of event is played as held notes."""

_RANGES: dict[str, tuple[float, float]] = {
    "channels": (1, 64),
    "samplerate": (4_000, 384_000),
    "blocksize": (16, 16_384),
    "midi_channel": (1, 16),
    "beat_channel": (1, 16),
    "drum_channel": (1, 16),
    "harmony_channel": (1, 16),
    "half_life": (0.01, 10),
    "note_low": (0, 127),
    "note_high": (0, 127),
    "min_gap": (0, 10),
    "hold": (0, 10),
    "keep_last": (1, 3_600),
}


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """One live session. Names are those of the options, seconds those of times; Hz for samplerate.

    detect: names of detectors with commas between them; the chop detector always runs, and may be called "chops".
    model: what it hears chops with; drum_model, harmony_model: the same of the other two.
    beat_channel: where beats are played if `detect` names them; drum_channel, harmony_channel: the same of what they
    name. harmony_notes: what is played of the harmony. osc: HOST:PORT. half_life: of a drum's presence.
    midi_clock: let beats steer a MIDI clock. record, keep_dir: folders for sessions.

    None means: as the device, the model or the situation has it.
    """

    device: str | None = None
    channels: int | None = None
    samplerate: int | None = None
    blocksize: int | None = None
    midi_port: str | None = None
    midi_file: Path | None = None
    midi_channel: int = 1
    beat_channel: int = 10
    drum_channel: int = 10
    harmony_channel: int = 2
    harmony_notes: HarmonyNotes = "chord"
    midi_clock: bool = False
    osc: str | None = None
    half_life: float = 0.15
    events: str | None = None
    detect: str = "chop"
    model: str = "chop"
    drum_model: str = "drums"
    harmony_model: str = "harmony"
    threshold: float | None = None
    min_gap: float | None = None
    hold: float = 0.0
    choose: Choose = "both"
    pads: PadMode = "cycle"
    note_low: int = 36
    note_high: int = 51
    monitor: Monitor = "off"
    tap: bool = False
    tap_port: str | None = None
    tap_file: Path | None = None
    record: Path | None = None
    record_format: RecordFormat = "wav24"
    keep_last: float | None = None
    keep_dir: Path | None = None
    duration: float | None = None
    quiet: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be done, naming option, value and range."""
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UserError(f"{_option(name)} must be in {low:g}..{high:g}, got {value}")
        if self.threshold is not None and not 0.0 < self.threshold < 1.0:
            raise UserError(f"--threshold must lie between 0 and 1, got {self.threshold}")
        if self.duration is not None and not 0 < self.duration < math.inf:
            raise UserError(f"--duration must be more than 0 seconds and finite, got {self.duration}")
        if self.note_low > self.note_high:
            raise UserError(f"--note-low {self.note_low} must not lie above --note-high {self.note_high}")
        if self.keep_last is not None and self.keep_to is None:
            raise UserError("--keep-last needs a place for what it keeps: add --record DIR or --keep-dir DIR")
        if self.osc is not None and not _is_address(self.osc):
            raise UserError(f"--osc must be HOST:PORT, such as 127.0.0.1:9000, got {self.osc!r}")
        if not any(self._detect_names):
            raise UserError(f"--detect names no detector, got {self.detect!r}: leave it out, or say drums,harmony")
        for name in ("events", "midi_file"):
            if str(getattr(self, name)) in ("", "."):
                raise UserError(f"{_option(name)} needs the name of a file: an empty one, or '.', is this folder")
        kinds = (
            ("pads", PadMode),
            ("monitor", Monitor),
            ("choose", Choose),
            ("record_format", RecordFormat),
            ("harmony_notes", HarmonyNotes),
        )
        for name, kind in kinds:
            choices = get_args(kind)
            if getattr(self, name) not in choices:
                raise UserError(f"{_option(name)} must be one of {', '.join(choices)}, got {getattr(self, name)!r}")

    @property
    def other_detectors(self) -> list[str]:
        """Detectors to run beside the chop detector."""
        names = [*self._detect_names, *(["beats"] if self.midi_clock else [])]
        return [name for name in dict.fromkeys(names) if name not in ("", "chop")]

    @property
    def beat_notes(self) -> bool:
        """Whether beats are played as notes."""
        return "beats" in self._detect_names

    @property
    def kind_channels(self) -> dict[str, int]:
        """The MIDI channel of each kind of event that has one of its own."""
        kinds = {BEAT: self.beat_channel} if self.beat_notes else {}
        if set(self.other_detectors) - {"beats"}:  # a plug-in may hear drums and chords too
            kinds |= {DRUM: self.drum_channel}
            kinds |= {self.harmony_notes: self.harmony_channel} if self.harmony_notes != "off" else {}
        return kinds

    @property
    def warnings(self) -> list[str]:
        """What can be done, but is hardly meant, a sentence each."""
        if self.midi_port is None and self.midi_file is None:
            return []
        names = {BEAT: "beats", DRUM: "drums"}
        return [
            f"chops and {names.get(kind, 'harmony')} are both on MIDI channel {channel} and cannot be told apart: "
            "give one of them another"
            for kind, channel in self.kind_channels.items()
            if channel == self.midi_channel
        ]

    @property
    def keep_to(self) -> Path | None:
        """Where the look-back's folders are made."""
        return self.keep_dir or self.record

    @property
    def _detect_names(self) -> list[str]:
        names = (name.strip() for name in self.detect.split(","))
        return ["chop" if name == "chops" else name for name in names]


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 1 <= int(port) <= 65_535


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def config_path() -> Path:
    """Where the user's settings live."""
    # Without an author, or Windows would have a folder samplechop in a folder samplechop.
    return platformdirs.user_config_path("samplechop", appauthor=False) / "config.toml"


def read_config(path: Path) -> dict[str, Any]:
    """Read the [live] table of a TOML file; no file means no settings.

    Keys are option names without the dashes in front ("midi-port"). Raises UserError for a key or type nobody knows.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"the settings file {str(path)!r} cannot be read: {error}") from None
    table = content.get("live", {})
    if set(content) - {"live"} or not isinstance(table, dict):
        raise UserError(f"the settings file {str(path)!r} must have one table, [live], got {sorted(content)}")
    known = {name: _plain_type(hint) for name, hint in get_type_hints(LiveSettings).items()}
    settings = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in known:
            options = ", ".join(sorted(known)).replace("_", "-")
            raise UserError(f"{str(path)!r} has the unknown key {key!r}; it may have {options}")
        settings[name] = _typed(known[name], value, f"{key!r} in {str(path)!r}")
    return settings


def _plain_type(hint: Any) -> Any:
    """Find the type behind an optional or a choice of words."""
    inner = [part for part in get_args(hint) if part is not type(None)]
    if not inner:
        return hint
    return inner[0] if isinstance(inner[0], type) else str


def _typed(wanted: type, value: object, where: str) -> object:
    if wanted is Path and isinstance(value, str):
        return Path(value)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise UserError(f"{where} must be {wanted.__name__}, got {value!r}")
    return value


def merge(config: Mapping[str, Any], options: Mapping[str, Any]) -> LiveSettings:
    """Combine a settings file with the options given; options win, None means not given."""
    return LiveSettings(**{**config, **{name: value for name, value in options.items() if value is not None}})
