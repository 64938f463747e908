"""One session's folder while it is written: the audio, and the log of what happened where in it."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.locks import locked
from samplechop.realtime.outputs.sinks import LineFile
from samplechop.realtime.recording.audio_files import FORMATS, AudioFile, RecordFormat
from samplechop.realtime.recording.history_buffer import HistoryBuffer
from samplechop.realtime.recording.session_folder import LOG, new_folder, session_name

_log = logging.getLogger(__name__)
SCHEMA = 1
CLEAN = "ended"
"""The reason in the last line of a session that nothing cut short."""


def program_version() -> str:
    """Name the program and its version."""
    try:
        return f"samplechop {version('samplechop')}"
    except PackageNotFoundError:  # run from a checkout
        return "samplechop"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the first line of a log says.

    source: name of the device or file. sample_rate: Hz. format: of the audio. latency: samples between an event and its
    note. model, settings: for people and for running it again; JSON values. latencies: by name, of the detectors whose
    notes do not wait for `latency`.
    """

    source: str
    sample_rate: int
    channels: int
    format: RecordFormat = "wav24"
    latency: int = 0
    model: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    latencies: Mapping[str, int] = field(default_factory=dict)

    @property
    def longest_latency(self) -> int:
        """Samples after which every event is known."""
        return max([self.latency, *self.latencies.values()])


Line = dict[str, Any]
"""A line of a log: `kind`, `sample` and what else there is to say; JSON values."""


def line(kind: str, sample: int, **more: Any) -> Line:
    """Make a line of a log: something of one kind at one position of the stream."""
    return {"kind": kind, "sample": sample, "time": 0.0, **more}


class SessionWriter:
    """Writes a new folder with audio and events.jsonl, positions in both counted from the first sample of the audio.

    parent: where the folder is made. began: when position 0 of the stream was recorded. passage: what part of a session
    it is, "" for the whole. origin: position in the stream of the first sample of the audio.

    fault: why the audio ended early, in words, "" while it has not: from then on nothing more of it is written, nor of
    what lies after it. Raises UserError if the folder cannot be made.
    """

    def __init__(self, parent: Path, facts: Facts, began: datetime, passage: str = "", origin: int = 0) -> None:
        """Make the folder, and write the first line."""
        self.fault = ""
        self._closed = False
        self._origin, self._rate = origin, facts.sample_rate
        name, create = FORMATS[facts.format]
        began += timedelta(seconds=origin / facts.sample_rate)
        self.folder = new_folder(parent, session_name(began, facts.source, passage))
        self._log = LineFile(self.folder / LOG, "lines of the session")
        self._log.open()
        try:
            with ExitStack() as opened:
                opened.callback(self._log.close)
                opened.enter_context(locked(self.folder / LOG))
                self._audio: AudioFile = create(self.folder / name, facts.sample_rate, facts.channels)
                self._opened = opened.pop_all()
        except OSError as error:
            raise UserError(f"no audio can be written to {str(self.folder)!r}: {reason_of(error)}") from None
        places = (("folder", self.folder), ("log", self.folder / LOG), ("audio", self.folder / name))
        self._watched = [(what, path) for what, path in places if path.exists()]
        first = line(
            "session",
            origin,
            schema=SCHEMA,
            program=program_version(),
            date=began.isoformat(timespec="microseconds"),
            source=facts.source,
            audio=name,
            format=facts.format,
            sample_rate=facts.sample_rate,
            channels=facts.channels,
            origin=origin,
            latency=facts.latency,
            latencies=dict(facts.latencies),
            model=dict(facts.model),
            settings=dict(facts.settings),
        )
        self.log([first])

    @property
    def position(self) -> int:
        """Where in the stream the audio ends so far."""
        return self._origin + self._audio.frames

    @property
    def log_fault(self) -> str:
        """Why the last lines are not written yet, "" if they are."""
        return self._log.fault

    def missing(self) -> str:
        """Name what was deleted or moved since it was made: the folder, the log or the audio; "" if all is there.

        What is written then goes on into a file that nobody finds any more, and no call fails.
        """
        for what, path in self._watched:
            try:
                path.lstat()
            except (FileNotFoundError, NotADirectoryError):
                return what
            except OSError:  # a disk that fails says so when it is written to
                return ""
        return ""

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (n, channels)."""
        self._try(lambda: self._audio.write(samples))

    def write_silence(self, frames: int) -> None:
        """Append silence."""
        self._try(lambda: self._audio.write_silence(frames))

    def follow(self, history: HistoryBuffer, end: int, piece: NDArray[np.float32]) -> list[Line]:
        """Append the history up to `end`, silence for gaps, so that positions in the file stay the stream's.

        piece: float32 (n, channels), room to copy through. Gives a line for each stretch that the history has lost.
        """
        dropouts: list[Line] = []
        while not self.fault and (position := self.position) < end:
            found, n = history.read(position, piece[: end - position])
            n = min(n, end - position)
            if not n:
                break
            if found == "audio":
                self.write(piece[:n])
                continue
            self.write_silence(n)
            if found == "lost":
                dropouts.append(line("dropout", position, length=n))
        return dropouts

    def log(self, lines: Iterable[Line]) -> None:
        """Append lines whose `sample`, and `emitted` if there is one, are positions in the stream.

        Those before the first sample of the audio, and behind the last one of audio that ended, are left out.
        """
        if self._closed:
            return
        first, end = self._origin, self.position
        wanted = [one for one in lines if one["sample"] >= first and (not self.fault or one["sample"] <= end)]
        self._log.add([self._placed(one) for one in wanted])

    def _placed(self, one: Line) -> str:
        sample = one["sample"] - self._origin
        moved = {"sample": sample, "time": round(sample / self._rate, 6)}
        if "emitted" in one:
            moved["emitted"] = one["emitted"] - self._origin
        return json.dumps({**one, **moved})

    def flush(self, sync: bool = False) -> None:
        """Let other programs read the audio so far; sync: wait until a power cut cannot take it back."""
        self._try(self._audio.flush)
        if sync:
            self._try(self._audio.sync)

    def close(self, reason: str = "") -> None:
        """Write the last line and finish; twice is harmless. Raises UserError if the disk does not take it.

        reason: why it ended, where the audio itself has no `fault`, "" for no particular one.
        """
        if self._closed:
            return
        self._try(self._audio.close)
        self.log([line("stop", self.position, reason=self.fault or reason or CLEAN)])
        self._closed = True
        self._opened.close()

    def _try(self, action: Callable[[], None]) -> None:
        """Do something to the audio; where the disk refuses, the recording ends here."""
        if self.fault or self._closed:
            return
        try:
            action()
            return
        except OSError as error:
            self.fault = reason_of(error)
        with suppress(OSError):
            self._audio.close()
        _log.error("recording %r ended at sample %d: %s", str(self.folder), self.position, self.fault)
        self.log([line("fault", self.position, reason=self.fault)])
