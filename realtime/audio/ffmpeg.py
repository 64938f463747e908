"""What libsndfile cannot read, decoded by the ffmpeg program to a wav file: one sound, from one file, within limits."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.programs import ends_with_us

HOURS = 12
"""What is longer is decoded no further."""
ROOM, EXPANSION = 2**28, 1000
"""Bytes to which anything may be decoded, and more for each byte of the file: beyond it is made to fill the disk."""
CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,avi,caf,dsf,dts,eac3,flac,flv,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,shn,tak,tta,"
    "voc,w64,wav,wv,xwma"
)
"""ffmpeg's names of what it may open: no playlists, which could name other files, and no pictures or text."""
LIMITS = ("-max_alloc", str(512 << 20), "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS)
_SHOWN = ["-select_streams", "a:0", "-show_entries", "stream=codec_name,bits_per_raw_sample,duration", "-of", "json"]
PROBE_SECONDS, DECODE_SECONDS = 30.0, 1800.0
DESCRIPTORS = Path("/dev/fd")
"""Where open files have names, that of their number, even those that have no other."""
LOSSLESS = frozenset({"alac", "flac", "wavpack", "tta", "ape", "tak", "shorten"})


def is_installed() -> bool:
    """Say whether the programs ffmpeg and ffprobe are there."""
    return shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None


def room(path: Path) -> int:
    """Give how many bytes a file that does not state its length may be decoded to."""
    return ROOM + EXPANSION * path.stat().st_size


def decode_with_ffmpeg(path: Path, copy: Path) -> tuple[str, float | None]:
    """Decode the first sound of a file to the wav file `copy`, which may be there already, as an open one of /dev/fd.

    Gives what ffmpeg complained about, or "", and how many seconds the file claims to last, where it does.
    One second more than HOURS is decoded at most, so that what is longer shows, and `room` bytes.
    Lossless formats of 16 bits stay at 16, all others become 24. Raises UserError if ffmpeg is missing or fails.
    """
    ffmpeg, ffprobe = shutil.which("ffmpeg"), shutil.which("ffprobe")
    if ffmpeg is None or ffprobe is None:
        raise UserError(f"{str(path)!r} needs the ffmpeg program to be read: install ffmpeg, or give a wav file")
    # "file:" before an absolute path keeps a name such as "-i", "concat:a|b" or "http://x" from being anything else.
    given = ["-i", f"file:{path.absolute()}"]
    probed = _run([ffprobe, *LIMITS, "-v", "error", *_SHOWN, *given], copy, PROBE_SECONDS, path)
    codec = _codec(probed[1])
    if codec is None:
        raise UserError(f"{str(path)!r} holds no sound that ffmpeg can read: give an audio file")
    depth = "pcm_s16le" if codec[0] in LOSSLESS and codec[1] == 16 else "pcm_s24le"
    size = min(room(path), int(0.95 * shutil.disk_usage(copy if copy.exists() else copy.parent).free))
    wanted = [
        "-map",
        "0:a:0",
        "-vn",
        "-sn",
        "-dn",
        "-map_metadata",
        "-1",
        "-t",
        f"{HOURS * 3600 + 1}",
        "-fs",
        str(size),
    ]
    written = ["-c:a", depth, "-rf64", "auto", "-bitexact", "-f", "wav", "-y", f"file:{copy.absolute()}"]
    quiet = ["-nostdin", "-hide_banner", "-v", "error"]
    code, _, complaint = _run([ffmpeg, *quiet, *LIMITS, *given, *wanted, *written], copy, DECODE_SECONDS, path)
    if not copy.is_file() or copy.stat().st_size < 100:
        raise UserError(f"{str(path)!r} cannot be decoded (ffmpeg: {complaint or 'it holds no audio'})")
    if copy.stat().st_size > 0.99 * size:
        complaint = f"it goes on beyond {size / 1e6:.0f} MB"
    return complaint or ("it stopped early" if code else ""), codec[2]


def _codec(answer: str) -> tuple[str, int, float | None] | None:
    """Read ffprobe's answer: codec of the first sound, its bits per sample or 0, and its length in seconds."""
    try:
        stream = documents.parse_json(answer)["streams"][0]
        seconds = float(stream["duration"]) if "duration" in stream else None
        return str(stream["codec_name"]), int(stream.get("bits_per_raw_sample") or 0), seconds
    except (ValueError, LookupError, TypeError):
        return None


def _run(command: list[str], copy: Path, seconds: float, path: Path) -> tuple[int, str, str]:
    """Run a program without a shell; give its exit code, the start of its output, and of its complaints a line."""
    is_open = copy.parent == DESCRIPTORS
    scratch = None if is_open else copy.parent
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
                pass_fds=(int(copy.name),) if is_open else (),
            ).returncode
        except subprocess.TimeoutExpired:
            raise UserError(
                f"ffmpeg could not decode {str(path)!r} in {seconds / 60:g} minutes: give a wav file"
            ) from None
        out.seek(0)
        err.seek(0)
        output = out.read(100_000).decode("utf-8", "replace")
        lines = err.read(2_000).decode("utf-8", "replace").strip().splitlines()
    # "[alac @ 0x55d0c8e3b2c0] what is wrong"
    line = re.sub(r"^\[(\S+) @ 0x[0-9a-f]+\] ", r"\1: ", lines[0]) if lines else ""
    return code, output, "".join(char for char in line if char.isprintable())[:200]
