"""The harmonic part of a record: what sounds on, without what strikes.

Median filtering (Fitzgerald 2010) by librosa.effects.harmonic, in blocks that overlap by more than the filter reaches:
the result does not depend on the blocks, and memory stays flat.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from samplechop.offline.audio.sample_formats import quantised, wav_file
from samplechop.offline.kits.open import Record

HOP = 512
STEP = 1024 * HOP
"""Samples made at a time."""
REACH = 32 * HOP
"""Samples heard before and after: half the filter's 31 frames and half a window of 2048, and some more."""


def harmonic_part(record: Record, scratch: Path, told: Callable[[int], object] = int) -> Record:
    """Write the harmonic part, as wav in the folder scratch, and give it as a record of the same length and format.

    Rounded to the record's sample format: from a file of floats libsndfile would read whole numbers unscaled, as zeros.
    told: hears how many samples are done. Raises OSError when the folder is full.
    """
    import librosa

    target = scratch / f"{record.name}.harmonic.wav"
    with wav_file(target, record.sample_rate, record.channels, record.subtype, record.length) as out:
        for first in range(0, record.length, STEP):
            last = min(record.length, first + STEP)
            begin = max(0, first - REACH)
            heard = np.concatenate(list(record.blocks(STEP, begin, min(record.length, last + REACH))))
            part = librosa.effects.harmonic(np.nan_to_num(heard).T, n_fft=2048, hop_length=HOP).T
            out.write(quantised(part[first - begin : last - begin], record.subtype))
            told(last)
    return replace(record, audio=target)
