"""Ears made up for tests of judging: simple enough that what they must hear is known."""

from collections.abc import Sequence

import numpy as np

from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import Block, Emit, ProcessSpec


class Reciter:
    """A detector that says the same events of every recording, each as soon as the stream has come to it."""

    def __init__(self, events: Sequence[Event], own_latency: int = 1000) -> None:
        self._events = sorted(events, key=lambda one: one.emitted)
        self._own = own_latency

    @property
    def latency(self) -> int:
        return self._own + self._block

    def prepare(self, spec: ProcessSpec) -> None:
        self._block = spec.max_block_size
        self.reset()

    def reset(self) -> None:
        self._said = 0

    def process(self, block: Block, start: int, emit: Emit) -> None:
        while self._said < len(self._events) and self._events[self._said].emitted < start + len(block):
            emit(self._events[self._said])
            self._said += 1


def drum(time: float, label: str, strength: float = 0.8, velocity: int = 100, delay: float = 0.01) -> Event:
    """A drum event at `time` seconds, decided `delay` seconds later, at 44 100 Hz."""
    sample = round(time * 44_100)
    return Event("drum", sample, sample + round(delay * 44_100), strength, label, 38, velocity)


class Thresholds:
    """A crude ear for drums: energy that rises in a low, a middle or a high band."""

    SIZE = 512

    @property
    def latency(self) -> int:
        return self.SIZE + self._block

    def prepare(self, spec: ProcessSpec) -> None:
        self._block = spec.max_block_size
        edges = np.fft.rfftfreq(self.SIZE, 1 / spec.sample_rate)
        self._bands = [("kick", edges < 150), ("snare", (edges > 300) & (edges < 3000)), ("hat", edges > 7000)]
        self.reset()

    def reset(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._before = np.full(3, 1e9)
        self._at: int | None = None
        self._last = [-1_000_000] * 3

    def process(self, block: Block, start: int, emit: Emit) -> None:
        self._at = start if self._at is None else self._at
        self._rest = np.concatenate([self._rest, block])
        while len(self._rest) >= self.SIZE:
            power = np.abs(np.fft.rfft(self._rest[: self.SIZE] * np.hanning(self.SIZE))) ** 2
            for number, (label, bins) in enumerate(self._bands):
                now = float(power[bins].sum())
                if now > 1 and now > 4 * self._before[number] and self._at - self._last[number] > 3000:
                    self._last[number] = self._at
                    sample = self._at + self.SIZE // 2
                    emit(Event("drum", sample, self._at + self.SIZE, min(1.0, now / 100), label, 36, 90))
                self._before[number] = 0.7 * self._before[number] + 0.3 * now if self._before[number] < 1e8 else now
            self._at += self.SIZE
            self._rest = self._rest[self.SIZE :]
