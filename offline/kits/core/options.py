"""Everything `samplechop chop` can be told about one kit, checked in one place."""

from dataclasses import dataclass
from typing import Literal, get_args

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.chop.peak_picking import Choose

Compare = Literal["slice", "frame"]
"""What two chops are compared by: the harmonic content of the whole slice, or of the frame it begins with."""
Distance = Literal["mean", "min"]
"""The distance of a chop to the chops already chosen: the mean of all, or the nearest."""
Normalise = Literal["peak", "lufs"]
Want = Literal["harmony", "drums", "both"]
"""Which chops are preferred: those with a chord and without drums, drum hits, or neither."""

DIVERSITY, CLASSIC_DIVERSITY = 0.15, 0.5
"""Where on real music kits differ most while their mean probability falls by at most 5 %; for classic by 8 %."""

NOTES = 128
"""MIDI has so many, 0 to 127."""
DUPLICATE = 0.95
"""Cosine from which two chops are nearly the same."""

_RANGES: dict[str, tuple[float, float]] = {
    "count": (1, 128),
    "diversity": (0, 1),
    "start_note": (0, 127),
    "min_gap": (0, 60),
    "max_length": (0.01, 3_600),
    "snap_ms": (0, 100),
    "fade_ms": (0, 1_000),
    "tail_ms": (0, 10_000),
    "resample": (4_000, 384_000),
    "candidates": (1, 100_000),
}
_CHOICES = {"compare": Compare, "distance": Distance, "normalise": Normalise, "choose": Choose, "want": Want}


@dataclass(frozen=True, slots=True)
class ChopOptions:
    """Names are those of the options; seconds unless the name says otherwise; None means: as the record has it.

    until: where a slice ends: "chosen", "candidate", or a number of seconds. lock: seconds that must be cut at.
    """

    count: int = 16
    diversity: float | None = None
    candidates: int | None = None
    compare: Compare = "slice"
    distance: Distance = "mean"
    classic: bool = False
    harmonic: bool = False
    write_harmonic: bool = False
    start: float = 0.0
    end: float | None = None
    start_note: int = 36
    min_gap: float | None = None
    max_length: float | None = None
    lock: tuple[float, ...] = ()
    reroll: int = 0
    bars: bool = False
    want: Want = "both"
    until: str = "chosen"
    model: str = "chop"
    threshold: float | None = None
    choose: Choose = "both"
    snap_ms: float = 0.0
    fade_ms: float = 0.0
    tail_ms: float = 0.0
    normalise: Normalise | None = None
    mono: bool = False
    resample: int | None = None
    trim: bool = False
    template: str = "{number}_{time}_{key}_{bpm}_{strength}"
    formats: tuple[str, ...] | None = None
    picture: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be done, naming option, value and range."""
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UserError(f"{_option(name)} must be in {low:g}..{high:g}, got {value:g}")
        if self.threshold is not None and not 0.0 < self.threshold < 1.0:
            raise UserError(f"--threshold must lie between 0 and 1, got {self.threshold:g}")
        for name, kind in _CHOICES.items():
            value, choices = getattr(self, name), get_args(kind)
            if value not in choices and not (name == "normalise" and value is None):
                raise UserError(f"{_option(name)} must be one of {', '.join(choices)}, got {value!r}")
        if self.classic and self.want != "both":
            raise UserError(f"--classic chooses by nothing that --want {self.want} needs: leave out one of them")
        if not self.start >= 0 or (self.end is not None and not self.end > self.start):
            raise UserError(f"--start {self.start:g} must be 0 or more and lie before --end, got {self.end}")
        if any(not time >= 0 for time in self.lock):
            raise UserError(f"--lock takes seconds from the record's beginning, got {min(self.lock):g}")
        if self.reroll < 0:
            raise UserError(f"--reroll must be 0 or more, got {self.reroll}")
        if self.start_note + self.count > NOTES:
            room = NOTES - self.start_note
            raise UserError(f"--start-note {self.start_note} leaves room for {room} pads, --count is {self.count}")
        if len(set(self.lock)) > self.count:
            raise UserError(f"--lock names {len(set(self.lock))} places, --count leaves room for {self.count}")
        _ = self.until_seconds

    @property
    def weight(self) -> float:
        """How much diversity counts beside probability, 0..1: as given, or what was measured to serve each method."""
        if self.diversity is not None:
            return self.diversity
        return CLASSIC_DIVERSITY if self.classic else DIVERSITY

    @property
    def until_seconds(self) -> float | None:
        """Where slices end after a fixed time: that time; else None."""
        if self.until in ("chosen", "candidate"):
            return None
        try:
            seconds = float(self.until)
        except ValueError:
            seconds = -1.0
        low, high = _RANGES["max_length"]
        if not low <= seconds <= high:
            raise UserError(f"--until must be chosen, candidate or {low:g}..{high:g} seconds, got {self.until!r}")
        return seconds


def _option(name: str) -> str:
    return "--" + name.removesuffix("_ms").replace("_", "-")
