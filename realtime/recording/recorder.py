"""Keeps a session while it runs: all of it in a folder, and on request the minute that just passed in another.

[analysis] chunks -> history (never waits)     events -> queue
[taps]     hits ----------------------------------> queue
[recorder]           history -> audio file     queue -> log        twenty times a second
[keep]               history -> audio file     the lines of the last minute -> log
"""

import logging
import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from samplechop.realtime.audio.source import Chunk, Source
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.recording.history_buffer import HistoryBuffer
from samplechop.realtime.recording.pre_record import PreRecord
from samplechop.realtime.recording.session_writer import Facts, Line, SessionWriter, line
from samplechop.realtime.taps.keyboard import Keyboard
from samplechop.realtime.taps.tap_recorder import Tap
from samplechop.realtime.ui.snapshot import Recording

_log = logging.getLogger(__name__)
WRITE_SECONDS = 0.05
"""How often what is new is written; so much a kill can take."""
SYNC_SECONDS = 1.0
"""How often the disk is waited for; so much more a power cut can take."""
STALL_SECONDS = 20.0
"""How long a disk may stand still before audio is lost."""

KEEP_KEY = b"k"
_PIECE_FRAMES = 16_384
_KEPT = "what came before is kept"


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """What is to be kept.

    record: where the session's folder is made, None for no recording. keep: where the folders of the pre-record are
    made, None for none. keep_seconds: how far it reaches.
    """

    record: Path | None = None
    keep: Path | None = None
    keep_seconds: float = 60.0

    @property
    def history_seconds(self) -> float:
        """How much of the input stays in memory."""
        return STALL_SECONDS + (0.0 if self.keep is None else self.keep_seconds)


