"""People's drumming: performances of the Groove MIDI Dataset, each as strokes on a grid of beats.

J. Gillick, A. Roberts, J. Engel, D. Eck, D. Bamman, "Learning to Groove with Inverse Sequence Transformations", ICML
2019 (CC BY 4.0): MIDI played on an electronic kit to a metronome, so that the grid is known and timing and velocity are
a person's. Drummers are split as a whole: all that one plays is trained on, or none.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Self, TypeVar

import mido
import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.one_shots import is_held_out
from samplechop.offline.common.arrays import map_array, write_array
from samplechop.offline.common.atomic import write_text
from samplechop.offline.lab.synthetic.score import METERS, Clock, Score, Section, Strike
from samplechop.offline.labels.midi import UNREADABLE
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

INDEX = "info.csv"
COLUMNS = ("drummer", "style", "bpm", "beat_type", "time_signature", "midi_filename")
MOST_BYTES = 2 << 20
"""Of one file in the archive."""
MOST_FILES, MOST_BEATS = 5000, 4000
ROLE_OF_KEY = {
    36: "kick",
    37: "rim",
    39: "clap",
    **dict.fromkeys((38, 40), "snare"),
    **dict.fromkeys((22, 42), "hat"),
    44: "pedal",
    **dict.fromkeys((26, 46), "open"),
    **dict.fromkeys((43, 45, 47, 48, 50, 58), "tom"),
    **dict.fromkeys((49, 52, 55, 57), "crash"),
    **dict.fromkeys((51, 53, 59), "ride"),
    56: "cowbell",
}
"""Keys of the Roland TD-11 that the data set was played on."""
ROLES = tuple(dict.fromkeys(ROLE_OF_KEY.values()))
TOM_HEIGHTS = {43: 0.05, 58: 0.1, 45: 0.45, 47: 0.5, 48: 0.85, 50: 0.95}
ACCENTS = {"kick": 0.5, "snare": 0.6, "rim": 0.5, "clap": 0.5}
"""Velocity from which a stroke is one that a producer would cut at."""
LOUD_KICK = 0.9
"""What the loud kicks of a performance are scaled to: the data set's kick pad gives half the velocity of its snare."""
NEAR_BEAT = 0.15
"""Beats within which a kick or snare is taken to be meant for the beat."""
RETRIGGER = 0.02
"""Seconds within which a second note of the same pad is the pad's, not the drummer's."""
SHORTEST_BARS = 2
ARRAYS = ("places", "roles", "velocities", "heights")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Performance:
    """What one drummer played: strokes at `places`, in beats from a downbeat, float32 (n,), rising.

    roles: uint8 (n,), of ROLES. velocities, heights: float32 (n,), 0..1; heights of toms only. held_out: never trained
    on. meter: one of score.METERS.
    """

    drummer: str
    style: str
    bpm: float
    meter: str
    held_out: bool
    places: NDArray[np.float32]
    roles: NDArray[np.uint8]
    velocities: NDArray[np.float32]
    heights: NDArray[np.float32]

    @property
    def bars(self) -> int:
        """Bars, the last one completed."""
        return int(self.places[-1] // METERS[self.meter].beats) + 1

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.bars * METERS[self.meter].beats * 60 / self.bpm


class _Files(AbstractContextManager):
    """The files of a folder or of a zip archive, read by name, none of more than MOST_BYTES; nothing is unpacked."""

    def __init__(self, path: Path) -> None:
        self._open = ExitStack()
        self._folder, self._zip = path, None
        if not path.is_dir():
            self._zip = self._open.enter_context(
                zipfile.ZipFile(self._open.enter_context(documents.open_regular(path)))
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def indexes(self) -> list[str]:
        """List the names of INDEX, the shortest path first; in a folder down to two folders below it."""
        if self._zip is None:
            patterns = (INDEX, f"*/{INDEX}", f"*/*/{INDEX}")  # no deeper: a link may lead to a whole disk
            names = [path.relative_to(self._folder).as_posix() for one in patterns for path in self._folder.glob(one)]
        else:
            names = [name for name in self._zip.namelist() if PurePosixPath(name).name == INDEX]
        return sorted(names, key=lambda name: (name.count("/"), name))

    def read(self, name: str) -> bytes:
        """Read one file. Raises ValueError for a name that leads out of the folder, or a file that is too long."""
        if self._zip is None:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise ValueError(f"its {INDEX} names {name[:80]!r}, which is not inside it")
            return documents.read_bytes(self._folder / name, MOST_BYTES)
        with self._zip.open(name) as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError(f"{name[:80]!r} has more than {MOST_BYTES} bytes")
        return content


def read_grooves(path: Path) -> list[Performance]:
    """Read every beat in 4/4 or 3/4 of the data set, from its zip archive or unpacked folder; fills are left out.

    Raises UserError if it cannot be read, or holds no such performance.
    """
    found = _read(path, lambda files: list(_performances(files)))
    if not found:
        raise UserError(f"{str(path)!r} holds no drumming in 4/4 or 3/4 of at least {SHORTEST_BARS} bars.")
    return found


def name_of(path: Path) -> str:
    """Name the data set so that another one, or one whose index has changed, is noticed.

    Raises UserError if it has no index that can be read.
    """
    content = _read(path, lambda files: _index(files)[1])
    return f"{path.name} ({hashlib.sha256(content).hexdigest()[:8]})"


def _read(path: Path, how: Callable[[_Files], T]) -> T:
    try:
        with _Files(path) as files:
            return how(files)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, *UNREADABLE) as error:
        why = reason_of(error) or "it ends too early"
        raise UserError(f"The grooves {str(path)!r} cannot be read as the Groove MIDI Dataset: {why}") from None


def _index(files: _Files) -> tuple[PurePosixPath, bytes]:
    """Find and read the index: its place and its content."""
    if not (names := files.indexes()):
        raise ValueError(f"it has no {INDEX}")
    return PurePosixPath(names[0]), files.read(names[0])


def _performances(files: _Files) -> Iterator[Performance]:
    place, content = _index(files)
    rows = documents.parse_rows(content.decode("utf-8-sig").splitlines())
    head = next(rows, [])
    if missing := [name for name in COLUMNS if name not in head]:
        raise ValueError(f"its {INDEX} has no column {missing[0]!r}")
    for number, row in enumerate(rows):
        if number >= MOST_FILES:
            raise ValueError(f"its {INDEX} has more than {MOST_FILES} lines")
        cells = dict(zip(head, row, strict=False))
        meter = cells.get("time_signature", "").replace("-", "/")
        if cells.get("beat_type") != "beat" or meter not in ("4/4", "3/4"):
            continue
        bpm = float(cells["bpm"])
        if not 30 <= bpm <= 300:
            raise ValueError(f"its {INDEX} has a tempo of {bpm:g} beats a minute")
        strokes = _strokes(files.read((place.parent / cells["midi_filename"]).as_posix()), bpm)
        if not strokes:
            continue
        kinds = (np.float32, np.uint8, np.float32, np.float32)
        columns = (np.array(one, kind) for one, kind in zip(zip(*strokes, strict=True), kinds, strict=True))
        style, drummer = cells["style"].partition("/")[0], cells["drummer"]
        made = Performance(drummer, style, bpm, meter, is_held_out(f"{drummer}.mid"), *columns)
        if made.bars >= SHORTEST_BARS:
            yield made


def _strokes(content: bytes, bpm: float) -> list[tuple[float, int, float, float]]:
    """Read the strokes of a file: place in beats, number in ROLES, velocity, height. Raises one of UNREADABLE."""
    file = mido.MidiFile(file=io.BytesIO(content))
    if file.ticks_per_beat <= 0:
        raise ValueError("a performance counts no beats")
    found: list[tuple[float, int, float, float]] = []
    latest: dict[int, float] = {}
    tick = 0
    for message in file.merged_track:
        tick += message.time
        place = tick / file.ticks_per_beat
        if place > MOST_BEATS:
            raise ValueError(f"a performance has more than {MOST_BEATS} beats")
        if message.type != "note_on" or message.velocity == 0 or message.note not in ROLE_OF_KEY:
            continue
        role = ROLES.index(ROLE_OF_KEY[message.note])
        if (place - latest.get(role, -1.0)) * 60 / bpm > RETRIGGER:
            found.append((place, role, message.velocity / 127, TOM_HEIGHTS.get(message.note, 0.5)))
            latest[role] = place
    return _on_the_beat(_with_loud_kicks(found))


def _on_the_beat(strokes: list[tuple[float, int, float, float]]) -> list[tuple[float, int, float, float]]:
    """Move a performance so that the median of its kicks and snares near a beat is on it.

    Drummers run up to 40 ms ahead of the metronome: to a listener, where they strike is the beat.
    """
    drums = [ROLES.index(role) for role in ("kick", "snare")]
    ahead = [place - round(place) for place, role, _, _ in strokes if role in drums]
    near = [off for off in ahead if abs(off) < NEAR_BEAT]
    off = float(np.median(near)) if near else 0.0
    return [(place - off, role, velocity, height) for place, role, velocity, height in strokes]


def _with_loud_kicks(strokes: list[tuple[float, int, float, float]]) -> list[tuple[float, int, float, float]]:
    """Scale the kicks' velocities so that the 90th percentile is LOUD_KICK."""
    kick = ROLES.index("kick")
    velocities = [velocity for _, role, velocity, _ in strokes if role == kick]
    if not velocities:
        return strokes
    scale = LOUD_KICK / float(np.percentile(velocities, 90))
    return [
        (place, role, min(1.0, velocity * scale) if role == kick else velocity, height)
        for place, role, velocity, height in strokes
    ]


def write_grooves(performances: Sequence[Performance], folder: Path) -> None:
    """Leave performances in a folder for load_grooves."""
    rows = [
        {name: value for name, value in asdict(one).items() if name not in ARRAYS} | {"count": len(one.places)}
        for one in performances
    ]
    for name in ARRAYS:
        write_array(folder / f"groove-{name}.npy", np.concatenate([getattr(one, name) for one in performances]))
    write_text(folder / "grooves.json", json.dumps(rows))


def load_grooves(folder: Path) -> tuple[Performance, ...]:
    """Open what write_grooves left, if anything; the strokes stay on disk until they are played."""
    if not (folder / "grooves.json").exists():
        return ()
    arrays, found, at = [map_array(folder / f"groove-{name}.npy") for name in ARRAYS], [], 0
    for row in documents.read_json(folder / "grooves.json"):
        stop = at + row.pop("count")
        found.append(Performance(*row.values(), *(array[at:stop] for array in arrays)))
        at = stop
    return tuple(found)


def choose_performance(
    rng: np.random.Generator, performances: Sequence[Performance], validation: bool
) -> Performance | None:
    """Choose one from one side of the split: long ones up to eight times as often."""
    own = [one for one in performances if one.held_out == validation]
    if not own:
        return None
    weights = np.clip([one.seconds for one in own], 10.0, 80.0)
    return own[int(rng.choice(len(own), p=weights / np.sum(weights)))]


def perform(
    score: Score, rng: np.random.Generator, clock: Clock, sections: Sequence[Section], performance: Performance
) -> None:
    """Play an excerpt into all sections of the score that have drums, or only hats; a short one comes again and again.

    The strokes keep their distance from the beat in parts of it; the clock must have the performance's meter.
    """
    beats, there = clock.meter.beats, performance.bars
    first = int(rng.integers(there - clock.bars + 1)) if there > clock.bars else 0
    players = {bar: one.players for one in sections for bar in range(one.bar, one.bar + one.bars)}
    grid = np.arange(len(clock.beats))
    for again in range(-(-clock.bars // there)):
        places = np.asarray(performance.places, np.float64) + (again * there - first) * beats
        # What is struck a little before a bar belongs to it.
        bars = np.floor((places + 0.25) / beats).astype(int)
        times = np.interp(places, grid, clock.beats)
        times += np.minimum(places, 0) * (clock.beats[1] - clock.beats[0])
        for index in np.flatnonzero((places >= -0.25) & (places < len(grid) - 1)):
            who = players.get(max(0, int(bars[index])), frozenset())
            role, velocity = ROLES[performance.roles[index]], float(performance.velocities[index])
            wanted = "drums" in who or ("hats" in who and role in ("hat", "pedal", "open", "ride"))
            time = float(times[index])
            if wanted and 0 < time < score.length - 0.05:
                accent = velocity >= ACCENTS.get(role, 2.0)
                score.strikes.append(Strike(time, role, max(0.04, velocity), accent, float(performance.heights[index])))
