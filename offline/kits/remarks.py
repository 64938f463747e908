"""What the user should know of a kit that was made: where it is not what was asked for, and what would mend that."""

import math
from collections.abc import Sequence

from samplechop.offline.audio.sample_formats import FLOATS
from samplechop.offline.kits import write_slices
from samplechop.offline.kits.analysis.candidates import Found
from samplechop.offline.kits.core.model import Kit, Piece, Slice
from samplechop.offline.kits.core.options import NOTES, ChopOptions, Want
from samplechop.offline.kits.core.record import Record
from samplechop.offline.kits.plan import Plan
from samplechop.realtime.core.wording import counted

_WANTED = {"harmony": "a chord and no drum", "drums": "a drum"}
_OFF_PADS = 0.1
"""Of what is chopped, so much must lie on no pad to be worth a word."""


def remarks(kit: Kit, record: Record, plan: Plan, options: ChopOptions) -> list[str]:
    """Give a sentence for each thing to know, in the order in which they matter."""
    notes = []
    if not plan.found.candidates:
        more = "; a lower --threshold finds more" if len(plan.found.places) else ": nothing in it is struck or begins"
        notes.append(f"no chop was found in {str(record.source)!r}, so it is one slice{more}")
    elif (right := tagged(kit.slices, options.want)) < len(kit.slices):
        notes.append(
            f"{right} of {len(kit.slices)} slices of {str(record.source)!r} are tagged with {_WANTED[options.want]}, "
            "the others are what is nearest"
        )
    if options.bars and plan.found.candidates:
        notes += _off_bars(record, plan, len(kit.slices))
    notes += _filled(record, plan, len(kit.slices), options)
    notes += _below(kit, options)
    if plan.found.candidates and len(kit.slices) < options.most:
        off = (kit.last - kit.first - plan.silent - _on_pads(plan.pieces)) / record.sample_rate
        whole = (kit.last - kit.first) / record.sample_rate
        if options.fixed_length is None and off > _OFF_PADS * whole:
            notes.append(f"{off:.1f} of {whole:.1f} s lie on no pad; --until chosen has the whole record on pads")
    return notes


def too_loud(kit: Kit, record: Record, plan: Plan, options: ChopOptions) -> list[str]:
    """Say in a sentence which slices their own gain takes over full scale, where whole numbers clip.

    record: what the slices were cut from. Only slices that were turned up are read once more.
    """
    if kit.subtype in FLOATS:
        return []
    over: dict[str, float] = {}
    for part, piece, chop in zip(kit.slices, plan.pieces, plan.chops, strict=False):  # of a plan of none there are none
        if chop is not None and chop.gain_db is not None and chop.gain_db > 0:
            peak = write_slices.peak(write_slices.shaped(record, piece, options, kit.last))
            over[part.name] = chop.gain_db + 20 * math.log10(max(peak, 1e-9))
    names = [name for name, level in over.items() if level > 0]
    if not names:
        return []
    return [
        f"their gain takes {len(names)} of {len(kit.slices)} slices up to {max(over.values()):.1f} dB over full scale, "
        f"where they are clipped: give less to {', '.join(names)}"
    ]


def tagged(slices: Sequence[Slice], want: Want) -> int:
    """Count the slices whose tags are what was wanted: as the user sees them."""
    contents = [part.content for part in slices]
    if want == "both":
        return len(contents)
    return sum(bool(one.drum if want == "drums" else one.chord and not one.drum) for one in contents)


def _on_pads(pieces: Sequence[Piece]) -> int:
    """Count the samples that are in any piece, in order of time."""
    total, reached = 0, 0
    for piece in pieces:
        total += max(0, piece.stop - max(piece.start, reached))
        reached = max(reached, piece.stop)
    return total


def drums_alone(found: Found, options: ChopOptions, count: int) -> int:
    """Give how many hits there are where a record is drums alone, each could have a pad, and a kit of `count` slices,
    how many nobody said, has not all of them; 0 elsewhere.
    """
    alone = sum(one.alone for one in found.candidates)
    free = options.count is None and options.choose == "auto" and not options.min_gap
    fits = free and count < alone <= NOTES - options.start_note
    return alone if fits and alone == len(found.candidates) - found.others else 0


def _filled(record: Record, plan: Plan, count: int, options: ChopOptions) -> list[str]:
    """Say in a sentence what a kit was filled up with, or that it is not full; nothing where it is full of chops."""
    source, others = repr(str(record.source)), plan.found.others
    chops = len(plan.found.candidates) - others
    if options.count is None:
        if alone := drums_alone(plan.found, options, count):
            return [f"{source} is drums alone with {alone} hits; --count {alone} gives each a pad"]
        more = min(options.most, len(plan.found.places))
        if not chops or count >= more or options.choose in ("beats", "bars"):
            return []
        if options.min_gap:
            few = f"{source} gave {counted(count, 'slice')}: it has no more chops at least --min-gap apart"
            return [f"{few}; a smaller one, or --count {more}, may give more"]
        return [f"{source} gave {counted(count, 'slice')}; --count {more} fills the kit up with other attacks"]
    said = [f"{source} has {chops} chops, other attacks fill the kit up to --count {options.count}"] if others else []
    if chops and count < options.count:
        near = " at least --min-gap apart" if options.min_gap else ""
        said = [f"{source} gave {count} of {options.count} slices: it has no more attacks{near}"]
    return said


def _below(kit: Kit, options: ChopOptions) -> list[str]:
    """Say in a sentence which slices have no room from --start-note on: decisions may be more than --count may."""
    notes, room = [part.note for part in kit.slices], NOTES - options.start_note
    if len(notes) <= room:
        return []
    return [
        f"from --start-note {options.start_note} on there is room for {room} of {len(notes)} slices, others lie below "
        f"it, down to note {min(notes)}; --start-note {NOTES - len(notes)} leaves room for all"
    ]


def _off_bars(record: Record, plan: Plan, count: int) -> list[str]:
    """Say in a sentence how many slices begin with a bar, which was preferred."""
    if plan.at_bars is None:
        return [f"{str(record.source)!r} has no clear tempo, so --bars changed nothing"]
    if plan.at_bars == count:
        return [f"all {count} slices of {str(record.source)!r} begin with a bar"]
    return [f"{plan.at_bars} of {count} slices of {str(record.source)!r} begin with a bar, other chops fill the kit up"]
