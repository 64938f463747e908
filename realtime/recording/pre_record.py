"""Keeps the minute that just passed: the audio is on the tape already, the lines of the log are remembered here."""

import logging
import queue
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import numpy as np

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import CHORD, KEY, PITCHES
from samplechop.realtime.recording.history_buffer import Tape
from samplechop.realtime.recording.session_writer import Facts, Line, SessionWriter

_log = logging.getLogger(__name__)
_PIECE_FRAMES = 16_384
_LASTING = (CHORD, KEY, PITCHES)
"""Kinds of events that hold until the next of their kind."""
_SETTLE_SECONDS = 0.1  # for the analysis of what is on the tape already
_MOST_LINES = 100_000  # also of a detector that goes wild


class LookBack:
    """Writes the last `seconds` of a tape as a session of their own, as often as it is asked to.

    parent: where the folders are made. spare_seconds: how much longer lines are remembered, and the tape is to last.

    What holds until the next of its kind, as a chord does, is said anew at the begin of a passage that it reaches into.

    An event is known `facts.longest_latency` samples after its place, so what is asked for is written that much later.
    """

    def __init__(self, tape: Tape, facts: Facts, parent: Path, seconds: float, spare_seconds: float) -> None:
        """[main] Prepare; nothing is written yet."""
        self.seconds = seconds
        self._tape, self._facts, self._parent = tape, facts, parent
        self._frames = round(seconds * facts.sample_rate)
        self._reach = self._frames + round(spare_seconds * facts.sample_rate)
        self._past: deque[Line] = deque(maxlen=_MOST_LINES)
        self._standing: dict[str, Line] = {}  # of _LASTING kinds, the last that is forgotten
        self._asked: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._due: list[int] = []
        self._savers: list[threading.Thread] = []
        self._folders: list[Path] = []
        self._faults: list[str] = []

    @property
    def folders(self) -> tuple[Path, ...]:
        """[any thread] What was kept so far."""
        return tuple(self._folders)

    def warnings(self) -> tuple[str, ...]:
        """[any thread] One sentence for each thing that went wrong."""
        return tuple(self._faults)

    def ask(self) -> None:
        """[any thread] Keep what was heard up to now."""
        self._asked.put(self._tape.end)

    def remember(self, lines: Sequence[Line]) -> None:
        """[recorder] Take new lines; those that nobody can ask for any more are forgotten."""
        self._past.extend(lines)
        horizon = self._tape.end - self._reach
        while self._past and self._past[0]["sample"] < horizon:
            gone = self._past.popleft()
            if gone["kind"] in _LASTING:
                self._standing[gone["kind"]] = gone

    def answer(self, end: int, began: datetime, ending: bool = False) -> None:
        """[recorder] Begin to write what was asked for and is known now, the stream being at `end`.

        began: when position 0 of the stream was heard. ending: whether no more events will come.
        """
        with suppress(queue.Empty):
            while True:
                self._due.append(self._asked.get_nowait())
        known = end - self._facts.longest_latency - round(_SETTLE_SECONDS * self._facts.sample_rate)
        for last in [last for last in self._due if ending or last <= known]:
            self._due.remove(last)
            first = max(0, last - self._frames)
            lines = self._lines(first, last)
            saver = threading.Thread(target=self._save, args=(first, last, lines, began), name="keep", daemon=True)
            self._savers.append(saver)
            saver.start()

    def _lines(self, first: int, last: int) -> list[Line]:
        """Give what is to be logged of a passage, what still held at its begin first."""
        standing, past = dict(self._standing), list(self._past)
        standing |= {one["kind"]: one for one in past if one["kind"] in _LASTING and one["sample"] < first}
        begin = [{**one, "sample": first, "emitted": max(first, one["emitted"])} for one in standing.values()]
        return begin + [one for one in past if first <= one["sample"] < last]

    def close(self) -> None:
        """[main] Wait until all is written."""
        for saver in self._savers:
            saver.join()

    def _save(self, first: int, last: int, lines: list[Line], began: datetime) -> None:
        """[keep] Write one passage."""
        if last <= first:
            return
        try:
            writer = SessionWriter(
                self._parent, self._facts, began, f"last-{(last - first) / self._facts.sample_rate:.0f}s", first
            )
            piece = np.zeros((_PIECE_FRAMES, self._facts.channels), np.float32)
            lines += writer.follow(self._tape, last, piece)
            writer.log(sorted(lines, key=lambda one: int(one["sample"])))
            writer.close()
        except UserError as error:
            self._faults.append(str(error))
            return
        except Exception as error:  # nobody else would tell that the passage is missing
            seconds = (last - first) / self._facts.sample_rate
            self._faults.append(f"the last {seconds:.0f} s could not be kept ({type(error).__name__}: {error})")
            _log.exception("the last %.0f s could not be kept", seconds)
            return
        if writer.fault:
            self._faults.append(f"only a part of {str(writer.folder)!r} could be written ({writer.fault})")
        self._folders.append(writer.folder)
