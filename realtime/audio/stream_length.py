"""How long an audio file really is: headers count what was begun, not what follows.

A WAV or AIFF whose writing was broken off states no size, or too little. An MPEG file of variable bitrate without a
Xing header, several joined into one, and a chained Ogg hold more than libsndfile gives of them, without a word. Here
chunks, frames and pages are walked through; none is decoded.

MPEG audio headers: ISO/IEC 11172-3, 2.4.1.3 and 13818-3; Ogg pages: RFC 3533, section 6; FLAC streams: RFC 9639.
"""

import mmap
import struct
from pathlib import Path
from typing import BinaryIO

from samplechop.realtime.core.documents import open_regular

_BITRATES = {  # kbit/s by index; MPEG 1 layers I, II, III, then MPEG 2 and 2.5 layer I, layers II and III
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)
MPEG_DELAY = 3 * 1152
"""Samples by which a header's count may differ from the frames': what an encoder's delay and padding take."""


def _mpeg_frame(header: int) -> tuple[int, int] | None:
    """Give bytes and samples of the frame whose first four bytes are `header`; None if it is none."""
    version, layer = (header >> 19) & 3, 4 - ((header >> 17) & 3)
    index, rate = (header >> 12) & 15, (header >> 10) & 3
    if header >> 21 != 0x7FF or version == 1 or layer == 4 or index in (0, 15) or rate == 3:
        return None
    old = 1 if version == 3 else 2
    hertz = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    bits, padding = 1000 * _BITRATES[old, layer][index], (header >> 9) & 1
    if layer == 1:
        return (12 * bits // hertz + padding) * 4, 384
    samples = 576 if layer == 3 and old == 2 else 1152
    return samples // 8 * bits // hertz + padding, samples


def mpeg_samples(path: Path) -> tuple[int, bool]:
    """Count the samples per channel of all MPEG audio frames in a file, tags and rubbish between them passed over.

    Gives with it whether the first frame states a length; else what decoders claim is an estimate by the bitrate.
    A Xing, Info or VBRI frame counts as one of sound. Raises OSError and ValueError as `open_regular`.
    """
    total = at = 0
    stated = False
    with open_regular(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        end = len(data)
        while at + 4 <= end:
            if data[at : at + 3] == b"ID3" and at + 10 <= end:
                size = data[at + 6 : at + 10]
                at += 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]) + (10 if data[at + 5] & 16 else 0)
                continue
            frame = _mpeg_frame(int.from_bytes(data[at : at + 4], "big"))
            if frame is None or at + frame[0] > end:
                at = data.find(b"\xff", at + 1)
                if at < 0:
                    break
                # Two frames in a row, or the last one: a single byte of a picture must not count.
                frame = _mpeg_frame(int.from_bytes(data[at : at + 4], "big")) if at + 4 <= end else None
                follower = at + frame[0] if frame else end
                if frame is None or follower > end or (follower + 4 <= end and not _follows(data, follower)):
                    continue
            if not total:
                stated = any(word in data[at : at + frame[0]] for word in (b"Xing", b"Info", b"VBRI"))
            total += frame[1]
            at += frame[0]
    return total, stated


def _follows(data: mmap.mmap, at: int) -> bool:
    tag = data[at : at + 3]
    return tag in (b"ID3", b"TAG", b"APE") or _mpeg_frame(int.from_bytes(data[at : at + 4], "big")) is not None


