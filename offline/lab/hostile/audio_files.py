"""Damaged, lying and hostile audio files: whole ones of every container, and what becomes of them by a seed."""

import io
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.lab.hostile.content import EXTREMES, Random, mutate_bytes

RATE = 44_100
NAMES = (
    *("-rf", "..", ".wav.", "con", "a\nb", "$(touch x)", "%s%n", "concat:a|b", "http:x", "🙂", "\udcff", "n" * 200),
    " ",
)
"""Beginnings of file names that programs have stumbled over."""
CONTAINERS: dict[str, list[list[str]]] = {
    ending: [one.split() for one in forms.split(", ")]
    for ending, forms in {
        "wav": "WAV PCM_16, WAV PCM_24, WAV FLOAT, WAV DOUBLE, WAVEX PCM_U8, WAV ULAW, WAV MS_ADPCM, RF64 PCM_16",
        "w64": "W64 PCM_16, W64 FLOAT",
        "flac": "FLAC PCM_16, FLAC PCM_24",
        "aiff": "AIFF PCM_16, AIFF FLOAT",
        "au": "AU PCM_24, AU DOUBLE",
        "caf": "CAF PCM_16, CAF ALAC_16",
        "ogg": "OGG VORBIS",
        "opus": "OGG OPUS",
        "mp3": "MP3 MPEG_LAYER_III",
    }.items()
}
"""Containers by the ending of their files: libsndfile's words for what is in them."""
FOREIGN = {"m4a": ("ipod", "aac"), "wv": ("wv", "wavpack")}
"""Containers that only ffmpeg writes: its muxer and encoder."""


def make(rng: Random, ending: str) -> tuple[str, bytes]:
    """Make a hostile file of a container: the beginning of its name, and its content."""
    name = NAMES[rng.integers(len(NAMES))] if rng.random() < 0.05 else "hostile"
    makers: list[Callable[[Random, str], bytes]] = [_cut, _flipped, _flipped_head, _extreme, _spliced, _tagged]
    makers += [_no_audio, _damaged, _odd]
    special: dict[str, list[Callable[[Random, str], bytes]]] = {
        "wav": [_lying_wav, _many_chunks, _no_numbers, _lying_wav],
        "flac": [_silence_bomb],
        "ogg": [_lying_ogg],
        "opus": [_lying_ogg],
        **{ending: [_no_numbers] for ending in ("aiff", "w64", "au")},
    }
    makers += special.get(ending, [])
    return name, makers[rng.integers(len(makers))](rng, ending)


@cache
def whole(ending: str) -> tuple[bytes, ...]:
    """Give whole files of a container; none where ffmpeg is needed and missing."""
    sound = _sound()
    if ending in FOREIGN:
        return tuple(_by_ffmpeg(sound, *FOREIGN[ending]) if shutil.which("ffmpeg") else ())
    return tuple(_encoded(sound, form, subtype) for form, subtype in CONTAINERS[ending])


def _by_ffmpeg(sound: NDArray[np.float32], muxer: str, encoder: str) -> list[bytes]:
    with tempfile.TemporaryDirectory() as place:
        source, target = Path(place, "a.wav"), Path(place, "b")
        source.write_bytes(_encoded(sound, "WAV", "PCM_16"))
        quiet = ("ffmpeg", "-v", "error", "-i", str(source))
        command = [*quiet, "-c:a", encoder, "-bitexact", "-f", muxer, str(target)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return [target.read_bytes()]


@cache
def _sound() -> NDArray[np.float32]:
    """Make three hits that differ, so that there is something to choose from."""
    rng = np.random.default_rng(1)
    t = np.arange(int(0.25 * RATE)) / RATE
    hits = [
        np.exp(-t / 0.08) * np.sin(2 * np.pi * hertz * t) + 0.3 * np.exp(-t / 0.01) * rng.standard_normal(len(t))
        for hertz in (98.0, 220.0, 554.0)
    ]
    mono = np.concatenate([np.zeros(2000), *hits])
    return np.asarray(0.5 * np.stack([mono, 0.7 * mono], axis=1), np.float32)


def _encoded(sound: NDArray[np.floating], form: str, subtype: str) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, sound, 48_000 if subtype == "OPUS" else RATE, subtype, format=form)
    return _without_chance(out.getvalue(), form)


