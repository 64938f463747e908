"""Everything `samplechop chop` can be told about one kit, checked in one place."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from samplechop.offline.kits.core.model import NOTES as NOTES
from samplechop.offline.kits.core.model import Play
from samplechop.offline.kits.core.tempo_map import UNKNOWN_TEMPO
from samplechop.realtime.core.channels import CHANNEL_HELP, Channel
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.options import Option, check
from samplechop.realtime.detectors.beats.metrical_level import wanted_tempo
from samplechop.realtime.detectors.chop import CHOOSE_HELP, DENSITY_HELP, Choose, check_choice
from samplechop.realtime.detectors.chop import set_aside as set_aside

Compare = Literal["slice", "frame"]
"""What two chops are compared by: the harmonic content of the whole slice, or of the frame it begins with."""
Distance = Literal["mean", "min"]
"""The distance of a chop to the chops already chosen: the mean of all, or the nearest."""
Normalise = Literal["peak", "lufs"]
Want = Literal["harmony", "drums", "both"]
"""Which chops are preferred: those with a chord and without drums, drum hits, or neither."""

USUAL_COUNT = 16
"""Pads of a bank."""
DIVERSITY, CLASSIC_DIVERSITY = 0.25, 0.5
"""Where on real music kits differ most while their mean probability falls by at most 5 %; as much for classic."""

DUPLICATE = 0.95
"""Cosine from which two chops are nearly the same."""
NEAREST = 0.1
"""The share of all pairs of a record, the most alike, that a kit avoids as well."""

DECLICK_MS = 0.5
"""Of a fade that ends a click and leaves an attack: a kick's rises within some milliseconds."""

