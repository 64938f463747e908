"""Akai MPC: a drum program, an .xpm file, with a slice on each pad from A01 on, and its samples in the same folder.

Akai publishes nothing about the format; the layout is the one that MPC firmware 2.9 saves, as
github.com/BlackCursive/mpckitcreator shows it (template.xml, instrument.xml). MPC 3 loads such programs too. Samples
are named without their ending and looked for beside the program; a program has 128 pads, each with four layers.
"""

import json
import shutil
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from pathlib import Path

import soundfile

from samplechop.offline.audio.sample_formats import BLOCK, mixed, quantised, wav_file
from samplechop.offline.export import ExportWarning, xml_bytes
from samplechop.offline.kits.core.model import Kit, Slice

PADS = 128
LAYERS = 4

_PLAYED = ("PCM_16", "PCM_24")
_GREEN = 0x007F00
_WHOLE_SAMPLE = 129  # the layer plays the sample from SliceStart to SliceEnd, none of its slices


def write(kit: Kit) -> list[Path]:
    """Write mpc/NAME.xpm and its samples; for the MPC's own chop mode export.cue_wav writes the record.

    Slices that are not PCM of 16 or 24 bit are written as 24 bit, which every MPC loads. Mono and stereo stay; more
    channels are mixed to one.
    """
    parts = kit.slices[:PADS]
    if len(parts) < len(kit.slices):
        text = f"MPC: {len(kit.slices) - PADS} slices are left out, a program has {PADS} pads"
        warnings.warn(text, ExportWarning, stacklevel=2)
    if kit.slice_channels > 2:
        text = f"MPC: the {kit.slice_channels} channels of the slices are mixed to one, a pad plays one or two"
        warnings.warn(text, ExportWarning, stacklevel=2)
    folder = kit.folder / "mpc"
    folder.mkdir(exist_ok=True)
    names = sample_names(part.name for part in parts)
    samples = [folder / f"{name}.wav" for name in names]
    for part, sample in zip(parts, samples, strict=True):
        _copy(kit, part, sample)
    program = folder / f"{kit.name}.xpm"
    program.write_bytes(xml_bytes(_program(kit, parts, names)))
    return [program, *samples]


def sample_names(names: Iterable[str]) -> list[str]:
    """Give names as the MPC finds samples by them: without dots, after which it would see an ending; all different."""
    given: list[str] = []
    for name in names:
        plain = name.replace(".", "-")
        taken = {other.lower() for other in given}
        given.append(next(each for each in _variants(plain) if each.lower() not in taken))
    return given


def _variants(name: str) -> Iterable[str]:
    yield name
    for number in range(2, PADS + 2):
        yield f"{name}-{number}"


def _copy(kit: Kit, part: Slice, sample: Path) -> None:
    source = kit.path(part)
    if kit.subtype in _PLAYED and kit.slice_channels <= 2:
        shutil.copyfile(source, sample)
        return
    channels = kit.slice_channels if kit.slice_channels <= 2 else 1
    subtype = kit.subtype if kit.subtype in _PLAYED else "PCM_24"
    with wav_file(sample, kit.slice_rate, channels, subtype, part.frames) as file:
        for block in soundfile.blocks(source, BLOCK, dtype="float64", always_2d=True):
            file.write(quantised(mixed(block, channels), subtype))


def _program(kit: Kit, parts: tuple[Slice, ...], names: list[str]) -> ET.Element:
    root = ET.Element("MPCVObject")
    version = {"File_Version": "2.1", "Application": "MPC-V", "Application_Version": "2.9.1.2", "Platform": "Linux"}
    _add(ET.SubElement(root, "Version"), version)
    program = ET.SubElement(root, "Program", type="Drum")
    _add(program, {"ProgramName": kit.name, "ProgramPads": _colours()})
    _mixer(program, "2", "0.710000")
    _add(program, {"Pitch": "0.000000", "TuneCoarse": 0, "TuneFine": 0, "Mono": "False", "Program_Polyphony": 16})
    _add(program, {"PortamentoTime": "0.000000", "PortamentoLegato": "False", "PortamentoQuantized": "False"})
    _add(program, {"Program.Xfader.Route": 0})
    instruments = ET.SubElement(program, "Instruments")
    for index in range(PADS):
        name, frames = (names[index], parts[index].frames) if index < len(parts) else ("", 0)
        _instrument(instruments, index + 1, name, max(frames - 1, 0))
    notes = ET.SubElement(program, "PadNoteMap")
    groups = ET.SubElement(program, "PadGroupMap")
    for number, note in enumerate(_notes(parts), start=1):
        _add(ET.SubElement(notes, "PadNote", number=str(number)), {"Note": note})
        _add(ET.SubElement(groups, "PadGroup", number=str(number)), {"Group": 0})
    return root


