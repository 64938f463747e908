"""What another process does for a kit while this one looks for its chops, cuts and writes.

    this one     | chops ------------------------ | plan | drums | cut | files --|
    the other    | imports | key | chords | outline |                  | picture |

Without another process each is done here, when it is asked for; what comes of it is the same.
"""

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING

from samplechop.offline.common.process_pool import submit
from samplechop.offline.kits import picture
from samplechop.offline.kits.analysis import content_detection, tempo_and_key
from samplechop.offline.kits.analysis.content_detection import Parts
from samplechop.offline.kits.analysis.event_collectors import Chords
from samplechop.offline.kits.core.model import Guess, Kit
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.offline.kits.picture_panels import Envelope, envelope

if TYPE_CHECKING:
    from samplechop.offline.kits.analysis.descriptors import Similarity

AHEAD_SECONDS = 600.0
"""Up to so long, most of a record lies in some slice: its chords are detected before it is known in which."""


class Beside:
    """Works for one kit in another process; without one, in this one."""

    def __init__(self, other: Executor | None = None) -> None:
        """Use a process, which does one thing after the other."""
        self._other = other
        self._chords: Future[Chords | None] | None = None
        self._outline: Future[Envelope] | None = None

    def key(self, record: Record, first: int, last: int) -> "Future[Guess | None]":
        """Look for the key of the samples first..last."""
        return submit(self._other, tempo_and_key.key_of_record, record, first, last)

    def begin(self, record: Record, options: ChopOptions, first: int, last: int) -> None:
        """Begin with what can be done before it is known where the samples first..last of a record are cut."""
        if self._other is None:
            return
        if last - first <= AHEAD_SECONDS * record.sample_rate:
            self._chords = submit(self._other, content_detection.detect_chords, record, [(first, last)])
        if options.picture:
            self._outline = submit(self._other, envelope, record.audio, first, last, picture.COLUMNS)

    def chords(self, record: Record, parts: Parts) -> "Future[Chords | None]":
        """Detect the chords in parts of a record: of the one that was begun with, where one was."""
        return self._chords or submit(self._other, content_detection.detect_chords, record, parts)

    def draw(self, kit: Kit, similarity: "Similarity") -> "Future[list[Path]]":
        """Draw the picture of a kit whose slices are cut."""
        outline = self._outline.result() if self._outline else None
        return submit(self._other, picture.draw, kit, similarity, outline)