WHAT, WHERE, AUDIO, FILES = "Which chops", "Where slices begin and end", "What is done to the slices", "What is written"
FOREVER = 1e9
"""Seconds: no record is so long."""
_LENGTH = (0.01, 3_600)
_LENGTH_TEXT = re.compile(r"(\d+\.?\d*|\.\d+) ?(s|seconds?|beats?|bars?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Length:
    """A length in seconds, beats or bars. amount: how many of them."""

    amount: float
    unit: Literal["seconds", "beats", "bars"]

    def beats(self, beats_per_bar: int) -> float | None:
        """Give it in beats; None where it was said in seconds."""
        return None if self.unit == "seconds" else self.amount * (beats_per_bar if self.unit == "bars" else 1)

    def seconds(self, tempo: float | None, beats_per_bar: int = 4) -> float:
        """Give it in seconds. tempo: beats per minute, None where it is not clear."""
        beats = self.beats(beats_per_bar)
        return self.amount if beats is None else beats * 60.0 / (tempo or UNKNOWN_TEMPO)


ENDS = ("next", "candidate", "chosen")
"""Where a slice may end: at the next chop of the kit or its longest, at the next place, at the next of the kit."""
DEFAULT_LENGTH = Length(2, "bars")
"""A phrase: what a pad of a sampler mostly holds."""


@dataclass(frozen=True, slots=True)
class ChopOptions:
    """Names are those of the options; seconds unless the name says otherwise; None means: as the record has it.

    until: where a slice ends: "next", "candidate", "chosen" or a length. max_length: a length, "2bars", "4beats" or
    seconds; None for two bars with "next" and "candidate", else no limit. lock: seconds that must be cut at.
    """

    count: Annotated[
        int | None,
        Option(
            "Slices in the kit: other attacks fill it up where there are fewer chops (default: the chops alone, "
            f"{USUAL_COUNT} at most).",
            WHAT,
            1,
            128,
        ),
    ] = None
    diversity: Annotated[
        float | None,
        Option(
            "0 takes the most probable chops, 1 the most different ones "
            f"(default: {DIVERSITY}; classic {CLASSIC_DIVERSITY}).",
            WHAT,
            0,
            1,
        ),
    ] = None
    candidates: Annotated[
        int | None, Option("Choose only among so many, the most probable; --count of them at least.", WHAT, 1, 100_000)
    ] = None
    compare: Annotated[
        Compare,
        Option("Compare chops by the harmonic content of the whole slice, or of its first frame: slice, frame.", WHAT),
    ] = "slice"
    distance: Annotated[
        Distance,
        Option("min: away from the nearest chosen chop, mean: from all on average (default: {default}).", WHAT),
    ] = "min"
    classic: Annotated[bool, Option("Choose by the plain method of 2017: one frame, mean distance, no bans.", WHAT)] = (
        False
    )
    harmonic: Annotated[bool, Option("Detect the chops in the harmonic part, without the drums.", WHAT)] = False
    write_harmonic: Annotated[bool, Option("Cut from the harmonic part, without the drums.", AUDIO)] = False
    start: Annotated[float, Option("Chop from this place on, in seconds or m:ss.", WHERE, clock=True)] = 0.0
    end: Annotated[float | None, Option("Chop up to this place, in seconds or m:ss.", WHERE, clock=True)] = None
    start_note: Annotated[
        int, Option("MIDI note of the first slice (default: {default}, pad A01).", FILES, 0, NOTES - 1)
    ] = 36
    min_gap: Annotated[float | None, Option("Seconds between two chops of the kit, at least.", WHAT, 0, 60)] = None
    max_length: Annotated[
        str | float | None,
        Option(
            "Longest slice: 2bars, 4beats, or seconds such as 3.5; at 120 bpm where no tempo is clear (default: 2bars; "
            "no limit with --until chosen or a length).",
            WHERE,
            metavar="LENGTH",
        ),
    ] = None
    lock: Annotated[
        tuple[float, ...],
        Option("Seconds or m:ss that must be cut at, with commas between; a chop found within 50 ms is meant.", WHAT),
    ] = ()
    reroll: Annotated[int, Option("Another good set of chops; every number is another one.", WHAT)] = 0
    bars: Annotated[bool, Option("Take beginnings of bars first, where the tempo is clear.", WHAT)] = False
    want: Annotated[
        Want,
        Option("harmony prefers chords without drums, drums prefers single drum hits (default: both, neither).", WHAT),
    ] = "both"
    until: Annotated[
        str | float,
        Option(
            "Where a slice ends: next, at the kit's next chop or after --max-length; candidate, at the next place "
            "found; chosen, at the kit's next chop however late, so that the slices in order are the record; or all "
            "of one length, such as 1bar (default: {default}).",
            WHERE,
            metavar="END",
        ),
    ] = "next"
    model: Annotated[str, Option("Released model, or the path of a manifest (default: {default}).", WHAT)] = "chop"
    threshold: Annotated[
        float | None,
        Option("Probability a chop needs, 0 to 1 (default: the model's).", WHAT, 0, 1, exclusive=True),
    ] = None
    choose: Annotated[Choose, Option(CHOOSE_HELP + " (default: {default}).", WHAT)] = "auto"
    density: Annotated[float | None, Option(DENSITY_HELP, WHAT, 0, 1)] = None
    tempo_range: Annotated[
        tuple[float, float] | None,
        Option(
            "Beats per minute, at least LOW, at most HIGH, where half or double were possible (default: 40 250).",
            WHAT,
            20,
            400,
            metavar="LOW HIGH",
        ),
    ] = None
    channel: Annotated[
        Channel | None, Option(f"{CHANNEL_HELP} (default: what a session was recorded with, else auto).", WHAT)
    ] = None
    tempo: Annotated[
        str | None,
        Option("Tempo of the record: x2 or /2 of what is detected, or about so many BPM.", WHAT, metavar="x2|/2|BPM"),
    ] = None
    pre_roll_ms: Annotated[
        float,
        Option("Cut so many milliseconds before each chop.", WHERE, 0, 1_000, names=("--pre-roll",)),
    ] = 0.0
    snap_ms: Annotated[
        float, Option("Move cuts to a zero crossing within so many milliseconds.", WHERE, 0, 100, names=("--snap",))
    ] = 0.0
    fade_ms: Annotated[
        float, Option("Fade out the last milliseconds of each slice.", AUDIO, 0, 1_000, names=("--fade",))
    ] = 0.0
    declick: Annotated[
        bool, Option(f"Fade slices in and out over {DECLICK_MS:g} ms, so that no cut clicks.", AUDIO)
    ] = False
    tail_ms: Annotated[
        float, Option("Let a slice ring out for so many milliseconds more.", AUDIO, 0, 10_000, names=("--tail",))
    ] = 0.0
    normalise: Annotated[
        Normalise | None,
        Option("peak or lufs: make slices equally loud.", AUDIO, names=("--normalise", "--normalize")),
    ] = None
    mono: Annotated[bool, Option("Mix slices to mono.", AUDIO)] = False
    resample: Annotated[int | None, Option("Sample rate of the slices in Hz.", AUDIO, 4_000, 384_000)] = None
    trim: Annotated[bool, Option("Trim silence at both ends of a slice.", AUDIO)] = False
    template: Annotated[
        str,
        Option(
            "Names of slices; fields: number, time, key, bpm, strength, note, pad, record, chord, drums, name.", FILES
        ),
    ] = "{number}_{time}_{key}_{bpm}_{strength}"
    formats: Annotated[
        tuple[str, ...],
        Option(
            "Formats to write, with commas between; all for every one, default,op1 for one more than by default "
            "(--list-formats names them).",
            FILES,
        ),
    ] = ("default",)
    play: Annotated[
        Play,
        Option(
            "How pads play, in formats that can say so: one-shot, to the end; gate, while held; loop, over and over "
            "while held (default: {default}).",
            FILES,
        ),
    ] = "one-shot"
    choke: Annotated[
        bool,
        Option(
            "A pad ends the one that sounds, in formats that can say so (default: yes).",
            FILES,
            names=("--choke/--no-choke",),
        ),
    ] = True
    picture: Annotated[
        bool, Option("Draw the kit as PNG and SVG (default: yes).", FILES, names=("--picture/--no-picture",))
    ] = True

    def __post_init__(self) -> None:
        """Refuse what cannot be done, naming option, value and range."""
        check(self)
        check_choice(self.choose, self.density)
        if self.classic and self.want != "both":
            raise UserError(f"--classic chooses by nothing that --want {self.want} needs: leave out one of them")
        if not 0 <= self.start < FOREVER or (self.end is not None and not self.start < self.end < FOREVER):
            end = "the end" if self.end is None else f"--end, {self.end:g} s"
            raise UserError(f"--start must be 0 or more and lie before {end}; got {self.start:g} s")
        if wrong := [time for time in self.lock if not 0 <= time < FOREVER]:
            raise UserError(f"--lock takes seconds from the record's beginning, got {wrong[0]:g}")
        if self.reroll < 0:
            raise UserError(f"--reroll must be 0 or more, got {self.reroll}")
        if self.start_note + self.most > NOTES:
            room = NOTES - self.start_note
            raise UserError(
                f"--start-note {self.start_note} leaves room for {room} pads, --count is {self.most}: "
                f"--count {room} or --start-note {NOTES - self.most} fits"
            )
        if len(set(self.lock)) > self.most:
            raise UserError(f"--lock names {len(set(self.lock))} places, --count leaves room for {self.most}")
        _ = self.fixed_length, self.longest
        wanted_tempo(self.tempo)

    @property
    def most(self) -> int:
        """How many slices there are at most."""
        return USUAL_COUNT if self.count is None else self.count

    @property
    def weight(self) -> float:
        """How much diversity counts beside probability, 0..1: as given, or what was measured to serve each method."""
        if self.diversity is not None:
            return self.diversity
        return CLASSIC_DIVERSITY if self.classic else DIVERSITY

    @property
    def fixed_length(self) -> Length | None:
        """How long all slices are; None where they end at a chop."""
        return None if self.until in ENDS else _length(self.until, f"--until must be {', '.join(ENDS)} or")

    @property
    def longest(self) -> Length | None:
        """How long a slice lasts at most; None where there is no limit."""
        if self.max_length is None:
            return DEFAULT_LENGTH if self.until in ("next", "candidate") else None
        return _length(self.max_length, "--max-length must be")


def _length(given: str | float, must: str) -> Length:
    """Read a length. must: what the error begins with. Raises UserError."""
    low, high = _LENGTH
    found = _LENGTH_TEXT.fullmatch(str(given).strip())
    if found is None or not low <= float(found[1]) <= high:
        raise UserError(f"{must} {low:g}..{high:g} seconds, beats or bars, such as 3.5, 4beats or 2bars, got {given!r}")
    unit = found[2] or "seconds"
    return Length(float(found[1]), "bars" if unit[:2] == "ba" else "beats" if unit[:2] == "be" else "seconds")
