"""What is known about each recording in a folder, read from whatever lies beside it.

Beside `name.flac`, or in the folder's `reference_times`, may lie, and all that is there counts:

    name.json         the truth of a synthetic record: chops, drums, notes, beats
    name.beats.txt    a beat per line: seconds, and its position in the bar (1 = downbeat) where known
    name.onsets.txt   an attack per line: seconds
    name.drums.txt    a drum hit per line: seconds, then kick, snare, hat or another label
    name.txt, ...     a producer's own labels, see offline/labels/
    name.play.json    that it is another play of a record, and how the times of the two belong together

"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline import labels
from samplechop.offline.audio.reading import SUFFIXES
from samplechop.offline.common import paths
from samplechop.offline.common.atomic import write_text
from samplechop.offline.labels.recording_truth import Truth, class_of, read_truth
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

Seconds = NDArray[np.float64]
BESIDE = "reference_times"
STRONG = {"kick", "snare", "stick", "clap"}
"""What is struck in the snare's place counts."""
ACCENT, GHOST = 0.5, 0.3
"""Velocities, 0..1: a kick or snare is a strong hit from the one on, and none up to the other; between nobody says."""
REMARK = re.compile(r"(^|\s)#.*")
"""What follows a # is a remark; within a word it is a sharp."""
DECIMAL_COMMA = re.compile(r"\d+,\d+")
TOGETHER = 0.03
"""Seconds: hits this close are one place to a listener."""
PLAY = ".play.json"
PLAY_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class FirstPlay:
    """Another recording of the same record, and how its times (first) and this one's (second) belong together.

    path: of the other. first, second: float64 (n,), seconds, both rising; between them time runs evenly.
    """

    path: Path
    first: Seconds
    second: Seconds

    def mapped(self, times: Seconds) -> Seconds:
        """Map times of the first play to times of the second, seconds, float64 (n,); what both have is kept."""
        inside = times[(times >= self.first[0]) & (times <= self.first[-1])]
        return np.interp(inside, self.first, self.second)


def write_play(path: Path, first: str, times: NDArray[np.float64]) -> None:
    """Write down that NAME.play.json's recording plays the same record as the file `first` beside it.

    times: float64 (n, 2), seconds in the first play and in this one. Raises UserError if the disk does not take it.
    """
    rows = [[round(float(a), 6), round(float(b), 6)] for a, b in times]
    write_text(path, json.dumps({"schema": PLAY_SCHEMA, "first": first, "times": rows}) + "\n")


def read_play(path: Path) -> FirstPlay:
    """Read what write_play wrote. Raises UserError if it is none, or if there is no such first play."""
    try:
        data = documents.read_json(path)
        if data["schema"] != PLAY_SCHEMA:
            raise ValueError(f"it is not of schema {PLAY_SCHEMA}")
        times = np.array(data["times"], np.float64)
        if times.ndim != 2 or times.shape[1] != 2 or len(times) < 2 or not np.all(np.diff(times, axis=0) > 0):
            raise ValueError("its times are no two rising columns of seconds")
        first = path.parent / Path(data["first"]).name
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"The description of two plays {str(path)!r} cannot be read: {error}") from None
    if not first.is_file():
        raise UserError(f"{str(path)!r} names the first play {first.name!r}, which is not beside it")
    return FirstPlay(first, times[:, 0], times[:, 1])


@dataclass(frozen=True, slots=True)
class References:
    """What is known about one recording, each float64 (n,), seconds, rising; None: nobody says.

    chops: where a producer would cut. strong: kicks, snares, side-sticks and claps with accent. drums: every drum hit.
    beats, downbeats. onsets: every attack. unsure: (start, stop) where nobody knows whether a chop belongs. faint:
    strokes so soft under the rest that they count neither way. half_strong: neither strong hits nor ghost notes, these
    count neither way as strong hits. first_play: another play of the same record.
    """

    chops: Seconds | None = None
    strong: Seconds | None = None
    drums: Seconds | None = None
    beats: Seconds | None = None
    downbeats: Seconds | None = None
    onsets: Seconds | None = None
    unsure: tuple[tuple[float, float], ...] = ()
    faint: Seconds | None = None
    half_strong: Seconds | None = None
    first_play: FirstPlay | None = None

    @property
    def aim(self) -> str | None:
        """Name what a marker should hit: the chops where known, else strong hits, else any attack, else beats."""
        return next((one for one in ("chops", "strong", "onsets", "beats") if getattr(self, one) is not None), None)

    @property
    def target(self) -> Seconds | None:
        """Give the places of `aim`."""
        known: Seconds | None = None if self.aim is None else getattr(self, self.aim)
        return known


@dataclass(frozen=True, slots=True)
class Track:
    """One recording: where it is, its name in tables, the group it is averaged with, what is known about it.

    references: References where chops are evaluated, else whatever the task reads.
    """

    path: Path
    name: str
    group: str
    references: Any


def together(times: list[float]) -> Seconds:
    """Sort times in seconds and keep the first of those within 30 ms."""
    kept: list[float] = []
    for time in sorted(times):
        if not kept or time - kept[-1] > TOGETHER:
            kept.append(time)
    return np.array(kept)


