"""Audio files of any kind made seekable: read in place where that is exact, else decoded once, in blocks, to wav.

A file is read in place when its samples are kept uncompressed or as FLAC and all of them can be read. Everything else
gets a copy: lossy formats, whose decoders seek badly; damaged files, as far as they can be read, so that nobody after
us meets the damage; and floats that are no numbers, which become silence, as no measure survives them.

The copy of something lossy holds 24-bit integers: its decoder has no grid of its own, 24 bits are finer than any lossy
format's noise, and every sampler reads them, floats only some. Like every player it clips what is beyond full scale.
"""

import shutil
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.audio.sample_formats import BYTES, FLOATS, container
from samplechop.realtime.audio.audio_file import DECODE_FRAMES, AudioFile, check_format, open_audio, open_complete
from samplechop.realtime.audio.ffmpeg import HOURS, room
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.wording import in_bytes

SAMPLES = 10**10
"""Of all channels: 12 hours of stereo at 115 kHz. Decoding takes minutes then."""
LOUDEST = 1e6
"""Floats beyond are no audio: 120 dB over full scale."""
SUBTYPES = {**{name: name for name in BYTES}, "PCM_S8": "PCM_U8"}
"""Sample formats that are read in place, each with the one that holds the same samples in wav slices."""
DECODED = {
    "ALAC_32": "PCM_32",
    **dict.fromkeys(("ALAC_16", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610", "DPCM_8", "DPCM_16"), "PCM_16"),
}
"""Sample formats whose decoder gives integers, and the size of those."""
Opened = tuple[Path, int, int, int, str]
"""File, sample rate in Hz, channels, samples per channel, subtype of slices."""


def seekable(path: Path, copy: Path, warnings: list[str]) -> Opened:
    """Give a lossless file with the samples of `path`: itself, or `copy`, which is then written.

    copy: a path in a folder of our own. warnings: takes sentences. Raises UserError as `check` does, for what nothing
    can read, and when the copy cannot be written.
    """
    opened = open_complete(path, lambda: copy, warnings)
    file, length = opened.file, opened.length
    with file:
        rate, channels, frames = int(file.samplerate), int(file.channels), int(file.frames)
        check(path, rate, channels, length or 0)
        subtype = SUBTYPES.get(file.subtype) or DECODED.get(file.subtype, "PCM_24")
        if file.subtype in SUBTYPES and file.format not in ("OGG", "MP3") and length is not None and _is_whole(file):
            if fault := opened.fault(frames):
                warnings.append(f"{str(path)!r} {fault}")
            return opened.path, rate, channels, frames, subtype
        # A copy that cannot be read in place gets one of its own beside it.
        target = copy if opened.path == path else copy.with_stem(f"{copy.stem}-2")
        return target, rate, channels, _copy(path, opened, target, subtype, warnings), subtype


def check(path: Path, rate: int, channels: int, frames: int) -> None:
    """Refuse what cannot be chopped. Raises UserError for rate, channels or length out of range."""
    check_format(path, rate, channels)
    most = min(HOURS * 3600 * rate, SAMPLES // channels)
    if frames > most:
        hours, limit = (f"{samples / rate / 3600:.1f} hours" for samples in (frames, most))
        raise UserError(
            f"{str(path)!r} claims to last {hours}: only {limit} can be chopped in {channels} channels at {rate} Hz"
        )


def _is_whole(file: soundfile.SoundFile) -> bool:
    """Say whether all samples can be read, and all floats are numbers; integers that are not packed need no look."""
    try:
        if file.subtype not in FLOATS and file.format != "FLAC":
            file.seek(file.frames - 1)
            return len(file.read(1, dtype="int32", always_2d=True)) == 1
        length = 0
        while len(samples := file.read(DECODE_FRAMES, dtype=_dtype(file.subtype), always_2d=True)):
            if file.subtype in FLOATS and not np.all(np.abs(samples) <= LOUDEST):  # a comparison with NaN is false
                return False
            length += len(samples)
        return length == file.frames
    except soundfile.LibsndfileError:
        return False


def _dtype(subtype: str) -> str:
    """Decoders of lossy formats give floats, all others integers, which int32 holds whatever their size."""
    return FLOATS.get(subtype, "int32" if subtype in SUBTYPES or subtype in DECODED else "float32")


def _copy(path: Path, opened: AudioFile, copy: Path, subtype: str, warnings: list[str]) -> int:
    """Write what can be read of a file to a wav, and give its length."""
    rate, channels, claimed = opened.file.samplerate, opened.file.channels, opened.length
    size = (claimed or 0) * channels * BYTES[subtype]
    free = shutil.disk_usage(copy.parent).free
    if size > 0.95 * free:
        place = next(one for one in copy.parents if not any(part.startswith(".") for part in one.parts))
        there = f"the disk of {str(place)!r} has {in_bytes(free)} free: make room there"
        raise UserError(f"decoding {str(path)!r} takes {in_bytes(size)}, but {there}")
    kind = "RF64" if claimed is None else container(claimed, channels, subtype)
    try:
        out = soundfile.SoundFile(copy, "x", rate, channels, subtype, format=kind)
    except (soundfile.LibsndfileError, OSError) as error:
        raise UserError(f"{str(copy)!r} cannot be written: {reason_of(error)}") from None
    length = bad = 0
    most = min(HOURS * 3600 * rate, room(path) // (channels * BYTES[subtype])) if claimed is None else claimed
    faults: list[str] = []
    opened.file = open_audio(opened.path)  # after a fault no other sample can be sought
    with out, opened.file:
        for samples in opened.blocks(_dtype(opened.file.subtype), faults):
            if samples.dtype.kind == "f":
                wrong = ~(np.abs(samples) <= LOUDEST)
                bad += int(np.count_nonzero(wrong))
                samples[wrong] = 0.0
            length += len(samples)
            if length > most:
                raise UserError(
                    f"{str(path)!r} does not state its length and goes on for {length / rate:.0f} s: split it"
                )
            try:
                out.write(samples)
            except (soundfile.LibsndfileError, OSError) as error:
                reason = getattr(error, "error_string", error)
                raise UserError(f"{str(copy)!r} cannot be written ({reason}): is the disk full?") from None
    warnings += [f"{str(path)!r} {fault}" for fault in faults]
    if not length:
        raise UserError(f"{str(path)!r} is damaged: no sample of it can be read")
    if bad:
        which = "1 sample that is" if bad == 1 else f"{bad} samples that are"
        warnings.append(f"{str(path)!r} holds {which} no audio (NaN or endless), which became silence")
    return length
