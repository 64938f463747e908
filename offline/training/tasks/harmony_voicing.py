"""Which notes sound: single notes, intervals, chords and their extensions, inverted, spread, doubled in octaves."""

from dataclasses import dataclass

import numpy as np

from samplechop.realtime.detectors.harmony.harte import QUALITIES

KINDS = {
    "nothing": (0.14, ()),
    "note": (0.12, ("1",)),
    "fifth": (0.07, ("5",)),
    "interval": (0.06, ()),
    "triad": (0.24, ("maj", "min")),
    "other triad": (0.10, ("sus2", "sus4", "dim", "aug")),
    "seventh": (0.15, ("maj7", "min7", "7", "minmaj7", "hdim7", "dim7", "maj6", "min6", "sus4(b7)")),
    "extended": (
        0.08,
        ("maj9", "min9", "9", "maj(9)", "min(9)", "maj6(9)", "min11", "11", "13", "min13", "7(b9)", "7(#9)"),
    ),
    "cluster": (0.04, ()),
}
"""Share of each kind among the examples, and its qualities as in realtime/detectors/harmony/harte.py."""
LOWEST, HIGHEST = 28, 98
FIFTH_LEFT_OUT = 0.15


@dataclass(frozen=True, slots=True)
class Voicing:
    """MIDI numbers of the notes, the lowest first; root and quality as they were asked for, quality "" for what has no
    name.
    """

    kind: str
    root: int
    quality: str
    notes: tuple[int, ...]


def voicing(rng: np.random.Generator, kind: str | None = None, quality: str | None = None) -> Voicing:
    """Choose a chord and lay it out; kind and quality by chance, if not named."""
    if kind is None:
        kind = str(rng.choice(list(KINDS), p=np.array([share for share, _ in KINDS.values()])))
    root = int(rng.integers(12))
    if kind == "nothing":
        return Voicing(kind, root, "", ())
    name, degrees = _degrees(rng, kind, quality)
    classes = [(root + degree) % 12 for degree in degrees]
    if kind == "note":
        notes = _octaves(rng, classes[0])
    elif len(classes) == 2:
        notes = _spread(rng, classes, 0 if rng.random() < 0.8 else 1)
    else:
        bass = 0 if rng.random() < 0.68 else int(rng.integers(1, len(classes)))
        notes = _spread(rng, classes, bass)
    return Voicing(kind, root, name, tuple(sorted(notes)))


def _degrees(rng: np.random.Generator, kind: str, quality: str | None) -> tuple[str, tuple[int, ...]]:
    if kind == "interval":
        return "", (0, int(rng.integers(1, 12)))
    if kind == "cluster":
        return "", tuple(rng.choice(12, int(rng.integers(3, 7)), replace=False).tolist())
    name = quality or str(rng.choice(KINDS[kind][1]))
    degrees = QUALITIES[name]
    if len(degrees) > 3 and 7 in degrees and rng.random() < FIFTH_LEFT_OUT:
        degrees = tuple(degree for degree in degrees if degree != 7)
    return name, degrees


def _octaves(rng: np.random.Generator, pitch_class: int) -> list[int]:
    """Lay one pitch class in one octave, now and then in two or three."""
    lowest = _above(int(rng.integers(LOWEST, 86)), pitch_class)
    notes = [lowest]
    for octave in (12, 24):
        if rng.random() < 0.2 and lowest + octave <= HIGHEST:
            notes.append(lowest + octave)
    return notes


def _above(lowest: int, pitch_class: int) -> int:
    return lowest + (pitch_class - lowest) % 12


def _spread(rng: np.random.Generator, classes: list[int], bass: int) -> list[int]:
    """Lay a chord out: as a block, with wide steps, or a bass with a chord above; then double some notes in octaves."""
    way = rng.choice(["block", "open", "bass"], p=[0.45, 0.2, 0.35])
    if way == "bass":
        lowest = _above(int(rng.integers(LOWEST, 48)), classes[bass])
        start = max(int(rng.integers(48, 70)), lowest + 3)
        upper = [_above(start + int(rng.integers(0, 5)), one) for one in classes]
        if rng.random() < 0.5:  # the chord above does not repeat the bass
            upper.pop(bass)
        notes = [lowest, *upper]
    else:
        lowest = _above(int(rng.integers(34, 74 - (8 if way == "open" else 0))), classes[bass])
        notes = [lowest]
        for one in rng.permutation([c for i, c in enumerate(classes) if i != bass]) if way == "open" else classes:
            if one != classes[bass]:
                note = _above(lowest + 1, int(one))
                if way == "open" and rng.random() < 0.5:
                    note += 12
                notes.append(note)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 4))):
            note = notes[int(rng.integers(len(notes)))] + int(rng.choice([12, 12, 24]))
            notes.append(note)
    return sorted({note for note in notes if note <= HIGHEST})
