"""What a pad plays is what the file of its slice will hold: a slice as the kit's options shape it, without its gain.

The page plays parts of the record as they stand where nothing is asked for that changes them, and gain is the page's:
it changes while somebody turns it.
"""

import hashlib
import io
from dataclasses import dataclass

import numpy as np
import soundfile

from samplechop.offline.kits import write_slices
from samplechop.offline.kits.analysis import candidates
from samplechop.offline.kits.core.model import Piece
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.realtime.core.errors import UserError

SHAPING = (
    *("fade_ms", "declick", "normalise", "tail_ms", "mono", "resample", "trim"),
    *("write_harmonic", "channel", "start", "end"),
)
"""Options that decide what a slice's file holds beside its gain."""
MOST_SECONDS = 60
"""Of one answer; what is longer is asked for in parts."""
_LETTERS = 16


def shape_of(options: ChopOptions) -> str:
    """Name how slices are shaped; "" where they are the record's own samples."""
    if not write_slices.changes(options) and not options.write_harmonic:
        return ""
    facts = [getattr(options, name) for name in SHAPING]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:_LETTERS]


@dataclass(frozen=True, slots=True)
class Shaped:
    """A part of a slice as a file of the kit has it. wav: its content. begins: its first sample's place in the record.

    goes_on: whether another part follows.
    """

    wav: bytes
    begins: int
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Shaper:
    """Shapes the slices of a record. record: what they are cut from."""

    record: Record
    options: ChopOptions

    def wav(self, first: int, last: int, part: int = 0, seconds: int = MOST_SECONDS) -> Shaped:
        """Give the samples first..last as a kit's file has them before its gain, as wav with float32 samples.

        part: which one of so many seconds; what there is beyond the end is a sample of silence. Raises UserError for
        none.
        """
        record, options = self.record, self.options
        begin, end = candidates.span(record, options)
        first, last = max(begin, first), min(end, last)
        if first >= last:
            raise UserError(f"a slice has 1 sample or more, got {last - first}")
        rate = options.resample or record.sample_rate
        skipped, size = part * seconds * rate, seconds * rate
        begun: list[int] = []
        taken, position = [np.zeros((0, 1 if options.mono else record.channels), np.float32)], 0
        for samples in write_slices.shaped(record, Piece(first, last, 0.0), options, end, begun.append):
            inside = slice(max(0, skipped - position), max(0, skipped + size - position))
            taken.append(samples[inside].astype(np.float32))
            position += len(samples)
            if position > skipped + size:
                break
        out = io.BytesIO()
        found = np.concatenate(taken)
        soundfile.write(out, found if len(found) else np.zeros((1, found.shape[1])), rate, "FLOAT", format="WAV")
        offset = round(skipped * record.sample_rate / rate)
        return Shaped(out.getvalue(), begun[0] + offset, position > skipped + size)
