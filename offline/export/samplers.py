"""Software samplers: the slices, and a document that says on which note each lies, and how pads play and choke.

SFZ: text, with opcodes of SFZ 1 (sfzformat.com, "SFZ file structure" and "Opcodes"), which all players know.
DecentSampler: XML, as in its Developer's Guide, "The <groups> element" and, since version 1.4, "How to Color the Keys".
Bitwig: a multisample, a zip of the slices and of multisample.xml; its schema is at github.com/bitwig/multisample.
Slices are stored uncompressed, so that players can stream them.
Hydrogen: a drum kit, a tar.gz of one folder with the slices and drumkit.xml, as in drumkit.xsd of Hydrogen 1.0.
"""

import gzip
import io
import shutil
import tarfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

from samplechop.offline.export import credit, warn, xml_bytes, xml_children, zip_member
from samplechop.offline.export.pads import CHOKE_GROUP, COLOUR, HOW_IT_PLAYS, alike, coloured, in_order, warn_unsaid
from samplechop.offline.kits.core.model import KIT_GROUP, Kit, Play, Slice

_SFZ_LOOP_MODES: dict[Play, str] = {"one-shot": "one_shot", "gate": "no_loop", "loop": "loop_continuous"}


def write_sfz(kit: Kit) -> list[Path]:
    """Write NAME.sfz beside the folder of the slices. Colours it has no word for."""
    warn_unsaid("SFZ", {COLOUR: coloured(kit.slices)})
    lines = [f"// {credit(kit)}", ""]
    for (play, choke), parts in alike(kit).items():
        lines.append(f"<group> loop_mode={_SFZ_LOOP_MODES[play]}" + (f" group={choke} off_by={choke}" if choke else ""))
        for part in parts:
            loop = f"loop_start=0 loop_end={part.frames - 1} " if play == "loop" else ""
            lines.append(f"<region> key={part.note} pitch_keycenter={part.note} {loop}sample={part.file}")
    path = kit.folder / f"{kit.name}.sfz"
    path.write_bytes("\n".join([*lines, ""]).encode())
    return [path]


def write_decent_sampler(kit: Kit) -> list[Path]:
    """Write NAME.dspreset beside the folder of the slices. Colours are those of keys on the screen."""
    root = ET.Element("DecentSampler", minVersion="1.4.0" if coloured(kit.slices) else "1.0.0")
    if coloured(kit.slices):
        keyboard = ET.SubElement(ET.SubElement(root, "ui"), "keyboard")
        for part in kit.slices:  # a coloured key takes the usual colour from all others that play
            place = {"loNote": str(part.note), "hiNote": str(part.note)}
            ET.SubElement(keyboard, "color", place, color=f"FF{(part.colour or _GREY)[1:].upper()}")
    groups = ET.SubElement(root, "groups")
    for (play, choke), parts in alike(kit).items():
        group = ET.SubElement(groups, "group", loopEnabled=_yes(play == "loop"))
        group.attrib.update({"ampEnvEnabled": _yes(play != "one-shot")})  # without one a note's end is nothing
        if play != "one-shot":
            group.attrib.update({"attack": "0", "decay": "0", "sustain": "1", "release": "0.01"})
        if choke:
            tag = "pads" if choke == KIT_GROUP else f"pads{choke}"
            group.attrib.update({"tags": tag, "silencedByTags": tag, "silencingMode": "fast"})
        for part in parts:
            note = str(part.note)
            sample = ET.SubElement(group, "sample", path=part.file, rootNote=note, loNote=note, hiNote=note)
            if play == "loop":
                sample.attrib.update({"loopStart": "0", "loopEnd": str(part.frames - 1)})
    path = kit.folder / f"{kit.name}.dspreset"
    path.write_bytes(xml_bytes(root))
    return [path]


_GREY = "#9a9a9a"
"""Of pads without a colour of their own, where others have one."""


def _yes(value: bool) -> str:
    return str(value).lower()


def write_bitwig(kit: Kit) -> list[Path]:
    """Write NAME.multisample. Whether a pad plays to the end, and chokes others, the format leaves to the player."""
    unsaid = {HOW_IT_PLAYS: [part for part in kit.slices if part.play in ("one-shot", "gate")]}
    warn_unsaid("Bitwig", unsaid | {CHOKE_GROUP: [part for part in kit.slices if part.choke is not None]})
    if kit.subtype == "DOUBLE" or kit.slice_channels > 2:
        warn("Bitwig: players of .multisample need not know slices of 64 bits or more than two channels")
    path = kit.folder / f"{kit.name}.multisample"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(zip_member("multisample.xml"), "w") as file:
            file.write(xml_bytes(_bitwig_document(kit)))
        for part in kit.slices:
            member = zip_member(_file(part))
            member.file_size = kit.path(part).stat().st_size  # tells zipfile whether 32 bits are enough
            with archive.open(member, "w") as file, kit.path(part).open("rb") as samples:
                shutil.copyfileobj(samples, file, 1 << 20)
    return [path]


