"""A kit: the chops of one record, cut, named and placed on pads. What every writer of a format is given.

Positions are samples of the record at its own rate. With --until chosen the slices are the whole record in order:
`slices[0].start` is 0, each slice ends where the next begins, and the last one ends with the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.kits.core.tempo_map import UNKNOWN_TEMPO, TempoMap
from samplechop.realtime.core.channels import Channel
from samplechop.realtime.detectors.harmony.harte import shorthand

MANIFEST = "kit.json"
"""File of a kit that tells everything about it, see `samplechop.offline.export.manifest`."""
NOTES = 128
"""MIDI has so many, 0 to 127."""
SLICES = "slices"
"""Folder of a kit that holds its slices as wav files; writers of other formats refer to them there."""


Play = Literal["one-shot", "gate", "loop"]
"""How a pad plays: to the slice's end however short its note, while it is held, or over and over while it is held."""


KIT_GROUP = 1
"""The group of a kit's pads that end each other, where nothing else was said of one."""


class Candidate(NamedTuple):
    """A place where the record could be cut. sample: position. strength: 0..1, the calibrated probability.

    level: the least density, 0..1, at which it is a chop; 0 where a model has none. alone: whether it was judged as
    where drums alone sound: with --choose attacks all are, at a density none is.
    A tuple, as an hour has twenty thousand of them.
    """

    sample: int
    strength: float
    level: float = 0.0
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the record: samples start..stop, stop is one past the last. strength: of the chop it begins with."""

    start: int
    stop: int
    strength: float


@dataclass(frozen=True, slots=True)
class Content:
    """What sounds in a slice while its pad is played first, see `analysis.content`; None: not known, or not clear.

    chord: in Harte's syntax, such as "A:min7". key_agreement: 0..1, the share of what sounds that is in the record's
    key. hits: how many of each drum, by `events.DRUMS`; only those there are. drum: the one
    that it is as a whole, see `analysis.drum_tag`; None where it is none.
    drum_content: 0..1, how much of the sound is drums.
    """

    chord: str | None = None
    key_agreement: float | None = None
    hits: Mapping[str, int] | None = None
    drum: str | None = None
    drum_content: float | None = None

    @property
    def chord_name(self) -> str:
        """The chord as musicians write it, such as "Am7"; "" where it is not known."""
        return shorthand(self.chord) if self.chord else ""

    @property
    def summary(self) -> str:
        """Chord and drum, as names of pads and markers tell them: "Am7 kick", "Am7", "kick" or ""."""
        return " ".join(word for word in (self.chord_name, self.drum) if word)


@dataclass(frozen=True, slots=True)
class Slice:
    """One piece of the record, on one pad.

    number: from 1, in the order of time. start, stop: samples of the record, stop is one past the last.
    strength: 0..1 of the chop it begins with; 0 where it merely begins the record.
    note: MIDI note of its pad, 0..127. name: of its file without ending, unique in the kit, safe on every system.
    file: its wav file relative to the kit's folder, with "/" (such as "slices/01_0m00.000.wav").
    frames: samples per channel in that file: stop - start, unless it was trimmed, resampled or cut short.
    content: what sounds in it. What a project says of it, None where it says nothing: choke, the group whose pads end
    each other, 0 for none; play, how its pad plays; colour, "#rrggbb". What holds of the first two `Kit.choke_of` and
    `Kit.play_of` tell. gain_db: is in the samples of its file already. called: by whoever edited the project, "" where
    nobody gave it a name.
    """

    number: int
    start: int
    stop: int
    strength: float
    note: int
    name: str
    file: str
    frames: int
    content: Content = Content()
    choke: int | None = None
    play: Play | None = None
    colour: str | None = None
    gain_db: float | None = None
    called: str = ""

    @property
    def title(self) -> str:
        """Its name with chord and drum, for pads and markers whose names are not those of files."""
        return f"{self.name} {self.content.summary}".rstrip()


@dataclass(frozen=True, slots=True)
class Guess:
    """Something estimated from the audio: its value as people write it ("92.0", "A minor"), confidence 0..1.

    other: a value that is nearly as likely: half or double the tempo, another key; "" where it is clear.
    """

    value: str
    confidence: float
    other: str = ""


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything known of one kit.

    name: the record's, safe as a file name. folder: where the kit is written. source: the file as the user named it.
    audio: a lossless file that soundfile reads with the record's samples: the source itself or its decoded copy.
    sample_rate: Hz. channels. length: samples per channel of the record. subtype: soundfile's word for the sample
    format of the slices, such as "PCM_16", "PCM_24", "FLOAT".
    slice_rate, slice_channels: of the slice files; the record's, unless they were resampled or mixed to mono.
    first, last: the part of the record that was chopped, samples; 0 and length by default.
    slices: in order of time, at least one. candidates: all places found, chosen or not, in order of time. others: how
    many of these are no chops, but attacks that fill the kit up.
    tempo: beats per minute, key: where they are clear. downbeats: samples, where there is a steady pulse. tempo_map:
    where the tempo changes and bars begin, None where it is not known; what holds then `timeline` tells.
    channel: what of a stereo record was analysed, and what slices are mixed to mono from.
    play, choke: how pads play, and whether each ends the others, as far as a format can say so.
    project: the SHA-256 of what was decided about the record, "" where nothing was.
    model: name and sha256 of the net. settings: what the user chose. redundancy: figures by name, see the manifest.
    """

    name: str
    folder: Path
    source: Path
    audio: Path
    sample_rate: int
    channels: int
    length: int
    subtype: str
    slice_rate: int
    slice_channels: int
    first: int
    last: int
    slices: tuple[Slice, ...]
    candidates: tuple[Candidate, ...]
    tempo: Guess | None = None
    key: Guess | None = None
    downbeats: tuple[int, ...] = ()
    tempo_map: TempoMap | None = None
    model: tuple[str, str] = ("", "")
    settings: Mapping[str, object] = field(default_factory=dict)
    redundancy: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    channel: Channel = "auto"
    play: Play = "one-shot"
    choke: bool = True
    project: str = ""
    others: int = 0

    @property
    def known(self) -> list[str]:
        """Tempo and key in words, with what is nearly as likely: "88.5 bpm (or 177)", "E major or E minor"."""
        words = []
        if self.tempo:
            value, other = (one.removesuffix(".0") for one in (self.tempo.value, self.tempo.other))
            words.append(f"{value} bpm (or {other})" if other else f"{value} bpm")
        if self.key:
            words.append(" or ".join(filter(None, (self.key.value, self.key.other))))
        return words

    @property
    def timeline(self) -> TempoMap:
        """The kit's tempo map; where it has none, its tempo, or UNKNOWN_TEMPO, from the beginning on."""
        bpm = float(self.tempo.value) if self.tempo else UNKNOWN_TEMPO
        return self.tempo_map or TempoMap.even(bpm, self.sample_rate)

    def path(self, part: Slice) -> Path:
        """Give the slice's wav file."""
        return self.folder / part.file

    def read_slice(self, part: Slice, dtype: str = "float32") -> NDArray[np.float32]:
        """Read the slice's wav file: (frames, slice_channels); float32 full scale ±1, or "int16" and so on."""
        samples: NDArray[np.float32] = soundfile.read(self.path(part), dtype=dtype, always_2d=True)[0]
        return samples

    def play_of(self, part: Slice) -> Play:
        """Tell how the slice's pad plays: as was said of it, else as those of the kit."""
        return part.play or self.play

    def choke_of(self, part: Slice) -> int:
        """Tell the group of pads that end each other, 0 for none: as was said of it, else KIT_GROUP or none."""
        return part.choke if part.choke is not None else KIT_GROUP * self.choke

    def seconds(self, sample: int) -> float:
        """Give a position of the record in seconds."""
        return sample / self.sample_rate
