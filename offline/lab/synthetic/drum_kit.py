"""Play the strikes of a score on a kit put together by chance, in a room, through a drum bus."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.one_shots import Shot, trimmed
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation.effects import change_speed, compress, log_uniform, reverberate
from samplechop.offline.lab.synthetic.local_snr import stroke_energy
from samplechop.offline.lab.synthetic.score import Strike
from samplechop.offline.synthesis.drums import MADE

VELOCITIES = (0.15, 0.4, 0.7, 0.95)
ALIKE = 0.13
"""Layers of a kit within so much of a velocity are strokes of that velocity."""
LEVELS = {
    "kick": (0.6, 1.0),
    "snare": (0.5, 1.0),
    "rim": (0.3, 0.7),
    "clap": (0.4, 0.8),
    "hat": (0.07, 0.4),
    "open": (0.08, 0.35),
    "pedal": (0.05, 0.25),
    "ride": (0.08, 0.35),
    "crash": (0.15, 0.5),
    "tom": (0.4, 0.9),
    "shaker": (0.05, 0.25),
    "conga": (0.15, 0.5),
    "cowbell": (0.1, 0.35),
}
WIRES = 0.5
"""How often the snare's wires rattle to kick and toms."""
BRUSH_KIT = "kit40/"
CHOKED_BY = {"open": ("hat", "pedal", "open"), "hat": ("hat", "pedal", "open")}

INSTEAD = {
    "rim": ("snare", "clap"),
    "clap": ("snare",),
    "snare": ("clap",),
    "open": ("hat",),
    "pedal": ("hat",),
    "ride": ("open", "hat"),
    "shaker": ("hat",),
    "cowbell": ("conga",),
}
"""Who plays a role for which there is no sound."""
STROKES = 3


@dataclass(frozen=True, slots=True)
class Voice:
    """One instrument of a kit: for each of VELOCITIES a few slightly different strokes; its level on the bus."""

    strokes: tuple[tuple[Sound, ...], ...]
    level: float
    curve: float


def random_kit(
    rng: np.random.Generator, shots: Sequence[Shot], roles: Sequence[str], validation: bool, brushes: bool = False
) -> dict[str, Voice]:
    """Put a kit together from one side of the split: a whole kit, drums of any, drums by rule, or layers of them.

    brushes: whether the snare is played with brushes.
    """
    own = [shot for shot in shots if shot.held_out == validation]
    kits = sorted({shot.name.split("/")[0] for shot in own if shot.name.startswith("kit")})
    kit = str(rng.choice(kits)) if kits else ""
    taste = str(rng.choice(["kit", "kit", "shots", "made", "mixed", "mixed"]))
    voices = {}
    for role in sorted(set(roles)):
        way = taste if taste != "mixed" else str(rng.choice(["kit", "shots", "made", "layer"]))
        if role == "snare" and not brushes and rng.random() < 0.3:
            way = str(rng.choice(["made", "layer"]))
        first = _strokes(rng, own, role, way if way != "layer" else "shots", kit, brushes)
        if way == "layer":
            first = _layered(
                first, _strokes(rng, own, role, str(rng.choice(["made", "kit"])), kit), rng.uniform(0.2, 1)
            )
        low, high = LEVELS[role]
        voices[role] = Voice(first, float(rng.uniform(low, high)), float(rng.uniform(1.0, 1.8)))
    return voices


def _strokes(
    rng: np.random.Generator, own: Sequence[Shot], role: str, way: str, kit: str, brushes: bool = False
) -> tuple[tuple[Sound, ...], ...]:
    seed, speed = int(rng.integers(2**31)), float(2 ** rng.uniform(-0.3, 0.3))
    drums = sorted(
        {shot.name for shot in own if shot.role == role and is_brushed(shot.name) == (brushes and role == "snare")}
    )
    if role in ("crash", "open", "pedal", "ride") and way == "made" and rng.random() < 0.5:
        way = "kit"
    if way == "kit":
        drums = [name for name in drums if kit and name.startswith(kit + "/")] or drums
    if way != "made" and drums:
        name = str(rng.choice(drums))
        layers = sorted((s for s in own if s.name == name and s.role == role), key=lambda shot: shot.velocity)
        damping = RATE * rng.uniform(0.05, 0.6) if way == "shots" and rng.random() < 0.4 else None
        strokes = tuple(_layer(layers, velocity, speed, damping) for velocity in VELOCITIES)
    else:
        noise = np.random.default_rng(seed + 1)
        strokes = tuple(tuple(change_speed(MADE[role](seed, v, noise), speed) for _ in range(2)) for v in VELOCITIES)
    if brushes and role == "snare" and not drums:
        return tuple(tuple(_brushed(sound) for sound in layer) for layer in strokes)
    return strokes


