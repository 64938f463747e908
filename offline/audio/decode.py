"""Audio files of any kind made seekable: read in place where that is exact, else decoded once, in blocks, to wav.

A file is read in place when its samples are kept uncompressed or as FLAC and all of them can be read. Everything else
gets a copy: lossy formats, whose decoders seek badly; damaged files, as far as they can be read, so that nobody after
us meets the damage; and floats that are no numbers, which become silence, as no measure survives them.

The copy of something lossy holds 24-bit integers: its decoder has no grid of its own, 24 bits are finer than any lossy
format's noise, and every sampler reads them, floats only some. Like every player it clips what is beyond full scale.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import BYTES, FLOATS, MOST_WAV_BYTES, container
from samplechop.offline.common.programs import ends_with_us
from samplechop.realtime.audio.file_source import DECODE_FRAMES, open_audio
from samplechop.realtime.core.errors import UserError

HOURS = 12
SAMPLES = 10**10
"""Of all channels: 12 hours of stereo at 115 kHz. Decoding takes minutes then."""
ROOM, EXPANSION = 2**28, 1000
"""Bytes to which anything may be decoded, and more for each byte of the file: beyond it is made to fill the disk."""
RATES = (4_000, 384_000)
CHANNELS = 64
LOUDEST = 1e6
"""Floats beyond are no audio: 120 dB over full scale."""
SUBTYPES = {**{name: name for name in BYTES}, "PCM_S8": "PCM_U8"}
"""Sample formats that are read in place, each with the one that holds the same samples in wav slices."""
DECODED = {
    "ALAC_32": "PCM_32",
    **dict.fromkeys(("ALAC_16", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610", "DPCM_8", "DPCM_16"), "PCM_16"),
}
"""Sample formats whose decoder gives integers, and the size of those."""
UNKNOWN = 2**36
"""Samples: no header states more; libsndfile gives 2**63 - 1 for a FLAC that does not state its length."""

Opened = tuple[Path, int, int, int, str]
"""File, sample rate in Hz, channels, samples per channel, subtype of slices."""


def seekable(path: Path, copy: Path, warnings: list[str]) -> Opened:
    """Give a lossless file with the samples of `path`: itself, or `copy`, which is then written.

    copy: a path in a folder of our own. warnings: takes sentences. Raises UserError as `check` does, for what nothing
    can read, and when the copy cannot be written.
    """
    try:
        file = open_audio(path)
    except UserError as error:
        if is_ours(path):
            raise
        decoded, damage = decode_with_ffmpeg(path, copy, HOURS * 3600.0, room(path), error)
        if damage:
            warnings.append(f"{str(path)!r} is damaged (ffmpeg: {damage}); what could be read was used")
        try:
            file = open_audio(decoded)
        except UserError:
            raise UserError(f"{str(path)!r} holds no sound that can be decoded: give another file") from None
        with file:
            check(path, file.samplerate, file.channels, file.frames)
            return decoded, file.samplerate, file.channels, file.frames, SUBTYPES[file.subtype]
    with file:
        rate, channels, frames = int(file.samplerate), int(file.channels), int(file.frames)
        check(path, rate, channels, 0 if frames >= UNKNOWN else frames)
        subtype = SUBTYPES.get(file.subtype) or DECODED.get(file.subtype, "PCM_24")
        if file.subtype in SUBTYPES and file.format not in ("OGG", "MP3") and frames < UNKNOWN and _is_whole(file):
            if _is_cut_short(file):
                warnings.append(_damage(path, f"ends early, after {frames} samples"))
            return path, rate, channels, frames, subtype
    length = _copy(path, copy, subtype, warnings)
    return copy, rate, channels, length, subtype


def room(path: Path) -> int:
    """Give how many bytes a file that does not state its length may be decoded to."""
    return ROOM + EXPANSION * path.stat().st_size


def check(path: Path, rate: int, channels: int, frames: int) -> None:
    """Refuse what cannot be chopped. Raises UserError for rate, channels or length out of range."""
    if not RATES[0] <= rate <= RATES[1]:
        raise UserError(f"{str(path)!r} claims a rate of {rate} Hz: only {RATES[0]} to {RATES[1]} Hz can be chopped")
    if not 1 <= channels <= CHANNELS:
        raise UserError(f"{str(path)!r} claims {channels} channels: only 1 to {CHANNELS} can be chopped")
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


def _is_cut_short(file: soundfile.SoundFile) -> bool:
    """Say whether a header promises more than there is; libsndfile counts what is there and says so only in its log."""
    sizes = re.findall(r"^ *(?:data|SSND) : (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    # Programs that write to a pipe promise the most a header can hold: that is no damage.
    return any(int(there) < int(promised) < MOST_WAV_BYTES // 2 for promised, there in sizes)


def _damage(path: Path, fault: str) -> str:
    return f"{str(path)!r} {fault}; what came before was used"


def _copy(path: Path, copy: Path, subtype: str, warnings: list[str]) -> int:
    """Write what can be read of a file to a wav, and give its length."""
    with open_audio(path) as file:
        rate, channels, claimed = file.samplerate, file.channels, file.frames
        known = claimed < UNKNOWN
        size = (claimed if known else 0) * channels * BYTES[subtype]
        free = shutil.disk_usage(copy.parent).free
        if size > 0.95 * free:
            there = f"{str(copy.parent)!r} has {free / 1e9:.1f} GB free"
            raise UserError(f"decoding {str(path)!r} takes {size / 1e9:.1f} GB, but {there}")
        kind = container(claimed, channels, subtype) if known else "RF64"
    try:
        out = soundfile.SoundFile(copy, "x", rate, channels, subtype, format=kind)
    except (soundfile.LibsndfileError, OSError) as error:
        raise UserError(f"{str(copy)!r} cannot be written: {error}") from None
    length = bad = 0
    most = min(HOURS * 3600 * rate, room(path) // (channels * BYTES[subtype]) if not known else claimed)
    with out:
        for samples in _salvage(path, file.subtype, warnings, claimed if known else None):
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
    if not length:
        raise UserError(f"{str(path)!r} is damaged: no sample of it can be read")
    if bad:
        warnings.append(f"{str(path)!r} holds {bad} samples that are no audio (NaN or endless): they became silence")
    return length


def _salvage(path: Path, subtype: str, warnings: list[str], claimed: int | None) -> Iterator[NDArray[Any]]:
    """Decode a file as far as it goes. After a fault, ever smaller steps find where exactly it lies.

    soundfile takes the end of a FLAC that does not state its length for a fault: such a file loses its last sample.
    """
    size, position, fault = DECODE_FRAMES, 0, ""
    while size:
        with open_audio(path) as file:
            try:
                if position:
                    file.seek(position)
                while len(samples := file.read(size, dtype=_dtype(subtype), always_2d=True)):
                    yield samples
                    position += len(samples)
                break
            except soundfile.LibsndfileError as error:
                reason = error.error_string.removeprefix("Error : ").strip().rstrip(".")
                # What libsndfile says when it looks for samples that are not there.
                fault = fault or ("the rest is missing" if "fseek" in reason else reason or "the decoder stopped")
                # Lossy formats cannot be sought in exactly, so what would come next might not be what follows.
                size = size // 2 if not position or subtype in SUBTYPES else 0
    if claimed is not None and fault:
        warnings.append(_damage(path, f"is damaged after {position} samples ({fault})"))
    elif claimed is not None and position < claimed:
        warnings.append(_damage(path, f"ends early, after {position} of {claimed} samples"))


OURS = frozenset(
    ("wav", "wave", "bwf", "rf64", "w64", "flac", "aif", "aiff", "aifc", "au", "snd", "ogg", "oga", "opus")
)
"""Endings of formats where libsndfile's word is final: what it refuses is damaged, not foreign."""
CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,avi,caf,dsf,dts,eac3,flac,flv,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,shn,tak,tta,"
    "voc,w64,wav,wv,xwma"
)
"""ffmpeg's names of what it may open: no playlists, which could name other files, and no pictures or text."""
LIMITS = ("-max_alloc", str(512 << 20), "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS)
_SHOWN = ["-select_streams", "a:0", "-show_entries", "stream=codec_name,bits_per_raw_sample", "-of", "json"]
PROBE_SECONDS, DECODE_SECONDS = 30.0, 1800.0
LOSSLESS = frozenset({"alac", "flac", "wavpack", "tta", "ape", "tak", "shorten"})


def is_ours(path: Path) -> bool:
    """Say whether nothing but libsndfile should read a file."""
    return not path.is_file() or path.stat().st_size == 0 or path.suffix[1:].lower() in OURS


def decode_with_ffmpeg(path: Path, copy: Path, most: float, size: int, refusal: UserError) -> tuple[Path, str]:
    """Decode the first sound of a file to the wav file `copy`; give that and what ffmpeg complained about, or "".

    most: seconds to be decoded at most, and one more, so that what is longer shows. size: bytes of the copy at most.
    refusal: what libsndfile said.
    Lossless formats of 16 bits stay at 16, all others become 24. Raises UserError if ffmpeg is missing or fails.
    """
    ffmpeg, ffprobe = shutil.which("ffmpeg"), shutil.which("ffprobe")
    if ffmpeg is None or ffprobe is None:
        if path.suffix.lower() == ".mp3":
            raise refusal
        raise UserError(f"{str(path)!r} needs the ffmpeg program to be read: install ffmpeg, or give a wav file")
    # "file:" before an absolute path keeps a name such as "-i", "concat:a|b" or "http://x" from being anything else.
    given = ["-i", f"file:{path.absolute()}"]
    told = _run([ffprobe, *LIMITS, "-v", "error", *_SHOWN, *given], copy.parent, PROBE_SECONDS, path)
    codec = _codec(told[1])
    if codec is None:
        raise UserError(f"{str(path)!r} holds no sound that libsndfile or ffmpeg can read: give an audio file")
    depth = "pcm_s16le" if codec[0] in LOSSLESS and codec[1] == 16 else "pcm_s24le"
    size = min(size, int(0.95 * shutil.disk_usage(copy.parent).free))
    wanted = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-t", f"{most + 1:g}", "-fs", str(size)]
    written = ["-c:a", depth, "-rf64", "auto", "-bitexact", "-f", "wav", "-n", f"file:{copy.absolute()}"]
    quiet = ["-nostdin", "-hide_banner", "-v", "error"]
    code, _, complaint = _run([ffmpeg, *quiet, *LIMITS, *given, *wanted, *written], copy.parent, DECODE_SECONDS, path)
    if not copy.is_file() or copy.stat().st_size < 100:
        raise UserError(f"{str(path)!r} cannot be decoded (ffmpeg: {complaint or 'it holds no audio'})")
    if copy.stat().st_size > 0.99 * size:
        complaint = f"it goes on beyond {size / 1e6:.0f} MB"
    return copy, complaint or ("it stopped early" if code else "")


def _codec(told: str) -> tuple[str, int] | None:
    """Read ffprobe's answer: codec of the first sound, and its bits per sample or 0."""
    try:
        stream = json.loads(told)["streams"][0]
        return str(stream["codec_name"]), int(stream.get("bits_per_raw_sample") or 0)
    except (ValueError, LookupError, TypeError):
        return None


def _run(command: list[str], scratch: Path, seconds: float, path: Path) -> tuple[int, str, str]:
    """Run a program without a shell; give its exit code, the start of its output, and of its complaints a line."""
    # Files, not pipes: a hostile file can make it complain without end, and that must not fill our memory.
    with tempfile.TemporaryFile(dir=scratch) as out, tempfile.TemporaryFile(dir=scratch) as err:
        try:
            code = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                timeout=seconds,
                check=False,
                preexec_fn=ends_with_us(),
            ).returncode
        except subprocess.TimeoutExpired:
            raise UserError(
                f"ffmpeg could not decode {str(path)!r} in {seconds / 60:g} minutes: give a wav file"
            ) from None
        out.seek(0)
        err.seek(0)
        told = out.read(100_000).decode("utf-8", "replace")
        lines = err.read(2_000).decode("utf-8", "replace").strip().splitlines()
    # "[alac @ 0x55d0c8e3b2c0] what is wrong"
    line = re.sub(r"^\[(\S+) @ 0x[0-9a-f]+\] ", r"\1: ", lines[0]) if lines else ""
    return code, told, "".join(char for char in line if char.isprintable())[:200]
