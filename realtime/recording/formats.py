"""What a session's audio is written as: a plain table name -> file."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.errors import UserError

RecordFormat = Literal["wav24", "float", "flac"]
"""wav24 is the default: no converter gives more than 24 bits, and every sampler and DAW reads it. float keeps what is
louder than full scale, for a quarter more room; flac needs about half as much."""


class AudioFile(Protocol):
    """Audio that is being written. frames: samples per channel so far. Every call may raise OSError."""

    frames: int

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (n, channels), full scale ±1."""

    def write_silence(self, frames: int) -> None:
        """Append so many samples of silence."""

    def flush(self) -> None:
        """Let other programs read what was written; a kill cannot take it back."""

    def sync(self) -> None:
        """Wait until the disk has what was flushed; a power cut cannot take it back."""

    def close(self) -> None:
        """Finish; twice is harmless. What was written stays readable also when this raises."""


def _wav24(path: Path, sample_rate: int, channels: int) -> AudioFile:
    from samplechop.realtime.recording.wav_file import WavFile

    return WavFile(path, sample_rate, channels)


def _float(path: Path, sample_rate: int, channels: int) -> AudioFile:
    from samplechop.realtime.recording.wav_file import WavFile

    return WavFile(path, sample_rate, channels, is_float=True)


def _flac(path: Path, sample_rate: int, channels: int) -> AudioFile:
    from samplechop.realtime.recording.flac_file import FlacFile

    return FlacFile(path, sample_rate, channels)


FORMATS: dict[RecordFormat, tuple[str, Callable[[Path, int, int], AudioFile]]] = {
    "wav24": ("audio.wav", _wav24),
    "float": ("audio.wav", _float),
    "flac": ("audio.flac", _flac),
}
"""The name of the file in a session's folder, and how it is made: path, sample rate in Hz, channels."""


def check_format(name: RecordFormat, sample_rate: int, channels: int) -> None:
    """Raise UserError where a format cannot hold such audio."""
    from samplechop.realtime.recording.flac_file import MOST_CHANNELS, MOST_RATE

    if name == "flac" and (channels > MOST_CHANNELS or sample_rate > MOST_RATE):
        raise UserError(
            f"--record-format flac holds up to {MOST_CHANNELS} channels at up to {MOST_RATE} Hz, "
            f"got {channels} at {sample_rate} Hz: take wav24"
        )
