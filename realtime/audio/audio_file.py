"""Audio files opened so that all their samples can be read: what a header says of their number is a claim.

libsndfile reads what it can give whole. Where it knows less of a file than is there, or nothing, a copy is written
that it can: with a finished header, or what ffmpeg decodes. What a file is shows in its bytes, not in its name.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile
from numpy.typing import NDArray

from samplechop.realtime.audio.ffmpeg import DESCRIPTORS, decode_with_ffmpeg, is_installed
from samplechop.realtime.audio.ordinary_file import check_regular
from samplechop.realtime.audio.stream_length import (
    MPEG_DELAY,
    flac_streams,
    mpeg_samples,
    ogg_streams,
    unfinished_sizes,
)
from samplechop.realtime.core.errors import UserError, reason_of

RATES = (4_000, 384_000)
"""Hz, the lowest and the highest sample rate that is taken."""
CHANNELS = 64
UNKNOWN = 2**36
"""Samples: no header states more; libsndfile gives 2**63 - 1 for a FLAC that does not state its length."""
PIPED = 2**31 - 2**15
"""Bytes: programs that write to a pipe promise the most a header can hold; that is no damage."""
EXACT = frozenset(("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"))
"""Sample formats, by soundfile's words, in whose files every sample can be sought."""
DECODE_FRAMES = 32_768
"""Frames decoded at once, whatever the block size: what a damaged file yields must not depend on the block size."""
MPEG_SLACK = 2 * 1152 + 529
"""Samples by which MPEG audio may end before its claim: two frames, and a decoder's delay."""


def check_format(path: Path, rate: int, channels: int) -> None:
    """Refuse a sample rate or a number of channels out of range. Raises UserError."""
    if not RATES[0] <= rate <= RATES[1]:
        raise UserError(f"{str(path)!r} claims a rate of {rate} Hz: only {RATES[0]} to {RATES[1]} Hz can be read")
    if not 1 <= channels <= CHANNELS:
        raise UserError(f"{str(path)!r} claims {channels} channels: only 1 to {CHANNELS} can be read")


def open_audio(path: Path) -> soundfile.SoundFile:
    """Open anything libsndfile reads. Raises UserError when there is no such audio."""
    check_regular(path)
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        reason = str(getattr(error, "error_string", error)).removeprefix("Error : ").strip().rstrip(".")
        raise UserError(
            f"{str(path)!r} cannot be read as audio ({reason}): give a wav, aiff, flac, ogg, opus or mp3 file"
        ) from None
    if file.frames == 0:
        file.close()
        raise UserError(f"{str(path)!r} holds no audio (0 samples): give another file")
    if file.frames >= UNKNOWN:
        # python-soundfile seeks after each read, which fails at an end that nobody knew.
        file.seekable = lambda: False
    return file