def _without_chance(data: bytes, form: str) -> bytes:
    """Take away what libsndfile draws or dates, so that the same seed gives the same bytes."""
    out, page = bytearray(data), 0
    if (peak := out.find(b"PEAK", 0, 200)) >= 0:
        out[peak + 12 : peak + 16] = bytes(4)
    while form == "OGG" and page < len(out):
        segments = out[page + 26]
        end = page + 27 + segments + sum(out[page + 27 : page + 27 + segments])
        struct.pack_into("<I", out, page + 14, 1)
        _check_in(out, page, end)
        page = end
    return bytes(out)


def _check_in(out: bytearray, page: int, end: int) -> None:
    """Write an Ogg page's checksum: CRC-32 of polynomial 0x04C11DB7, not reflected, beginning with 0 (RFC 3533)."""
    struct.pack_into("<I", out, page + 22, 0)
    crc = 0
    for byte in out[page:end]:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C1_1DB7 if crc & 0x8000_0000 else 0)) & 0xFFFF_FFFF
    struct.pack_into("<I", out, page + 22, crc)


def _one(rng: Random, ending: str) -> bytes:
    files = whole(ending)
    return files[rng.integers(len(files))]


def _cut(rng: Random, ending: str) -> bytes:
    """End it early: half the time within the header."""
    data = _one(rng, ending)
    return data[: rng.integers(120 if rng.random() < 0.5 else len(data))]


def _flipped(rng: Random, ending: str, within: int = 1 << 30) -> bytes:
    """Flip up to 64 bits."""
    out = bytearray(_one(rng, ending))
    for place in rng.integers(min(len(out), within), size=rng.integers(1, 65)):
        out[place] ^= 1 << int(rng.integers(8))
    return bytes(out)


def _flipped_head(rng: Random, ending: str) -> bytes:
    return _flipped(rng, ending, 100)


def _damaged(rng: Random, ending: str) -> bytes:
    """Repeat, remove and exchange pieces."""
    return mutate_bytes(rng, mutate_bytes(rng, _one(rng, ending)))


def _extreme(rng: Random, ending: str) -> bytes:
    """Overwrite a few numbers of the header with the largest, the smallest and the odd."""
    out = bytearray(_one(rng, ending))
    for _ in range(rng.integers(1, 4)):
        place, value = int(rng.integers(4, 100)), int(rng.choice(EXTREMES))
        size = int(rng.choice([2, 4]))
        out[place : place + size] = (value & (1 << 8 * size) - 1).to_bytes(size, rng.choice(["little", "big"]))
    return bytes(out)


def _spliced(rng: Random, ending: str) -> bytes:
    """Put the beginning of one before the rest of another, of any container."""
    other = list(CONTAINERS)[rng.integers(len(CONTAINERS))]
    return _one(rng, ending)[: rng.integers(12, 200)] + _one(rng, other)[rng.integers(4, 200) :]


def _odd(rng: Random, ending: str) -> bytes:
    """Whole, with a rate or a number of channels that nobody uses; where the container has none, as it is."""
    if ending not in ("wav", "w64", "flac", "aiff", "au", "caf"):  # encoders of lossy ones do not survive them
        return _one(rng, ending)
    form, subtype = CONTAINERS[ending][0]
    rate, channels = [(1, 1), (768_000, 2), (44_100, 65), (7, 2), (2**31 - 1, 1), (44_100, 1024)][rng.integers(6)]
    out = io.BytesIO()
    try:
        soundfile.write(out, np.zeros((100, channels)), rate, subtype, format=form)
    except (soundfile.LibsndfileError, ValueError, TypeError):
        return _one(rng, ending)
    return out.getvalue()


