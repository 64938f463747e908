"""`samplechop bench hostile`: damaged, lying and hostile audio files, made from a seed, chopped into kits."""

import io
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.kits.batch import BUG, DEAD, Report, make_kits
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.pipeline import make_kit
from samplechop.offline.lab.bench import Figure

RATE = 44_100
EXTREMES = (0, 1, 2, 255, 256, 1025, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)
NAMES = (
    "-rf",
    "..",
    ".wav.",
    "con",
    "a\nb",
    "$(touch x)",
    "%s%n",
    "concat:a|b",
    "http:x",
    "🙂",
    "\udcff",
    "n" * 200,
    " ",
)
"""Beginnings of file names that programs have stumbled over."""
KINDS: tuple[tuple[str, str, str], ...] = (
    ("wav", "WAV", "PCM_16"),
    ("wav", "WAV", "PCM_24"),
    ("wav", "WAV", "FLOAT"),
    ("wav", "WAV", "DOUBLE"),
    ("wav", "WAVEX", "PCM_U8"),
    ("wav", "WAV", "ULAW"),
    ("wav", "WAV", "MS_ADPCM"),
    ("wav", "RF64", "PCM_16"),
    ("w64", "W64", "PCM_16"),
    ("flac", "FLAC", "PCM_16"),
    ("flac", "FLAC", "PCM_24"),
    ("aiff", "AIFF", "PCM_16"),
    ("aiff", "AIFF", "FLOAT"),
    ("au", "AU", "PCM_24"),
    ("caf", "CAF", "PCM_16"),
    ("caf", "CAF", "ALAC_16"),
    ("ogg", "OGG", "VORBIS"),
    ("opus", "OGG", "OPUS"),
    ("mp3", "MP3", "MPEG_LAYER_III"),
)
Random = np.random.Generator


