"""Labels, MIDI, cues, labels of drums, references and alignments: what is said of a recording."""

import json
import zipfile
from functools import partial
from io import BytesIO
from pathlib import Path

import mido
import numpy as np

from samplechop.offline.atlas.collect.segmentation import read_alignment
from samplechop.offline.audio.one_shots import gather
from samplechop.offline.lab.hostile.format import Files, Format, each, mutated, session_log, truth, wav, wav_with_cues
from samplechop.offline.lab.synthetic.grooves import load_grooves, name_of, read_grooves, write_grooves
from samplechop.offline.labels.drum_labels import read_drum_labels
from samplechop.offline.labels.files import READERS, Labels, read_labels, write_labels
from samplechop.offline.labels.midi import midi_bytes, percussion, read_song


def _label_files() -> list[Files]:
    return [
        {"a.txt": b"0.1\n0.5\n# remark\n1.2\n"},
        {"a.txt": "0.1\t0.1\tone\n0.5\t0.7\tzwei ä\n\\\t100\t200\n1.2\t1.2\treject\n".encode()},
        {"a.csv": b"0.1;0.5\n1.2\n"},
        {"a.csv": b'"0,1","0.5"\n1.2\n'},
        {"a.jsonl": session_log()},
        {"a.json": truth()},
        {"a.wav": wav_with_cues()},
        {"a.mid": midi_bytes([0.1, 0.5, 1.2])},
    ]


def _load_labels(folder: Path, scratch: Path) -> None:
    path = next((path for path in sorted(folder.iterdir()) if path.suffix in READERS), folder / "a.txt")
    found = read_labels(path, 2.0)
    for ending in (".txt", ".mid", ".jsonl", ".csv"):
        write_labels(scratch / f"out{ending}", found, force=True)


def _midi_files() -> list[Files]:
    plain = midi_bytes([0.1, 0.5, 1.2])
    smpte = plain[:12] + b"\xe7\x28" + plain[14:]
    track = bytes.fromhex(
        "00ff510307a12000ff580404021808 00ff5902ff00 00ff060474657374 00c905 00b90764 60992464 60892400"
    )
    song = b"".join(
        [
            b"MThd\0\0\0\6\0\1\0\2\0\x60",
            *(b"MTrk" + len(t).to_bytes(4, "big") + t for t in (track + b"\0\xff\x2f\0",) * 2),
        ]
    )
    return [{"a.mid": plain}, {"a.mid": smpte}, {"a.mid": song}]


def _load_midi(folder: Path, _: Path) -> None:
    path = folder / "a.mid"
    each(lambda: read_labels(path, 9.0), lambda: percussion(read_song(path)), lambda: percussion(read_song(path), None))


def _load_cues(folder: Path, scratch: Path) -> None:
    path = folder / "a.wav"
    found = Labels(np.array([0.1]), ("x",))
    each(
        lambda: read_labels(path, path),
        lambda: write_labels(scratch / "b.wav", found, audio=path, force=True),
    )


def _drum_labels() -> list[Files]:
    event = {"time": 0.1, "label": "kick", "velocity": 0.5}
    span = {"start": 0.5, "stop": 1.0, "label": "snare"}
    known = {"schema": 1, "known": ["kick", "snare"], "events": [event, event | {"time": 0.4}], "unsure": [span]}
    return [
        {"a.drums.json": json.dumps(known).encode()},
        {"a.drums.txt": b"0.1 kick\n0.5 snare 0.9\n1,2 hat # remark\n"},
        {"a.json": truth()},
    ]


def _load_drum_labels(folder: Path, _: Path) -> None:
    read_drum_labels(next(iter(sorted(folder.iterdir())), folder / "a.drums.json"))


def _references() -> list[Files]:
    audio = wav()
    return [
        {"a.wav": audio, "a.lab": b"0 1 C:maj\n1 1.5 A:min7/b3\n1.5 2 N\n", "a.key": b"A:min"},
        {"a.wav": audio, "a.beats.txt": b"0.1 1\n0.6 2\n", "a.drums.txt": b"0.1 kick\n", "a.onsets.txt": b"0.1\n"},
        {"a.wav": audio, "a.json": truth()},
        {"a.wav": wav_with_cues()},
    ]