def _bitwig_document(kit: Kit) -> ET.Element:
    root = ET.Element("multisample", name=kit.name)
    xml_children(root, {"generator": "samplechop", "category": "Drums", "creator": "", "description": credit(kit)})
    ET.SubElement(ET.SubElement(root, "keywords"), "keyword").text = "chops"
    # Only groups have colours; to the sound they mean nothing.
    colours = list(dict.fromkeys(part.colour for part in kit.slices if part.colour))
    for colour in colours:
        ET.SubElement(root, "group", name=colour, color=colour[1:])
    for part in kit.slices:
        note, end = str(part.note), f"{part.frames}.0"
        place = {"file": _file(part), "sample-start": "0.0", "sample-stop": end, "gain": "0.0"}
        sample = ET.SubElement(root, "sample", place | {"zone-logic": "always-play"})
        if part.colour:
            sample.set("group", str(colours.index(part.colour)))
        ET.SubElement(sample, "key", root=note, track="1", tune="0.0", low=note, high=note)
        ET.SubElement(sample, "velocity", low="0", high="127")
        ET.SubElement(sample, "select", low="0", high="127")
        ET.SubElement(sample, "loop", mode="loop" if kit.play_of(part) == "loop" else "off", start="0.0", stop=end)
    return root


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


def write_hydrogen(kit: Kit) -> list[Path]:
    """Write NAME.h2drumkit. How long a pad plays, and its colour, Hydrogen has no word for."""
    if kit.play != "one-shot":
        warn(f"Hydrogen: a pad plays its slice to the end, --play {kit.play} is nothing it can say")
    unsaid = {HOW_IT_PLAYS: [part for part in kit.slices if part.play in ("gate", "loop")]}
    warn_unsaid("Hydrogen", unsaid | {COLOUR: coloured(kit.slices)})
    path = kit.folder / f"{kit.name}.h2drumkit"
    with (
        path.open("wb") as file,
        # Audio hardly gets smaller; no name and no time in the header: the same kit gives the same bytes.
        gzip.GzipFile("", "wb", 0, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        document = xml_bytes(_hydrogen_document(kit))
        archive.addfile(_hydrogen_member(kit, "drumkit.xml", len(document)), io.BytesIO(document))
        for part in kit.slices:
            with kit.path(part).open("rb") as samples:
                archive.addfile(_hydrogen_member(kit, _file(part), kit.path(part).stat().st_size), samples)
    return [path]


def _file(part: Slice) -> str:
    return f"{part.name}.wav"


def _hydrogen_member(kit: Kit, name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(f"{kit.name}/{name}")
    member.size, member.mode = size, 0o644
    return member


def _hydrogen_document(kit: Kit) -> ET.Element:
    root = ET.Element("drumkit_info", xmlns=NAMESPACE)
    xml_children(root, {"name": kit.name, "author": "", "info": credit(kit), "license": "undefined license"})
    xml_children(root, {"image": "", "imageLicense": "undefined license"})
    component = ET.SubElement(ET.SubElement(root, "componentList"), "drumkitComponent")
    xml_children(component, {"id": "0", "name": "Main", "volume": "1"})
    instruments = ET.SubElement(root, "instrumentList")
    for number, part in enumerate(in_order(kit)):  # unless told otherwise it plays the n-th by the n-th note from 36 on
        # A mute group ends the others, a stop note the pad's own sound when it is hit again.
        choke = kit.choke_of(part)
        choked = ({"muteGroup": str(choke - 1)}, {"isStopNote": "true"}) if choke else ({}, {})
        instrument = ET.SubElement(instruments, "instrument")
        xml_children(instrument, {"id": str(number), "name": part.title} | _INSTRUMENT | choked[0])
        xml_children(instrument, {"midiOutNote": str(part.note)} | _REST | choked[1])
        component = ET.SubElement(instrument, "instrumentComponent")
        xml_children(component, {"component_id": "0", "gain": "1"})
        layer = ET.SubElement(component, "layer")
        xml_children(layer, {"filename": _file(part), "min": "0", "max": "1", "gain": "1", "pitch": "0"})
    return root
