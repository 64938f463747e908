"""What is asked of a maker of recordings, and what it gives."""

from dataclasses import dataclass

import numpy as np

from samplechop.offline.audio.reading import Sound
from samplechop.offline.evaluate.references import Seconds
from samplechop.offline.lab.devset.sources import Sources
from samplechop.offline.lab.synthetic.soundfont_bank import Bank
from samplechop.offline.labels.recording_truth import Truth


@dataclass(frozen=True, slots=True)
class Order:
    """What to make a recording of: chance, its number in its group, the sounds, the instruments of a rendered band.

    seed: of the set, for the truth.
    """

    rng: np.random.Generator
    number: int
    sources: Sources
    bank: Bank
    seed: int


@dataclass(frozen=True, slots=True)
class Made:
    """A finished recording: samples float32 (n,), mono, 44 100 Hz; onsets: seconds, every attack that is known.

    truth: of what was composed, or None for a loop, of which only onsets and `beats` are known: (seconds, position).
    """

    samples: Sound
    onsets: Seconds
    truth: Truth | None = None
    beats: tuple[tuple[float, int], ...] = ()
