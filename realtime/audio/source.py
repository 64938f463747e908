"""Where blocks come from: what every source of audio gives the host.

The two there are: device_source.DeviceSource and file_source.FileSource.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Monitor = Literal["off", "direct", "aligned"]


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
class Counters:
    """What went wrong so far.

    input_overflows, output_underflows: blocks flagged by the audio system. lost_frames: samples in all gaps together.
    gaps: how often the input was interrupted.
    """

    input_overflows: int = 0
    output_underflows: int = 0
    lost_frames: int = 0
    gaps: int = 0


class Source(Protocol):
    """One input."""

    @property
    def name(self) -> str:
        """Name to show: the device's or the file's."""

    @property
    def sample_rate(self) -> int:
        """Rate of the input in Hz."""

    @property
    def channels(self) -> int:
        """Channels in every chunk."""

    @property
    def block_size(self) -> int:
        """Samples per channel in a chunk, when nothing is late."""

    @property
    def most(self) -> int:
        """Most samples per channel in a chunk: more than a block where the reader may have to catch up."""

    @property
    def realtime(self) -> bool:
        """Whether the audio comes as fast as it sounds, not as fast as it can be read."""

    @property
    def state(self) -> str:
        """For the screen: "listening", "playing", or why nothing comes ("waiting for 'USB Audio'")."""

    @property
    def length(self) -> int | None:
        """Samples per channel in all, as a file's header says; None where there is no end."""

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
