"""A session that another program records now, read while it grows: its sound, what is detected in it, what is marked.

Nothing here touches the program that records: its audio and its log can be read at every moment (see
`realtime.recording.audio_files`). A press of the user's is a line in studio.taps.jsonl beside them, on disk at once;
when the session has ended, each becomes a decision of its project, on the chop that was meant.
"""

import io
import json
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.model import Project
from samplechop.offline.project.places import place_for
from samplechop.offline.project.store import editing
from samplechop.offline.studio import peaks
from samplechop.offline.studio.library import is_growing
from samplechop.offline.studio.shaping import MOST_SECONDS
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.events import BEAT, CHOP, CHORD, DRUM, KEY
from samplechop.realtime.detectors.harmony.harte import shorthand
from samplechop.realtime.recording.session_folder import LOG, session_audio
from samplechop.realtime.recording.session_writer import CLEAN, Facts, SessionWriter

PRESSES = "studio.taps.jsonl"
SHOWN = (BEAT, CHOP, CHORD, DRUM, KEY)
"""Kinds of events that the page is told of."""
KEEP_SECONDS = 60.0
BEFORE, AFTER = 0.35, 0.15
"""Seconds before and after a press within which the chop lies that was meant: people press late, and the file is read
a moment after it sounded."""
_USUALLY = 0.05
"""Seconds that a press is mostly later than what was meant, both delays taken together."""
_BLOCK = 1 << 18
_MOST_LINE = 1 << 20
_SILENCE = 1e-5
_ROOM = 1 << 12
"""Pairs there is room for at first."""