def ogg_streams(path: Path) -> tuple[int, float]:
    """Count the logical streams that begin in an Ogg file, more than one after another being a chain.

    Gives with it the seconds that all streams of Vorbis, Opus and FLAC last. Streams side by side (a film's picture)
    count too. Raises OSError and ValueError as `open_regular`.
    """
    begun = at = rate = 0
    seconds = last = 0.0
    with open_regular(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        while (at := data.find(b"OggS", at)) >= 0 and at + 27 <= len(data):
            body = at + 27 + data[at + 26]
            if data[at + 5] & 2:
                begun += 1
                seconds += last
                rate, last = _ogg_rate(data[body : body + 32]), 0.0
            position = int.from_bytes(data[at + 6 : at + 14], "little", signed=True)
            if rate and position > 0:
                last = position / rate
            at = body + sum(data[at + 27 : body])
    return begun, seconds + last


def _ogg_rate(head: bytes) -> int:
    """Give the positions per second of the stream whose first packet begins so; 0 if it is none of audio."""
    if head.startswith(b"\1vorbis"):
        return int.from_bytes(head[12:16], "little")
    if head.startswith(b"\x7fFLAC"):  # 13 bytes, a block's header of 4, and 10 of STREAMINFO before the rate
        return int.from_bytes(head[27:30], "big") >> 4
    return 48_000 if head.startswith(b"OpusHead") else 0


def flac_streams(path: Path) -> tuple[int, float]:
    """Count the FLAC streams that were joined into one file, and the seconds that they state together.

    Raises OSError and ValueError as `open_regular`.
    """
    streams = samples = at = rate = 0
    with open_regular(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        while (at := data.find(b"fLaC", at)) >= 0:
            if data[at + 4 : at + 8] in (b"\0\0\0\x22", b"\x80\0\0\x22"):  # STREAMINFO comes first
                streams += 1
                samples += int.from_bytes(data[at + 21 : at + 26], "big") & (1 << 36) - 1
                rate = rate or int.from_bytes(data[at + 18 : at + 21], "big") >> 4
            at += 4
    return streams, samples / max(rate, 1)


def unfinished_sizes(path: Path) -> dict[int, bytes]:
    """Give what has to stand where in the header of a WAV or AIFF that was never finished; nothing for all others.

    Programs state the size of the samples when they close a file. One that was broken off states 0, or less than is
    there; what follows the stated samples is then no chunk. Raises OSError and ValueError as `open_regular`.
    """
    with open_regular(path) as file:
        end = file.seek(0, 2)
        file.seek(0)
        head = file.read(12)
        if head[:4] + head[8:] == b"RIFFWAVE":
            order, wanted = "<", b"data"
        elif head[:4] + head[8:] in (b"FORMAIFF", b"FORMAIFC"):
            order, wanted = ">", b"SSND"
        else:
            return {}
        at, common = 12, (0, 0)
        while at + 8 <= end:
            file.seek(at)
            name, size = struct.unpack(f"{order}4sI", file.read(8))
            if name == b"COMM" and size >= 18 and at + 16 <= end:
                channels, _, bits = struct.unpack(">HIH", file.read(8))
                common = at + 10, channels * ((bits + 7) // 8)
            if name == wanted:
                break
            at += 8 + size + size % 2
        else:
            return {}
        empty = 0 if order == "<" else 8  # an SSND begins with offset and block size
        here = at + 8 + (size if size > empty else empty)
        if end - here < (FEWEST if size <= empty else MANY) or any(
            _is_chunk(file, place, end, order) for place in (here, here + 1)
        ):
            return {}
    sizes = {
        4: struct.pack(f"{order}I", min(end - 8, 2**32 - 1)),
        at + 4: struct.pack(f"{order}I", min(end - at - 8, 2**32 - 1)),
    }
    if common[1]:
        sizes[common[0]] = struct.pack(">I", min((end - at - 16) // common[1], 2**32 - 1))
    return sizes


FEWEST, MANY = 8, 1 << 16
"""Bytes behind samples of no, and of some stated size, that are taken for samples: less is some program's rubbish."""


def _is_chunk(file: BinaryIO, at: int, end: int, order: str) -> bool:
    file.seek(at)
    head = file.read(8)
    if len(head) < 8 or not all(32 <= byte < 127 for byte in head[:4]):
        return False
    return at + 8 + int(struct.unpack(f"{order}I", head[4:])[0]) <= end + 1
