"""Parts of a record as wav in memory: what the page plays, and what is dragged out of it."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from samplechop.offline.audio.sample_formats import exact_dtype
from samplechop.offline.kits import write_slices
from samplechop.offline.kits.analysis import candidates
from samplechop.offline.kits.core.model import Piece
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.offline.studio.desk import Desk
from samplechop.offline.studio.shaping import MOST_SECONDS
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.ui.formatting import pad_name

_BLOCK = 1 << 16


def wav_of(record: Record, first: int, last: int) -> bytes:
    """Give the samples first..last as they stand, in the record's sample format. Raises UserError for too many."""
    first, last = max(0, first), min(record.length, last)
    if not 0 < last - first <= MOST_SECONDS * record.sample_rate:
        raise UserError(f"a part of 1 sample to {MOST_SECONDS} seconds can be asked for, got {last - first} samples")
    blocks = list(record.blocks(_BLOCK, first, last, exact_dtype(record.subtype)))
    out = io.BytesIO()
    soundfile.write(out, np.concatenate(blocks), record.sample_rate, record.subtype, format="WAV")
    return out.getvalue()


def slice_of(record: Record, piece: Piece, options: ChopOptions, last: int, gain_db: float) -> bytes:
    """Give a slice as the kit has it, byte for byte. Raises OSError."""
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "slice.wav"
        write_slices.write_slice(record, piece, path, options, last, gain_db)
        return path.read_bytes()


def slice_on_pad(desk: Desk, note: int) -> tuple[str, bytes]:
    """Give the slice on a pad as the kit has it, with its name. Raises UserError where there is none."""
    options = desk.options()
    if not desk.is_heard(options):
        raise UserError("there are no pads before the record was heard")
    plan = desk.plan()
    chops = plan.chops or (None,) * len(plan.pieces)
    for piece, here, chop in zip(plan.pieces, plan.notes(options.start_note), chops, strict=True):
        if here == note:
            record = desk.cut_from(options)
            last = candidates.span(record, options)[1]
            level = chop.gain_db or 0.0 if chop else 0.0
            name = f"{desk.record.name}_{pad_name(note) or note}"
            return name, slice_of(record, piece, options, last, level)
    raise UserError(f"there is no pad with note {note}")