def write_files(folder: Path, count: int, seed: int) -> list[Path]:
    """Write so many hostile files into an existing folder; the same seed gives the same ones."""
    paths = []
    for number, (ending, data) in enumerate(files(count, seed)):
        name = NAMES[number // 10 % len(NAMES)] if number % 10 == 0 else "hostile"
        paths.append(folder / f"{name}{number}.{ending}")
        paths[-1].write_bytes(data)
    return paths


def files(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Make hostile files: (ending, content)."""
    rng = np.random.default_rng(seed)
    sound = _sound(rng)
    sane = [(ending, _encoded(sound, form, subtype)) for ending, form, subtype in KINDS]
    makers: tuple[Callable[[], tuple[str, bytes]], ...] = (
        lambda: _cut(rng, *_one(rng, sane)),
        lambda: _flipped(rng, *_one(rng, sane), 1 << 30),
        lambda: _flipped(rng, *_one(rng, sane), 100),
        lambda: _extreme(rng, *_one(rng, sane)),
        lambda: _spliced(rng, _one(rng, sane), _one(rng, sane)),
        lambda: _lying_wav(rng, sane[rng.integers(5)][1]),
        lambda: _silence_bomb(rng),
        lambda: _no_numbers(rng, sound),
        lambda: _no_audio(rng),
        lambda: _many_chunks(rng, sane[0][1]),
        lambda: _lying_ogg(rng, sane[16 + rng.integers(2)]),
        lambda: _tagged(rng, *_one(rng, sane)),
    )
    for number in range(count):
        yield makers[number % len(makers)]()


def _sound(rng: Random) -> NDArray[np.float32]:
    """Make three hits that differ, so that there is something to choose from."""
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


def _one(rng: Random, sane: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    return sane[rng.integers(len(sane))]


def _cut(rng: Random, ending: str, data: bytes) -> tuple[str, bytes]:
    """End it early: half the time within the header."""
    return ending, data[: rng.integers(120 if rng.random() < 0.5 else len(data))]


def _flipped(rng: Random, ending: str, data: bytes, within: int) -> tuple[str, bytes]:
    """Flip up to 64 bits."""
    out = bytearray(data)
    for place in rng.integers(min(len(out), within), size=rng.integers(1, 65)):
        out[place] ^= 1 << int(rng.integers(8))
    return ending, bytes(out)


def _extreme(rng: Random, ending: str, data: bytes) -> tuple[str, bytes]:
    """Overwrite a few numbers of the header with the largest, the smallest and the odd."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        place, value = int(rng.integers(4, 100)), int(rng.choice(EXTREMES))
        size = int(rng.choice([2, 4]))
        out[place : place + size] = (value & (1 << 8 * size) - 1).to_bytes(size, rng.choice(["little", "big"]))
    return ending, bytes(out)


def _spliced(rng: Random, head: tuple[str, bytes], body: tuple[str, bytes]) -> tuple[str, bytes]:
    """Put the beginning of one before the rest of another."""
    return head[0], head[1][: rng.integers(12, 200)] + body[1][rng.integers(4, 200) :]


def _lying_wav(rng: Random, data: bytes) -> tuple[str, bytes]:
    """Claim 10 GB, no channels, no rate, too many of them, no bits, or no bytes."""
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
    return "wav", bytes(out)


def _silence_bomb(rng: Random) -> tuple[str, bytes]:
    """A FLAC of a few bytes that claims days, or does not state its length and goes on and on."""
    silence = np.zeros((65_535, 1), np.float32)
    out = bytearray(_encoded(silence, "FLAC", "PCM_16"))
    claim = int(rng.choice([0, 2**36 - 1, 44_100 * 3600 * 13, 10**9]))
    # STREAMINFO, 8 bytes into the file: the length is the last 36 bits before the MD5 sum (RFC 9639, section 8.2).
    out[8 + 13] = (out[8 + 13] & 0xF0) | claim >> 32
    out[8 + 14 : 8 + 18] = (claim & 0xFFFF_FFFF).to_bytes(4, "big")
    frames = out.index(b"\xff\xf8")
    return "flac", bytes(out[:frames] + out[frames:] * int(rng.choice([1, 100])))


def _no_numbers(rng: Random, sound: NDArray[np.float32]) -> tuple[str, bytes]:
    """Floats that are no numbers, endless, or far too loud."""
    broken = sound.astype(np.float64)
    places = rng.integers(len(broken), size=rng.integers(1, 500))
    broken[places] = rng.choice([np.nan, np.inf, -np.inf, 1e30, -1e300, 5e-324])
    form = rng.choice(["WAV", "AIFF", "W64", "AU"])
    return {"WAV": "wav"}.get(form, form.lower()), _encoded(broken, form, str(rng.choice(["FLOAT", "DOUBLE"])))


def _no_audio(rng: Random) -> tuple[str, bytes]:
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
    endings = ("wav", "flac", "aiff", "ogg", "mp3", "m4a", "wma")
    return endings[rng.integers(len(endings))], contents[rng.integers(len(contents))]


def _many_chunks(rng: Random, wav: bytes) -> tuple[str, bytes]:
    """Thousands of chunks before the samples, of sizes that fit or do not."""
    size = int(rng.choice([0, 1, 3, 8]))
    claim = size if rng.random() < 0.7 else int(rng.choice(EXTREMES))
    kind = bytes(rng.choice([b"LIST", b"junk", b"cue ", b"smpl", b"bext", b"fmt "]))
    chunks = (kind + struct.pack("<I", claim) + b"\0" * (size + size % 2)) * int(rng.integers(1, 5000))
    return "wav", wav[:36] + chunks + wav[36:]


def _lying_ogg(rng: Random, sane: tuple[str, bytes]) -> tuple[str, bytes]:
    """Claim another length in the last page, its checksum being right."""
    out = bytearray(sane[1])
    page = out.rindex(b"OggS")
    struct.pack_into("<q", out, page + 6, int(rng.choice([0, 1, 2**33, 2**62, 2**63 - 1, -1, -(2**40)])))
    _check_in(out, page, len(out))
    return sane[0], bytes(out)


def _tagged(rng: Random, ending: str, data: bytes) -> tuple[str, bytes]:
    """An ID3 tag before it whose size is right, or 256 MB."""
    size = int(rng.choice([0, 100, 2**28 - 1]))
    coded = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return ending, b"ID3\x04\0\0" + coded + b"\0" * min(size, 100) + data


LONGEST = 60.0


def survival(count: int = 500, seed: int = 1, jobs: int = 2) -> list[Figure]:
    """Chop so many hostile files, in so many processes, into all formats, without pictures."""
    with tempfile.TemporaryDirectory() as place:
        files, kits = Path(place, "files"), Path(place, "kits")
        files.mkdir()
        sources = write_files(files, count, seed)
        before = _strays(Path(place))
        began = time.perf_counter()
        report = make_kits(sources, kits, ChopOptions(picture=False), make_kit, jobs)
        seconds = time.perf_counter() - began
        strays = [path for path in _strays(Path(place)) if path not in before and not path.startswith(str(kits))]
    return _figures(report, count, seconds, len(strays))


def _strays(place: Path) -> set[str]:
    return {str(path) for path in [*place.rglob("*"), *Path.cwd().iterdir()]}


def _figures(report: Report, count: int, seconds: float, strays: int) -> list[Figure]:
    bugs = sum(entry.message.startswith(BUG) for entry in report.failed)
    dead = sum(entry.message == DEAD for entry in report.failed)
    longest = max((entry.seconds for entry in [*report.made, *report.failed]), default=0.0)
    accounted = len(report.made) + len(report.skipped) + len(report.failed)
    return [
        Figure("hostile files", count, ""),
        Figure("chopped as far as they can be read", len(report.made), ""),
        Figure("skipped, the same as another", len(report.skipped), ""),
        Figure("refused in a sentence", len(report.failed) - bugs - dead, ""),
        Figure("unaccounted for", count - accounted, "").with_goal("none", accounted == count),
        Figure("bugs", bugs, "").with_goal("none", bugs == 0),
        Figure("processes that died", dead, "").with_goal("none", dead == 0),
        Figure("files outside the folder of kits", strays, "").with_goal("none", strays == 0),
        Figure("the longest one took", longest, "s").with_goal(f"at most {LONGEST:g} s", longest <= LONGEST),
        Figure("all of them took", seconds, "s"),
    ]
