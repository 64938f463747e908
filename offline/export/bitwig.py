"""Bitwig's multisample: a zip of the slices and of multisample.xml, which says what key each lies on.

The format is the one that Bitwig and PreSonus published (github.com/bitwig/multisample, with an XML schema). Slices are
stored uncompressed, so that players can stream them, and are wav with up to 32 bits.
"""

import shutil
import warnings
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

from samplechop.offline.export import ExportWarning, credit, xml_bytes
from samplechop.offline.kits.core.model import Kit

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the zip: the same kit gives the same bytes."""
_UNIX = 3


def write(kit: Kit) -> list[Path]:
    """Write NAME.multisample."""
    if kit.subtype == "DOUBLE" or kit.slice_channels > 2:
        text = "Bitwig: players of .multisample need not know slices of 64 bits or more than two channels"
        warnings.warn(text, ExportWarning, stacklevel=2)
    path = kit.folder / f"{kit.name}.multisample"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(_member("multisample.xml"), "w") as file:
            file.write(xml_bytes(_document(kit)))
        for part in kit.slices:
            member = _member(_file(part.name))
            member.file_size = kit.path(part).stat().st_size  # tells zipfile whether 32 bits are enough
            with archive.open(member, "w") as file, kit.path(part).open("rb") as samples:
                shutil.copyfileobj(samples, file, 1 << 20)
    return [path]


def _file(name: str) -> str:
    return f"{name}.wav"


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _EARLIEST)
    member.create_system, member.external_attr = _UNIX, 0o644 << 16
    return member


def _document(kit: Kit) -> ET.Element:
    root = ET.Element("multisample", name=kit.name)
    told = {"generator": "samplechop", "category": "Drums", "creator": "", "description": credit(kit)}
    for tag, text in told.items():
        ET.SubElement(root, tag).text = text
    ET.SubElement(ET.SubElement(root, "keywords"), "keyword").text = "chops"
    for part in kit.slices:
        note, end = str(part.note), f"{part.frames}.0"
        place = {"file": _file(part.name), "sample-start": "0.0", "sample-stop": end, "gain": "0.0"}
        sample = ET.SubElement(root, "sample", place | {"zone-logic": "always-play"})
        ET.SubElement(sample, "key", root=note, track="1", tune="0.0", low=note, high=note)
        ET.SubElement(sample, "velocity", low="0", high="127")
        ET.SubElement(sample, "select", low="0", high="127")
        ET.SubElement(sample, "loop", mode="off", start="0.0", stop=end)
    return root
