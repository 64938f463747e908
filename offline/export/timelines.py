"""Programs with a timeline: a marker, a label or a region at each slice.

MIDI: a file that plays the slices at their places in the record; type 1, tempi, bars and markers in track 1, the pads
in track 2. A note lasts as long as its slice, and has velocity 127, at which samplers play a sample as loud as it is.
Audacity: a label track, a line for each slice with start, end and name, in seconds. It lies beside the record under the
same name, so that `samplechop train` and `samplechop labels` find it too.
Reaper: the record on a track, with a region for each slice. Projects are text, a tree of `<NAME … >` blocks with a line
for each setting; github.com/ReaTeam/Doc (State Chunk Definitions) lists them. A region is two MARKER lines of one
number: its name at the start, an empty one at the end; a colour stands behind, as
github.com/git-moss/ProjectConverter reads and writes it. Where tempo or bars change is a point of the tempo envelope.
NAME.wav lies beside it, so that the folder can be moved.
DAWproject: the record on an audio track, markers, and the notes that replay the slices: a zip of project.xml,
metadata.xml and the audio, with schemas by Bitwig and PreSonus at github.com/bitwig/dawproject. Musical time is in
beats of the kit's timeline; the audio clip counts in seconds and is not warped, so that the record plays unchanged.
"""

import io
import shutil
import zipfile
from bisect import bisect_right
from collections.abc import Iterable
from itertools import count, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import mido

from samplechop.offline.export import credit, xml_bytes, zip_member
from samplechop.offline.export.pads import rgb
from samplechop.offline.export.record import whole_wav
from samplechop.offline.kits.core.model import Kit
from samplechop.offline.labels.formats import track_text
from samplechop.realtime.midi.tempo_map import MOST_TICKS, TICKS_PER_BEAT

VELOCITY = 127
CHANNEL = 0


def write_midi(kit: Kit) -> list[Path]:
    """Write NAME.mid. Where the tempo is clear, beats and bars of the file are those of the record."""
    timeline, ticks_per_beat = kit.timeline, TICKS_PER_BEAT  # records of hours get fewer
    while timeline.beat(kit.length) * ticks_per_beat > MOST_TICKS:
        ticks_per_beat //= 2
    tempi = [(one.beat * ticks_per_beat, mido.bpm2tempo(one.bpm)) for one in timeline.stretches]
    # Tempi as the file can say them, in whole microseconds, so that nothing drifts over hours.
    starts = [0.0]
    for (begin, tempo), (end, _) in pairwise(tempi):
        starts.append(starts[-1] + (end - begin) * tempo / ticks_per_beat)

    def tick(sample: int) -> int:
        at = sample * 1_000_000 / kit.sample_rate
        part = bisect_right(starts, at) - 1
        return tempi[part][0] + round((at - starts[part]) * ticks_per_beat / tempi[part][1])

    head = [
        (0, mido.MetaMessage("track_name", name=credit(kit))),
        *((one.beat * ticks_per_beat, _bars_of(one.beats_per_bar)) for one in timeline.meters),
        *((at, mido.MetaMessage("set_tempo", tempo=tempo)) for at, tempo in tempi),
        *((tick(part.start), mido.MetaMessage("marker", text=part.title)) for part in kit.slices),
    ]
    head.sort(key=lambda timed: timed[0])
    notes: list[tuple[int, mido.Message]] = []
    for part in kit.slices:
        on = tick(part.start)
        off = max(on + 1, tick(part.stop))
        notes.append((on, mido.Message("note_on", channel=CHANNEL, note=part.note, velocity=VELOCITY)))
        notes.append((off, mido.Message("note_off", channel=CHANNEL, note=part.note, velocity=0)))
    # Of what comes at one time, a note's end first: sorting keeps the order of the rest.
    notes.sort(key=lambda timed: (timed[0], timed[1].type == "note_on"))
    named = (0, mido.MetaMessage("track_name", name="pads"))
    end = max(tick(kit.length), notes[-1][0], head[-1][0])
    tracks = [_midi_track(head, end), _midi_track([named, *notes], end)]
    content = io.BytesIO()
    mido.MidiFile(type=1, ticks_per_beat=ticks_per_beat, charset="utf-8", tracks=tracks).save(file=content)
    path = kit.folder / f"{kit.name}.mid"
    path.write_bytes(content.getvalue())
    return [path]


def _bars_of(beats: int) -> mido.MetaMessage:
    return mido.MetaMessage("time_signature", numerator=beats, denominator=4)


def _midi_track(timed: Iterable[tuple[int, mido.Message]], end: int) -> mido.MidiTrack:
    """Make a track of messages at rising ticks; it ends with the record."""
    track, now = mido.MidiTrack(), 0
    for tick, message in timed:
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return track


def write_audacity(kit: Kit) -> list[Path]:
    """Write NAME.txt; a microsecond is finer than a sample."""
    path = kit.folder / f"{kit.name}.txt"
    rows = ((kit.seconds(part.start), kit.seconds(part.stop), part.title) for part in kit.slices)
    path.write_bytes(track_text(rows).encode())
    return [path]


_REGION = 1