class Recorder:
    """The recorder of one session. It is also a sink for events, and in real time never keeps the analysis waiting.

    A disk that stands still for long, or a full one, costs the recording and not the session: `warnings` says so. Where
    the folder or what is in it is deleted or moved meanwhile, the recording goes on in a new one, from where the old
    one was last seen whole.
    """

    broken = False

    def __init__(self, plan: RecordPlan, facts: Facts, source: Source, keyboard: Keyboard | None = None) -> None:
        """[main] Take the memory; nothing is written yet. keyboard: where KEEP_KEY keeps what just passed."""
        self._keyboard = keyboard
        self._parent, self._facts, self._source = plan.record, facts, source
        self._history = HistoryBuffer(facts.sample_rate, facts.channels, plan.history_seconds)
        self._pre_record: PreRecord | None = None
        if plan.keep is not None:
            self._pre_record = PreRecord(self._history, facts, plan.keep, plan.keep_seconds, STALL_SECONDS)
        self._piece = np.zeros((_PIECE_FRAMES, facts.channels), np.float32)
        self._lines: queue.SimpleQueue[Line] = queue.SimpleQueue()
        self._writer: SessionWriter | None = None
        self._began = datetime.now().astimezone()
        self._xruns = self._dropped = 0  # how many are in the log; samples
        self._failures: list[str] = []
        self._kept = _KEPT  # said of a recording that has ended early
        self._moves: list[str] = []
        self._earlier: list[Path] = []  # folders that were recorded into before
        self._seen, self._seen_lines = 0, list[Line]()  # position when all was there, and the lines logged since
        self._synced = 0.0
        self._wake, self._room, self._ending = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._running = False

    @property
    def folders(self) -> tuple[Path, ...]:
        """[any thread] Where the session is recorded, and what the pre-record kept."""
        earlier = [folder for folder in self._earlier if folder.is_dir()]
        whole = earlier if self._writer is None else [*earlier, self._writer.folder]
        return (*whole, *(() if self._pre_record is None else self._pre_record.folders))

    def state(self) -> Recording:
        """[any thread] What a view may show."""
        writer, pre_record = self._writer, self._pre_record
        fault = "" if writer is None else writer.fault or "; ".join(self._failures)
        return Recording(
            None if writer is None or fault else writer.folder,
            () if pre_record is None else pre_record.folders,
            "" if pre_record is None or self._keyboard is None else f"k keeps the last {pre_record.seconds:g} s",
            fault,
        )

    def warnings(self) -> tuple[str, ...]:
        """[any thread] One sentence for each thing the user should know."""
        found = [*self._failures, *self._moves]
        if (writer := self._writer) is not None:
            rate, where = self._facts.sample_rate, repr(str(writer.folder))
            if writer.fault:
                found.append(
                    f"the recording {where} ended after {writer.position / rate:.1f} s ({writer.fault}); "
                    f"{self._kept}, and the session goes on"
                )
            if writer.log_fault:
                found.append(f"the log of {where} cannot be written ({writer.log_fault}): it is tried again")
            if self._dropped:
                found.append(f"the disk was too slow: {self._dropped / rate:.1f} s of {where} are silence")
        return (*found, *(() if self._pre_record is None else self._pre_record.warnings()))

    def start(self) -> None:
        """[main] After `source.start()`: make the folder and begin. Raises UserError."""
        elapsed = time.perf_counter() - self._source.time_of(0)
        self._began = datetime.now().astimezone() - timedelta(seconds=elapsed)
        if self._parent is not None:
            self._writer = SessionWriter(self._parent, self._facts, self._began)
        self._running = True
        self._thread.start()
        if self._keyboard is not None and self._pre_record is not None:
            self._keyboard.listen(KEEP_KEY, self.keep)

    def process(self, chunk: Chunk) -> None:
        """[analysis] Take the next piece of the input."""
        if chunk.gap:
            self._lines.put(line("gap", chunk.start - chunk.gap, length=chunk.gap))
        if not self._source.realtime:  # a file can wait, and would outrun any disk
            end = chunk.start + len(chunk.samples)
            while (
                (writer := self._writer) is not None
                and not writer.fault
                and end - writer.position > self._history.frames
                and self._thread.is_alive()
            ):
                self._room.clear()
                self._wake.set()
                self._room.wait(WRITE_SECONDS)
        self._history.write(chunk.start, chunk.samples)

    def write(self, event: Event) -> None:
        """[analysis] Take one event."""
        self._lines.put(event.record(self._facts.sample_rate))

    def tap(self, tap: Tap) -> None:
        """[taps] Take one of the user's hits."""
        self._lines.put(tap.record(self._facts.sample_rate))

    def keep(self) -> None:
        """[any thread] Keep what just passed, as soon as its chops are known."""
        if self._pre_record is not None:
            self._pre_record.ask()

    def close(self) -> None:
        """[main] After the last chunk and event: write everything and end; twice is harmless."""
        if not self._running:
            return
        self._running = False
        if self._keyboard is not None:
            self._keyboard.release(KEEP_KEY)
        self.keep()
        self._ending.set()
        self._wake.set()
        self._thread.join()
        if self._pre_record is not None:
            self._pre_record.close()
        if self._writer is not None:
            try:
                if self._is_gone(self._writer):
                    self._work()
                self._writer.close("; ".join(self._failures))
            except (UserError, OSError) as error:
                self._failures.append(str(error))
                _log.error(str(error))

    def _run(self) -> None:
        """[recorder] Write what is new, twenty times a second and once more at the end."""
        try:
            while not self._ending.is_set():
                self._wake.wait(WRITE_SECONDS)
                self._wake.clear()
                self._work()
            self._work()
        except Exception as error:  # a fault in here must not end the session, nor pass unseen
            self._failures.append(f"the recorder stopped ({type(error).__name__}: {error}); what came before is kept")
            _log.exception("the recorder stopped")

    def _work(self) -> None:
        # Asked first: what comes while this is written may be the last, and is taken by the next call.
        ending, end = self._ending.is_set(), self._history.end
        lines = self._new_lines()
        if self._writer is not None:
            again: list[Line] = []
            if self._writer.fault and self._kept == _KEPT and (gone := self._writer.missing()):
                self._kept = f"the {gone} was deleted or moved after that"
                _log.error("recording %r: %s", str(self._writer.folder), self._kept)
            if self._is_gone(self._writer):
                again = self._seen_lines
                self._begin_anew(self._writer, self._seen)
            self._seen = self._writer.position
            dropouts = self._writer.follow(self._history, end, self._piece)
            for one in dropouts:
                self._dropped += one["length"]
                _log.error("disk too slow: %d samples from sample %d on are silence", one["length"], one["sample"])
            now = time.perf_counter()
            sync = now - self._synced >= SYNC_SECONDS
            self._writer.flush(sync)
            self._synced = now if sync else self._synced
            self._seen_lines = lines + dropouts
            self._writer.log(again + self._seen_lines)
        self._room.set()
        if self._pre_record is not None:
            self._pre_record.remember(lines)
            self._pre_record.answer(end, self._began, ending)

    @staticmethod
    def _is_gone(writer: SessionWriter) -> bool:
        return not writer.fault and bool(writer.missing())

    def _begin_anew(self, old: SessionWriter, position: int) -> None:
        """End `old`, and go on from `position` in a new folder if one can be made."""
        what = f"the {old.missing()} of {str(old.folder)!r}".replace("the folder of ", "the folder ")
        gone = f"{what} was deleted or moved while it was recorded"
        with suppress(UserError, OSError):
            old.close(gone)  # what is left of it, and what was moved, is a whole session
        assert self._parent is not None
        seconds = position / self._facts.sample_rate
        try:
            new = SessionWriter(self._parent, self._facts, self._began, f"from-{seconds:.0f}s", position)
        except UserError as error:
            old.fault, self._kept = f"{gone}, and {error}", "nothing more is recorded"
            _log.error(old.fault)
            return
        warning = f"{gone}: the recording goes on in {str(new.folder)!r}, from {seconds:.1f} s on"
        new.log([line("fault", position, reason=warning)])
        self._earlier.append(old.folder)
        self._writer = new
        self._moves.append(warning)
        _log.error(warning)

    def _new_lines(self) -> list[Line]:
        lines: list[Line] = []
        with suppress(queue.Empty):
            while True:
                lines.append(self._lines.get_nowait())
        xruns = self._source.counters().xruns[self._xruns :]
        self._xruns += len(xruns)
        lines += [
            line("xrun", one.sample, overflows=one.overflows, underflows=one.underflows, lost=one.lost) for one in xruns
        ]
        return lines
