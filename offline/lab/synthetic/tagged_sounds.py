"""A folder of single sounds and loops that say what they are, to train the net of sounds on.

Of every soundfont all programs, at chance pitches, velocities and lengths, some as chords, and all drums of all kits;
of folders every sound whose name says what it is; synthesizers, turntables and drums made by rule; and loops played on
all these. Each is PACK/NAME.flac, and each PACK/sounds.json lists them with their tags.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mido
import numpy as np

from samplechop.offline.audio.drum_kits import hydrogen_kit, is_lone_kit, kit_programs, layer_of
from samplechop.offline.audio.one_shots import LONGEST, trimmed
from samplechop.offline.audio.reading import RATE, SUFFIXES, Sound, read_audio
from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.paths import ends_in
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.lab.sets import write_flac
from samplechop.offline.lab.synthetic.soundfont_bank import DRUM_CHANNEL, KITS_OF_FURTHER_FONTS, one_by_one
from samplechop.offline.lab.synthetic.synths import MADE_SYNTHS
from samplechop.offline.lab.synthetic.tagging import DRUM_KEYS, PROGRAMS, ROLES, SYNTH_KITS, is_machine, tags_of_name
from samplechop.offline.synthesis.drums import MADE
from samplechop.offline.synthesis.soundfonts import GRID, render
from samplechop.realtime.core.errors import UserError

PER_PROGRAM = 12
PER_JOB = 16
CHORDS = ((0, 4, 7), (0, 3, 7), (0, 3, 7, 10), (0, 7, 12), (0, 4, 7, 11), (0, 7))
CHORD_SHARE = 0.2
HELD = (0.06, 0.15, 0.3, 0.6, 1.2, 2.2)
TAIL = 1.0
LOW = {"bass": (24, 55), "flute": (55, 96), "bell": (48, 100), "mallet": (48, 96)}
USUAL = (36, 88)
DRUM_VELOCITIES = (50, 85, 120)
DRUM_SECONDS = 2.0
AUDIBLE = 1e-4
"""Peak below which a soundfont has no sound for a key."""
PER_ROLE = 80
PER_SYNTH = 140
LOOPS = 700
INDEX = "sounds.json"
MADE_PACK, SYNTH_PACK = "made-drums", "made-synths"


@dataclass(frozen=True, slots=True)
class Row:
    """One sound on disk: PACK/NAME.flac and what it is."""

    pack: str
    name: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work: its kind, where its sounds come from, which of them, and where they go; share: of how many."""

    kind: str
    where: str
    numbers: tuple[int, ...]
    output: Path
    seed: int
    share: float = 1.0

    def part_of(self, count: int) -> int:
        """Give the job's share of a number, at least one."""
        return max(1, round(count * self.share))

    def is_taken(self, number: int) -> bool:
        """Say whether the sound of this number is one of the job's share."""
        return int((number + 1) * self.share) > int(number * self.share) or (number == 0 and self.share < 1)


def build(
    output: Path, soundfonts: Sequence[Path], folders: Sequence[Path], seed: int, jobs: int, share: float = 1.0
) -> Iterator[tuple[int, int]]:
    """Fill a folder; the same seed and sources give the same sounds. Yields (done, of all) pieces of work.

    soundfonts: General MIDI ones. folders: of one-shots, loops and kits, whose names say what they are. share: 0..1, of
    all sounds that are made or taken.
    Raises UserError if a source is missing or unreadable, or if the folder holds anything already.
    """
    if output.is_dir() and any(output.iterdir()):
        raise UserError(f"the folder {str(output)!r} is not empty: name a new one")
    work = [replace(job, share=share) for job in _jobs(output, soundfonts, folders, seed)]
    rows: list[Row] = []
    for done, made in enumerate(in_order(_make, work, jobs), 1):
        rows += made
        yield done, len(work) + 1
    rows += _loops(output, rows, seed, max(1, round(LOOPS * share)))
    for pack in sorted({row.pack for row in rows}):
        index = [{"filename": f"{row.name}.flac", "tags": list(row.tags)} for row in rows if row.pack == pack]
        write_text(output / pack / INDEX, json.dumps(index, indent=0) + "\n")
    yield len(work) + 1, len(work) + 1


