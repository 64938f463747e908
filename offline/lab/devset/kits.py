"""A kit of real drums: each role by a sound of its own, or by the nearest there is; no two strokes quite alike."""

from collections.abc import Sequence

import numpy as np
from scipy import signal

from samplechop.offline.audio.one_shots import Shot
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation.effects import change_speed
from samplechop.offline.lab.synthetic.drumming import LEVELS, VELOCITIES, Voice

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
ALIKE = 3


def assemble(rng: np.random.Generator, shots: Sequence[Shot], roles: Sequence[str]) -> dict[str, Voice]:
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
            voices[role] = Voice(_strokes(rng, chosen, own), level, float(rng.uniform(1.0, 1.6)))
    return voices


def _choose(rng: np.random.Generator, shots: Sequence[Shot], role: str) -> Shot | None:
    for one in (role, *INSTEAD.get(role, ())):
        found = [shot for shot in shots if shot.role == one]
        if found:
            return found[int(rng.integers(len(found)))]
    return None


def _strokes(rng: np.random.Generator, shot: Shot, speed: float) -> tuple[tuple[Sound, ...], ...]:
    """Give a few strokes for each of VELOCITIES: softer ones are duller, all differ by a hundredth of their pitch."""
    layers = []
    for velocity in VELOCITIES:
        strokes = []
        for _ in range(ALIKE):
            sound = change_speed(np.asarray(shot.samples), speed * (1 + rng.normal(0, 0.005)))
            cutoff = 3000 * 2 ** (3.2 * velocity)
            if cutoff < 18_000:
                sound = signal.sosfilt(signal.butter(1, cutoff, "low", fs=RATE, output="sos"), sound)
            strokes.append(np.asarray(sound, np.float32))
        layers.append(tuple(strokes))
    return tuple(layers)
