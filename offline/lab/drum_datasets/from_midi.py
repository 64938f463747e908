"""Drum labels from MIDI: files rendered by FluidSynth, and a DAW's own track of a recording, checked on its attacks."""

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from samplechop.offline.audio.drum_kits import kit_programs
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.lab.drum_datasets import is_written, name_of, write_pair
from samplechop.offline.lab.synthetic.chop_rule import audible
from samplechop.offline.labels.drum_labels import DrumHit, DrumLabels, Unsure, nearest, rise
from samplechop.offline.labels.midi import DRUM_CHANNEL, Played, Struck, percussion, read_song
from samplechop.offline.labels.recording_truth import DrumTruth
from samplechop.offline.synthesis.soundfonts import GRID, render
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS

LONGEST = 360.0
"""Seconds of a song that are rendered, at most."""
TAIL = 1.5
LATEST = 0.05
"""Seconds after its note at which a drum has sounded, or never."""
SHARE = 0.05
"""Of its peak: where a drum's sound is taken to begin, as everywhere in synthetic records."""
NARROW = 0.03
OTHER_PROGRAM = 0.5
"""How often a melodic program is changed for another one of its family."""
BANK_SELECT = (0, 32)
PAN = 10


@dataclass(frozen=True, slots=True)
class Cast:
    """With what a song is played: a soundfont, a kit of it, and for each program the one played instead."""

    font: Path
    kit: int
    programs: dict[int, int]


def cast(rng: np.random.Generator, fonts: Sequence[Path]) -> Cast:
    """Choose a soundfont, one of its kits, and programs within their General MIDI family (eight each).

    Raises UserError if the soundfont chosen has no drum kit.
    """
    font = fonts[int(rng.integers(len(fonts)))]
    kits = kit_programs(font)
    if not kits:
        raise UserError(f"The soundfont {str(font)!r} has no drum kit (bank 128): name another with --soundfont.")
    programs = {
        program: program // 8 * 8 + int(rng.integers(8)) if rng.random() < OTHER_PROGRAM else program
        for program in range(128)
    }
    return Cast(font, int(rng.choice(kits)), programs)


def perform(song: Sequence[Played], players: Cast, band: bool) -> tuple[Sound, DrumLabels]:
    """Play a song: float32, (n,), mono, 44 100 Hz, and its drums. band: with all that plays, else percussion alone.

    A drum's time is that of its note (FluidSynth starts it on the nearest of every 64 samples), plus what the kit's
    sound takes to begin, measured on the kit. Hits that cannot be found in the result (chop_rule.audible) are unsure.
    Raises UserError if fluidsynth is missing or fails.
    """
    song = [one for one in song if one.time <= LONGEST]
    struck = percussion(song)
    end = max((one.time for one in song), default=0.0)
    messages: list[tuple[int, int, mido.Message]] = [
        (0, 0, mido.Message("program_change", channel=DRUM_CHANNEL, program=players.kit))
    ]
    for order, one in enumerate(song, 1):
        message = _as_played(one.message, players)
        if message is not None and (band or message.channel == DRUM_CHANNEL):
            messages.append((round(one.time * RATE), order, message))
    last = round(end * RATE)
    # fluidsynth ends with the last message; this one lets the last drum die away.
    messages.append((last + round(TAIL * RATE), len(song) + 1, mido.Message("note_off", note=0)))
    sound = render(messages, players.font)
    delays = _delays(players, Counter(one.key for one in struck if one.label))
    return sound, _labels(sound, struck, delays)


def _as_played(message: mido.Message, players: Cast) -> mido.Message | None:
    """Give what is played instead of a message; None for what would choose other sounds or places."""
    if message.type == "program_change":
        if message.channel == DRUM_CHANNEL:
            return None
        return message.copy(program=players.programs[message.program])
    if message.type == "control_change" and message.control in (*BANK_SELECT, PAN):
        return None
    return message


def _delays(players: Cast, keys: Counter[int]) -> dict[int, float]:
    """Strike each key of the kit alone and measure the seconds until it sounds; keys that stay silent are left out."""
    if not keys:
        return {}
    stride, lead = RATE // GRID * GRID, 8 * GRID
    messages: list[tuple[int, int, mido.Message]] = [
        (0, 0, mido.Message("program_change", channel=DRUM_CHANNEL, program=players.kit))
    ]
    for number, key in enumerate(sorted(keys), 1):
        at = number * stride
        messages.append((at, 0, mido.Message("control_change", channel=DRUM_CHANNEL, control=120, value=0)))
        messages.append((at + lead, 1, mido.Message("note_on", channel=DRUM_CHANNEL, note=key, velocity=110)))
        messages.append((at + stride - GRID, 2, mido.Message("note_off", channel=DRUM_CHANNEL, note=key)))
    sound, delays = np.abs(render(messages, players.font)), {}
    for number, key in enumerate(sorted(keys), 1):
        alone = sound[number * stride + lead : (number + 1) * stride]
        peak = float(np.max(alone, initial=0.0))
        begins = int(np.argmax(alone > SHARE * peak)) / RATE
        if peak > 1e-4 and begins < LATEST:
            delays[key] = begins
    return delays


