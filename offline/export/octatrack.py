"""A sliced sample for Elektron's Octatrack: the kit's slices in one wav file, their places beside it in an .ot file.

Elektron publishes nothing about .ot files; the layout (832 bytes, big-endian, with a sum over them at the end) is that
of github.com/KaiDrange/OctaChainer (otwriter.h, otwriter.cpp), whose files the device reads.
"""

import math
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import BYTES, quantised, resampled, wav_file
from samplechop.offline.export import factor_to_fit, slice_blocks, warn
from samplechop.offline.export.pads import CHOKE_GROUP, COLOUR, HOW_IT_PLAYS, coloured, in_order, warn_unsaid
from samplechop.offline.kits.core.model import Kit, Slice
from samplechop.offline.kits.core.tempo_map import UNKNOWN_TEMPO

RATE = 44_100
SLICES = 64
LARGEST = 2**31 - 1
"""Bytes of a sample; what the device's file system holds in one file and reads in every version."""

_HEADER = b"FORM\0\0\0\0DPS1SMPA" + b"\0\0\0\0\0\x02\0"
_NO_LOOP = 0xFFFFFFFF
_PLAIN_GAIN = 48  # 0 dB; 0 is -24 dB, 96 is +24 dB
_DIRECT = 0xFF  # a trig plays at once, not with the next bar
_TEMPOS = 30.0, 300.0


def write(kit: Kit) -> list[Path]:
    """Write octatrack/NAME.wav and NAME.ot: the first 64 slices one after the other, at 44 100 Hz, 16 or 24 bit.

    Mono and stereo stay; more channels are mixed to one. With --until chosen the sample is the record itself,
    quieter if it is over full scale.
    """
    subtype = "PCM_16" if kit.subtype in ("PCM_U8", "PCM_16") else "PCM_24"
    channels = kit.slice_channels
    if channels > 2:
        warn(f"Octatrack: the {channels} channels of the slices are mixed to one, a sample has one or two")
        channels = 1
    parts = _fitting(kit, channels * BYTES[subtype])
    together = len({kit.choke_of(part) for part in parts}) == 1 and kit.choke_of(parts[0])  # as a track has it
    chokes = [] if together else [part for part in parts if part.choke is not None]
    plays = [part for part in parts if part.play is not None]
    warn_unsaid("Octatrack", {HOW_IT_PLAYS: plays, CHOKE_GROUP: chokes, COLOUR: coloured(parts)})
    folder = kit.folder / "octatrack"
    folder.mkdir(exist_ok=True)
    sample, places = folder / f"{kit.name}.wav", folder / f"{kit.name}.ot"
    length = 0
    most = math.ceil(_edges(parts)[-1] * RATE / kit.slice_rate) + 1

    def written() -> Iterator[NDArray[np.float64]]:
        return resampled(slice_blocks(kit, parts, channels), kit.slice_rate, RATE, channels)

    factor = factor_to_fit(kit, parts, "Octatrack", written)
    with wav_file(sample, RATE, channels, subtype, most) as file:
        for samples in written():
            file.write(quantised(samples * factor, subtype))
            length += len(samples)
    edges = [min(round(edge * RATE / kit.slice_rate), length) for edge in _edges(parts)]
    places.write_bytes(ot(edges, length, float(kit.tempo.value) if kit.tempo else UNKNOWN_TEMPO))
    return [sample, places]


def ot(edges: list[int], length: int, tempo: float) -> bytes:
    """Give an .ot file. edges: samples, where slices begin and the last one ends. length: of the sample. tempo: BPM.

    The device plays a sample that is one slice as a whole; such a file names none, as OctaChainer's do not.
    Raises ValueError for more than 64 slices.
    """
    if not 2 <= len(edges) <= SLICES + 1:
        raise ValueError(f"edges must be of 1..{SLICES} slices, got {len(edges) - 1}")
    tempo = min(max(tempo, _TEMPOS[0]), _TEMPOS[1])
    quarters = 25 * round(tempo * length / (RATE * 60.0))  # bars in hundredths, to the beat
    count = len(edges) - 1 if len(edges) > 2 else 0
    settings = struct.pack(">5I", round(tempo * 24), quarters, quarters, 0, 0)
    settings += struct.pack(">HB3I", _PLAIN_GAIN, _DIRECT, 0, length, 0)
    slices = b"".join(struct.pack(">3I", edges[i], edges[i + 1], _NO_LOOP) for i in range(count))
    content = _HEADER + settings + slices.ljust(SLICES * 12, b"\0") + struct.pack(">I", count)
    return content + struct.pack(">H", sum(content[16:]) & 0xFFFF)


def _fitting(kit: Kit, frame: int) -> tuple[Slice, ...]:
    """Give the slices the device can hold, at least the first one. frame: bytes of a sample of all channels."""
    parts = tuple(in_order(kit)[:SLICES])
    while len(parts) > 1 and _edges(parts)[-1] * RATE / kit.slice_rate * frame > LARGEST - 1_000:
        parts = parts[:-1]
    if len(parts) < len(kit.slices):
        warn(f"Octatrack: {len(kit.slices) - len(parts)} slices are left out, a sample has {SLICES} and at most 2 GB")
    return parts


def _edges(parts: tuple[Slice, ...]) -> list[int]:
    return [0, *(int(edge) for edge in np.cumsum([part.frames for part in parts]))]