def write_reaper(kit: Kit) -> list[Path]:
    """Write NAME.rpp and NAME.wav. Positions are seconds with nine decimals, which is finer than a sample."""
    record = whole_wav(kit)
    length = kit.seconds(kit.length)
    lines = ['<REAPER_PROJECT 0.1 "6.0/samplechop" 0', "  RIPPLE 0", f"  SAMPLERATE {kit.sample_rate} 0 0"]
    lines += _reaper_tempi(kit)
    for part in kit.slices:
        start, stop = kit.seconds(part.start), kit.seconds(part.stop)
        colour = f" {reaper_colour(part.colour)}" if part.colour else ""
        lines.append(f"  MARKER {part.number} {start:.9f} {quoted(part.title)} {_REGION}{colour}")
        lines.append(f'  MARKER {part.number} {stop:.9f} "" {_REGION}{colour}')
    lines += ["  <TRACK", f"    NAME {quoted(kit.name)}", "    <ITEM", "      POSITION 0", f"      LENGTH {length:.9f}"]
    lines += ["      LOOP 0", f"      NAME {quoted(record.name)}", "      SOFFS 0", "      PLAYRATE 1 1 0 -1 0 0.0025"]
    lines += ["      <SOURCE WAVE", f"        FILE {quoted(record.name)}", "      >", "    >", "  >", ">"]
    path = kit.folder / f"{kit.name}.rpp"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return [path, record]


def _reaper_tempi(kit: Kit) -> list[str]:
    """Give the tempo and the bars of a project, and where they change: each point holds, "1", until the next."""
    timeline = kit.timeline
    tempo, usual = timeline.usual(kit.length)
    lines = [f"  TEMPO {tempo} {usual} 4"]
    changes = timeline.changes()
    if len(changes) > 1:
        lines += [
            "  <TEMPOENVEX",
            "    ACT 1 -1",
            "    VIS 1 0 1",
            "    LANEHEIGHT 0 0",
            "    ARM 0",
            "    DEFSHAPE 1 -1 -1",
        ]
        for beat, bpm, meter in changes:
            bars = "" if meter is None else f" {4 << 16 | meter} 0 1"
            lines.append(f"    PT {timeline.sample(beat) / kit.sample_rate:.12f} {bpm:.10f} 1{bars}")
        lines.append("  >")
    return lines


def reaper_colour(colour: str) -> int:
    """Give a colour such as "#56b4e9" as projects have it: red in the lowest byte, and a bit that says it was set."""
    return 1 << 24 | int.from_bytes(bytes(rgb(colour)), "little")


def quoted(text: str) -> str:
    """Put a text between quotation marks that do not occur in it; where all three do, backticks become apostrophes."""
    for mark in "\"'`":
        if mark not in text:
            return f"{mark}{text}{mark}"
    return "`" + text.replace("`", "'") + "`"


WRITER = "1"
"""Version of what is written here, which the format asks for."""


def write_dawproject(kit: Kit) -> list[Path]:
    """Write NAME.dawproject, which holds the record, and NAME.wav, which it is copied from."""
    record = whole_wav(kit)
    audio = f"audio/{record.name}"
    path = kit.folder / f"{kit.name}.dawproject"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zip_member("project.xml"), xml_bytes(_dawproject(kit, audio)))
        archive.writestr(zip_member("metadata.xml"), xml_bytes(_metadata(kit)))
        entry = zip_member(audio)
        entry.file_size = record.stat().st_size
        with archive.open(entry, "w") as target, record.open("rb") as source:
            shutil.copyfileobj(source, target, 1 << 20)
    return [path, record]


def _metadata(kit: Kit) -> ET.Element:
    root = ET.Element("MetaData")
    ET.SubElement(root, "Title").text = kit.name
    ET.SubElement(root, "Comment").text = credit(kit)
    return root


def _dawproject(kit: Kit, audio: str) -> ET.Element:
    timeline = kit.timeline
    number = count(1)

    def named(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
        return ET.SubElement(parent, tag, {**attributes, "id": f"id{next(number)}"})

    def beats(sample: int) -> str:
        return f"{timeline.beat(sample):.12f}"

    root = ET.Element("Project", version="1.0")
    ET.SubElement(root, "Application", name="samplechop", version=WRITER)
    transport = ET.SubElement(root, "Transport")
    usual, meter = timeline.usual(kit.length)
    fastest = max(666.0, *(one.bpm for one in timeline.stretches))
    tempo = named(transport, "Tempo", unit="bpm", value=f"{usual:.12g}", min="20", max=f"{fastest:g}", name="Tempo")
    bars = named(transport, "TimeSignature", numerator=str(meter), denominator="4")
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
        length = timeline.beat(part.stop) - timeline.beat(part.start)
        place = {"time": beats(part.start), "duration": f"{length:.12f}"}
        ET.SubElement(notes, "Note", {**place, "channel": str(CHANNEL), "key": str(part.note), "vel": velocity})
        marker = ET.SubElement(markers, "Marker", time=place["time"], name=part.title)
        if part.colour:
            marker.set("color", part.colour)
    if len(timeline.changes()) > 1:
        changing = named(arrangement, "TempoAutomation", timeUnit="beats", unit="bpm")
        ET.SubElement(changing, "Target", parameter=tempo.attrib["id"])
        for one in timeline.stretches:
            ET.SubElement(changing, "RealPoint", time=str(one.beat), value=f"{one.bpm:.12g}", interpolation="hold")
        changing = named(arrangement, "TimeSignatureAutomation", timeUnit="beats")
        ET.SubElement(changing, "Target", parameter=bars.attrib["id"])
        for bar in timeline.meters:
            signature = {"numerator": str(bar.beats_per_bar), "denominator": "4"}
            ET.SubElement(changing, "TimeSignaturePoint", {"time": str(bar.beat), **signature})
    return root
