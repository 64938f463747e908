"""A drum sample for Teenage Engineering's OP-1 and OP-Z: one AIFF with up to 24 slices, one for each key.

Teenage Engineering publishes nothing about the format; the sources are github.com/schollz/teoperator (src/op1: the
`APPL` chunk before the samples, positions in units of 1/4058 sample so that 12 seconds fill 31 bits, an end being the
last sample) and github.com/padenot/libop1 (the play modes). The devices want the keys of the JSON in alphabetical
order. Sound is mono, 16 bit, 44 100 Hz. The OP-1 field reads the same files, though it could hold 20 seconds in stereo.
"""

import json
import math
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import mixed, quantised
from samplechop.offline.export import factor_to_fit, warn
from samplechop.offline.export.pads import CHOKE_GROUP, COLOUR, coloured, in_order, warn_unsaid
from samplechop.offline.kits.core.model import Kit, Play, Slice

RATE = 44_100
KEYS = 24
MOST_SAMPLES = 520_380
"""11.8 s: all devices play 12 s, and some tools that write for them warn of the last tenths."""
UNIT = 4_058
"""What a sample is in the positions of the JSON: 0x7FFFFFFE / (12 * 44 100), rounded down."""
FADE = 220
"""Samples, 5 ms, over which a slice that had to be shortened dies away."""

_PLAY_MODES: dict[Play, int] = {"one-shot": 0x2000, "gate": 0x1000, "loop": 0x4800}
_EXTENDED_44100 = bytes.fromhex("400eac44000000000000")  # the sample rate as an 80-bit float


def write(kit: Kit) -> list[Path]:
    """Write op1/NAME.aif from the first 24 slices, all of them shortened to one length where they are too long.

    All are quieter if one is over full scale.
    """
    parts = in_order(kit)[:KEYS]
    if len(parts) < len(kit.slices):
        warn(f"OP-1: {len(kit.slices) - KEYS} slices are left out, a drum sample has {KEYS} keys")
    said = [part for part in parts if part.choke is not None]
    warn_unsaid("OP-1", {CHOKE_GROUP: said, COLOUR: coloured(parts)})
    wanted = [math.ceil(part.frames * RATE / kit.slice_rate) for part in parts]
    longest = share(wanted, MOST_SAMPLES)
    if longest < max(wanted):
        seconds = f"{longest / RATE:.2f} s, all of them together have {MOST_SAMPLES / RATE:.1f} s"
        warn(f"OP-1: slices are shortened to {seconds}")
    played = [_sound(kit, part, longest) for part in parts]
    factor = factor_to_fit(kit, parts, "OP-1", lambda: played)
    sounds = [(quantised(sound * factor, "PCM_16") >> 16).astype(np.int16) for sound in played]
    path = kit.folder / "op1" / f"{kit.name}.aif"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_aiff(sounds, kit.name, [kit.play_of(part) for part in parts]))
    return [path]


def share(lengths: Sequence[int], total: int) -> int:
    """Give the longest length that may stand so that all lengths, cut to it, make up at most `total`.

    The length of the longest where nothing needs to be cut. Raises ValueError for no lengths or a negative total.
    """
    if not lengths or total < 0:
        raise ValueError(f"lengths must not be empty and total must be 0 or more, got {len(lengths)}, {total}")
    left = total
    for done, length in enumerate(sorted(lengths)):
        if length * (len(lengths) - done) > left:
            return left // (len(lengths) - done)
        left -= length
    return max(lengths)


def _sound(kit: Kit, part: Slice, most: int) -> NDArray[np.float64]:
    """Give the slice as the device plays it: float64, (n,), at 44 100 Hz, at most `most` samples."""
    enough = math.ceil((most + 1_000) * kit.slice_rate / RATE)  # a little more, for the resampling filter's length
    samples, _ = soundfile.read(kit.path(part), frames=min(part.frames, enough), dtype="float64", always_2d=True)
    mono = mixed(samples, 1, kit.channel)[:, 0]
    if kit.slice_rate != RATE:
        import soxr

        mono = soxr.resample(mono, kit.slice_rate, RATE, "VHQ")
    if len(mono) > most:
        mono = mono[:most].copy()
        fade = min(FADE, most)
        mono[most - fade :] *= np.linspace(1.0, 0.0, fade)
    return mono


def _aiff(sounds: list[NDArray[np.int16]], name: str, plays: Sequence[Play]) -> bytes:
    samples = np.concatenate(sounds)
    common = struct.pack(">hIh", 1, len(samples), 16) + _EXTENDED_44100
    chunks = _chunk(b"COMM", common) + _chunk(b"APPL", b"op-1" + _described(sounds, name, plays))
    chunks += _chunk(b"SSND", struct.pack(">II", 0, 0) + samples.astype(">i2").tobytes())
    return _chunk(b"FORM", b"AIFF" + chunks)


def _described(sounds: list[NDArray[np.int16]], name: str, plays: Sequence[Play]) -> bytes:
    """Give the keys as JSON, padded with line ends to a multiple of four bytes as the devices' own files are."""
    stops = np.cumsum([len(sound) for sound in sounds])
    starts = stops - [len(sound) for sound in sounds]
    spare = KEYS - len(sounds)  # keys without a slice play the last one
    first = [int(start) * UNIT for start in starts]
    last = [max(int(stop) - 1, 0) * UNIT for stop in stops]
    modes = [_PLAY_MODES[play] for play in plays]
    content = {
        "drum_version": 1,
        "dyna_env": [0, 8192, 0, 8192, 0, 0, 0, 0],
        "end": last + last[-1:] * spare,
        "fx_active": False,
        "fx_params": [8000] * 8,
        "fx_type": "delay",
        "lfo_active": False,
        "lfo_params": [16000, 16000, 16000, 16000, 0, 0, 0, 0],
        "lfo_type": "tremolo",
        "name": name,
        "octave": 0,
        "pitch": [0] * KEYS,
        "playmode": modes + modes[-1:] * spare,
        "reverse": [8192] * KEYS,  # forwards
        "start": first + first[-1:] * spare,
        "type": "drum",
        "volume": [8192] * KEYS,
    }
    text = json.dumps(content, separators=(",", ":"), sort_keys=True).encode("ascii")
    return text + b"\n" * (-len(text) % 4)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">4sI", kind, len(content)) + content + b"\0" * (len(content) % 2)
