"""Which drum kits a soundfont has."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from samplechop.offline.audio import drum_kits


def soundfont(path: Path, presets: Sequence[tuple[bytes, int, int]]) -> Path:
    """Write as much of a soundfont as says which presets there are: (name, program, bank)."""
    rows = b"".join(struct.pack("<20sHHHIII", *one, 0, 0, 0, 0) for one in [*presets, (b"EOP", 0, 0)])
    headers = b"pdta" + b"phdr" + struct.pack("<I", len(rows)) + rows
    body = b"sfbk" + b"LIST" + struct.pack("<I", len(headers)) + headers
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def test_the_kits_of_a_soundfont_are_those_of_bank_128(tmp_path: Path) -> None:
    font = soundfont(tmp_path / "gm.sf2", [(b"Piano", 0, 0), (b"Standard", 0, 128), (b"Room", 8, 128)])
    assert drum_kits.kit_programs(font) == [0, 8]
    assert not drum_kits.is_lone_kit(font)


@pytest.mark.parametrize(
    ("place", "presets", "is_kit"),
    [
        ("avldrums/pearl.sf2", [(b"Pearl 4pc", 0, 0)], True),
        ("fonts/pearl.sf2", [(b"Rock Kit", 0, 0)], True),
        ("fonts/steinway.sf2", [(b"Steinway", 0, 0)], False),
        ("fonts/drums.sf2", [(b"Kit", 0, 0), (b"Bass", 1, 0)], False),
    ],
)
def test_a_soundfont_of_one_preset_that_speaks_of_drums_is_a_kit(
    tmp_path: Path, place: str, presets: Sequence[tuple[bytes, int, int]], is_kit: bool
) -> None:
    assert drum_kits.is_lone_kit(soundfont(tmp_path / place, presets)) == is_kit
