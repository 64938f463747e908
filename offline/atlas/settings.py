"""The settings of every step of an atlas, as the command line has them; atlas.json keeps those it was made with.

What the command line gives in another way (times with units, lists, sizes) has no Option here. All of them raise
UserError, which names option, value and range, for what cannot be done.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from samplechop.offline.common.palette import CATEGORIES
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.options import Option, check

PANEL = "Options"
Split = Literal["none", "chops", "energy"]
SpectrumKind = Literal["cqt", "stft", "mel"]
EmbedMode = Literal["fingerprints", "labels", "encoding", "combined"]
Colouring = Literal["class", "position", "k-means"]
AudioFormat = Literal["mp3", "ogg", "wav"]
ROLES = ("kick", "snare", "closed hat", "open hat")
"""The drums of the drum machine."""
MOST_IN_GRID = 25_000
"""Sounds; all costs of a grid take 5 GB: 8 bytes for each pair of cells."""
_SIZES = (2, 256)
"""Fewest and most bands, and frames, of a fingerprint."""
_SPLIT = (
    "Files longer than --max-seconds: none leaves them out; chops cuts them where a producer would; energy takes their "
    "loudest pieces (default: {default})."
)
_MODE = "What makes sounds alike: fingerprints, labels, encoding, or combined: all there are (default: {default})."
_COLOURS = "class: by label. position: red, green and blue are the places in a map of 3. Or k-means (default: class)."
_DRUM = "A file that sounds as {} should (default: what the atlas calls so)."


class _Checked:
    """Settings whose Options are checked."""

    __slots__ = ()

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class CollectSettings(_Checked):
    """How sounds are made. rate, max_seconds and window_seconds are the atlas's, once it has sounds.

    window_seconds: what is kept of each sound, from its beginning; None: all. share: 0..1 of the duration.
    """

    rate: Annotated[int, Option("Sample rate of all sounds, Hz (default: {default}).", PANEL, 4_000, 192_000)] = 44_100
    max_seconds: Annotated[
        float, Option("Longer files are cut or left out (default: {default:g}).", PANEL, 0.01, 600)
    ] = 10.0
    window_seconds: float | None = None
    split: Annotated[Split, Option(_SPLIT, PANEL)] = "none"
    share: Annotated[
        float, Option("How much of a file --split energy takes, up to 1 (default: {default}).", PANEL, 0.001, 1)
    ] = 0.5

    def __post_init__(self) -> None:
        """Check the window, too."""
        check(self)
        if self.window_seconds is not None and not 0.005 <= self.window_seconds <= self.max_seconds:
            raise UserError(
                f"--window must be 5 ms at least and no longer than --max-seconds {self.max_seconds:g}, "
                f"got {self.window_seconds:g} s"
            )

    @property
    def width(self) -> int:
        """Samples of the longest sound there may be."""
        return round((self.window_seconds or self.max_seconds) * self.rate)

    def of_atlas(self) -> dict[str, Any]:
        """Give what all sounds of an atlas have in common."""
        return {"rate": self.rate, "max_seconds": self.max_seconds, "window_seconds": self.window_seconds}


@dataclass(frozen=True, slots=True)
class FingerprintSettings(_Checked):
    """What fingerprints are made of. first_seconds: the window, from the beginning of each sound.

    The window and the floor are those with which neighbours in the map agreed best on their class, among 159 real
    one-shots and loops: 1 s rather than 0.5 s brings 5 % of neighbours more to the right class.
    """

    kind: Annotated[
        SpectrumKind, Option("Constant-Q, short-time Fourier transform or mel: cqt, stft, mel (default: cqt).", PANEL)
    ] = "cqt"
    bands: int = 32
    frames: int = 32
    first_seconds: float = 1.0
    floor_db: Annotated[
        float,
        Option(
            "How far below each sound's loudest place to reach, dB (default: {default:g}).",
            PANEL,
            1,
            200,
            names=("--floor",),
        ),
    ] = 50.0

    def __post_init__(self) -> None:
        """Check size and window, too."""
        check(self)
        if not all(_SIZES[0] <= size <= _SIZES[1] for size in (self.bands, self.frames)):
            raise UserError(f"--size must be {_SIZES[0]} to {_SIZES[1]} each way, got {self.bands}x{self.frames}")
        if not 0.01 <= self.first_seconds <= 60:
            raise UserError(f"--first must be 0.01 to 60 s, got {self.first_seconds:g} s")


@dataclass(frozen=True, slots=True)
class TagSettings:
    """What tags are made with. metadata: files and folders that describe sounds; none: JSON beside each sound, else the
    names of folders.
    """

    model: Annotated[str, Option("sounds, or your own, such as mine/tags.json (default: {default}).", PANEL)] = "sounds"
    metadata: tuple[Path, ...] = ()
    synonyms: Annotated[Path | None, Option('Lines such as "hat: hihat, hi-hat, hh".', PANEL)] = None


@dataclass(frozen=True, slots=True)
class DescribeSettings(_Checked):
    """Which sounds have tempo and key. loop_seconds: longer ones are not played as loops."""

    least_seconds: Annotated[
        float, Option("Shorter sounds have neither tempo nor key (default: {default}).", PANEL, 0.001, 16)
    ] = 1.5
    loop_seconds: float = 16.0


@dataclass(frozen=True, slots=True)
class EmbedSettings(_Checked):
    """Which maps to make. perplexities: a map each: about how many neighbours every sound keeps near.

    colouring: `position` makes a map in three dimensions, too.
    """

    mode: Annotated[EmbedMode, Option(_MODE, PANEL)] = "fingerprints"
    dims: Annotated[int, Option("2 or 3 (default: {default}).", PANEL, 2, 3)] = 2
    perplexities: tuple[float, ...] = (30.0,)
    seed: Annotated[int, Option("Another seed, another map (default: {default}).", PANEL, 0, 2**31 - 1)] = 1
    colouring: Annotated[Colouring, Option(_COLOURS, PANEL, names=("--colours",))] = "class"
    clusters: Annotated[int, Option("Clusters of k-means (default: {default}).", PANEL, 1, len(CATEGORIES))] = 8

    def __post_init__(self) -> None:
        """Check the perplexities, too."""
        check(self)
        if not self.perplexities or not all(1 <= one <= 1000 for one in self.perplexities):
            raise UserError(f"--perplexity must be 1 to 1000, got {', '.join(f'{p:g}' for p in self.perplexities)}")


@dataclass(frozen=True, slots=True)
class GridSettings(_Checked):
    """A rectangle. map: by name; None: the one made first. columns: None: about as many as rows."""

    map: Annotated[str | None, Option("Which map (default: the one made first).", PANEL)] = None
    columns: Annotated[int | None, Option("Columns (default: about as many as rows).", PANEL, 1, MOST_IN_GRID)] = None


@dataclass(frozen=True, slots=True)
class SpriteSettings(_Checked):
    """Which sprites. Chromium decodes 10 seconds at 22.05 kHz in 8 ms, and in 16 ms where it resamples to 48 kHz."""

    format: Annotated[AudioFormat, Option("mp3, ogg or wav; every browser plays mp3 (default: {default}).", PANEL)] = (
        "mp3"
    )
    part_seconds: Annotated[
        float, Option("Seconds of a file, at most; 0: all in one (default: {default:g}).", PANEL, 0, 3600)
    ] = 10.0
    gap_ms: Annotated[
        float,
        Option("Milliseconds of silence around each sound (default: {default:g}).", PANEL, 0, 5000, names=("--gap",)),
    ] = 100.0
    fade_in_ms: Annotated[
        float,
        Option("Milliseconds in which a sound comes in (default: {default}).", PANEL, 0, 100, names=("--fade-in",)),
    ] = 0.5
    fade_out_ms: Annotated[
        float,
        Option("Milliseconds in which it goes out (default: {default:g}).", PANEL, 0, 1000, names=("--fade-out",)),
    ] = 5.0
    tile: Annotated[int | None, Option("Pixels of a fingerprint's side (default: as it is).", PANEL, 4, 512)] = None

    def __post_init__(self) -> None:
        """Check the length of a part, too."""
        check(self)
        if 0 < self.part_seconds < 1:
            raise UserError(f"--part-seconds must be 0 or in 1..3600, got {self.part_seconds:g}")


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What the page begins with; None: the name of the atlas' folder, and the map that was made first."""

    title: Annotated[str | None, Option("What the page is called (default: as the folder).", PANEL)] = None
    map: Annotated[str | None, Option("The map to begin with (default: the first made).", PANEL)] = None


@dataclass(frozen=True, slots=True)
class DrumMachineSettings(_Checked):
    """nearest: sounds of each drum to begin with, or None for as many as suit. The others: files that sound like it."""

    nearest: Annotated[
        int | None, Option("Sounds of each drum to begin with (default: an eighth of all, 4 to 200).", PANEL, 1, 10_000)
    ] = None
    kick: Annotated[Path | None, Option(_DRUM.format("kicks"), PANEL)] = None
    snare: Annotated[Path | None, Option(_DRUM.format("snares"), PANEL)] = None
    closed_hat: Annotated[Path | None, Option(_DRUM.format("closed hats"), PANEL)] = None
    open_hat: Annotated[Path | None, Option(_DRUM.format("open hats"), PANEL)] = None

    @property
    def files(self) -> dict[str, Path]:
        """The files that are named, by role."""
        named = {role: getattr(self, role.replace(" ", "_")) for role in ROLES}
        return {role: path for role, path in named.items() if path is not None}
