"""The user's hits while a record plays, kept with the place in the record that was heard at that moment."""

import json
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from samplechop.realtime.audio.source import Clock
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.outputs.sinks import STDOUT, LineFile, check_target

RETRY_SECONDS = 1.0
"""How long after a write that failed, a full disk say, the next is tried."""

_ITERATIONS = 4  # each leaves 5e-4 of the error: four bring a day of drift below a sample


class Pad(Protocol):
    """Something to hit. source: "midi" or "key". name: for people. warning: one sentence, or ""."""

    source: str
    name: str

    @property
    def warning(self) -> str:
        """[any thread] What the user should know, "" for nothing."""

    def start(self, on_hit: Callable[[int], None]) -> None:
        """[main] Begin; on_hit gets each hit's velocity, 1..127, at once, from one thread."""

    def close(self) -> None:
        """[main] Hear no more; twice is harmless."""


@dataclass(frozen=True, slots=True)
class Tap:
    """One hit. sample: absolute position of what was heard. velocity: 1..127. source: "midi" or "key"."""

    sample: int
    velocity: int
    source: str

    def record(self, sample_rate: int) -> dict[str, object]:
        """Give what is written down; `time` is in seconds at sample_rate Hz."""
        seconds = round(self.sample / sample_rate, 6)
        return {"kind": "tap", "sample": self.sample, "time": seconds, "velocity": self.velocity, "source": self.source}


def position_at(clock: Clock, sample_rate: int, moment: float) -> float:
    """Find the sample position whose time by the clock is `moment`, in time.perf_counter() seconds."""
    position = 0.0
    for _ in range(_ITERATIONS):
        near = round(position)
        position = near + (moment - clock.time_of(near)) * sample_rate
    return position


def tap_path(wanted: Path | None, events: str | None, audio: Path | None, now: datetime | None = None) -> Path:
    """Choose where taps go, a file that is not there yet.

    wanted: the user's choice. Else NAME.taps.jsonl beside the events NAME.jsonl, beside the audio file NAME.wav, or in
    the current folder taps-YYYYmmdd-HHMMSS.jsonl; with a number if that is there already.

    Raises UserError if the user's choice is there already, or if no file can be written there.
    """
    if wanted is not None:
        if wanted.exists() and not wanted.is_dir():
            raise UserError(f"taps {str(wanted)!r} are there already: give --tap-file another name")
        return check_target(wanted)
    beside = Path(events) if events not in (None, STDOUT) else audio
    if beside is not None:
        stem = beside.with_name(f"{beside.stem}.taps")
    else:
        stem = Path(f"taps-{now or datetime.now():%Y%m%d-%H%M%S}")
    path, number = stem.with_name(f"{stem.name}.jsonl"), 1
    while path.exists():
        number += 1
        path = stem.with_name(f"{stem.name}-{number}.jsonl")
    return check_target(path)


class TapRecorder:
    """Writes each hit of a pad, with the position of what the user heard then, as a line of JSON.

    time -->        played        heard                 hit
    position          |--- delay ---|--- the user's own ---|     the first is known and taken off here, the second by
                                                                 `samplechop labels from-taps`
    clock: knows when each sample was played, or reached the machine from a turntable that is heard beside it.
    delay: samples by which what is heard comes later, as with `--monitor aligned`.
    now: the clock of the hits; for tests.

    A hit while nothing is heard (before the first sample, past `length`, while the device is gone) is dropped.
    """

    def __init__(
        self,
        pad: Pad,
        clock: Clock,
        sample_rate: int,
        path: Path,
        delay: int = 0,
        length: int | None = None,
        sounds: Callable[[], bool] = lambda: True,
        now: Callable[[], float] = time.perf_counter,
        on_tap: Callable[[Tap], None] | None = None,
    ) -> None:
        """Prepare; nothing is written yet. sounds: [any thread] whether anything is heard at all now.

        on_tap: [taps] who else gets each tap.
        """
        self.path = path
        self._on_tap = on_tap
        self.count = 0
        self._pad, self._clock, self._sample_rate = pad, clock, sample_rate
        self._delay, self._length, self._sounds, self._now = delay, length, sounds, now
        self._file = LineFile(path, "taps", restored=True)
        self._hits: queue.SimpleQueue[tuple[float, int] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="taps", daemon=True)
        self._open = False

    @property
    def name(self) -> str:
        """What is tapped on, for people."""
        return self._pad.name

    def start(self) -> None:
        """[main] Begin, after position 0 of the clock. Raises UserError if the file cannot be made."""
        self._file.open()
        self._open = True
        self._thread.start()
        self._pad.start(self._hit)

    def _hit(self, velocity: int) -> None:
        self._hits.put((self._now(), velocity))

    def _write(self) -> None:
        """[taps] Write what was hit, at once: a hit has to wait for no other and for no screen."""
        while True:
            hits: list[tuple[float, int] | None] = []
            with suppress(queue.Empty):
                hits.append(self._hits.get(timeout=RETRY_SECONDS if self._file.fault else None))
                while True:
                    hits.append(self._hits.get_nowait())
            taps = [tap for hit in hits if hit is not None and (tap := self._place(*hit)) is not None]
            self._file.add([json.dumps(tap.record(self._sample_rate)) for tap in taps])
            if self._on_tap is not None:
                for tap in taps:
                    self._on_tap(tap)
            self.count += len(taps)
            if None in hits:
                return

    def _place(self, moment: float, velocity: int) -> Tap | None:
        sample = round(position_at(self._clock, self._sample_rate, moment)) - self._delay
        heard = sample >= 0 and (self._length is None or sample <= self._length) and self._sounds()
        return Tap(sample, velocity, self._pad.source) if heard else None

    def warnings(self) -> tuple[str, ...]:
        """[any thread] One sentence for each thing the user should know."""
        fault, target = self._file.fault, repr(str(self.path))
        back = f"{target} was deleted while taps were written to it: it is there again, with all of them"
        back = back if self._file.deleted and not fault else ""
        full = f"taps cannot be written to {target} ({fault}): they are kept and tried again" if fault else ""
        return tuple(text for text in (self._pad.warning, full, back) if text)

    def close(self) -> None:
        """[main] Hear no more, write what is left; twice is harmless. Raises UserError if the disk does not take it."""
        self._pad.close()
        if self._open:
            self._open = False
            self._hits.put(None)
            self._thread.join()
            self._file.close()
