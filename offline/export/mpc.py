"""Akai MPC: a drum program, an .xpm file, with each slice on its pad, and its samples in the same folder.

Akai publishes nothing about the format. mpc_program.xml beside this module is an empty program as MPC firmware 2.9
saves it, after github.com/BlackCursive/mpckitcreator (template.xml, instrument.xml). It has one pad, repeated for all
128, which plays its sample once, to the end, and cuts itself short when it is played again; SliceIndex 129 is the whole
sample from SliceStart to SliceEnd. Of a gate OneShot is False, SliceLoop 1 loops forward from SliceLoopStart, and pads
of one MuteGroup, 1 to 32, choke each other, as github.com/git-moss/ConvertWithMoss reads and writes them. MPC 3 loads
such programs too. Samples are named without ending, beside the program. Pads are all of one colour, or, where Universal
is false, each has its own: seven bits for each of red, green and blue, as in that template's green.
"""

import json
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from itertools import chain, count
from pathlib import Path

from samplechop.offline.audio.sample_formats import quantised, wav_file
from samplechop.offline.export import factor_to_fit, slice_blocks, template, warn, xml_bytes, xml_children, xml_find
from samplechop.offline.export.pads import coloured, in_order, rgb, start_note
from samplechop.offline.export.xml_text import copied
from samplechop.offline.kits.core.model import NOTES, Kit, Slice

_PLAYED = ("PCM_16", "PCM_24")
_GREEN = 0x007F00


def write(kit: Kit) -> list[Path]:
    """Write mpc/NAME.xpm and its samples; for the MPC's own chop mode the format cues writes the record.

    Slices that are not PCM of 16 or 24 bit are written as 24 bit, which every MPC loads, all of them quieter if one is
    over full scale. Mono and stereo stay; more channels are mixed to one.
    """
    parts = in_order(kit)
    if kit.slice_channels > 2:
        warn(f"MPC: the {kit.slice_channels} channels of the slices are mixed to one, a pad plays one or two")
    folder = kit.folder / "mpc"
    folder.mkdir(exist_ok=True)
    names = sample_names(part.name for part in parts)
    samples = [folder / f"{name}.wav" for name in names]
    channels = kit.slice_channels if kit.slice_channels <= 2 else 1
    factor = factor_to_fit(kit, parts, "MPC", lambda: slice_blocks(kit, parts, channels))
    for part, sample in zip(parts, samples, strict=True):
        _copy(kit, part, sample, channels, factor)
    program = folder / f"{kit.name}.xpm"
    program.write_bytes(xml_bytes(_program(kit, dict(zip(names, parts, strict=True)))))
    return [program, *samples]


def sample_names(names: Iterable[str]) -> list[str]:
    """Give names as the MPC finds samples by them: without dots, after which it would see an ending; all different."""
    given: list[str] = []
    for name in names:
        plain = name.replace(".", "-")
        taken = {other.lower() for other in given}
        variants = chain((plain,), (f"{plain}-{number}" for number in count(2)))
        given.append(next(each for each in variants if each.lower() not in taken))
    return given


def _copy(kit: Kit, part: Slice, sample: Path, channels: int, factor: float) -> None:
    if kit.subtype in _PLAYED and kit.slice_channels == channels:
        shutil.copyfile(kit.path(part), sample)
        return
    subtype = kit.subtype if kit.subtype in _PLAYED else "PCM_24"
    with wav_file(sample, kit.slice_rate, channels, subtype, part.frames) as file:
        for block in slice_blocks(kit, [part], channels):
            file.write(quantised(block * factor, subtype))


def _program(kit: Kit, parts: Mapping[str, Slice]) -> ET.Element:
    """Make the program: instrument 1 is on pad 1, and so on. parts: slices by the names of their samples."""
    notes_of = [*range(start_note(kit), NOTES), *reversed(range(start_note(kit)))]
    pads = {notes_of.index(part.note): (name, part) for name, part in parts.items()}
    root = template("mpc_program.xml")
    xml_find(root, "Program/ProgramName").text = kit.name
    xml_find(root, "Program/ProgramPads").text = _colours({index: part for index, (_, part) in pads.items()})
    maps = ("Program/Instruments", "Program/PadNoteMap", "Program/PadGroupMap")
    instruments, notes, groups = (xml_find(root, place) for place in maps)
    empty = instruments[0]
    instruments.remove(empty)
    for index, note in enumerate(notes_of):
        number = {"number": str(index + 1)}
        pad = ET.Element(empty.tag, empty.attrib | number)
        pad.text, pad.tail = empty.text, empty.tail
        pad.extend([copied(child) for child in empty] if index in pads else empty)  # empty ones share their parts
        if index in pads:
            name, part = pads[index]
            xml_find(pad, "Layers/Layer/SampleName").text = name
            xml_find(pad, "Layers/Layer/SliceEnd").text = str(max(part.frames - 1, 0))
            xml_find(pad, "Layers/Layer/SliceLoop").text = str(int(kit.play_of(part) == "loop"))
            xml_find(pad, "OneShot").text = str(kit.play_of(part) == "one-shot")
            xml_find(pad, "MuteGroup").text = str(kit.choke_of(part))
        instruments.append(pad)
        xml_children(ET.SubElement(notes, "PadNote", number), {"Note": note})
        xml_children(ET.SubElement(groups, "PadGroup", number), {"Group": 0})
    return root


def _colours(pads: Mapping[int, Slice]) -> str:
    """Give the colours of the pads, JSON within the XML: all alike unless one of the slices has its own."""
    own = bool(coloured(list(pads.values())))
    each = {index: _colour(part.colour) if part.colour else _GREEN for index, part in pads.items()} if own else {}
    values = {f"value{index}": each.get(index, 0) for index in range(NOTES)}
    content = {"Universal": {"value0": not own}, "Type": {"value0": 1}, "universalPad": _GREEN, "pads": values}
    return json.dumps({"ProgramPads": {**content, "UnusedPads": {"value0": 1}}}, indent=4)


def _colour(colour: str) -> int:
    red, green, blue = (value >> 1 for value in rgb(colour))
    return red << 16 | green << 8 | blue