def _jobs(output: Path, soundfonts: Sequence[Path], folders: Sequence[Path], seed: int) -> Iterator[Job]:
    for font in soundfonts:
        for first in range(0, len(PROGRAMS), PER_JOB):
            yield Job("programs", str(font), tuple(range(first, first + PER_JOB)), output, seed)
        there = [kit for kit in KITS_OF_FURTHER_FONTS if kit in kit_programs(font)]
        yield Job("kits", str(font), tuple(kit for kit in there if kit < 48), output, seed)
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"no folder of sounds at {str(folder)!r}: give one that holds one-shots, loops or kits")
        yield Job("folder", str(folder), (), output, seed)
        for font in sorted(folder.rglob("*.sf2")):
            if is_lone_kit(font):
                yield Job("kits", str(font), (0,), output, seed)
    for place, role in enumerate(sorted(MADE)):
        yield Job("made", role, (place,), output, seed)
    for place, kind in enumerate(MADE_SYNTHS):
        yield Job("synth", kind, (place,), output, seed)


def _make(job: Job) -> list[Row]:
    return [row for row, sound in MAKERS[job.kind](job) if _write(job.output, row, sound)]


def _write(output: Path, row: Row, sound: Sound) -> bool:
    """Write a sound, its attack first, its peak near 1; say whether there was one."""
    ready = trimmed(np.asarray(sound, np.float32)) * np.float32(0.97)
    # Now and then chance makes a synthesizer's filter unstable, and its sound grows beyond all numbers.
    if len(ready) < RATE // 100 or not np.isfinite(ready).all():
        return False
    write_flac(output / row.pack / f"{row.name}.flac", ready)
    return True


def _programs(job: Job) -> Iterator[tuple[Row, Sound]]:
    """Play chance notes and chords of some programs."""
    font = Path(job.where)
    rng = np.random.default_rng([0x5A, job.seed, job.numbers[0]])
    messages: list[tuple[int, int, mido.Message]] = []
    spans = []
    at = 0
    for program in job.numbers:
        tags = PROGRAMS[program]
        low, high = next((LOW[tag] for tag in tags if tag in LOW), USUAL)
        for number in range(job.part_of(PER_PROGRAM)):
            held, velocity = float(rng.choice(HELD)), int(rng.integers(40, 125))
            key = int(low + (number + rng.random()) * (high - low) / PER_PROGRAM)
            several = "bass" not in tags and rng.random() < CHORD_SHARE
            chord = CHORDS[rng.integers(len(CHORDS))] if several else (0,)
            length = round((held + TAIL) * RATE / GRID) * GRID
            messages.append((at, 0, mido.Message("control_change", control=120, value=0)))
            messages.append((at, 1, mido.Message("program_change", program=program)))
            for step in chord:
                on = mido.Message("note_on", note=min(key + step, 127), velocity=velocity)
                off = mido.Message("note_off", note=min(key + step, 127))
                messages += [(at + GRID, 2, on), (at + GRID + round(held * RATE), 3, off)]
            name = f"{program:03d}-{number:02d}-{key}"
            spans.append((name, tags + (("chord",) if several else ()), at, at + length))
            at += length
    sound = render(messages, font)
    for name, tags, first, end in spans:
        yield Row(font.stem, name, tags), sound[first + GRID : end]


def _kits(job: Job) -> Iterator[tuple[Row, Sound]]:
    """Play every drum of a soundfont's kits, at several velocities; the same drum in a second kit is left out."""
    font = Path(job.where)
    wanted = [(kit, key, loud) for kit in job.numbers for key in DRUM_KEYS for loud in DRUM_VELOCITIES]
    stride = round(DRUM_SECONDS * RATE / GRID) * GRID
    sound = render(one_by_one(0 if is_lone_kit(font) else DRUM_CHANNEL, wanted, stride, GRID, 4 * GRID), font)
    seen = set()
    for number, (kit, key, velocity) in enumerate(wanted):
        samples = sound[number * stride + GRID : (number + 1) * stride]
        alike = np.round(samples, 4).tobytes()
        if alike not in seen and np.max(np.abs(samples), initial=0.0) > AUDIBLE:
            seen.add(alike)
            if not job.is_taken(len(seen) - 1):
                continue
            tags = (*DRUM_KEYS[key], "synth" if kit in SYNTH_KITS else "acoustic")
            yield Row(font.stem, f"kit{kit:02d}-{key}-{velocity}", tuple(dict.fromkeys(tags))), samples


def _read(path: Path) -> Sound:
    """Read a sound; an empty one if it is damaged, as some of every large collection are."""
    try:
        return read_audio(path)
    except UserError:
        return np.zeros(0, np.float32)


