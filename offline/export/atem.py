"""The `atem` chunk in which Akai's MPC software keeps the slices of a wav file, so that its chop mode opens with them.

The layout is read from files the software wrote, as these public sources describe it: it_to_mpc's and similar writers
of `atem` (one JSON object, `value0` with `defaultSlice`, `numBars` and `Num slices`, `value1` with key and scale), and
lib-akai-mpc of github.com/oletizi/audio-tools, which reads `Slice N` of `value0` with `Start` and `End`. Akai publishes
nothing about it. Programs that do not know the chunk skip it.
"""

import json
import struct

from offline.kit import Kit

MOST = 128
"""Slices that a drum program has pads for."""

_SHARPS = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#"}


def atem_chunk(kit: Kit) -> bytes:
    """Give the whole chunk, head included: the kit's first 128 slices, in samples of the record.

    Its length is even without a pad byte, because the MPC is said not to skip one: spaces end the JSON instead.
    """
    parts = kit.slices[:MOST]
    root, scale = _key(kit)
    content = {
        "version": 1,
        "value0": {
            "defaultSlice": _slice(0, kit.length),
            **{f"Slice {index}": _slice(part.start, part.stop) for index, part in enumerate(parts, start=1)},
            "numBars": _bars(kit),
            "Num slices": len(parts),
        },
        "value1": {"version": 1, "note": root, "scale": scale},
    }
    text = json.dumps(content, indent=4).encode("ascii")
    text += b" " * (len(text) % 2)
    return b"atem" + struct.pack("<I", len(text)) + text


def _slice(start: int, stop: int) -> dict[str, int | float]:
    return {
        "Start": start,
        "End": stop,
        "LoopStart": start,
        "LoopMode": 0,
        "PulsePosition": 0,
        "LoopCrossfadeLength": 0,
        "LoopCrossfadeType": 0,
        "TailLength": 0.0,
        "TailLoopPosition": 0.5,
    }


def _bars(kit: Kit) -> int:
    """Give the record's length in bars of four beats, at least 1; 1 where no tempo is known."""
    if kit.tempo is None:
        return 1
    return max(1, round(kit.seconds(kit.length) * float(kit.tempo.value) / 60.0 / 4.0))


def _key(kit: Kit) -> tuple[str, str]:
    """Give the key as root and scale, C Major where it is not clear."""
    if kit.key is None:
        return "C", "Major"
    root, _, scale = kit.key.value.partition(" ")
    return _SHARPS.get(root, root), "Minor" if scale.lower().startswith("min") else "Major"
