"""Single notes out of a recording, with the MIDI file that played it: where they fit, which notes sound alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE
from samplechop.offline.labels.midi import DRUM_CHANNEL, read_messages
from samplechop.offline.notes.note_bank import BEFORE_SECONDS, Note, attack, is_silent
from samplechop.realtime.core.errors import UserError

HOP = 64
"""Samples of one step when onsets are compared: 1.5 ms."""
REACH_SECONDS = 0.03
"""How far a note may begin from where the MIDI file puts it, once the two are aligned."""
CLEARANCE_SECONDS = 0.3
"""How long before a note no other key may have been down."""
SHORTEST_SECONDS = 0.1
LONGEST_SECONDS = 6.0
CLEAR_DEVIATIONS = 10.0
"""How far the best fit must stand out of all others, in standard deviations: noise stays below 6, notes exceed 25."""


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """One note of a MIDI file: seconds, MIDI numbers."""

    begin: float
    end: float
    pitch: int
    velocity: int


def read_played(path: Path) -> list[PlayedNote]:
    """Read the notes of a Standard MIDI File, tempo changes followed, drums left out, by when they begin.

    A note that never ends, ends with the file. Raises UserError if it cannot be read or has no notes.
    """
    now, notes = 0.0, []
    down: dict[tuple[int, int], tuple[float, int]] = {}
    for one in read_messages(path):
        now, message = one.time, one.message
        if message.type not in ("note_on", "note_off") or message.channel == DRUM_CHANNEL:
            continue
        key = message.channel, message.note
        if key in down:
            begin, velocity = down.pop(key)
            notes.append(PlayedNote(begin, now, message.note, velocity))
        if message.type == "note_on" and message.velocity:
            down[key] = now, message.velocity
    notes += [PlayedNote(begin, now, pitch, velocity) for (_, pitch), (begin, velocity) in down.items()]
    if not notes:
        raise UserError(f"{str(path)!r} has no notes outside the drum channel")
    return sorted(notes, key=lambda one: (one.begin, one.pitch))


def find_offset(samples: NDArray[np.float32], notes: Sequence[PlayedNote]) -> float:
    """Find how many seconds later than in the MIDI file its notes begin in a recording; negative for earlier.

    samples: float32, (n,), 44 100 Hz. The rises of the recording's level are correlated with the notes' beginnings.
    Raises UserError if no place fits clearly better than all others.
    """
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import correlate

    count = len(samples) // HOP
    if not count:
        raise UserError("the recording holds no audio: give the one that the MIDI file was played for")
    energy = np.square(samples[: count * HOP], dtype=np.float64).reshape(count, HOP).mean(axis=1)
    level = np.log10(uniform_filter1d(energy, 5) + 1e-3 * max(float(energy.mean()), 1e-12))
    rises = np.maximum(0, np.diff(level, prepend=level[:1]))
    steps = np.array([round(note.begin * RATE / HOP) for note in notes])
    struck = np.zeros(steps.max() + 1)
    struck[steps] = 1
    fit = correlate(rises - rises.mean(), uniform_filter1d(struck, 5), mode="full", method="fft")
    at = int(np.argmax(fit))
    if (fit[at] - fit.mean()) < CLEAR_DEVIATIONS * fit.std():
        raise UserError("the recording and the MIDI file do not fit: are they of the same playing?")
    return (at - (len(struck) - 1)) * HOP / RATE


def alone(notes: Sequence[PlayedNote], release: float) -> list[tuple[PlayedNote, float]]:
    """Choose the notes that sound alone, with the seconds from their begin to the end of what is theirs.

    release: seconds kept after a key went up, at most; CLEARANCE_SECONDS must have passed since the key before it
    went up.
    """
    chosen: list[tuple[PlayedNote, float]] = []
    silent_from = -np.inf
    for at, note in enumerate(notes):
        following = notes[at + 1].begin if at + 1 < len(notes) else np.inf
        end = min(note.end + release, following - REACH_SECONDS, note.begin + LONGEST_SECONDS)
        clear = note.begin >= silent_from + CLEARANCE_SECONDS
        if clear and end - note.begin >= SHORTEST_SECONDS and note.end > note.begin:
            chosen.append((note, float(end - note.begin)))
        silent_from = max(silent_from, note.end)
    return chosen


def cut(
    samples: NDArray[np.float32], notes: Sequence[tuple[PlayedNote, float]], offset: float
) -> tuple[list[Note], int]:
    """Cut notes out of a recording, float32 (n,), 44 100 Hz, mono; give them and how many were silent or outside.

    Each begins at its own attack, where there is one within REACH_SECONDS of its place.
    """
    found, missed = [], 0
    reach, before = round(REACH_SECONDS * RATE), round(BEFORE_SECONDS * RATE)
    for note, length in notes:
        expected, size = round((note.begin + offset) * RATE), round(length * RATE)
        first = max(0, expected - reach)
        if expected < 0 or expected + size > len(samples) or is_silent(samples[first : expected + size], 0.0):
            missed += 1
            continue
        rest = float(np.max(np.abs(samples[max(0, first - before) : first]), initial=0.0))
        found_at = attack(samples[first : expected + size], rest)
        begin = expected if found_at is None or found_at > 2 * reach else first + found_at
        held = min(note.end - note.begin, length)
        found.append(Note(float(note.pitch), note.velocity, held, samples[begin : begin + size]))
    return found, missed
