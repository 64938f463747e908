"""Keeps the minute that just passed: the audio is in the history buffer, the lines of the log are remembered here."""

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
from samplechop.realtime.recording.history_buffer import HistoryBuffer
from samplechop.realtime.recording.session_writer import Facts, Line, SessionWriter

_log = logging.getLogger(__name__)
_PIECE_FRAMES = 16_384
_SUSTAINED = (CHORD, KEY, PITCHES)
"""Kinds of events that last until the next of their kind."""
_SETTLE_SECONDS = 0.1  # for the analysis of what is in the history already
_MOST_LINES = 100_000  # also of a detector that goes wild


class PreRecord:
    """Writes the last `seconds` of the history as a session of their own, as often as it is asked to.

    parent: where the folders are made. spare_seconds: how much longer lines are remembered, and the buffer is to reach.

    What lasts until the next of its kind, as a chord does, is logged anew at the begin of a passage it reaches into.
    An event is known `facts.longest_latency` samples after its place, so what is asked for is written that much later.
    """

    def __init__(
        self, history: HistoryBuffer, facts: Facts, parent: Path, seconds: float, spare_seconds: float
    ) -> None:
        """[main] Prepare; nothing is written yet."""
        self.seconds = seconds
        self._history, self._facts, self._parent = history, facts, parent
        self._frames = round(seconds * facts.sample_rate)
        self._reach = self._frames + round(spare_seconds * facts.sample_rate)
        self._past: deque[Line] = deque(maxlen=_MOST_LINES)
        self._sustained: dict[str, Line] = {}  # of _SUSTAINED kinds, the last that was dropped from _past
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
        """[any thread] Keep what came up to now."""
        self._asked.put(self._history.end)

    def remember(self, lines: Sequence[Line]) -> None:
        """[recorder] Take new lines; those that nobody can ask for any more are dropped."""
        self._past.extend(lines)
        horizon = self._history.end - self._reach
        while self._past and self._past[0]["sample"] < horizon:
            gone = self._past.popleft()
            if gone["kind"] in _SUSTAINED:
                self._sustained[gone["kind"]] = gone

    def answer(self, end: int, began: datetime, ending: bool = False) -> None:
        """[recorder] Begin to write what was asked for and is known now, the stream being at `end`.

        began: when position 0 of the stream was recorded. ending: whether no more events will come.
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
        """Give what is to be logged of a passage, what lasts into it first."""
        sustained, past = dict(self._sustained), list(self._past)
        sustained |= {one["kind"]: one for one in past if one["kind"] in _SUSTAINED and one["sample"] < first}
        begin = [{**one, "sample": first, "emitted": max(first, one["emitted"])} for one in sustained.values()]
        return begin + [one for one in past if first <= one["sample"] < last]

    def close(self) -> None:
        """[main] Wait until all is written."""
        for saver in self._savers:
            saver.join()

    def _save(self, first: int, last: int, lines: list[Line], began: datetime) -> None:
        """[keep] Write one passage."""
        if last <= first:
            return
        seconds = (last - first) / self._facts.sample_rate
        try:
            writer = SessionWriter(self._parent, self._facts, began, f"last-{seconds:.0f}s", first)
            piece = np.zeros((_PIECE_FRAMES, self._facts.channels), np.float32)
            lines += writer.follow(self._history, last, piece)
            writer.log(sorted(lines, key=lambda one: int(one["sample"])))
            writer.close()
        except Exception as error:  # nobody else would notice that the passage is missing
            what = f"the last {seconds:.0f} s could not be kept"
            _log.exception(what)
            known = isinstance(error, UserError)
            self._faults.append(str(error) if known else f"{what} ({type(error).__name__}: {error})")
            return
        if writer.fault:
            self._faults.append(f"only a part of {str(writer.folder)!r} could be written ({writer.fault})")
        self._folders.append(writer.folder)
