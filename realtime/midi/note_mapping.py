"""Which MIDI notes an event gets: a chop takes a pad, a beat the metronome; nothing takes a pad from a chop."""

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.core.events import BEAT, CHORD, DOWNBEAT, PITCHES, Event
from samplechop.realtime.midi.messages import velocity_of

PadMode = Literal["cycle", "similar", "fixed"]
"""cycle: up the pads and round again. similar: the same sound, the same pad. fixed: one pad for all."""

SIMILARITY = 0.75
"""The correlation of two spectra at and above which they are the same sound.

Chosen on 45 one-shots, clean and over music at -20 and -12 dB: of the pairs of different sounds .93, .93 and .91 lie
below it, of the pairs of one sound 1.0, .73 and .66 above. Lower merges sounds, higher spends the pads too soon."""
FLOOR_DB = -40.0


def timbre(spectrum: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Turn a spectrum into the direction it is compared by: float64, (n_bins,), zero mean, unit norm.

    spectrum: float32, (n_bins,), magnitudes. Decibels below the largest bin with a floor of -40 dB, so that loudness
    does not count, quiet partials do, and what lies below the music does not; with the mean removed, the product of two
    is their correlation.
    None if it has no direction: silent, flat, empty or not finite.
    """
    magnitude = np.abs(np.asarray(spectrum, np.float64))
    if magnitude.size == 0 or not np.isfinite(magnitude).all() or magnitude.max() <= 0:
        return None
    level = 20 * np.log10(np.maximum(magnitude / magnitude.max(), 10 ** (FLOOR_DB / 20)))
    level -= level.mean()
    norm = np.linalg.norm(level)
    return level / norm if norm > 0 else None


def _cosine(direction: NDArray[np.float64], total: NDArray[np.float64]) -> float:
    norm = float(np.linalg.norm(total))
    return float(direction @ total) / norm if norm > 0 else 0.0


class PadAssigner:
    """Gives each event its note. Deterministic: the same events in the same order get the same notes.

    low, high: the first and the last note, both used; by default the sixteen pads of an MPC, bank A.

    `similar` is leader clustering (Hartigan, Clustering Algorithms, 1975, chapter 3) on the line of events: an event
    joins the nearest used pad if it is near enough, else it takes the next free pad. Once all pads are used it goes to
    the nearest one however far: pads that were learned in the first minutes keep their meaning, which re-using the
    oldest would take away under the player's fingers. A pad is compared by the mean of all it got, so that it settles.
    Events whose spectrum is missing or silent cannot be compared; all those of one kind and label count as one sound.
    """

    def __init__(self, mode: PadMode, low: int = 36, high: int = 51) -> None:
        """Start with no pad used."""
        if mode not in get_args(PadMode):
            raise ValueError(f"mode must be one of {', '.join(get_args(PadMode))}, got {mode!r}")
        if not 0 <= low <= high <= 127:
            raise ValueError(f"low and high must satisfy 0 <= low <= high <= 127, got {low} and {high}")
        self._mode, self._low, self._high = mode, low, high
        self._next = low
        self._sums: dict[int, NDArray[np.float64]] = {}
        self._uncompared: dict[tuple[str, str | None], int] = {}

    def assign(self, event: Event) -> int:
        """Give the note, low..high, of the next event."""
        if self._mode == "fixed":
            return self._low
        if self._mode == "cycle":
            note = self._next
            self._next = self._low if note == self._high else note + 1
            return note
        return self._similar(event)

    def _similar(self, event: Event) -> int:
        direction = None if event.spectrum is None else timbre(event.spectrum)
        if direction is None:
            key = (event.kind, event.label)
            if key not in self._uncompared:
                self._uncompared[key] = self._take()
            return self._uncompared[key]
        nearness = {note: _cosine(direction, total) for note, total in self._sums.items()}
        nearest = max(nearness, key=nearness.__getitem__, default=None)
        if nearest is None or (nearness[nearest] < SIMILARITY and self._next <= self._high):
            note = self._take()
            self._sums[note] = direction
            return note
        self._sums[nearest] = self._sums[nearest] + direction
        return nearest

    def _take(self) -> int:
        """Give the next free pad, the last one if there is none."""
        note = min(self._next, self._high)
        self._next = note + 1
        return note


METRONOME_CLICK, METRONOME_BELL = 33, 34
"""Of the percussion set of General MIDI 2 (and Roland GS before it): a beat, a downbeat."""

HARMONY = (CHORD, PITCHES)
"""Two kinds of one thing, of which at most one is played."""


class NoteAssigner:
    """Gives each event its note and velocity, or none: then it goes to no MIDI port or file.

    What an event brings itself stays: a drum its note and velocity, a chord its notes. Notes without a velocity are not
    played.
    """

    def __init__(self, pads: PadAssigner, beats: bool = False, harmony: str | None = CHORD) -> None:
        """Use the pads for chops. beats: whether beats get notes too. harmony: which kind of HARMONY is played."""
        self._pads, self._beats, self._harmony = pads, beats, harmony

    def assign(self, event: Event) -> Event:
        """Give the event with its note and velocity."""
        if event.kind in HARMONY and event.kind != self._harmony:
            return event if event.velocity is None else replace(event, velocity=None)
        note, velocity = event.note, event.velocity
        if event.kind == "chop":
            note = self._pads.assign(event)
        elif event.kind == BEAT and self._beats:
            note = METRONOME_BELL if event.label == DOWNBEAT else METRONOME_CLICK
        if note is None and event.notes is None:
            return event
        return replace(event, note=note, velocity=velocity_of(event.strength) if velocity is None else velocity)
