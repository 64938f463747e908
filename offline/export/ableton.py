"""A Drum Rack for Ableton Live 12 or later, an .adg file: gzipped XML with a Drum Sampler on the pad of each slice.

Ableton publishes nothing about the format. drum_rack.xml beside this module is a rack that Live saved, with one pad,
which is repeated for each slice; what is set in it is what github.com/ben-juodvalkis/Ableton-Device-Creator (MIT) sets.
A pad's ReceivingNote is 128 less its MIDI note. Pads of one ChokeGroup, 1 to 16, end each other. Voice_Envelope_Mode 0
is A-H-D, Live's "Trigger": a pad plays on, however short its note; 1 is A-S-R, "Gate".

Paths are relative to a Live Project (RelativePathType 3), which the folder `Ableton Project Info` makes of the kit's
folder: so the kit can be moved as a whole.
"""

import gzip
import math
from pathlib import Path
from xml.etree import ElementTree as ET

from samplechop.offline.export import template, warn, xml_bytes, xml_find
from samplechop.offline.export.pads import rgb
from samplechop.offline.export.xml_text import copied
from samplechop.offline.kits.core.model import Kit, Slice

PROJECT = "Ableton Project Info"
_NOTE = (
    "This folder makes a Live Project of the one it lies in, so that Live finds the samples of the Drum Rack there.\n"
)
LONGEST_SECONDS = 60
"""What Live lets a pad hold its sound: drum_rack.xml states the range of Voice_Envelope_Hold, and is set to its end."""
GATE_RELEASE = "0.01"
"""Seconds in which a gated pad dies away once it is let go."""
COLOURS = bytes.fromhex(
    "ff94a6 ffa529 cc9927 f7f47c bffb00 1aff2f 25ffa8 5cffe8 8bc5ff 5480e4 92a7ff d86ce4 e553a0 ffffff "
    "ff3636 f66c03 99724b fff034 87ff67 3dc300 00bfaf 19e9ff 10a4ee 007dc0 886ce4 b677c6 ff39d4 d0d0d0 "
    "e2675a ffa374 d3ad71 edffae d2e498 bad074 9bc48d d4fde1 cdf1f8 b9c1e3 cdbbe4 ae98e5 e5dce1 a9a9a9 "
    "c6928b b78256 99836a bfba69 a6be00 7db04d 88c2ba 9bb3c4 85a5c2 8393cc a595b5 bf9fbe bc7196 7b7b7b "
    "af3333 a95131 724f41 dbc300 85961f 539f31 0a9c8e 236384 1a2f96 2f52a2 624bad a34bad cc2e6e 3c3c3c"
)
"""Red, green, blue of the 70 of Live's palette since version 10, by DocumentColorIndex, as remote scripts have it."""
_CELL = "DevicePresets/AbletonDevicePreset/Device/DrumCell"
_LOWEST_ROW = 31  # of 32 rows with four pads each, from the top
_ROWS_SHOWN = 4


def write(kit: Kit) -> list[Path]:
    """Write NAME.adg. A one-shot pad plays its slice to the end however short its note is, or for 60 seconds.

    From there a longer slice dies away within another 60 seconds, which is as long as Live's envelope goes. The Drum
    Sampler does not loop: pads that should play as a gate does. A pad's colour is the nearest of Live's.
    """
    if any(kit.play_of(part) == "loop" for part in kit.slices):
        warn("Ableton: a Drum Sampler does not loop, so pads play while they are held, and to the end at most")
    one_shots = [part for part in kit.slices if kit.play_of(part) == "one-shot"]
    if long := sum(part.frames > LONGEST_SECONDS * kit.slice_rate for part in one_shots):
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
    pad = copied(plain)
    pad.set("Id", str(index))
    _set(pad, {"Name": part.title, "ZoneSettings/ReceivingNote": str(128 - part.note)})
    sample = f"{_CELL}/UserSample/Value/SampleRef"
    file = f"{sample}/FileRef"
    values = {
        "ZoneSettings/ChokeGroup": str(kit.choke_of(part)),
        f"{file}/RelativePath": part.file,
        # Live looks here first; where the kit will lie is not known, so only the name is of use, for its own search.
        f"{file}/Path": f"/{kit.name}/{part.file}",
        f"{file}/OriginalFileSize": str(kit.path(part).stat().st_size),
        f"{sample}/DefaultDuration": str(part.frames),
        f"{sample}/DefaultSampleRate": str(kit.slice_rate),
    }
    if part.colour:
        values |= {"DocumentColorIndex": str(nearest(part.colour)), "AutoColored": "false"}
    if kit.play_of(part) != "one-shot":
        values |= {f"{_CELL}/Voice_Envelope_Mode/Manual": "1", f"{_CELL}/Voice_Envelope_Decay/Manual": GATE_RELEASE}
    _set(pad, values)
    return pad


def nearest(colour: str) -> int:
    """Give the index of Live's colour that is nearest to one such as "#56b4e9"."""
    return min(range(len(COLOURS) // 3), key=lambda index: math.dist(rgb(colour), COLOURS[3 * index : 3 * index + 3]))


def _set(root: ET.Element, values: dict[str, str]) -> None:
    for place, value in values.items():
        xml_find(root, place).set("Value", value)
