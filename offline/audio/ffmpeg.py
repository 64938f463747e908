"""Formats that libsndfile does not read (m4a, aac, wma, films), decoded by the ffmpeg program where it is installed."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from samplechop.realtime.core.errors import UserError

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
PROBE_SECONDS, DECODE_SECONDS = 30.0, 1800.0
LOSSLESS = frozenset({"alac", "flac", "wavpack", "tta", "ape", "tak", "shorten"})


def is_ours(path: Path) -> bool:
    """Say whether nothing but libsndfile should read a file."""
    return not path.is_file() or path.stat().st_size == 0 or path.suffix[1:].lower() in OURS


def decode(path: Path, copy: Path, most: float, size: int, refusal: UserError) -> tuple[Path, str]:
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


_SHOWN = ["-select_streams", "a:0", "-show_entries", "stream=codec_name,bits_per_raw_sample", "-of", "json"]


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
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=seconds, check=False
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
