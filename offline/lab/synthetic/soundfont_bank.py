"""The sounds of a synthetic training set, on disk once for all workers: one-shots, drum kits, instruments."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from samplechop.offline.audio.drum_kits import is_lone_kit, kit_programs
from samplechop.offline.audio.one_shots import Shot, gather, is_held_out, trimmed
from samplechop.offline.audio.reading import RATE
from samplechop.offline.common.arrays import map_array, write_array
from samplechop.offline.common.atomic import write_text
from samplechop.offline.lab.synthetic.beds import Recording, load_beds, write_beds
from samplechop.offline.lab.synthetic.grooves import Performance, load_grooves, write_grooves
from samplechop.offline.synthesis import soundfonts
from samplechop.offline.synthesis.soundfonts import GRID, render
from samplechop.realtime.core import documents

KITS = (0, 8, 16, 24, 25, 32, 40)
KITS_OF_FURTHER_FONTS = (0, 8, 16, 24, 25, 32, 40, 48, 56)
DRUM_CHANNEL = 9
"""Of General MIDI, from 0."""
KIT_KEYS = {
    "kick": (35, 36),
    "snare": (38, 40),
    "rim": (37,),
    "clap": (39,),
    "hat": (42,),
    "pedal": (44,),
    "open": (46,),
    "crash": (49, 57),
    "ride": (51, 59),
    "tom": (45,),
    "shaker": (54, 70),
    "conga": (62, 64),
    "cowbell": (56,),
}
KIT_VELOCITIES = (30, 60, 90, 120)
PROGRAMS = range(112)
PROBED_KEYS = tuple(range(28, 97, 4))
QUICK_RISE = 0.012
LATEST_ATTACK = 0.045


@dataclass(frozen=True, slots=True)
class Bank:
    """Sounds to play with: shots, and for each General MIDI program when it speaks.

    attacks: seconds from the note to the attack at each of PROBED_KEYS. quick: programs whose attack is sudden.
    grooves, beds: people's drumming and real music without drums, if any is to be used.
    """

    font: Path
    shots: tuple[Shot, ...]
    attacks: dict[int, tuple[float, ...]]
    quick: frozenset[int]
    grooves: tuple[Performance, ...] = ()
    beds: tuple[Recording, ...] = ()

    def attack(self, program: int, key: int) -> float:
        """Give the seconds from the start of a note to its attack."""
        return float(np.interp(key, PROBED_KEYS, self.attacks[program]))


def one_by_one(
    channel: int, notes: Sequence[tuple[int, int, int]], stride: int, lead: int, end: int
) -> list[tuple[int, int, mido.Message]]:
    """Write the messages that play notes (program, key, velocity) each alone, `stride` samples apart.

    lead, end: samples of silence before each, and from its release to the next.
    """
    messages: list[tuple[int, int, mido.Message]] = []
    for number, (program, key, velocity) in enumerate(notes):
        at = number * stride
        messages.append((at, 0, mido.Message("control_change", channel=channel, control=120, value=0)))
        messages.append((at, 1, mido.Message("program_change", channel=channel, program=program)))
        messages.append((at + lead, 2, mido.Message("note_on", channel=channel, note=key, velocity=velocity)))
        messages.append((at + stride - end, 3, mido.Message("note_off", channel=channel, note=key)))
    return messages


def _kit_shots(font: Path, kits: Sequence[int] = KITS, prefix: str = "kit", lone: bool = False) -> list[Shot]:
    """Play every drum of the soundfont's kits alone, at several velocities.

    prefix: of the kits' names. Soundfonts share samples, so that a kit is held out in all of them or in none. lone: the
    soundfont is nothing but one kit, program 0.
    """
    kits = (0,) if lone else kits
    wanted = [
        (kit, role, key, velocity)
        for kit in kits
        for role, keys in KIT_KEYS.items()
        for key in keys
        for velocity in KIT_VELOCITIES
    ]
    stride = round(1.4 * RATE / GRID) * GRID
    notes = [(kit, key, velocity) for kit, _, key, velocity in wanted]
    sound = render(one_by_one(DRUM_CHANNEL if not lone else 0, notes, stride, GRID, 4 * GRID), font)
    shots = []
    for number, (kit, role, key, velocity) in enumerate(wanted):
        samples = trimmed(sound[number * stride : (number + 1) * stride].copy())
        if len(samples) > 400:
            held_out = is_held_out(prefix if lone else f"kit{kit}")
            shots.append(Shot(f"{prefix}{kit}/{role}{key}", role, samples, held_out, velocity / 127))
    return shots


def _probe(font: Path) -> tuple[dict[int, tuple[float, ...]], frozenset[int]]:
    """Play every program alone and measure when its attack comes, and whether it is sudden."""
    stride, silence = round(0.45 * RATE / GRID) * GRID, round(0.06 * RATE / GRID) * GRID
    wanted = [(program, key) for program in PROGRAMS for key in PROBED_KEYS]
    notes = [(program, key, 95) for program, key in wanted]
    sound = np.abs(render(one_by_one(0, notes, stride, silence, GRID), font))
    attacks: dict[int, list[float]] = {program: [] for program in PROGRAMS}
    rises: dict[int, list[float]] = {program: [] for program in PROGRAMS}
    for number, (program, _) in enumerate(wanted):
        start = number * stride + silence
        note = sound[start : start + RATE // 3]
        peak = float(np.max(note, initial=0.0))
        first = int(np.argmax(note > 0.12 * peak)) if peak > 1e-4 else 0
        full = int(np.argmax(note > 0.5 * peak)) if peak > 1e-4 else 0
        attacks[program].append(first / RATE)
        rises[program].append((full - first) / RATE)
    quick = frozenset(
        program
        for program in PROGRAMS
        if np.median(rises[program]) < QUICK_RISE and np.median(attacks[program]) < LATEST_ATTACK
    )
    return {program: tuple(np.minimum(times, LATEST_ATTACK)) for program, times in attacks.items()}, quick


def prepare(
    folder: Path,
    font: Path | None,
    sounds: Sequence[Path],
    grooves: Sequence[Performance] = (),
    beds: Sequence[Recording] = (),
) -> None:
    """Gather and play everything once and leave it in `folder` for load(); of the soundfonts in `sounds`, the kits.

    Raises UserError if the soundfont, fluidsynth or a folder of sounds is missing.
    """
    found = soundfonts.find_soundfont(font)
    further = [path for folder in sounds for path in sorted(folder.rglob("*.sf2"))]
    with ThreadPoolExecutor() as pool:
        probed = pool.submit(_probe, found)
        jobs = [pool.submit(_kit_shots, found)]
        for path in further:
            kits = [kit for kit in KITS_OF_FURTHER_FONTS if kit in kit_programs(path)]
            jobs.append(pool.submit(_kit_shots, path, kits, f"kit{path.stem}-", is_lone_kit(path)))
        shots = gather(sounds) + [shot for job in jobs for shot in job.result()]
        attacks, quick = probed.result()
    if grooves:
        write_grooves(grooves, folder)
    write_beds(beds, folder)
    write_array(folder / "samples.npy", np.concatenate([shot.samples for shot in shots]))
    rows = [(shot.name, shot.role, len(shot.samples), shot.held_out, shot.velocity) for shot in shots]
    index = {"font": str(found.resolve()), "shots": rows, "attacks": attacks, "quick": sorted(quick)}
    write_text(folder / "index.json", json.dumps(index))


def load(folder: Path) -> Bank:
    """Open what prepare() left; the samples stay on disk until they are played."""
    index = documents.read_json(folder / "index.json")
    samples = map_array(folder / "samples.npy")
    shots, at = [], 0
    for name, role, length, held_out, velocity in index["shots"]:
        shots.append(Shot(name, role, samples[at : at + length], held_out, velocity))
        at += length
    attacks = {int(program): tuple(times) for program, times in index["attacks"].items()}
    quick = frozenset(index["quick"])
    return Bank(Path(index["font"]), tuple(shots), attacks, quick, load_grooves(folder), load_beds(folder))
