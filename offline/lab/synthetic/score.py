"""What a band plays: strikes and tones in seconds, with the beats, chords and phrases they follow."""

from dataclasses import dataclass, field

LABELS = {
    "kick": "kick",
    "snare": "snare",
    "rim": "snare",
    "clap": "snare",
    "hat": "hat",
    "open": "hat",
    "pedal": "hat",
    "ride": "cymbal",
    "crash": "cymbal",
    "tom": "tom",
}
"""What each role is called in the truth; what is missing here (shaker, conga, cowbell) is no drum of the kit."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One drum hit: time in seconds, role, velocity 0..1; accents are what one would chop at. high: which tom, 0..1."""

    time: float
    role: str
    velocity: float
    accent: bool = False
    high: float = 0.5


@dataclass(frozen=True, slots=True)
class Tone:
    """One note: time and length in seconds, MIDI key, velocity 1..127.

    part: as in NoteTruth, or "comp", a second player of chords, or "song", a singer.
    change: the first strike of a new chord.
    """

    time: float
    length: float
    key: int
    velocity: int
    part: str
    change: bool = False


@dataclass(slots=True)
class Score:
    """Everything that is played in one record of `length` seconds.

    stabs: when a one-shot or loop is dropped in. phrases: when a section begins. swell: parts that fade in.
    """

    length: float
    strikes: list[Strike] = field(default_factory=list)
    tones: list[Tone] = field(default_factory=list)
    stabs: list[float] = field(default_factory=list)
    phrases: list[float] = field(default_factory=list)
    chords: list[tuple[float, str]] = field(default_factory=list)
    beats: list[tuple[float, int]] = field(default_factory=list)