def is_brushed(name: str) -> bool:
    """Say whether a snare is played with brushes: its name says so, or it is of General MIDI's brush kit."""
    return "brush" in name or name.startswith(BRUSH_KIT)


def _brushed(sound: Sound) -> Sound:
    """Turn a snare struck with sticks into one struck with brushes: no low drum, and wires that rise in some ms."""
    thin = signal.sosfilt(signal.butter(1, 700, "high", fs=RATE, output="sos"), sound)
    rising = thin * (1 - np.exp(-np.arange(len(sound)) / (0.004 * RATE)))
    return trimmed(rising.astype(np.float32))


def _layer(layers: Sequence[Shot], velocity: float, speed: float, damping: float | None = None) -> tuple[Sound, ...]:
    """Give the strokes of a drum at one velocity: up to three layers near it, or else the nearest, softened.

    damping: samples in which its level falls by 1/e, faster than it does by itself.
    """
    near = sorted(layers, key=lambda shot: abs(shot.velocity - velocity))
    chosen = [shot for shot in near[:3] if abs(shot.velocity - velocity) <= ALIKE] or near[:1]
    sounds = [change_speed(np.asarray(shot.samples), speed) for shot in chosen]
    if damping is not None:
        sounds = [sound * np.exp(-np.arange(len(sound)) / damping).astype(np.float32) for sound in sounds]
    if chosen[0].velocity - velocity > 2 * ALIKE:
        sounds = [_softened(sound, velocity / chosen[0].velocity) for sound in sounds]
    return tuple(sounds)


def _softened(sound: Sound, velocity: float) -> Sound:
    """Dull a sound that was struck hard into one struck softly."""
    cutoff = 2500 * 2 ** (4 * velocity)
    if cutoff > 18_000:
        return sound
    return trimmed(signal.sosfilt(signal.butter(1, cutoff, "low", fs=RATE, output="sos"), sound).astype(np.float32))


def _layered(
    one: Sequence[Sequence[Sound]], two: Sequence[Sequence[Sound]], level: float
) -> tuple[tuple[Sound, ...], ...]:
    layers = []
    for first, second in zip(one, two, strict=True):
        a, b = first[0], second[0]
        both = np.zeros(max(len(a), len(b)), np.float32)
        both[: len(a)] += a
        both[: len(b)] += np.float32(level) * b
        layers.append((both / np.float32(np.max(np.abs(both), initial=1e-6)),))
    return tuple(layers)


def kit_from_shots(rng: np.random.Generator, shots: Sequence[Shot], roles: Sequence[str]) -> dict[str, Voice]:
    """Choose a sound for each role, from one loop's drums if these are preferred this time; roles without any are left.

    shots: of which each kick, snare, hat, ... may be played faster or slower by up to a third of an octave.
    """
    families = sorted({shot.name.split("/")[0] for shot in shots if "/" in shot.name})
    single = [shot for shot in shots if "/" not in shot.name]
    family = str(rng.choice(families)) if families and (not single or rng.random() < 0.5) else ""
    preferred = [shot for shot in shots if family and shot.name.startswith(family + "/")] or single
    speed = float(2 ** rng.uniform(-0.33, 0.33))
    voices = {}
    for role in sorted(set(roles)):
        chosen = _choose(rng, preferred, role) or _choose(rng, single, role) or _choose(rng, shots, role)
        if chosen is not None:
            own = speed * float(2 ** rng.uniform(-0.08, 0.08))
            low, high = LEVELS[role]
            level = float(rng.uniform(low, high))
            voices[role] = Voice(_strokes_of(rng, chosen, own), level, float(rng.uniform(1.0, 1.6)))
    return voices


def _choose(rng: np.random.Generator, shots: Sequence[Shot], role: str) -> Shot | None:
    for one in (role, *INSTEAD.get(role, ())):
        found = [shot for shot in shots if shot.role == one]
        if found:
            return found[int(rng.integers(len(found)))]
    return None


def _strokes_of(rng: np.random.Generator, shot: Shot, speed: float) -> tuple[tuple[Sound, ...], ...]:
    """Give a few strokes for each of VELOCITIES: softer ones are duller, all differ by a hundredth of their pitch."""
    layers = []
    for velocity in VELOCITIES:
        strokes = []
        for _ in range(STROKES):
            sound = change_speed(np.asarray(shot.samples), speed * (1 + rng.normal(0, 0.005)))
            cutoff = 3000 * 2 ** (3.2 * velocity)
            if cutoff < 18_000:
                sound = signal.sosfilt(signal.butter(1, cutoff, "low", fs=RATE, output="sos"), sound)
            strokes.append(np.asarray(sound, np.float32))
        layers.append(tuple(strokes))
    return tuple(layers)