@dataclass
class AudioFile:
    """An audio file, opened so that all its samples can be read.

    file: open, at its first sample. path: what is open, the file itself or its copy. length: samples per channel that
    are claimed; None if nobody knows. slack: by how many samples the file may end before that without damage.
    missing: samples per channel that a header promises beyond `length`.
    """

    file: soundfile.SoundFile
    path: Path
    length: int | None
    slack: int = 0
    missing: int = 0

    def fault(self, read: int, reason: str = "") -> str:
        """Say what is wrong when `read` samples could be read, and decoding broke off for a reason; "" if nothing."""
        rate = self.file.samplerate
        short = None if self.length is None else self.length + self.missing - read
        if (short is None and not reason) or (short is not None and short <= (0 if reason else self.slack)):
            return ""
        lost = "" if not short else f": {short / rate:.2f} of {(read + short) / rate:.2f} s are missing"
        claimed = "" if short is None else f" of {read + short}"
        what = f"is damaged after {read} samples ({reason})" if reason else f"ends early, after {read}{claimed} samples"
        return f"{what}{lost}; what came before was used"

    def blocks(self, dtype: str, faults: list[str], out: NDArray[Any] | None = None) -> Iterator[NDArray[Any]]:
        """Decode the file from its first sample as far as it goes: (n, channels), n at most DECODE_FRAMES.

        dtype: as soundfile has it. faults: takes the fault, if there is one, at the end. After a fault, ever smaller
        steps find where exactly it lies. out: (DECODE_FRAMES, channels) of that dtype, of which views are given, each
        valid until the next; None for arrays of their own.
        """
        size, position, reason, file = DECODE_FRAMES, 0, "", self.file
        while size:
            try:
                if position:
                    file.seek(position)
                # Nor after each read, as python-soundfile does: that fails just before a fault, and in a FLAC costs a
                # search through the file.
                file.seekable = lambda: False
                while len(samples := file.read(size, dtype=dtype, always_2d=True, out=out)):
                    yield samples
                    position += len(samples)
                break
            except soundfile.LibsndfileError as error:
                word = error.error_string.removeprefix("Error : ").strip().rstrip(".")
                # What libsndfile says when it looks for samples that are not there.
                reason = reason or ("the rest is missing" if "fseek" in word else word or "the decoder stopped")
                # Few steps, as each is sought through all that is damaged; lossy formats cannot be sought in exactly,
                # so what would come next might not be what follows.
                size = max(size // 16, 1) if size > 1 and (not position or self.file.subtype in EXACT) else 0
            finally:
                if file is not self.file:
                    file.close()
            if size:
                file = open_audio(self.path)
        if fault := self.fault(position, reason):
            faults.append(fault)


def open_complete(path: Path, place: Callable[[], Path], warnings: list[str]) -> AudioFile:
    """Open any audio file, so that all its samples can be read.

    place: gives where a wav of them is to be written; called only if it has to be. warnings: takes sentences. Raises
    UserError for what neither libsndfile nor ffmpeg can read, and for rates and channels out of range.
    """
    check_regular(path)
    if (finished := _finished(path, place)) is not None:
        return finished
    try:
        opened = _opened(path, open_audio(path), path)
    except UserError as refusal:
        return _decoded(path, place, warnings, 0.0, refusal)
    there = None
    with suppress(OSError, ValueError):
        there = _claim(opened)
    if there is None:
        return opened
    rate, known = opened.file.samplerate, opened.file.frames
    if is_installed():
        with suppress(UserError):
            decoded = _decoded(path, place, warnings, there, None, opened.file.format == "FLAC")
            opened.file.close()
            return decoded
    warnings.append(
        f"{str(path)!r} holds {there:.2f} s, of which only the first {known / rate:.2f} s can be read without the "
        f"ffmpeg program: install ffmpeg, or give a wav file"
    )
    return opened


def _finished(path: Path, place: Callable[[], Path]) -> AudioFile | None:
    """Open a copy with a finished header, where a WAV or AIFF was broken off; None for all others."""
    try:
        sizes = unfinished_sizes(path)
    except (OSError, ValueError):
        return None
    if not sizes:
        return None
    copy = place()
    try:
        shutil.copyfile(path, copy)
        copy.chmod(0o600)
        with copy.open("r+b") as file:
            for at, value in sizes.items():
                file.seek(at)
                file.write(value)
        return _opened(path, open_audio(copy), copy)
    except UserError:
        _discard(copy)
        return None
    except OSError as error:
        _discard(copy)
        raise UserError(
            f"{str(path)!r} was never finished, and its copy {str(copy)!r} cannot be written: {reason_of(error)}"
        ) from None


def _discard(copy: Path) -> None:
    """Remove a copy; one that has no name of its own is empty then."""
    with suppress(OSError):
        if copy.parent == DESCRIPTORS:
            os.truncate(copy, 0)
        else:
            copy.unlink(missing_ok=True)


def _opened(path: Path, file: soundfile.SoundFile, where: Path) -> AudioFile:
    try:
        check_format(path, file.samplerate, file.channels)
    except UserError:
        file.close()
        raise
    # libsndfile counts what is there, and says only in its log that a header promises more.
    sizes = re.findall(r"^ *(?:data|SSND) : (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    short = [(int(there), int(promised)) for promised, there in sizes if int(there) < int(promised) < PIPED]
    missing = round(file.frames * (short[0][1] - short[0][0]) / short[0][0]) if short and short[0][0] else 0
    return AudioFile(file, where, None if file.frames >= UNKNOWN else int(file.frames), missing=missing)


def _claim(opened: AudioFile) -> float | None:
    """Give how many seconds are there, where they are more than libsndfile can give; None where it gives all.

    Sets length and slack. Raises OSError and ValueError if the file cannot be walked through.
    """
    file = opened.file
    if file.subtype.startswith("MPEG"):
        count, stated = mpeg_samples(opened.path)
        opened.slack = MPEG_SLACK
        if count > file.frames + MPEG_DELAY:
            return count / file.samplerate
        if count and not stated and file.format != "WAV":  # an estimate by the bitrate of the first frames
            opened.length = min(count, file.frames)
    elif file.format in ("OGG", "FLAC"):
        streams, seconds = (ogg_streams if file.format == "OGG" else flac_streams)(opened.path)
        return seconds if streams > 1 else None
    return None


def _decoded(
    path: Path,
    place: Callable[[], Path],
    warnings: list[str],
    there: float,
    refusal: UserError | None,
    exact: bool = False,
) -> AudioFile:
    """Open what ffmpeg decodes. there: seconds to expect, or 0; exact: to the sample. refusal: of libsndfile."""
    if refusal is not None and not is_installed():
        reason = str(refusal).removeprefix(repr(str(path)) + " ").rpartition(": ")[0]
        raise UserError(
            f"{str(path)!r} {reason}; it needs the ffmpeg program to be read: install ffmpeg, or give a wav file"
        )
    copy = place()
    try:
        complaint, claimed = decode_with_ffmpeg(path, copy)
        file = open_audio(copy)
    except UserError as error:
        _discard(copy)
        raise refusal or error from None
    opened = _opened(path, file, copy)
    seconds = file.frames / file.samplerate
    # Where one stream ends and the next begins is reason enough for ffmpeg to complain; only FLAC's count is exact.
    enough = there if exact else 0.99 * there - MPEG_DELAY / file.samplerate
    if seconds < enough or (complaint and not there):
        complaint = complaint or "it stopped early"
        claimed = max(there, claimed or 0.0)
        lost = f": {claimed - seconds:.2f} of {claimed:.2f} s are missing" if claimed > seconds else ""
        warnings.append(f"{str(path)!r} is damaged (ffmpeg: {complaint}){lost}; what could be read was used")
    return opened