def _load_references(folder: Path, _: Path) -> None:
    from samplechop.offline.evaluate.chord_references import chord_references_for
    from samplechop.offline.evaluate.references import references_for

    audio = folder / "a.wav"
    each(lambda: references_for(audio, folder), lambda: chord_references_for(audio, folder))


def _alignments() -> list[Files]:
    phones = [{"phone": "dh_B", "duration": 0.1}, {"phone": "ah_E", "duration": 0.05}]
    word = {"case": "success", "start": 0.1, "end": 0.5, "word": "the", "phones": phones}
    sphinx = {
        "b": 0.0,
        "d": 1.0,
        "t": "the",
        "w": [{"b": 0.1, "d": 0.2, "t": "the(2)", "w": [{"b": 0.1, "d": 0.1, "t": "DH"}]}],
    }
    grid = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2
tiers? <exists>
size = 2
item []:
""" + "".join(
        f"""    item [{n}]:
        class = "IntervalTier"
        name = "{name}"
        xmin = 0
        xmax = 2
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1
            text = "AH0"
        intervals [2]:
            xmin = 1
            xmax = 2
            text = "sil"
"""
        for n, name in enumerate(("words", "phones"), 1)
    )
    return [
        {"a.json": json.dumps({"transcript": "the", "words": [word, word | {"start": 0.6, "end": 0.9}]}).encode()},
        {"a.txt": b"the 0.10 0.40 0.99\ncat(2) 0.50 0.90 0.98\n<sil> 1.0 1.2 1.0\n"},
        {"a.txt": b"DH 0.10 0.20\nAH 0.21 0.40\n"},
        {"a.json": json.dumps(sphinx, separators=(",", ":")).encode() + b"\n"},
        {"a.TextGrid": grid.encode()},
    ]


def _load_alignment(folder: Path, _: Path) -> None:
    path = next(iter(sorted(folder.iterdir())), folder / "a.json")
    each(*(partial(read_alignment, path, unit) for unit in ("word", "phone")))


def _grooves() -> list[Files]:
    track = mido.MidiTrack(
        mido.Message("note_on", channel=9, note=36 + 2 * (beat % 2), velocity=90, time=480) for beat in range(12)
    )
    midi = BytesIO()
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(file=midi)
    index = (
        b"drummer,style,bpm,beat_type,time_signature,midi_filename\n"
        b"drummer1,funk/groove1,120,beat,4-4,one/a.mid\ndrummer2,jazz,90.5,beat,3-4,one/a.mid\n"
    )
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("groove/info.csv", index)
        file.writestr("groove/one/a.mid", midi.getvalue())
    return [{"g.zip": archive.getvalue()}, {"g/info.csv": index, "g/one/a.mid": midi.getvalue()}]


def _load_grooves(folder: Path, scratch: Path) -> None:
    path = next(iter(sorted(folder.iterdir())), folder / "g.zip")
    found = read_grooves(path)
    name_of(path)
    write_grooves(found, scratch)
    load_grooves(scratch)


def _listed_sounds() -> list[Files]:
    index = (
        b"file,class,pack,drum,licence,orig_peak_dbfs\nsnare/a_vl1.wav,snare,one,10_basic,CC0,-3.1\n"
        b"snare/a_vl3.wav,snare,one,10_basic,CC0,-3.1\nkick/b.wav,kick,two,CR78/kick.wav,CC0,0.0\n"
    )
    sound = wav(0.5)
    return [{"index.csv": index, "snare/a_vl1.wav": sound, "snare/a_vl3.wav": sound, "kick/b.wav": sound}]


def _load_sounds(folder: Path, _: Path) -> None:
    gather([folder])


def formats() -> dict[str, Format]:
    """Give these formats by name."""
    return {
        "labels": mutated(_label_files, _load_labels, 12, follows=True),
        "midi": mutated(_midi_files, _load_midi, 10, follows=True),
        "cues": mutated(lambda: [{"a.wav": wav_with_cues()}], _load_cues, 8, follows=True),
        "drum labels": mutated(_drum_labels, _load_drum_labels, 8, follows=True),
        "references": mutated(_references, _load_references, 6, follows=True),
        "grooves": mutated(_grooves, _load_grooves, 4, follows=True),
        "listed sounds": mutated(_listed_sounds, _load_sounds, 4, follows=True),
        "alignments": mutated(_alignments, _load_alignment, 10, follows=True),
    }