def references_of(truth: Truth) -> References:
    """Read a synthetic record's truth. An empty list means there is none of it, except for drums, notes and beats."""
    clear = truth.clear_drums()
    faint = sorted(hit.time for hit in set(truth.drums) - set(clear))
    strong = [hit.time for hit in clear if hit.label in STRONG and hit.velocity >= ACCENT]
    between = [hit.time for hit in clear if hit.label in STRONG and GHOST <= hit.velocity < ACCENT]
    beats = truth.beats
    numbered = any(beat.position > 0 for beat in beats)
    attacks = [hit.time for hit in clear] + [note.time for note in truth.notes]
    return References(
        chops=np.array(sorted(chop.time for chop in truth.chops)),
        strong=together(strong) if truth.drums else None,
        drums=together([hit.time for hit in clear]) if truth.drums else None,
        beats=np.array([beat.time for beat in beats]) if beats else None,
        downbeats=np.array([beat.time for beat in beats if beat.position == 1]) if numbered else None,
        onsets=together(attacks) if attacks else None,
        unsure=tuple(truth.unsure),
        faint=np.array(faint) if faint else None,
        half_strong=np.array(sorted(between)) if between else None,
    )


def rows_of(path: Path, parted_by: str = ",") -> list[tuple[float, list[str]]]:
    """Read lines of seconds and what else stands in the line, parted by spaces, tabs or a sign; sorted by time.

    Empty lines and remarks are left out. Decimal commas are read where nothing else can be meant: in columns parted by
    spaces. Raises UserError for a file that cannot be read, a line that begins with no time, and one of a mere 1,300.
    """
    rows = []
    try:
        lines = documents.read_text(path).splitlines()
    except (OSError, ValueError) as error:
        raise UserError(f"The reference times {str(path)!r} cannot be read: {reason_of(error)}") from None
    for number, line in enumerate(lines, 1):
        fields = REMARK.sub("", line).split()
        if parted_by and len(fields) == 1 and DECIMAL_COMMA.fullmatch(fields[0]):
            one, two = (fields[0].replace(",", sign) for sign in ". ")
            raise UserError(f"{str(path)!r}, line {number}: {fields[0]!r} may be {one} or {two}: write what it is")
        if parted_by and not all(DECIMAL_COMMA.fullmatch(word) for word in fields if "," in word):
            fields = " ".join(fields).replace(parted_by, " ").split()
        fields = [word.replace(",", ".") if DECIMAL_COMMA.fullmatch(word) else word for word in fields]
        if not fields:
            continue
        try:
            time = float(fields[0])
        except ValueError:
            time = -1.0
        if not 0 <= time < float("inf"):
            raise UserError(f"{str(path)!r}, line {number}: {fields[0]!r} is no time in seconds")
        rows.append((time, fields[1:]))
    return sorted(rows)


def _rows(path: Path) -> list[tuple[float, str]]:
    return [(time, rest[0] if rest else "") for time, rest in rows_of(path)]


def beside(audio: Path, root: Path | None, ending: str) -> Path | None:
    """Find the file NAME + ending beside a recording, or in a folder reference_times there or in the root."""
    places = [audio.parent, audio.parent / BESIDE] + ([root / BESIDE] if root is not None else [])
    return next((path for place in places if (path := paths.beside(place / audio.name, (ending,))) is not None), None)


def references_for(audio: Path, root: Path | None = None) -> References | None:
    """Gather all that is known about a recording; None if nothing is. root: the folder that holds reference_times.

    Raises UserError for a file that cannot be read.
    """
    nothing = References()
    truth = beside(audio, root, ".json")
    found = references_of(read_truth(truth)) if truth is not None else nothing
    if (path := beside(audio, root, ".beats.txt")) is not None:
        rows = _rows(path)
        numbered = any(position for _, position in rows)
        downbeats = np.array([time for time, position in rows if position in {"1", "1.0"}])
        found = replace(found, beats=np.array([time for time, _ in rows]), downbeats=downbeats if numbered else None)
    if (path := beside(audio, root, ".drums.txt")) is not None:
        rows = _rows(path)
        strong = together([time for time, label in rows if class_of(label) in STRONG])
        drums = together([time for time, _ in rows])
        found = replace(found, drums=drums, strong=strong, onsets=drums if found.onsets is None else found.onsets)
    if (path := beside(audio, root, ".onsets.txt")) is not None:
        found = replace(found, onsets=together([time for time, _ in _rows(path)]))
    if truth is None and (path := labels.labels_beside(audio)) is not None:
        found = replace(found, chops=labels.read_labels(path, audio).times)
    if (path := beside(audio, root, PLAY)) is not None:
        found = replace(found, first_play=read_play(path))
    return found if found is not nothing else None


def group_of(audio: Path, root: Path) -> str:
    """Name the group a recording belongs to: its subfolder, else what stands before the first dash of its name."""
    if audio.parent != root:
        return audio.relative_to(root).parts[0]
    return audio.stem.split("-")[0].strip() if "-" in audio.stem else root.resolve().name


WANTED = (
    "put labels beside the audio, such as name.txt with a time in seconds per line, name.beats.txt or name.onsets.txt"
)
Known = Callable[[Path, Path], Any]
"""Takes a recording and the folder that holds reference_times; gives what is known about it, None if nothing is."""


def tracks_in(folder: Path, read: Known = references_for, wanted: str = WANTED) -> list[Track]:
    """List every recording under a folder about which something is known, sorted by name.

    wanted: what to put there, said where there is none. Raises UserError if the folder is missing or holds none.
    """
    if not folder.is_dir():
        raise UserError(f"No folder at {str(folder)!r}: name one that holds recordings with labels beside them.")
    found = []
    for place, _, files in sorted(os.walk(folder, onerror=_cannot_list)):
        for name in sorted(files):
            path = Path(place) / name
            if paths.ends_in(path, SUFFIXES) and (references := read(path, folder)) is not None:
                found.append(Track(path, path.stem, group_of(path, folder), references))
    if not found:
        raise UserError(f"No labelled recordings under {str(folder)!r}: {wanted}.")
    return found


def _cannot_list(error: OSError) -> None:
    raise UserError(f"The folder {str(error.filename)!r} cannot be read: {reason_of(error)}") from None
