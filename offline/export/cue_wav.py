"""The whole record as a wav file with cue points, regions and loops at the slices."""

from pathlib import Path

from samplechop.offline.export.record import whole_wav
from samplechop.offline.kits.model import Kit


def write(kit: Kit) -> list[Path]:
    """Write NAME.wav; see samplechop.offline.export.record for what it holds."""
    return [whole_wav(kit)]