def _notes(parts: tuple[Slice, ...]) -> list[int]:
    """Give the note of each of the 128 pads: those of the slices first, then the others in order."""
    used = [part.note for part in parts]
    return used + [note for note in range(PADS) if note not in used]


def _instrument(instruments: ET.Element, number: int, name: str, last: int) -> None:
    """Add a pad: it plays its sample once, to the end, and cuts itself short when it is played again."""
    pad = ET.SubElement(instruments, "Instrument", number=str(number))
    _mixer(pad, "0", "0.707946")
    _add(pad, {"TuneCoarse": 0, "TuneFine": 0, "Mono": "True", "Polyphony": 1, "FilterKeytrack": "0.000000"})
    _add(pad, {"LowNote": 0, "HighNote": 127, "IgnoreBaseNote": "False", "ZonePlay": 1, "MuteGroup": 0})
    _add(pad, {f"{kind}Target{target}": 0 for kind in ("Mute", "Simult") for target in range(1, 5)})
    _add(pad, {f"Lfo{target}": "0.000000" for target in ("Pitch", "Cutoff", "Volume", "Pan")})
    _add(pad, {"OneShot": "True", "FilterType": 2, "Cutoff": "1.000000", "Resonance": "0.000000"})
    _add(pad, {"FilterEnvAmt": "0.000000", "AfterTouchToFilter": "0.000000"})
    targets = ("Start", "FilterAttack", "Filter", "FilterEnvelope")
    _add(pad, {f"VelocityTo{target}": "0.000000" for target in targets})
    for envelope in ("Filter", "Volume"):
        _add(pad, {f"{envelope}{stage}": "0.000000" for stage in ("Attack", "Hold", "Release")})
        _add(pad, {f"{envelope}Decay": "0.047244", f"{envelope}Sustain": "1.000000"})
        _add(pad, {f"{envelope}DecayType": "True", f"{envelope}ADEnvelope": "True"})
    _add(pad, {"VelocityToPitch": "0.000000", "VelocityToVolumeAttack": "0.000000"})
    _add(pad, {"VelocitySensitivity": "1.000000", "VelocityToPan": "0.000000"})
    _add(ET.SubElement(pad, "LFO"), {"Type": "Sine", "Rate": "0.500000", "Sync": 0, "Reset": "False"})
    _add(pad, {"WarpTempo": "120.000000", "BpmLock": "True", "WarpEnable": "False", "StretchPercentage": 100})
    layers = ET.SubElement(pad, "Layers")
    _layer(layers, 1, name, last)
    for empty in range(2, LAYERS + 1):
        _layer(layers, empty, "", 0)


def _layer(layers: ET.Element, number: int, name: str, last: int) -> None:
    layer = ET.SubElement(layers, "Layer", number=str(number))
    _add(layer, {"Active": "True", "Volume": "1.000000", "Pan": "0.500000", "Pitch": "0.000000"})
    _add(layer, {"TuneCoarse": 0, "TuneFine": 0, "VelStart": 0, "VelEnd": 127, "SampleStart": 0, "SampleEnd": 0})
    _add(layer, {"Loop": "False", "LoopStart": 0, "LoopEnd": 0, "LoopCrossfadeLength": 0, "LoopTune": 0})
    _add(layer, {"Mute": "False", "RootNote": 0, "KeyTrack": "False", "SampleName": name, "SampleFile": ""})
    _add(layer, {"SliceIndex": _WHOLE_SAMPLE, "Direction": 0, "Offset": 0, "SliceStart": 0, "SliceEnd": last})
    _add(layer, {"SliceLoopStart": 0, "SliceLoop": 0, "SliceLoopCrossFadeLength": 0})


def _mixer(parent: ET.Element, route: str, volume: str) -> None:
    _add(parent, {"CueBusEnable": "False"})
    bus: dict[str, str | int] = {
        "AudioRoute": route,
        "AudioRouteSubIndex": 0,
        "AudioRouteChannelBitmap": 3,
        "InsertsEnabled": "True",
    }
    _add(ET.SubElement(parent, "AudioRoute"), bus)
    _add(parent, {f"Send{number}": "0.000000" for number in range(1, 5)})
    _add(parent, {"Volume": volume, "Mute": "False", "Solo": "False", "Pan": "0.500000", "AutomationFilter": 1})


def _colours() -> str:
    """Give the colours of the pads, JSON within the XML: all alike."""
    pads = {f"value{index}": 0 for index in range(PADS)}
    content = {"Universal": {"value0": True}, "Type": {"value0": 1}, "universalPad": _GREEN, "pads": pads}
    return json.dumps({"ProgramPads": {**content, "UnusedPads": {"value0": 1}}}, indent=4)


def _add(parent: ET.Element, values: Mapping[str, str | int]) -> None:
    for tag, value in values.items():
        ET.SubElement(parent, tag).text = str(value)
