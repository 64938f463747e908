"""A Drum Rack for Ableton Live 12 or later, an .adg file: gzipped XML with a Drum Sampler on the pad of each slice.

Ableton publishes nothing about the format. drum_rack.xml beside this module is a rack that Live saved, with one pad,
which is repeated for each slice; what is set in it is what github.com/ben-juodvalkis/Ableton-Device-Creator (MIT) sets.
A pad's ReceivingNote is 128 less its MIDI note. Pads of one ChokeGroup, 1 to 16, end each other. Voice_Envelope_Mode 0
is A-H-D, Live's "Trigger": a pad plays on, however short its note; 1 is A-S-R, "Gate".

Paths are relative to a Live Project (RelativePathType 3), which the folder `Ableton Project Info` makes of the kit's
folder: so the kit can be moved as a whole.
"""

import copy
import gzip
from pathlib import Path
from xml.etree import ElementTree as ET

from samplechop.offline.export import template, warn, xml_bytes, xml_find
from samplechop.offline.kits.core.model import Kit, Slice

PROJECT = "Ableton Project Info"
_NOTE = (
    "This folder makes a Live Project of the one it lies in, so that Live finds the samples of the Drum Rack there.\n"
)
LONGEST_SECONDS = 60
"""What Live lets a pad hold its sound: drum_rack.xml states the range of Voice_Envelope_Hold, and is set to its end."""
GATE_RELEASE = "0.01"
"""Seconds in which a gated pad dies away once it is let go."""
_CELL = "DevicePresets/AbletonDevicePreset/Device/DrumCell"
_LOWEST_ROW = 31  # of 32 rows with four pads each, from the top
_ROWS_SHOWN = 4


def write(kit: Kit) -> list[Path]:
    """Write NAME.adg. A one-shot pad plays its slice to the end however short its note is, or for 60 seconds.

    From there a longer slice dies away within another 60 seconds, which is as long as Live's envelope goes. The Drum
    Sampler does not loop: pads that should play as a gate does.
    """
    if kit.play == "loop":
        warn("Ableton: a Drum Sampler does not loop, so pads play while they are held, and to the end at most")
    long = sum(part.frames > LONGEST_SECONDS * kit.slice_rate for part in kit.slices)
    if long and kit.play == "one-shot":
        warn(f"Ableton: after {LONGEST_SECONDS} s a pad dies away, which cuts into {long} of {len(kit.slices)} slices")
    rack = template("drum_rack.xml")
    pads = xml_find(rack, "GroupDevicePreset/BranchPresets")
    plain = pads[0]
    pads.remove(plain)
    for index, part in enumerate(kit.slices):
        pads.append(_pad(kit, part, index, plain))
    lowest = min(part.note for part in kit.slices)
    top = max(0, _LOWEST_ROW - lowest // 4 - _ROWS_SHOWN + 1)
    device = "GroupDevicePreset/Device/DrumGroupDevice"
    _set(rack, {f"{device}/UserName": kit.name, f"{device}/PadScrollPosition": str(top)})
    path, project = kit.folder / f"{kit.name}.adg", kit.folder / PROJECT / "samplechop.txt"
    path.write_bytes(gzip.compress(xml_bytes(rack), mtime=0))
    project.parent.mkdir(exist_ok=True)
    project.write_text(_NOTE, encoding="utf-8", newline="\n")
    return [path, project]


def _pad(kit: Kit, part: Slice, index: int, plain: ET.Element) -> ET.Element:
    pad = copy.deepcopy(plain)
    pad.set("Id", str(index))
    _set(pad, {"Name": part.title, "ZoneSettings/ReceivingNote": str(128 - part.note)})
    sample = f"{_CELL}/UserSample/Value/SampleRef"
    file = f"{sample}/FileRef"
    values = {
        "ZoneSettings/ChokeGroup": str(int(kit.choke)),
        f"{file}/RelativePath": part.file,
        # Live looks here first; where the kit will lie is not known, so only the name is of use, for its own search.
        f"{file}/Path": f"/{kit.name}/{part.file}",
        f"{file}/OriginalFileSize": str(kit.path(part).stat().st_size),
        f"{sample}/DefaultDuration": str(part.frames),
        f"{sample}/DefaultSampleRate": str(kit.slice_rate),
    }
    if kit.play != "one-shot":
        values |= {f"{_CELL}/Voice_Envelope_Mode/Manual": "1", f"{_CELL}/Voice_Envelope_Decay/Manual": GATE_RELEASE}
    _set(pad, values)
    return pad


def _set(root: ET.Element, values: dict[str, str]) -> None:
    for place, value in values.items():
        xml_find(root, place).set("Value", value)
