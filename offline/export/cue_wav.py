"""The whole record as a wav file with cue points, regions and loops at the slices."""

from pathlib import Path

from offline.export.record import whole_wav
from offline.kit import Kit


def write(kit: Kit) -> list[Path]:
    """Write NAME.wav; see offline.export.record for what it holds."""
    return [whole_wav(kit)]
