"""Positions in the stream of a device, whatever becomes of the device."""

from collections.abc import Iterator
from contextlib import nullcontext

import numpy as np
import pytest

from samplechop.realtime.audio import device_source, stream
from samplechop.realtime.audio.device_source import DeviceSource
from samplechop.realtime.audio.devices import Device
from samplechop.realtime.audio.ring import STAMP_POSITION, STAMP_TIME, STAMPS, Ring

RATE, BLOCK = 44_100, 256
BEFORE, AFTER = 40, 40
"""Blocks before the device goes and after it is back."""


class ComingAndGoing:
    """A stream whose device goes after some blocks and is back `away` seconds later."""

    input_overflows = output_underflows = 0
    waiting, away, counts_frames = "", 0.0, False

    def __init__(self, *_: object) -> None:
        self.ring = Ring(1, 1 << 16)
        self._blocks: Iterator[None] = iter(())

    def start(self) -> None:
        self._blocks = self._play(0.0, BEFORE)
        next(self._blocks)

    def _play(self, since: float, blocks: int) -> Iterator[None]:
        for _ in range(blocks):
            position = self.ring.written
            self.ring.control[STAMP_POSITION], self.ring.control[STAMPS] = position, self.ring.control[STAMPS] + 2
            self.ring.clock[STAMP_TIME] = since + position / RATE
            self.ring.write(np.full((BLOCK, 1), 0.5, np.float32))
            yield

    def lost(self) -> bool:
        """Let one more block come; the device is gone when there is none."""
        return next(self._blocks, self) is self

    def restart(self) -> int:
        resumes = self.ring.written
        self._blocks = self._play(self.away, AFTER)
        return resumes

    def losses(self, _: int) -> list[tuple[int, int]]:
        return []

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> DeviceSource:
    """Give an input that plays ComingAndGoing."""
    device = Device(0, "Turntable", "ALSA", 1, 0, RATE, is_default=True)
    monkeypatch.setattr(device_source, "portaudio", nullcontext)
    monkeypatch.setattr(device_source, "devices_of", lambda _: [device])
    monkeypatch.setattr(device_source, "check_input", lambda *_: None)
    monkeypatch.setattr(stream, "DeviceStream", ComingAndGoing)
    monkeypatch.setattr(device_source, "CHECK_SECONDS", 0.0)
    return DeviceSource(block_size=BLOCK)


def test_what_had_come_before_a_stop_is_read_after_it(source: DeviceSource) -> None:
    source.start()
    for _ in range(BEFORE - 1):
        source._stream.lost()  # lets one more block come
    source.stop()
    chunks = []
    while (chunk := source.read()) is not None:
        chunks.append((chunk.start, len(chunk.samples)))
    assert sum(length for _, length in chunks) == BEFORE * BLOCK
    assert [start for start, _ in chunks] == sorted({start for start, _ in chunks})
    assert source.read() is None


@pytest.mark.parametrize("away", [0.3, 2.5, 3600.0])
def test_positions_follow_the_wall_clock_while_a_device_is_away(
    monkeypatch: pytest.MonkeyPatch, source: DeviceSource, away: float
) -> None:
    monkeypatch.setattr(ComingAndGoing, "away", away)
    source.start()
    chunks = []
    while sum(len(chunk.samples) for chunk in chunks) < (BEFORE + AFTER) * BLOCK:
        chunk = source.read()
        assert chunk is not None
        chunks.append(chunk)
    missed = round(away * RATE)
    gaps = [(chunk.start, chunk.gap) for chunk in chunks if chunk.gap]
    assert gaps == [(BEFORE * BLOCK + missed, missed)]
    assert (source.counters().lost_frames, source.counters().gaps) == (missed, 1)
    for chunk in chunks:
        assert source.time_of(chunk.start) == pytest.approx(chunk.start / RATE, abs=2 / RATE)