def _labels(sound: Sound, struck: Sequence[Struck], delays: dict[int, float]) -> DrumLabels:
    # One drum struck twice within a few milliseconds (two keys, two tracks) is one hit.
    hits: list[DrumTruth] = []
    latest: dict[str, float] = {}
    for one in struck:
        if one.label is None or one.key not in delays:
            continue
        time = round(one.time * RATE / GRID) * GRID / RATE + delays[one.key]
        if time - latest.get(one.label, -1.0) > 0.005 and time < len(sound) / RATE:
            latest[one.label] = time
            hits.append(DrumTruth(time, one.label, one.velocity))
    found = audible(sound, hits)
    lost = [
        Unsure(max(0.0, hit.time - NARROW), hit.time + NARROW, hit.label)
        for hit in sorted(set(hits) - set(found), key=lambda hit: hit.time)
    ]
    return DrumLabels(tuple(DrumHit(hit.time, hit.label, hit.velocity) for hit in found), frozenset(DRUMS), tuple(lost))


def rendered(
    files: Sequence[Path],
    fonts: Sequence[Path],
    bands: Sequence[bool],
    versions: int,
    seed: int,
    out: Path,
    progress: Callable[[int, int], None],
) -> tuple[int, list[str]]:
    """Render files into a folder: gives how many recordings there are, and why files were skipped.

    bands: of each, with (True) or without the band. progress: takes how many files are done, of how many.
    Raises UserError if fluidsynth is missing or nothing can be written, or if the only file is of no use.
    """
    taken: set[str] = set()
    passed: list[str] = []
    done = 0
    for number, path in enumerate(files, 1):
        name = name_of(path, taken)
        try:
            song = read_song(path)
            if not any(one.label for one in percussion(song)):
                raise UserError(f"{str(path)!r} plays no drums on channel 10.")
        except UserError as error:
            if len(files) == 1:
                raise
            passed.append(str(error))
            continue
        for version in range(versions):
            players = cast(np.random.default_rng([seed, version, zlib.crc32(path.name.encode())]), fonts)
            for band in bands:
                full = name + (f"-{version + 1}" if versions > 1 else "") + ("" if band else "-drums")
                if not is_written(out, full):
                    write_pair(out, full, *perform(song, players, band))
                done += 1
        progress(number, len(files))
    return done, passed


REACH = 0.06
"""Seconds from a note within which its attack is looked for."""
ATTACK_DB = 3.0
CLOSE = 0.015
"""Seconds up to which a note lies on its attack."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How notes lie on a recording.

    on_attack: share of the notes with an attack within 15 ms. off: by how many seconds the attacks come after their
    notes, the median of those that have one within 60 ms. spread: the median distance from that, in seconds.
    """

    on_attack: float
    off: float
    spread: float


def drums_in(song: Sequence[Played], offset: float, length: float) -> list[Struck]:
    """List the drums of a track, moved by `offset` seconds, inside a recording of `length` seconds.

    Taken is channel 10; if it is empty, all channels, as DAWs often export on channel 1.
    Raises UserError if there is no note of a General MIDI drum.
    """
    for channel in (DRUM_CHANNEL, None):
        struck = [one for one in percussion(song, channel) if one.label is not None]
        if struck:
            moved = [Struck(one.time + offset, one.key, one.velocity) for one in struck]
            return [one for one in moved if 0 <= one.time < length]
    raise UserError(
        "The MIDI file has no drums: its notes must be General MIDI's (kick 36, snare 38, hat 42, tom 45, cymbal 49)."
    )


def fit(samples: Sound, struck: Sequence[Struck]) -> Fit:
    """Measure how drums lie on a recording: float32, (n,), mono, 44 100 Hz."""
    risen = rise(samples)
    found = [(one.time, *nearest(risen, one.time, REACH)) for one in struck]
    off = np.array([at - time for time, at, height in found if height >= ATTACK_DB])
    if not len(off):
        return Fit(0.0, 0.0, 0.0)
    middle = float(np.median(off))
    return Fit(float(np.sum(np.abs(off) <= CLOSE)) / len(struck), middle, float(np.median(np.abs(off - middle))))


def labels_of(samples: Sound, struck: Sequence[Struck], known: frozenset[str]) -> DrumLabels:
    """Make labels of drums; known: of which of samplechop.realtime.core.events.DRUMS the track has every hit."""
    length = len(samples) / RATE
    hits = [DrumHit(one.time, one.label, one.velocity) for one in struck if one.label and one.time < length]
    return DrumLabels(tuple(hits), known)
