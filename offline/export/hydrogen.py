"""Hydrogen's drum kit: a tar.gz of one folder with the slices and drumkit.xml, an instrument for each slice.

The format is that of Hydrogen's schema, drumkit.xsd, as of Hydrogen 1.0; instruments play their samples to the end.
"""

import gzip
import io
import tarfile
from pathlib import Path
from xml.etree import ElementTree as ET

from samplechop.offline.export import credit, xml_bytes
from samplechop.offline.kits.core.model import Kit, Slice

NAMESPACE = "http://www.hydrogen-music.org/drumkit"

_INSTRUMENT = {
    "volume": "1",
    "isMuted": "false",
    "isSoloed": "false",
    "pan": "0",
    "pitchOffset": "0",
    "randomPitchFactor": "0",
    "gain": "1",
    "applyVelocity": "true",
    "filterActive": "false",
    "filterCutoff": "1",
    "filterResonance": "0",
    "Attack": "0",
    "Decay": "0",
    "Sustain": "1",
    "Release": "1000",
    "muteGroup": "-1",
    "midiOutChannel": "-1",
}
_REST = {
    "isStopNote": "false",
    "sampleSelectionAlgo": "VELOCITY",
    "isHihat": "-1",
    "lower_cc": "0",
    "higher_cc": "127",
    "FX1Level": "0",
    "FX2Level": "0",
    "FX3Level": "0",
    "FX4Level": "0",
}
"""What Hydrogen's own kits have, in the schema's order; the note stands between."""


def write(kit: Kit) -> list[Path]:
    """Write NAME.h2drumkit."""
    path = kit.folder / f"{kit.name}.h2drumkit"
    with (
        path.open("wb") as file,
        # Audio hardly gets smaller; no name and no time in the header: the same kit gives the same bytes.
        gzip.GzipFile("", "wb", 0, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        document = xml_bytes(_document(kit))
        archive.addfile(_member(kit, "drumkit.xml", len(document)), io.BytesIO(document))
        for part in kit.slices:
            with kit.path(part).open("rb") as samples:
                archive.addfile(_member(kit, _file(part), kit.path(part).stat().st_size), samples)
    return [path]


def _file(part: Slice) -> str:
    return f"{part.name}.wav"


def _member(kit: Kit, name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(f"{kit.name}/{name}")
    member.size, member.mode = size, 0o644
    return member


def _document(kit: Kit) -> ET.Element:
    root = ET.Element("drumkit_info", xmlns=NAMESPACE)
    told = {"name": kit.name, "author": "", "info": credit(kit), "license": "undefined license", "image": ""}
    _fill(root, told | {"imageLicense": "undefined license"})
    component = ET.SubElement(ET.SubElement(root, "componentList"), "drumkitComponent")
    _fill(component, {"id": "0", "name": "Main", "volume": "1"})
    instruments = ET.SubElement(root, "instrumentList")
    for number, part in enumerate(kit.slices):
        instrument = ET.SubElement(instruments, "instrument")
        _fill(instrument, {"id": str(number), "name": part.title} | _INSTRUMENT)
        _fill(instrument, {"midiOutNote": str(part.note)} | _REST)
        held = ET.SubElement(instrument, "instrumentComponent")
        _fill(held, {"component_id": "0", "gain": "1"})
        layer = ET.SubElement(held, "layer")
        _fill(layer, {"filename": _file(part), "min": "0", "max": "1", "gain": "1", "pitch": "0"})
    return root


def _fill(element: ET.Element, values: dict[str, str]) -> None:
    for tag, text in values.items():
        ET.SubElement(element, tag).text = text
