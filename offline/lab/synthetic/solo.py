"""Records without drums: strums and single hits with pauses, a melody alone, held strings, dropped one-shots."""

import numpy as np

from samplechop.offline.lab.synthetic.band import Chord
from samplechop.offline.lab.synthetic.score import Score, Tone
from samplechop.offline.lab.synthetic.styles import (
    CHORDS,
    DARK,
    GOSPEL,
    GUITARS,
    HORNS,
    JAZZ,
    KEYS,
    LOUD_GUITARS,
    MALLETS,
    PLAIN,
    SOUL,
    STRINGS,
    WINDS,
)

KINDS = ("hits", "hits", "strums", "melody", "swells", "drops")
PLAYERS = {
    "hits": GUITARS * 2 + LOUD_GUITARS + KEYS + MALLETS + (15, 46, 104, 105, 107),
    "strums": GUITARS * 2 + KEYS + (15, 46),
    "melody": WINDS + HORNS + GUITARS + KEYS + MALLETS + (40, 41, 42, 22, 21),
    "swells": STRINGS,
    "drops": KEYS,
}


def play(score: Score, rng: np.random.Generator, kind: str) -> None:
    """Play one of KINDS into the score; nothing here has a pulse, so no beats are known."""
    if kind == "drops":
        time = rng.uniform(0.1, 1.0)
        while time < score.length - 1.5:
            score.stabs.append(float(time))
            time += rng.uniform(0.5, 5.0)
        return
    key, table = int(rng.integers(12)), (SOUL, JAZZ, DARK, GOSPEL, PLAIN)[rng.integers(5)]
    rows = [row.split(":") for row in str(rng.choice(table)).split()]
    chords = [Chord((key + int(root)) % 12, quality) for root, quality in rows]
    time, number = float(rng.uniform(0.05, 1.2)), 0
    pause = (0.15, 0.9) if kind == "melody" else (0.35, 3.0) if kind == "hits" else (1.0, 4.0)
    pace = float(np.exp(rng.uniform(np.log(pause[0]), np.log(pause[1]))))
    # Faster, an even pace would be a beat.
    steady = rng.random() < 0.4 and pace > 1.2
    middle, loud = int(rng.integers(48, 68)), int(rng.integers(60, 120))
    while time < score.length - 0.4:
        wait = pace * rng.normal(1, 0.02) if steady else float(np.exp(rng.uniform(np.log(pause[0]), np.log(pause[1]))))
        chord = chords[(number // (4 if kind == "melody" else 1)) % len(chords)]
        if kind == "melody":
            _one(score, rng, time, wait * rng.uniform(0.5, 1.0), chord, loud)
            if rng.random() < 0.12:
                wait += rng.uniform(0.5, 2.0)
        else:
            score.chords.append((time, chord.label))
            single = kind == "hits" and rng.random() < 0.35
            keys = chord.voiced(middle, int(rng.integers(3, 6)))
            keys = (int(rng.choice(keys)),) if single else keys
            keys = keys + ((keys[0] - 12 + 12 * (keys[0] < 52),) if kind == "strums" and rng.random() < 0.5 else ())
            roll = rng.choice([0.0, rng.uniform(0.0, 0.012), rng.uniform(0.005, 0.03)])
            length = wait * rng.uniform(0.3, 1.1)
            part = "strings" if kind == "swells" else "chord"
            for place, one in enumerate(sorted(set(keys), reverse=rng.random() < 0.3)):
                velocity = int(np.clip(loud * rng.normal(1, 0.1), 20, 127))
                score.tones.append(Tone(time + place * roll, length, one, velocity, part, place == 0))
        number += 1
        time += wait


def _one(score: Score, rng: np.random.Generator, time: float, length: float, chord: Chord, loud: int) -> None:
    scale = [(chord.root + step) % 12 for step in (*CHORDS[chord.quality], 2, 9)]
    key = 12 * int(rng.integers(5, 7)) + int(rng.choice(scale))
    score.tones.append(Tone(time, length, key, int(np.clip(loud * rng.normal(1, 0.15), 25, 127)), "lead"))
