"""Turn a plan into audio with known chops."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import signal

from offline.training.plans import Plan
from offline.training.sounds import MADE, RATE, Shot, Sound, trimmed

HEARD_BAND_HZ = (80.0, 2000.0)  # what the net's constant-Q bins can hear, roughly
TOGETHER = round(0.03 * RATE)
LEAST_RISE_DB = 1.0


@dataclass(frozen=True, slots=True)
class Chop:
    """A place where a chop belongs: its attack in samples; its strength, a power used only to compare neighbours."""

    sample: int
    strength: float


@dataclass(slots=True)
class Record:
    """Audio whose chops are known.

    samples: float32, (n,), mono, 44 100 Hz. chops: in order. unknown: half-open sample ranges in which nobody says
    whether a chop belongs there; they are left out of training. Where neither holds, there is none.
    """

    samples: Sound
    chops: list[Chop] = field(default_factory=list)
    unknown: list[tuple[int, int]] = field(default_factory=list)


def place(into: Sound, sound: Sound, at: int, gain: float) -> None:
    """Add a sound so that its first sample lands on sample `at`; what would stick out at the end is cut."""
    count = min(len(sound), len(into) - at)
    if count > 0:
        into[at : at + count] += np.float32(gain) * sound[:count]


def build(plan: Plan, tonal: Sound | None, shots: Sequence[Shot], rng: np.random.Generator) -> Record:
    """Play a plan: drums from `shots`, over `tonal` (what fluidsynth made of the plan's tones, or None)."""
    n = round(plan.length * RATE)
    drums, stabs = np.zeros(n, np.float32), np.zeros(n, np.float32)
    sure: list[int] = []
    unsure: list[tuple[int, int]] = []
    kit = {role: _choose(role, shots, rng) for role in ("kick", "snare", "hat", "cymbal", "tom")}
    gains = {
        "kick": rng.uniform(0.6, 1),
        "snare": rng.uniform(0.5, 1),
        "hat": rng.uniform(0.08, 0.4),
        "cymbal": rng.uniform(0.1, 0.4),
        "tom": rng.uniform(0.4, 0.9),
    }
    for hit in plan.hits:
        at = round(hit.time * RATE)
        place(drums, kit[hit.role], at, gains[hit.role] * hit.velocity ** rng.uniform(1.2, 1.8))
        if hit.accent:
            sure.append(at)
        elif hit.role == "tom" or (hit.role == "cymbal" and hit.velocity > 0.8):
            unsure.append((at, at + 1))
    for time in plan.stabs:
        _stab(stabs, round(time * RATE), shots, rng, sure, unsure)
    for tone in plan.tones:
        at = round(tone.time * RATE)
        if tone.part == "chord" and tone.change:
            sure.append(at)
        elif tone.part == "pad":
            unsure.append((at, at + RATE // 5))
        elif tone.part in ("chord", "bass"):
            unsure.append((at, at + 1))
    if rng.random() < 0.5:
        drums = _in_a_room(drums, rng)
    mix = _level(drums) + _level(stabs) * np.float32(10 ** (rng.uniform(-8, 0) / 20))
    if tonal is not None:
        balance = rng.uniform(-8, 8) if plan.hits else 0.0
        mix = mix + _level(tonal[:n]) * np.float32(10 ** (balance / 20))
    chops, lost = _heard(mix, sure)
    return Record(mix, chops, unsure + lost)


def _choose(role: str, shots: Sequence[Shot], rng: np.random.Generator) -> Sound:
    """Choose one sound of a role, made by rule now and then, at a slightly different speed."""
    pool = [shot for shot in shots if shot.role == role]
    if role in MADE and (not pool or rng.random() < 0.2):
        return MADE[role](rng)
    sound = pool[rng.integers(len(pool))].samples
    speed = 2 ** rng.uniform(-0.3, 0.3)
    resped = np.interp(np.arange(0, len(sound) - 1, speed), np.arange(len(sound)), sound).astype(np.float32)
    if rng.random() < 0.4:
        resped *= np.exp(-np.arange(len(resped)) / (RATE * rng.uniform(0.05, 0.6))).astype(np.float32)
    return trimmed(resped)


def _stab(
    into: Sound,
    at: int,
    shots: Sequence[Shot],
    rng: np.random.Generator,
    sure: list[int],
    unsure: list[tuple[int, int]],
) -> None:
    """Place a tonal one-shot or a loop; of a loop only the start is known, so its inside is unknown."""
    role = "loop" if rng.random() < 0.3 else "stab"
    pool = [shot for shot in shots if shot.role == role]
    if not pool:
        return
    sound = pool[rng.integers(len(pool))].samples
    place(into, sound, at, 1.0)
    sure.append(at)
    if role == "loop":
        unsure.append((at + TOGETHER, min(at + len(sound), len(into))))


def _level(sound: Sound) -> Sound:
    """Scale to an RMS of 0.1 over the parts that sound."""
    loud = np.abs(sound) > 1e-4
    power = float(np.mean(np.square(sound[loud]))) if loud.any() else 0.0
    return sound * np.float32(0.1 / np.sqrt(power)) if power > 0 else sound


def _in_a_room(sound: Sound, rng: np.random.Generator) -> Sound:
    times = np.arange(RATE // 2) / RATE
    tail = (
        rng.standard_normal(len(times)) * np.exp(-times / rng.uniform(0.02, 0.12)) * (times > rng.uniform(0.001, 0.012))
    )
    tail *= rng.uniform(0.05, 0.6) / np.sqrt(np.sum(tail**2))
    return sound + signal.fftconvolve(sound, tail)[: len(sound)].astype(np.float32)


def _heard(mix: Sound, sure: Sequence[int]) -> tuple[list[Chop], list[tuple[int, int]]]:
    """Keep the chops at which the mix grows louder in the band the net hears; the others become unknown."""
    band = signal.sosfilt(signal.butter(2, HEARD_BAND_HZ, "band", fs=RATE, output="sos"), mix)
    power = np.concatenate([[0.0], np.cumsum(np.square(band))])
    width = round(0.06 * RATE)

    def energy(start: int) -> float:
        low, high = max(0, start), min(len(band), max(0, start + width))
        return float(power[high] - power[low]) / width + 1e-12

    chops: list[Chop] = []
    lost: list[tuple[int, int]] = []
    for at in sorted(sure):
        before, after = energy(at - width), energy(at)
        if 10 * np.log10(after / before) < LEAST_RISE_DB:
            lost.append((at, at + 1))
        elif not chops or at - chops[-1].sample > TOGETHER:
            chops.append(Chop(at, after - before))
    return chops, lost
