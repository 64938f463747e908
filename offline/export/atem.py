"""The `atem` chunk in which Akai's MPC software keeps the slices of a wav file, so that its chop mode opens with them.

Akai publishes nothing about it. The layout is what public programs read from and write into such files: lib-akai-mpc of
github.com/oletizi/audio-tools reads `Slice N` of `value0` with `Start` and `End`; converters write `defaultSlice`,
`numBars` and `Num slices` beside them, and key and scale in `value1`. Programs that do not know the chunk skip it.
"""

import json
import struct

from samplechop.offline.kits.model import Kit

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
            "defaultSlice": _slice(0, kit.length - 1),
            **{
                f"Slice {index}": _slice(part.start, min(part.stop, kit.length - 1))
                for index, part in enumerate(parts, start=1)
            },
            "numBars": _bars(kit),
            "Num slices": len(parts),
        },
        "value1": {"version": 1, "note": root, "scale": scale},
    }
    text = json.dumps(content, indent=4).encode("ascii")
    text += b" " * (len(text) % 2)
    return b"atem" + struct.pack("<I", len(text)) + text


def _slice(start: int, stop: int) -> dict[str, int | float]:
    """Give a slice. One ends where the next begins, and none later than with the record's last sample."""
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
