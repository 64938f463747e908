"""Instruments made by rule: sums of partials with a chance spectrum, decay, vibrato, breath; a new one for each seed.

They widen what is heard beyond any soundfont, and need none. Partials of strings lie a little high (H. Fletcher,
"Normal vibration frequencies of a stiff piano string", JASA 1964).
"""

import numpy as np

from samplechop.offline.audio.reading import RATE
from samplechop.offline.notes.note_bank import Bank, Note

LENGTH = 1.6
HELD = 1.3


def made_bank(seed: int, pitches: tuple[int, ...]) -> Bank:
    """Make an instrument: the same for the same seed; each pitch at its own chance velocity."""
    build = np.random.default_rng([0x70E5, seed])
    odd_only = build.random() < 0.15
    fall = build.uniform(0.3, 2.2)
    formants = [(np.exp(build.uniform(5.5, 8.2)), build.uniform(0.15, 0.8), build.uniform(0, 14)) for _ in range(3)]
    stretch = build.choice([0.0, 0.0, 10 ** build.uniform(-4.5, -3.2)])
    plucked = build.random() < 0.55
    decay, damping = np.exp(build.uniform(-1.2, 1.5)), build.uniform(0.0, 0.5)
    attack = np.exp(build.uniform(-7, -4)) if plucked else np.exp(build.uniform(-5, -1.9))
    vibrato = build.choice([0.0, build.uniform(3, 35)]) if not plucked else 0.0
    breath = 10 ** build.uniform(-4, -1.6)
    voices = int(build.choice([1, 1, 1, 2]))
    drive = build.choice([0.0, 0.0, build.uniform(0.5, 4)])
    times = np.arange(round(LENGTH * RATE)) / RATE
    notes = []
    for pitch in pitches:
        velocity = int(build.integers(40, 120))
        lowest = 440 * 2 ** ((pitch - 69) / 12)
        sound = np.zeros(len(times))
        for _ in range(voices):
            cents = build.uniform(-9, 9) if voices > 1 else 0.0
            sway = vibrato * np.sin(2 * np.pi * build.uniform(4.5, 6.5) * times + build.uniform(0, 6.28))
            phase = 2 * np.pi * lowest * np.cumsum(2 ** ((cents + sway) / 1200)) / RATE
            for partial in range(1, 21):
                ratio = partial * np.sqrt(1 + stretch * partial**2)
                if lowest * ratio > 9000:
                    break
                if odd_only and partial % 2 == 0:
                    continue
                level = partial ** -(fall + 0.6 * (1 - velocity / 127))
                for centre, width, gain_db in formants:
                    place = np.log2(lowest * ratio / centre) / width
                    level *= 10 ** (gain_db / 20 * np.exp(-0.5 * place**2))
                level *= build.uniform(0.4, 1.0) if partial > 1 else 1.0
                shape = np.exp(-times / (decay / (1 + damping * (partial - 1)))) if plucked else 1.0
                sound += level * shape * np.sin(ratio * phase + build.uniform(0, 6.28))
        sound /= np.max(np.abs(sound))
        sound += breath * build.standard_normal(len(times)) * (np.exp(-times / 0.05) if plucked else 1.0)
        if drive:
            sound = np.tanh(drive * sound)
        sound *= 1 - np.exp(-times / attack)
        after = times > HELD
        sound[after] *= np.exp(-(times[after] - HELD) / 0.08)
        sound *= (velocity / 127) ** 0.7 / np.max(np.abs(sound))
        notes.append(Note(float(pitch), velocity, HELD, (0.5 * sound).astype(np.float32)))
    return Bank(f"made-{seed:03d}", tuple(notes))
