"""Drum kits as others wrote them: Hydrogen's drumkit.xml, files named by their velocity, and those of soundfonts."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from samplechop.realtime.core.errors import UserError, reason_of

KIT_BANK = 128
"""Where a soundfont keeps its drum kits (SoundFont 2.04, 7.2)."""
VELOCITY = re.compile(r"^(?P<name>.*?)(?:velocity|vel|v)[ _\-]?(?P<velocity>\d{1,3})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layer:
    """One file of a kit: which instrument it is, struck how hard (0..1)."""

    path: Path
    kit: str
    instrument: str
    velocity: float


def layer_of(path: Path) -> Layer | None:
    """Read a layer from a name such as MyKit/snare_v096.wav (velocity 1..127); None where it names no velocity."""
    found = VELOCITY.match(path.stem)
    name = found["name"].rstrip(" _-.") if found else ""
    if found is None or not name or not 1 <= int(found["velocity"]) <= 127:
        return None
    return Layer(path, path.parent.name, name, int(found["velocity"]) / 127)


def hydrogen_kit(description: Path) -> Iterator[Layer]:
    """Read the layers of a Hydrogen kit from its drumkit.xml; a layer's velocity is the middle of its range.

    Raises UserError if the file is no drumkit.
    """
    try:
        root = ElementTree.parse(description).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise UserError(f"The drum kit {str(description)!r} cannot be read: {reason_of(error)}") from None
    # Newer kits have a namespace, older ones none, and the oldest no layers, but one file per instrument.
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    for instrument in root.iter("instrument"):
        name = (instrument.findtext("name") or "").strip()
        for layer in [*instrument.iter("layer"), instrument]:
            file = layer.findtext("filename")
            path = description.parent / Path(file or "").name
            if file and path.is_file():
                low, high = (_number(layer, end, usual) for end, usual in (("min", 0.0), ("max", 1.0)))
                velocity = 1.0 if (low, high) == (0.0, 1.0) else (low + high) / 2
                yield Layer(path, description.parent.name, name, min(max(velocity, 0.05), 1.0))


def _number(layer: ElementTree.Element, name: str, usual: float) -> float:
    try:
        return float(layer.findtext(name) or usual)
    except ValueError:
        return usual


def kit_programs(font: Path) -> list[int]:
    """List the programs of a soundfont's drum kits. Raises UserError if the file is no soundfont."""
    return sorted({program for _, program, bank in _presets(font) if bank == KIT_BANK})


def is_lone_kit(font: Path) -> bool:
    """Say whether a soundfont is a drum kit and nothing else, which lies where others have their piano.

    Its preset, file or folder then speaks of drums or a kit. Raises UserError if the file is no soundfont.
    """
    presets = _presets(font)
    words = f"{font.absolute().parent.name} {font.stem} {presets[0][0] if presets else ''}".lower()
    return len(presets) == 1 and presets[0][1:] == (0, 0) and ("drum" in words or "kit" in words)


def _presets(font: Path) -> list[tuple[str, int, int]]:
    """Read (name, program, bank) from a soundfont's preset headers (`phdr`; SoundFont 2.04, 7.2)."""
    try:
        with font.open("rb") as file:
            riff, _, kind = struct.unpack("<4sI4s", file.read(12))
            if (riff, kind) != (b"RIFF", b"sfbk"):
                raise ValueError("it does not begin as one")
            while len(head := file.read(8)) == 8:
                name, size = struct.unpack("<4sI", head)
                if name == b"LIST" and file.read(4) == b"pdta":
                    continue
                if name == b"phdr":
                    rows = struct.iter_unpack("<20sHHHIII", file.read(size - size % 38))
                    # The last row only ends the list.
                    return [
                        (label.partition(b"\0")[0].decode("latin-1"), program, bank)
                        for label, program, bank, *_ in list(rows)[:-1]
                    ]
                file.seek(size - (4 if name == b"LIST" else 0) + size % 2, 1)
    except (OSError, ValueError, struct.error) as error:
        raise UserError(f"The soundfont {str(font)!r} cannot be read: {reason_of(error)}.") from None
    raise UserError(f"The soundfont {str(font)!r} cannot be read: it lists no presets.")
