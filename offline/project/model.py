"""A project: what a person decided about one record. Positions are samples of the record at its own rate.

Candidates are the machine's and lie elsewhere; here is only what somebody wants. A candidate nobody touched needs no
entry, so a project without decisions is empty, whatever the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PlayMode = Literal["one-shot", "gate", "loop"]
"""How a pad plays, as `kits.core.model.Play`."""
Decision = Literal["chop", "end", "deleted", "one", "tap", "tempo-change"]
"""What has a place in a project."""
Reason = Literal["unheard", "together"]
"""Of a conflict."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Which sound the positions belong to.

    sha256: of the decoded samples, see `identity.audio_of`; "" where nobody has computed it yet. sample_rate: Hz.
    length: samples per channel. name: of the file, for people.
    """

    sha256: str
    sample_rate: int
    length: int
    channels: int
    name: str

    def time_of(self, sample: int) -> str:
        """Say where a sample lies, in seconds: who types and who looks knows times, not samples."""
        return f"{sample / self.sample_rate:.3f} s"


@dataclass(frozen=True, slots=True)
class Chop:
    """A place that the person wants, with what was said of it. None: as the kit has it.

    id: "c1", "c2" …, never used twice. at: where it begins. origin: the place of the candidate that it was, another
    than `at` once it was moved; None for one set by hand. locked: it stays, whatever else is chosen.
    end: where its slice ends, one past the last sample. name: of its slice. note: MIDI, of its pad. gain_db: of its
    slice. choke: the group whose pads end each other, 0 for none. play: how its pad plays. colour: "#rrggbb".
    """

    id: str
    at: int
    origin: int | None = None
    locked: bool = False
    end: int | None = None
    name: str | None = None
    note: int | None = None
    gain_db: float | None = None
    choke: int | None = None
    play: PlayMode | None = None
    colour: str | None = None

    @property
    def number(self) -> int:
        """The number in its id."""
        return int(self.id[1:])

    @property
    def says_something(self) -> bool:
        """Whether it is more than the candidate it came from."""
        about = (self.end, self.name, self.note, self.gain_db, self.choke, self.play, self.colour)
        return self.origin != self.at or self.locked or any(value is not None for value in about)


@dataclass(frozen=True, slots=True)
class TempoChange:
    """From a place on another tempo. at: samples. bpm: beats per minute."""

    at: int
    bpm: float


@dataclass(frozen=True, slots=True)
class Grid:
    """Corrections of the beat grid, on top of the one detected; without any, that one stands.

    factor: of the detected tempo, a power of two. bpm: said instead, None for the detected one. taps: places tapped, in
    order, from which the tempo is taken. shift: samples by which the grid lies later; shift_beats: so many beats more.
    ones: places where a bar begins, in order. beats_per_bar: None as detected. changes: in order of time.
    """

    factor: float = 1.0
    bpm: float | None = None
    taps: tuple[int, ...] = ()
    shift: int = 0
    shift_beats: int = 0
    ones: tuple[int, ...] = ()
    beats_per_bar: int | None = None
    changes: tuple[TempoChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What the machine offered while the decisions were made: never edited, to be learned from.

    model: name and sha256 of the net. places: samples in order of time, each with its strength, 0..1.
    """

    model: tuple[str, str]
    places: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class HeldSlice:
    """A slice of the kit that is held. at, end: samples, the end one past the last. note: MIDI, of its pad."""

    at: int
    end: int
    note: int


@dataclass(frozen=True, slots=True)
class Held:
    """The kit as it was when something was last decided in it.

    kit: SHA-256 of the options that it was chosen by, see `kits.decided`. slices: in order of time.
    """

    kit: str
    slices: tuple[HeldSlice, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A decision without a clear place in the file that the project was carried over to.

    what: it is about; chop: the id where it is a chop or the end of one, else None. at: where it is kept. was: seconds,
    where it lay in the file before. why: "unheard", no sound there is like it; "together", another lies there.
    """

    what: Decision
    at: int
    was: float
    why: Reason = "unheard"
    chop: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """Everything a person decided about one record.

    chops: in order of time, of equal ones by id. deleted: places that do not come back, in order. key: such as
    "A minor", None as detected. kit: options of `ChopOptions` by name, only those that were set. chops_made: how many
    ids were given. offer: None where nobody noted it; edits pass it by. conflicts: about what stands here, see
    `conflicts`; no kit changes by them. held: what a kit keeps of the one before, None where nothing is held.
    """

    audio: Audio
    chops: tuple[Chop, ...] = ()
    deleted: tuple[int, ...] = ()
    grid: Grid = Grid()
    key: str | None = None
    kit: Mapping[str, Any] = field(default_factory=dict)
    chops_made: int = 0
    offer: Offer | None = None
    conflicts: tuple[Conflict, ...] = ()
    held: Held | None = None

    def chop(self, name: str) -> Chop | None:
        """Find a chop by its id."""
        return next((one for one in self.chops if one.id == name), None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was decided."""
        return not (self.chops or self.deleted or self.kit or self.key is not None or self.grid != Grid())
