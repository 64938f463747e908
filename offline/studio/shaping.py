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
"""Of one answer; what is longer is asked for in parts of the record."""
_LETTERS = 16


def shape_of(options: ChopOptions) -> str:
    """Name how slices are shaped; "" where they are the record's own samples."""
    if not write_slices.changes(options) and not options.write_harmonic:
        return ""
    facts = [getattr(options, name) for name in SHAPING]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:_LETTERS]


@dataclass(frozen=True, slots=True)
class Shaper:
    """Shapes the slices of a record. record: what they are cut from."""

    record: Record
    options: ChopOptions

    def wav(self, first: int, last: int) -> bytes:
        """Give the samples first..last as a kit's file has them before its gain, as wav with float32 samples.

        Raises UserError for too many, and for none.
        """
        record, options = self.record, self.options
        begin, end = candidates.span(record, options)
        first, last = max(begin, first), min(end, last)
        if not 0 < last - first <= MOST_SECONDS * record.sample_rate:
            raise UserError(
                f"a slice of 1 sample to {MOST_SECONDS} seconds can be asked for, got {last - first} samples"
            )
        blocks = list(write_slices.shaped(record, Piece(first, last, 0.0), options, end))
        out = io.BytesIO()
        samples = np.concatenate(blocks).astype(np.float32)
        soundfile.write(out, samples, options.resample or record.sample_rate, "FLOAT", format="WAV")
        return out.getvalue()
