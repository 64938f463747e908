"""Labels made by hand: a DAW's MIDI track, exported in time with the audio, checked against the attacks heard."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.labels.drum_labels import DrumHit, DrumLabels
from samplechop.offline.labels.drum_onsets import nearest, rise
from samplechop.offline.labels.general_midi import DRUM_CHANNEL, Played, Struck, percussion
from samplechop.realtime.core.errors import UserError

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


def drums_of(song: Sequence[Played], offset: float, length: float) -> list[Struck]:
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


def labelled(samples: Sound, struck: Sequence[Struck], known: frozenset[str]) -> DrumLabels:
    """Make labels of drums; known: of which of samplechop.realtime.core.events.DRUMS the track has every hit."""
    length = len(samples) / RATE
    hits = [DrumHit(one.time, one.label, one.velocity) for one in struck if one.label and one.time < length]
    return DrumLabels(tuple(hits), known)