def play(strikes: Sequence[Strike], kit: dict[str, Voice], length: float, rng: np.random.Generator) -> Sound:
    """Play strikes: float32, (round(length * RATE),); the attack of each lies on the sample nearest to its time."""
    return play_and_measure(strikes, kit, length, rng)[0]


def play_and_measure(
    strikes: Sequence[Strike], kit: dict[str, Voice], length: float, rng: np.random.Generator
) -> tuple[Sound, NDArray[np.float64]]:
    """Play strikes as `play` does, and give of each the energy of its own first 40 ms: float64, (len(strikes),).

    The energy is that of the band in which `local_snr.py` compares it.
    """
    out = np.zeros(round(length * RATE), np.float32)
    energies = np.zeros(len(strikes))
    order = sorted(range(len(strikes)), key=lambda index: strikes[index].time)
    ordered = [strikes[index] for index in order]
    if "snare" in kit and rng.random() < WIRES:
        _rattle(out, [strike for strike in ordered if strike.role in ("kick", "tom")], kit["snare"].level, rng)
    hats = [strike.time for strike in ordered if strike.role in ("hat", "pedal", "open")]
    for index, strike in zip(order, ordered, strict=True):
        voice = kit[strike.role]
        layer = int(np.argmin([abs(velocity - strike.velocity) for velocity in VELOCITIES]))
        sound = voice.strokes[layer][rng.integers(len(voice.strokes[layer]))]
        if strike.role in ("tom", "conga"):
            sound = change_speed(sound, 2 ** (strike.high - 0.5))
        at = round(strike.time * RATE)
        end = min(len(sound), len(out) - at)
        if strike.role in CHOKED_BY:
            after = next((time for time in hats if time > strike.time + 0.01), None)
            end = min(end, round((after - strike.time) * RATE)) if after else end
        if end <= 0:
            continue
        sound = sound[:end].copy()
        fade = min(end, 200)
        sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        sound *= np.float32(voice.level * strike.velocity**voice.curve)
        out[at : at + end] += sound
        energies[index] = stroke_energy(sound, strike.role)
    return out, energies


def _rattle(out: Sound, strikes: Sequence[Strike], level: float, rng: np.random.Generator) -> None:
    """Let the snare's wires answer the kick and the toms, softly and late, as they do on every real kit."""
    times = np.arange(int(0.25 * RATE)) / RATE
    edges = rng.uniform(400, 1800), rng.uniform(4000, 11_000)
    band, decay = signal.butter(1, edges, "band", fs=RATE, output="sos"), rng.uniform(0.03, 0.12)
    loud, late = level * 10 ** (rng.uniform(-42, -20) / 20), round(RATE * rng.uniform(0.001, 0.008))
    for strike in strikes:
        noise = signal.sosfilt(band, rng.standard_normal(len(times)) * np.exp(-times / decay))
        at = round(strike.time * RATE) + late
        end = min(len(noise), len(out) - at)
        if end > 0:
            out[at : at + end] += (loud * strike.velocity / np.max(np.abs(noise)) * noise[:end]).astype(np.float32)


def overheads(drums: Sound, rng: np.random.Generator) -> Sound:
    """Add what microphones above the kit record, a metre or two later and its treble above all: float32, as it was."""
    late = round(RATE * rng.uniform(0.002, 0.007))
    above = signal.sosfilt(signal.butter(1, log_uniform(rng, 150, 2500), "high", fs=RATE, output="sos"), drums)
    out = drums.copy()
    out[late:] += np.float32(rng.uniform(0.15, 0.8)) * above[:-late].astype(np.float32)
    return out


def bus(drums: Sound, rng: np.random.Generator) -> Sound:
    """Send the drums through a room, a compressor and a little saturation, or none: float32, as long as they were."""
    out = drums / np.float32(np.max(np.abs(drums), initial=1e-6))
    if rng.random() < 0.2:
        # The crushed room microphone that rock records are loud with.
        room = compress(reverberate(out, rng, 2.0), rng)
        out = out + np.float32(rng.uniform(0.1, 1.0)) * room / np.float32(np.max(np.abs(room), initial=1e-6))
    if rng.random() < 0.4:
        out = compress(out, rng)
    if rng.random() < 0.3:
        drive = rng.uniform(1, 5) / np.float32(np.max(np.abs(out), initial=1e-6))
        out = np.tanh(drive * out)
    return out.astype(np.float32)