def _lying_wav(rng: Random, _: str) -> bytes:
    """Claim 10 GB, no channels, no rate, too many of them, no bits, or no bytes."""
    data = whole("wav")[rng.integers(5)]
    out, fmt, chunk = bytearray(data), data.index(b"fmt "), data.index(b"data")
    places = {
        "channels": (fmt + 10, "<H"),
        "rate": (fmt + 12, "<I"),
        "align": (fmt + 20, "<H"),
        "bits": (fmt + 22, "<H"),
    }
    what = rng.choice([*places, "size", "10 GB"])
    if what == "10 GB":
        sizes = struct.pack("<4sIQQQI", b"ds64", 28, 10**10, 10**10, int(rng.choice([10**9, 2**62])), 0)
        out[:4], out[4:8], out[chunk + 4 : chunk + 8] = b"RF64", b"\xff" * 4, b"\xff" * 4
        out[12:12] = sizes
    else:
        place, form = places.get(what, (chunk + 4, "<I"))
        struct.pack_into(form, out, place, int(rng.choice(EXTREMES)) & (0xFFFF if form == "<H" else 0xFFFF_FFFF))
    return bytes(out)


def _silence_bomb(rng: Random, _: str) -> bytes:
    """A FLAC of a few bytes that claims days, or does not state its length and goes on and on."""
    silence = np.zeros((65_535, 1), np.float32)
    out = bytearray(_encoded(silence, "FLAC", "PCM_16"))
    claim = int(rng.choice([0, 2**36 - 1, 44_100 * 3600 * 13, 10**9]))
    # STREAMINFO, 8 bytes into the file: the length is the last 36 bits before the MD5 sum (RFC 9639, section 8.2).
    out[8 + 13] = (out[8 + 13] & 0xF0) | claim >> 32
    out[8 + 14 : 8 + 18] = (claim & 0xFFFF_FFFF).to_bytes(4, "big")
    frames = out.index(b"\xff\xf8")
    return bytes(out[:frames] + out[frames:] * int(rng.choice([1, 100])))


def _no_numbers(rng: Random, ending: str) -> bytes:
    """Floats that are no numbers, endless, or far too loud."""
    broken = _sound().astype(np.float64)
    places = rng.integers(len(broken), size=rng.integers(1, 500))
    broken[places] = rng.choice([np.nan, np.inf, -np.inf, 1e30, -1e300, 5e-324])
    return _encoded(broken, ending.upper(), str(rng.choice(["FLOAT", "DOUBLE"])))


def _no_audio(rng: Random, _: str) -> bytes:
    """What only its name says is audio; among it lists of files, which must not be followed."""
    contents = (
        b"",
        b"\0" * 5000,
        rng.bytes(5000),
        b"PK\x03\x04" + rng.bytes(100),
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<html>not found</html>",
        b"\xff\xfb\x90\x64" * 500,
        b"RIFF\xff\xff\xff\xffWAVE",
        b"fLaC" + b"\x7f\xff\xff\xff" + rng.bytes(100),
        b"FORM\xff\xff\xff\xffAIFFCOMM\xff\xff\xff\xff",
        b"OggS" * 1000,
    )
    return contents[rng.integers(len(contents))]


def _many_chunks(rng: Random, _: str) -> bytes:
    """Thousands of chunks before the samples, of sizes that fit or do not."""
    wav = whole("wav")[0]
    size = int(rng.choice([0, 1, 3, 8]))
    claim = size if rng.random() < 0.7 else int(rng.choice(EXTREMES))
    kind = bytes(rng.choice([b"LIST", b"junk", b"cue ", b"smpl", b"bext", b"fmt "]))
    chunks = (kind + struct.pack("<I", claim) + b"\0" * (size + size % 2)) * int(rng.integers(1, 5000))
    return wav[:36] + chunks + wav[36:]


def _lying_ogg(rng: Random, ending: str) -> bytes:
    """Claim another length in the last page, its checksum being right."""
    out = bytearray(_one(rng, ending))
    page = out.rindex(b"OggS")
    struct.pack_into("<q", out, page + 6, int(rng.choice([0, 1, 2**33, 2**62, 2**63 - 1, -1, -(2**40)])))
    _check_in(out, page, len(out))
    return bytes(out)


def _tagged(rng: Random, ending: str) -> bytes:
    """An ID3 tag before it whose size is right, or 256 MB."""
    size = int(rng.choice([0, 100, 2**28 - 1]))
    coded = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + coded + b"\0" * min(size, 100) + _one(rng, ending)
