"""Real songs whose drums lie apart, with the times of their drums.

NAME_mix.flac       the song
NAME_drums.flac     its drums, sample-aligned
NAME.drums.json     rows of time, label, stem and level_db: when each drum is struck
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.evaluate.references import Seconds
from samplechop.offline.lab.synthetic.beds import Recording
from samplechop.offline.labels.drum_labels import highest_rise, nearest
from samplechop.offline.labels.recording_truth import DrumTruth
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError

SUFFIX = ".drums.json"
DOUBTFUL, LEAST_RISE_DB = 0.012, 3.0
"""Seconds by which the attacks of a part may lie beside its times, the median, and dB that they rise."""
EVERY_THIRD = 3
TEMPI = (85.0, 180.0)
"""Between which the tempo of a song is looked for, in beats a minute: one octave and a little."""


@dataclass(frozen=True, slots=True)
class Song:
    """A song: samples float32 (n,), 44 100 Hz, whole and of its drums; its drums' hits; its beats in seconds."""

    name: str
    mix: Sound
    drums: Sound
    hits: tuple[DrumTruth, ...]
    beats: Seconds


def read_songs(folder: Path) -> tuple[Song, ...]:
    """Read every song of a folder, sorted by name. Raises UserError if there is none, or one cannot be read."""
    if not folder.is_dir():
        raise UserError(
            f"No folder at {str(folder)!r}: --songs names one with NAME_mix.flac, NAME_drums.flac and NAME.drums.json."
        )
    found = tuple(_song(path) for path in sorted(folder.glob(f"*{SUFFIX}")))
    if not found:
        raise UserError(f"No songs in {str(folder)!r}: --songs needs NAME_mix.flac, NAME_drums.flac, NAME.drums.json.")
    return found


def _song(path: Path) -> Song:
    name = path.name.removesuffix(SUFFIX)
    try:
        rows = documents.read_json(path)
        hits = [(float(row["time"]), str(row["label"]), str(row["stem"]), float(row["level_db"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"The drum times {str(path)!r} cannot be read: {error}") from None
    mix, drums = (read_audio(path.with_name(f"{name}_{part}.flac")) for part in ("mix", "drums"))
    drums = np.pad(drums[: len(mix)], (0, max(0, len(mix) - len(drums))))
    kept = tuple(sorted(_trusted(hits, drums), key=lambda hit: hit.time))
    return Song(name, mix, drums, kept, beats_of([hit.time for hit in kept if hit.label == "kick"], len(mix) / RATE))


def _trusted(hits: Sequence[tuple[float, str, str, float]], drums: Sound) -> Iterator[DrumTruth]:
    """Leave out the parts whose times are doubtful: whose attacks cannot be found there in the drums."""
    risen = highest_rise(drums)
    for part in sorted({stem for _, _, stem, _ in hits}):
        own = [(time, label, level) for time, label, stem, level in hits if stem == part]
        found = [(abs(at - time), height) for time, (at, height) in ((t, nearest(risen, t, 0.05)) for t, _, _ in own)]
        if np.median([beside if height >= LEAST_RISE_DB else 1.0 for beside, height in found]) > DOUBTFUL:
            continue
        loudest = max(level for _, _, level in own)
        for time, label, level in own:
            yield DrumTruth(time, label, float(np.clip(10 ** ((level - loudest) / 28), 0.05, 1.0)))


def beats_of(kicks: Sequence[float], length: float) -> Seconds:
    """Lay the beats of a song of one tempo through its kicks: seconds, float64 (n,), of `length` seconds.

    The tempo between TEMPI at which the kicks agree most about the phase (the periodogram of point events).
    """
    if len(kicks) < 8:
        return np.zeros(0)
    times = np.asarray(kicks)
    tempi = np.arange(*TEMPI, 0.005)
    turns = np.array([np.mean(np.exp(2j * np.pi * times * bpm / 60)) for bpm in tempi])
    best = int(np.argmax(np.abs(turns)))
    period = 60 / tempi[best]
    first = float(np.angle(turns[best]) / (2 * np.pi) * period % period)
    return np.arange(first, length, period)


def song_may_be_used(name: str) -> bool:
    """Choose about every third song for training, by a hash of its name: songs are few, and most are to measure on."""
    return hashlib.sha256(name.encode()).digest()[0] % EVERY_THIRD == 1


def bed_of(one: Song) -> Recording:
    """Give a song without its drums, on the beats that its kicks lay; its attacks are found by spectral flux."""
    import librosa

    bed = one.mix - one.drums
    onsets = librosa.onset.onset_detect(y=bed, sr=RATE, units="time", backtrack=True)
    positions: NDArray[np.int64] = np.arange(len(one.beats)) % 4 + 1
    return Recording(f"{one.name}-bed", bed, np.asarray(onsets, np.float64), one.beats, positions)
