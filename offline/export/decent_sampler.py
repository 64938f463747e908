"""DecentSampler presets.

The format is that of the DecentSampler Developer's Guide, "The <groups> element". `ampEnvEnabled="false"` takes the
envelope away, so that a pad sounds to its end however short it is hit.
"""

from pathlib import Path
from xml.etree import ElementTree as ET

from samplechop.offline.export import xml_bytes
from samplechop.offline.kits.core.model import Kit


def write(kit: Kit) -> list[Path]:
    """Write NAME.dspreset beside the folder of the slices."""
    root = ET.Element("DecentSampler", minVersion="1.0.0")
    group = ET.SubElement(ET.SubElement(root, "groups"), "group", ampEnvEnabled="false", loopEnabled="false")
    for part in kit.slices:
        note = str(part.note)
        ET.SubElement(group, "sample", path=part.file, rootNote=note, loNote=note, hiNote=note)
    path = kit.folder / f"{kit.name}.dspreset"
    path.write_bytes(xml_bytes(root))
    return [path]
