"""The kinds of label files, each read into marks; what a mark means is offline/labels.py's to say."""

import csv
import io
import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido

from realtime.errors import UserError

TICKS_PER_BEAT = 960
CHORD_SECONDS = 0.005
"""Notes struck within this of each other are one place."""
KINDS = ("chop", "tap")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place: seconds, its name, and where in the file it stands, for people."""

    time: float
    name: str
    where: str


def _number(text: str, path: Path, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{str(path)!r}, {where}: {text.strip()!r} is not a time in seconds") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{str(path)!r} is not text: labels are seconds, or an Audacity label track") from None


def read_text(path: Path) -> list[Mark]:
    """Read seconds with commas or line ends between them, or an Audacity label track (start, end, name with tabs).

    A line that begins with a backslash is a label's frequency range and one with # is a remark; both are passed over.
    """
    marks = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        where = f"line {number}"
        if not line.strip() or line.startswith(("\\", "#")):
            continue
        if "\t" in line:
            start, _, *name = line.split("\t")
            marks.append(Mark(_number(start, path, where), name[0].strip() if name else "", where))
            continue
        fields = next(csv.reader([line]))
        marks += [Mark(_number(one, path, where), "", where) for one in fields if one.strip()]
    return marks


def read_midi(path: Path) -> list[Mark]:
    """Read the notes of a Standard MIDI File, whose time is the recording's; without notes, its markers."""
    try:
        file = mido.MidiFile(path)
    except (OSError, EOFError, ValueError, IndexError, KeyError) as error:
        raise UserError(f"{str(path)!r} is not a Standard MIDI File: {error}") from None
    notes: list[Mark] = []
    markers: list[Mark] = []
    now = 0.0
    for message in file:
        now += message.time
        if message.type == "note_on" and message.velocity > 0:
            if not notes or now - notes[-1].time > CHORD_SECONDS:
                notes.append(Mark(now, "", f"note {message.note} at {now:.3f} s"))
        elif message.type in ("marker", "cue_marker"):
            markers.append(Mark(now, message.text, f"marker {message.text!r}"))
    return notes or markers


def midi_bytes(times: Sequence[float]) -> bytes:
    """Give a Standard MIDI File with a note of a tenth of a second at each time, at 120 beats per minute."""
    track, now = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)]), 0
    struck = [(round(time * 2 * TICKS_PER_BEAT), velocity) for time in times for velocity in (100,)]
    moves = sorted([(tick, 1, velocity) for tick, velocity in struck] + [(tick + 192, 0, 0) for tick, _ in struck])
    for tick, on, velocity in moves:
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, note=36, velocity=velocity, time=tick - now))
        now = tick
    content = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, tracks=[track]).save(file=content)
    return content.getvalue()


def read_events(path: Path) -> list[Mark]:
    """Read the chops of a session's events (JSON lines), or its taps if there are no chops."""
    found: dict[str, list[Mark]] = {kind: [] for kind in KINDS}
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            kind, time = str(record["kind"]), float(record["time"])
        except (ValueError, TypeError, KeyError):
            raise UserError(f"{str(path)!r}, line {number}: not an event with a kind and a time") from None
        if kind in found:
            found[kind].append(Mark(time, "", f"line {number}"))
    # Attacks are placed after chops are decided, so neighbours may stand in another order than they lie.
    return sorted(next((marks for marks in found.values() if marks), []), key=lambda mark: mark.time)


def read_truth_file(path: Path) -> list[Mark]:
    """Read the chops of a crate's truth."""
    from offline.crate.truth import read_truth

    return [Mark(chop.time, chop.reason, f"chop at {chop.time:.3f} s") for chop in read_truth(path).chops]


def read_cues(path: Path) -> list[Mark]:
    """Read the cue points of a wav with their labels: chunks `cue ` and `LIST adtl` of RIFF, RF64 or BW64.

    libsndfile drops the labels, so the chunks are walked here; sizes are believed only as far as the file goes.
    """
    content = path.read_bytes()
    if content[:4] not in (b"RIFF", b"RF64", b"BW64") or content[8:12] != b"WAVE":
        return []
    rate, cues, names = 0, [], {}
    at = 12
    while at + 8 <= len(content):
        kind, size = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        body = content[at + 8 : at + 8 + size]
        if kind == b"fmt " and len(body) >= 8:
            rate = struct.unpack_from("<I", body, 4)[0]
        elif kind == b"cue " and len(body) >= 4:
            count = min(struct.unpack_from("<I", body)[0], (len(body) - 4) // 24)
            cues = [struct.unpack_from("<II4sIII", body, 4 + 24 * i) for i in range(count)]
        elif kind == b"LIST" and body[:4] == b"adtl":
            names = _cue_names(body[4:])
        if size == 0xFFFFFFFF:  # an RF64 data chunk: cues stand before it, or cannot be found without ds64
            break
        at += 8 + size + size % 2
    if not rate:
        return []
    marks = [Mark(cue[5] / rate, names.get(cue[0], ""), f"cue {cue[0]}") for cue in cues]
    return sorted(marks, key=lambda mark: mark.time)


def _cue_names(body: bytes) -> dict[int, str]:
    names, at = {}, 0
    while at + 12 <= len(body):
        kind, size, cue = struct.unpack_from("<4sII", body, at)
        if kind == b"labl":
            text = body[at + 12 : at + 8 + size].split(b"\0")[0]
            names[cue] = re.sub(r"\s+", " ", text.decode("utf-8", "replace"))
        at += 8 + size + size % 2
    return names
