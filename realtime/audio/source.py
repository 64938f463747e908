"""Where blocks come from: what every source of audio gives the host, and the clock of a device's samples.

The sources: device_source.DeviceSource, device_source.PlayedFileSource and file_source.FileSource.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Monitor = Literal["off", "direct", "aligned"]
RUNNING = ("listening", "playing")
"""States of a source from which audio comes."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next piece of the input.

    start: absolute position of samples[0], in samples at the source's rate.
    samples: float32, (n, channels), full scale ±1; a view that is valid until the next read.
    gap: samples lost just before this chunk (device gone, ring overrun), normally 0; start already includes it.
    """

    start: int
    samples: NDArray[np.float32]
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Xrun:
    """A stretch in which audio came or went too late.

    sample: the first one after what was lost, or of the block that was flagged. overflows, underflows: blocks
    flagged by the audio system. lost: samples that did not come. exact: whether the audio server
    counted them; otherwise it is what the clock says.
    """

    sample: int
    overflows: int
    underflows: int
    lost: int = 0
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Counters:
    """What went wrong so far.

    input_overflows, output_underflows: blocks flagged by the audio system. lost_frames: samples in all gaps and xruns
    together. gaps: how often the input was interrupted. xruns: those that are over, oldest first.
    """

    input_overflows: int = 0
    output_underflows: int = 0
    lost_frames: int = 0
    gaps: int = 0
    xruns: Sequence[Xrun] = ()


class Source(Protocol):
    """One input.

    name: the device's or the file's, to show. sample_rate: Hz. channels: in every chunk. block_size: samples per
    channel in a chunk, when nothing is late; most: at most, more than a block where the reader may have to catch up.
    realtime: whether the audio comes as fast as it sounds, not as fast as it can be read. length: samples per channel
    in all, by a file's header; None where there is no end.
    """

    name: str
    sample_rate: int
    channels: int
    block_size: int
    most: int
    realtime: bool
    length: int | None

    @property
    def state(self) -> str:
        """For the screen: "listening", "playing", or why nothing comes ("waiting for 'USB Audio'")."""

    @property
    def warnings(self) -> Sequence[str]:
        """One sentence for each thing the user should know, such as a file that ends early."""

    def start(self) -> None:
        """[main] Begin; position 0 is now. Raises UserError when the input cannot be opened."""

    def read(self) -> Chunk | None:
        """[analysis] Wait for audio; None at the end of the input and after `stop()`."""

    def stop(self) -> None:
        """[any thread] Close, and make `read()` return None soon; twice is harmless."""

    def time_of(self, position: int) -> float:
        """[any thread] When that sample of the input reached the machine, in time.perf_counter() seconds."""

    def counters(self) -> Counters:
        """[any thread] Give what went wrong so far."""


class Clock(Protocol):
    """Knows when each sample of the input reached the machine; whoever brings the blocks is one."""

    def time_of(self, position: int) -> float:
        """[any thread] Give the moment at which sample `position` of the input reached the machine.

        position: absolute, in samples at the input's rate; it may lie ahead, as the clock can be extrapolated.
        Gives seconds of `time.perf_counter()`. The answer may be refined as time goes on; it is always finite.
        """


BANDWIDTH_HZ = 0.5
JUMP_SECONDS = 0.05
STEP_SECONDS, STEP_PAIRS = 0.004, 8
MAX_OMEGA = 0.5
MAX_DRIFT = 5e-4
"""Of the device's rate against its nominal one; a burst of lost blocks would otherwise pass for a slow device."""


class StreamClock:
    """A delay-locked loop over (position, time) pairs, one per callback.

    After Adriaensen, "Using a DLL to filter time" (2005), with its two coefficients taken for the real distance between
    two pairs, as not every callback is seen. Jitter of a few milliseconds in single callbacks moves the answer by
    microseconds; a drifting device is followed within seconds. A pair more than 50 ms off (a device that came back, the
    machine asleep) is believed at once; less is believed when eight pairs in a row are more than 4 ms off to the same
    side (blocks were lost, or the first pair was a late one), and then the least of them. Between two pairs `time_of`
    is a straight line, so it is monotone in the position; from one pair to the next it may shift by microseconds.

    sample_rate: nominal, Hz. One thread updates, any may read.
    """

    def __init__(self, sample_rate: int, position: int = 0, time: float = 0.0) -> None:
        """Begin with one pair."""
        self._nominal = 1 / sample_rate
        self.reset(position, time)

    def reset(self, position: int, time: float) -> None:
        """Forget everything but this pair."""
        self._line = (position, time, self._nominal)
        self._off: list[float] = []  # of the last pairs, those in a row that are off to the same side

    def update(self, position: int, time: float) -> None:
        """Follow one more pair; positions that do not advance are ignored."""
        last, line_time, period = self._line
        frames = position - last
        if frames <= 0:
            return
        expected = line_time + frames * period
        error = time - expected
        if abs(error) > JUMP_SECONDS:
            self.reset(position, time)
            return
        if (self._off and self._off[-1] * error < 0) or abs(error) < STEP_SECONDS:
            self._off.clear()
        if abs(error) >= STEP_SECONDS:
            self._off.append(error)
            if len(self._off) == STEP_PAIRS:
                self.reset(position, expected + min(self._off, key=abs))
                return
        omega = min(MAX_OMEGA, 2 * math.pi * BANDWIDTH_HZ * frames * self._nominal)
        expected += math.sqrt(2) * omega * error
        period += omega * omega * error / frames
        period = min(max(period, self._nominal * (1 - MAX_DRIFT)), self._nominal * (1 + MAX_DRIFT))
        self._line = (position, expected, period)

    def time_of(self, position: int) -> float:
        """[any thread] Give the seconds of time.perf_counter() at which that sample was at the converter."""
        last, time, period = self._line
        return time + (position - last) * period