def _folder(job: Job) -> Iterator[tuple[Row, Sound]]:
    """Read every sound whose name says what it is; a kit, or the folder itself, is its pack."""
    folder = Path(job.where)
    kits = {path.parent for path in folder.rglob("drumkit.xml")}
    for kit in sorted(kits):
        made = "synth" if is_machine(kit.name) else "acoustic"
        for number, layer in enumerate(hydrogen_kit(kit / "drumkit.xml")):
            tags = tags_of_name(layer.instrument, in_kit=True)
            if tags and job.is_taken(number):
                both = tuple(dict.fromkeys((*tags, made)))
                yield Row(kit.name, f"{number:03d}-{layer.path.stem}", both), _read(layer.path)
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if not ends_in(path, SUFFIXES) or path.parent in kits or not job.is_taken(number):
            continue
        layered = layer_of(path)
        inside = path.relative_to(folder).with_suffix("").as_posix()
        tags = tags_of_name(inside if layered is None else layered.instrument)
        if tags:
            pack = folder.name if layered is None else layered.kit
            yield Row(pack, f"{number:04d}-{path.stem}", tags if layered is None else (*tags, "acoustic")), _read(path)


def _made(job: Job) -> Iterator[tuple[Row, Sound]]:
    rng = np.random.default_rng([0x5B, job.seed, *job.numbers])
    for number in range(job.part_of(PER_ROLE)):
        tags = ("tom drum" if job.where == "conga" else ROLES[job.where]).split()
        sound = MADE[job.where](int(rng.integers(2**31)), float(rng.uniform(0.2, 1)), rng)
        yield Row(MADE_PACK, f"{job.where}-{number:03d}", tuple(tags)), sound


def _synths(job: Job) -> Iterator[tuple[Row, Sound]]:
    make, tags = MADE_SYNTHS[job.where]
    for number in range(job.part_of(PER_SYNTH)):
        rng = np.random.default_rng([0x5C, job.seed, *job.numbers, number])
        yield Row(SYNTH_PACK, f"{job.where}-{number:03d}", tags), make(rng)


MAKERS: dict[str, Callable[[Job], Iterator[tuple[Row, Sound]]]] = {
    "programs": _programs,
    "kits": _kits,
    "folder": _folder,
    "made": _made,
    "synth": _synths,
}


def _loops(output: Path, rows: Sequence[Row], seed: int, count: int) -> list[Row]:
    """Play loops of two to six sounds of one pack: a drum pattern, or a line, or both."""
    rng = np.random.default_rng([0x5D, seed])
    packs = sorted({row.pack for row in rows})
    of = {pack: [row for row in rows if row.pack == pack] for pack in packs}
    made = []
    for number in range(count):
        pack = rows[int(rng.integers(len(rows)))].pack
        drums = [row for row in of[pack] if {"drum", "percussion"} & set(row.tags)]
        tones = [row for row in of[pack] if not {"drum", "percussion", "noise", "effect"} & set(row.tags)]
        players = [drums[i] for i in rng.integers(len(drums), size=rng.integers(2, 6))] if drums else []
        if tones and (not players or rng.random() < 0.4):
            players.append(tones[rng.integers(len(tones))])
        players = players or [of[pack][int(rng.integers(len(of[pack])))]]
        sound = _loop([read_audio(output / row.pack / f"{row.name}.flac") for row in players], rng)
        # A loop belongs to its sounds' pack, or nothing would be held out.
        row = Row(pack, f"loop-{number:03d}", ("loop", *(("drum-loop",) if drums else ())))
        if _write(output, row, sound):
            made.append(row)
    return made


def _loop(sounds: Sequence[Sound], rng: np.random.Generator) -> Sound:
    """Play sounds in a pattern of sixteenths, one to two bars long: float32, (n,)."""
    step = 15 / rng.uniform(75, 175)
    steps = int(rng.choice([16, 16, 32]))
    out = np.zeros(min(round(steps * step * RATE), LONGEST), np.float32)
    for sound in sounds:
        pattern = rng.random(16) < rng.choice([0.12, 0.25, 0.5])
        pattern[rng.choice([0, 0, 4, 2])] = True
        for place in np.flatnonzero(np.tile(pattern, steps // 16)):
            at = round((place + rng.normal(0, 0.03)) * step * RATE)
            at = max(at, 0)
            part = sound[: max(0, len(out) - at)]
            out[at : at + len(part)] += part * np.float32(rng.uniform(0.2, 1))
    return out
