"""A DAWproject: the record on an audio track, a marker at each slice, and the notes that replay the slices from pads.

The format is Bitwig's and PreSonus's, published with schemas at github.com/bitwig/dawproject (Project.xsd,
MetaData.xsd): a zip of project.xml, metadata.xml and the audio. Musical time is in beats at the kit's tempo; the audio
clip counts in seconds and is not warped, so that the record plays unchanged.
"""

import shutil
import zipfile
from itertools import count
from pathlib import Path
from xml.etree import ElementTree as ET

from samplechop.offline.export import credit, xml_bytes
from samplechop.offline.export.midi import CHANNEL, UNKNOWN_TEMPO, VELOCITY
from samplechop.offline.export.record import whole_wav
from samplechop.offline.kits.core.model import Kit

WRITER = "1"
"""Version of what is written here, which the format asks for."""

_BEGINNING = 1980, 1, 1, 0, 0, 0  # of time in zip files: the same kit gives the same bytes
_UNIX = 3


def write(kit: Kit) -> list[Path]:
    """Write NAME.dawproject, which holds the record, and NAME.wav, which it is copied from."""
    record = whole_wav(kit)
    audio = f"audio/{record.name}"
    path = kit.folder / f"{kit.name}.dawproject"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(_entry("project.xml"), xml_bytes(_project(kit, audio)))
        archive.writestr(_entry("metadata.xml"), xml_bytes(_metadata(kit)))
        entry = _entry(audio)
        entry.file_size = record.stat().st_size
        with archive.open(entry, "w") as target, record.open("rb") as source:
            shutil.copyfileobj(source, target, 1 << 20)
    return [path, record]


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _BEGINNING)
    entry.create_system = _UNIX
    entry.external_attr = 0o644 << 16
    return entry


def _metadata(kit: Kit) -> ET.Element:
    root = ET.Element("MetaData")
    ET.SubElement(root, "Title").text = kit.name
    ET.SubElement(root, "Comment").text = credit(kit)
    return root


def _project(kit: Kit, audio: str) -> ET.Element:
    tempo = float(kit.tempo.value) if kit.tempo else UNKNOWN_TEMPO
    number = count(1)

    def named(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
        return ET.SubElement(parent, tag, {**attributes, "id": f"id{next(number)}"})

    def beats(sample: int) -> str:
        return f"{kit.seconds(sample) * tempo / 60.0:.12f}"

    root = ET.Element("Project", version="1.0")
    ET.SubElement(root, "Application", name="samplechop", version=WRITER)
    transport = ET.SubElement(root, "Transport")
    named(transport, "Tempo", unit="bpm", value=f"{tempo:g}", min="20", max="666", name="Tempo")
    named(transport, "TimeSignature", numerator="4", denominator="4")
    structure = ET.SubElement(root, "Structure")
    tracks = {}
    main = ""
    for kind, name, role in (("audio notes", "Main", "master"), ("audio", kit.name, ""), ("notes", "Pads", "")):
        tracks[kind] = track = named(structure, "Track", contentType=kind, loaded="true", name=name)
        channel = named(track, "Channel", audioChannels="2", role=role or "regular", solo="false")
        named(channel, "Volume", unit="linear", value="1", min="0", max="2", name="Volume")
        if role:
            main = channel.attrib["id"]
        else:
            channel.set("destination", main)
    arrangement = named(root, "Arrangement")
    lanes = named(arrangement, "Lanes", timeUnit="beats")
    whole = {"time": "0.0", "duration": beats(kit.length), "playStart": "0.0", "name": kit.name}

    sound = named(named(lanes, "Lanes", track=tracks["audio"].attrib["id"]), "Clips")
    clip = ET.SubElement(sound, "Clip", {**whole, "contentTimeUnit": "seconds"})
    media = {"channels": str(kit.channels), "sampleRate": str(kit.sample_rate), "algorithm": "raw"}
    wave = named(clip, "Audio", **media, duration=f"{kit.seconds(kit.length):.12f}")
    ET.SubElement(wave, "File", path=audio)

    pads = named(named(lanes, "Lanes", track=tracks["notes"].attrib["id"]), "Clips")
    notes = named(ET.SubElement(pads, "Clip", {**whole, "contentTimeUnit": "beats"}), "Notes")
    markers = named(arrangement, "Markers", timeUnit="beats")
    velocity = f"{VELOCITY / 127:.6f}"
    for part in kit.slices:
        place = {"time": beats(part.start), "duration": beats(part.stop - part.start)}
        ET.SubElement(notes, "Note", {**place, "channel": str(CHANNEL), "key": str(part.note), "vel": velocity})
        ET.SubElement(markers, "Marker", time=place["time"], name=part.title)
    return root