class Growing:
    """A session that is being recorded. length: samples per channel read so far. peaks: of all that was read."""

    def __init__(self, folder: Path) -> None:
        """Begin to read a session. Raises UserError for one that cannot be read."""
        audio = session_audio(folder)
        if audio is None:
            raise UserError(f"{str(folder)!r} is no session")
        self.folder, self.length, self._audio = folder, 0, audio
        self._rest: NDArray[np.float32] | None = None
        self._log = self._open_log()
        first = self._line()
        if first is None or first.get("kind") != "session":
            self._log.close()
            raise UserError(f"{str(folder)!r} has no log that can be read")
        self.first = first
        self.rate = int(first["sample_rate"])
        self.channels = int(first["channels"])
        self._pairs = 0
        self._fine = np.zeros((_ROOM, self.channels, 2), np.int16)

    def close(self) -> None:
        """Read no more."""
        self._log.close()

    @property
    def is_recorded(self) -> bool:
        """Whether it still is."""
        return is_growing(self.folder)

    def facts(self) -> dict[str, Any]:
        """Give what the page is told at the beginning. Positions are samples."""
        delays = self.first.get("latencies", {})
        return {
            "name": self.folder.name,
            "source": self.first.get("source", ""),
            "rate": self.rate,
            "channels": self.channels,
            "latency": self.first.get("latency", 0),
            "latencies": delays if isinstance(delays, dict) else {},
        }

    def look(self) -> dict[str, Any]:
        """Read on, and give what is new: length, events, the level of each channel in dB below full scale.

        Raises UserError where the session is gone.
        """
        try:
            level = self._read_audio()
        except (OSError, soundfile.LibsndfileError) as error:
            raise UserError(f"the session {self.folder.name!r} cannot be read: {error}") from None
        fresh = []
        while (line := self._line()) is not None:
            if line.get("kind") in SHOWN:
                names = ("kind", "sample", "label", "strength", "note", "velocity", "tempo")
                told = {name: line[name] for name in names if line.get(name) is not None}
                if told["kind"] == CHORD:
                    told["label"] = shorthand(str(told["label"])) if "label" in told else ""
                fresh.append(told)
        return {"length": self.length, "events": fresh, "level": level}

    def peaks(self, level: int, first: int, last: int) -> NDArray[np.int16]:
        """Give lowest and highest samples as `peaks.part`, of what was read: int16 (n, channels, 2)."""
        size = level // peaks.FINEST
        begin = max(0, first) // level * size
        fine = self._fine[: self._pairs][begin : -(-min(last, self.length) // level) * size]
        whole = -(-len(fine) // size) if len(fine) else 0
        found = np.zeros((whole, self.channels, 2), np.int16)
        starts = np.arange(0, len(fine), size)
        if whole:
            found[..., 0] = np.minimum.reduceat(fine[..., 0], starts)
            found[..., 1] = np.maximum.reduceat(fine[..., 1], starts)
        return found

    def sound(self, first: int, last: int) -> bytes:
        """Give the samples first..last, as far as they were read, as wav with float32 samples.

        Raises UserError for none or too many, and where the session is gone.
        """
        first, last = max(0, first), min(last, self.length)
        if not 0 < last - first <= MOST_SECONDS * self.rate:
            raise UserError(f"of a live session 1 sample to {MOST_SECONDS} seconds can be asked for")
        try:
            with soundfile.SoundFile(self._audio) as file:
                file.seek(first)
                samples = file.read(last - first, dtype="float32", always_2d=True)
        except (OSError, soundfile.LibsndfileError) as error:
            raise UserError(f"the session {self.folder.name!r} cannot be read: {error}") from None
        out = io.BytesIO()
        soundfile.write(out, samples, self.rate, "FLOAT", format="WAV")
        return out.getvalue()

    def press(self) -> int:
        """Note that the user marks what is heard now; give where. Raises UserError where it cannot be kept."""
        line = {"kind": "tap", "sample": self.length, "time": round(self.length / self.rate, 6)}
        try:
            with (self.folder / PRESSES).open("a", encoding="ascii") as file:
                file.write(json.dumps(line) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UserError(f"the mark cannot be kept: {reason_of(error)}") from None
        return self.length

    def keep(self, seconds: float = KEEP_SECONDS) -> str:
        """Copy the last seconds into a session of their own beside this one; give its name. Raises UserError."""
        begin, end = max(0, self.length - round(seconds * self.rate)), self.length
        told = self.first
        began = datetime.fromisoformat(str(told["date"]))
        facts = Facts(
            *(str(told["source"]), self.rate, self.channels, told["format"], int(told["latency"])),
            *(told["model"], told["settings"], told["latencies"]),
        )
        writer = SessionWriter(self.folder.parent, facts, began, f"last-{(end - begin) / self.rate:.0f}s", begin)
        try:
            with soundfile.SoundFile(self._audio) as file:
                file.seek(begin)
                while writer.position < end:
                    samples = file.read(min(_BLOCK, end - writer.position), dtype="float32", always_2d=True)
                    if not len(samples):
                        break
                    writer.write(samples)
            writer.log([line for line in _lines(self.folder / LOG) if _passes(line, begin, end)])
        finally:
            writer.close(CLEAN)
        return writer.folder.name

    def _open_log(self) -> Any:
        try:
            return documents.open_regular(self.folder / LOG, follow_links=False)
        except (OSError, ValueError) as error:
            raise UserError(f"the session {self.folder.name!r} cannot be read: {error}") from None

    def _line(self) -> dict[str, Any] | None:
        """Read the next whole line of the log; None where there is none yet."""
        at = self._log.tell()
        text = self._log.readline(_MOST_LINE)
        if not text.endswith(b"\n"):
            self._log.seek(at)
            return None
        try:
            line = documents.parse_json(text)
        except ValueError:
            return {}
        return line if isinstance(line, dict) else {}

    def _read_audio(self) -> list[float]:
        """Read what was appended, and give how loud it is."""
        loudest = np.zeros(self.channels, np.float32)
        with soundfile.SoundFile(self._audio) as file:
            file.seek(min(self.length, file.frames))
            while True:
                samples = file.read(_BLOCK, dtype="float32", always_2d=True)
                if not len(samples):
                    break
                self.length += len(samples)
                loudest = np.maximum(loudest, np.abs(samples).max(0))
                self._take(samples)
        return [round(20 * math.log10(max(peak, _SILENCE)), 1) for peak in loudest.tolist()]

    def _take(self, samples: NDArray[np.float32]) -> None:
        if self._rest is not None:
            samples = np.concatenate([self._rest, samples])
        whole = len(samples) // peaks.FINEST * peaks.FINEST
        self._rest = samples[whole:]
        pairs = peaks.extremes(peaks.whole_numbers(samples[:whole]), peaks.FINEST)
        needed = self._pairs + len(pairs)
        if needed > len(self._fine):
            more = np.zeros((max(needed, 2 * len(self._fine)), self.channels, 2), np.int16)
            more[: self._pairs] = self._fine[: self._pairs]
            self._fine = more
        self._fine[self._pairs : needed] = pairs
        self._pairs = needed


def decide(folder: Path, cache: ArrayCache, scratch: Path) -> int:
    """Make what was marked in a session that has ended decisions of its project; give how many there are.

    Each press is the chop near it, locked; where none was detected, a chop of its own. Raises UserError.
    """
    presses, chops = _samples(folder / PRESSES, "tap"), _samples(folder / LOG, CHOP)
    if not presses:
        return 0
    record = open_record(folder, scratch).with_cache(cache)
    rate, steps, meant = record.sample_rate, list[dict[str, Any]](), set[int]()
    for press in presses:
        near = [chop for chop in chops if -BEFORE * rate <= chop - press <= AFTER * rate]
        step: dict[str, Any] = {"do": "add", "at": min(press, record.length - 1)}
        if near:
            step = {"do": "lock", "at": min(near, key=lambda chop: abs(chop - press + _USUALLY * rate))}
        if step["at"] not in meant:
            meant.add(step["at"])
            steps.append(step)
    with editing(place_for(folder), Project(audio_of(record))) as editor:
        there = {place for chop in editor.project.chops for place in (chop.at, chop.origin)}
        if steps := [step for step in steps if step["at"] not in there]:
            editor.do({"do": "steps", "steps": steps})
    (folder / PRESSES).rename(folder / f"{PRESSES}.taken")
    return len(steps)


def _passes(line: dict[str, Any], begin: int, end: int) -> bool:
    return "sample" in line and line.get("kind") not in ("session", "stop") and begin <= line["sample"] < end


def _samples(path: Path, kind: str) -> list[int]:
    """Give the places of lines of a kind, rising; none where there is no such file."""
    return sorted(line["sample"] for line in _lines(path) if line.get("kind") == kind and "sample" in line)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Give the lines of a file that can be read, each an object whose `sample`, if there is one, is a number."""
    with suppress(OSError, ValueError), documents.open_regular(path, follow_links=False) as file:
        while text := file.readline(_MOST_LINE):
            with suppress(ValueError):
                line = documents.parse_json(text)
                if isinstance(line, dict) and isinstance(line.get("sample", 0), int):
                    yield line
