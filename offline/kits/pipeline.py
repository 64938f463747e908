"""One record in, one kit out."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from functools import partial
from pathlib import Path

from samplechop.offline.common import process_pool
from samplechop.offline.common.progress import Progress, silent
from samplechop.offline.kits import finish
from samplechop.offline.kits.analysis import candidates, content, content_jobs, key, tempo
from samplechop.offline.kits.analysis.content_detectors import Sounds
from samplechop.offline.kits.analysis.hpss import harmonic_part
from samplechop.offline.kits.finish import Outcome
from samplechop.offline.kits.model import SLICES, Guess, Kit, Slice
from samplechop.offline.kits.open import Record, open_record
from samplechop.offline.kits.options import ChopOptions
from samplechop.offline.kits.selection.plan import Plan, planned
from samplechop.offline.kits.slices import naming, write_slices
from samplechop.offline.kits.slices.slicing import Piece
from samplechop.realtime.core.errors import UserError

_WANTED = {"harmony": "chords without drums", "drums": "single drum hits"}


def make_kit(
    source: Path,
    folder: Path,
    options: ChopOptions,
    force: bool = False,
    told: Progress = silent,
    beside: Executor | None = None,
) -> Outcome:
    """Chop a file or a session into a kit in `folder`, which appears whole or not at all.

    force: whether a kit that is there already is replaced. told: hears how far it has come. beside: a process that
    takes over what can be done at the same time.
    Raises UserError, in one sentence, for everything the user can mend.
    """
    return finish.put_together(folder, options, force, partial(_made, source, options, told, beside))


def _made(
    source: Path, options: ChopOptions, told: Progress, beside: Executor | None, folder: Path, scratch: Path
) -> Outcome:
    record = open_record(source, scratch)
    first, last = candidates.span(record, options)
    tonality = process_pool.submit(beside, key.of_record, record, first, last)
    heard = record
    if options.harmonic or options.write_harmonic:
        heard = harmonic_part(record, scratch, lambda done: told("taking the harmonic part", done, record.length))
    cut_from = heard if options.write_harmonic else record
    known = _wanted(cut_from, options, first, last, told, beside)
    plan = planned(heard if options.harmonic else record, options, first, last, told, known)
    inside = known or heard_in(cut_from, plan.pieces, told, beside)
    kit = cut(cut_from, folder, plan, options, first, last, inside, tonality.result())
    said = list(record.warnings)
    if not plan.found.candidates:
        said.append(f"no chop was found in {str(source)!r}, so it is one slice; a lower --threshold finds more")
    elif plan.unwanted:
        fitting = f"{len(kit.slices) - plan.unwanted} of {len(kit.slices)} slices"
        said.append(f"{str(source)!r} has {_WANTED[options.want]} for {fitting} only, the others are what is nearest")
    if plan.found.candidates and len(kit.slices) < options.count:
        said.append(f"{str(source)!r} gave {len(kit.slices)} of {options.count} slices; a lower --threshold finds more")
    return finish.exported(kit, plan.similarity, options, said, told, beside)


def _wanted(
    record: Record, options: ChopOptions, first: int, last: int, told: Progress, beside: Executor | None
) -> Sounds | None:
    """Hear the drums and chords that chops are to be chosen by; None if they are not.

    Raises UserError if nobody can listen for them.
    """
    if options.want == "both":
        return None
    heard = _heard(record, [(first, last)], told, beside)
    if heard.hits is None or (options.want == "harmony" and heard.chords is None):
        raise UserError(f"--want {options.want} needs detectors that are not installed here: leave it out")
    return heard


def heard_in(record: Record, pieces: Sequence[Piece], told: Progress, beside: Executor | None) -> Sounds:
    """Hear what is in pieces of a record. Raises ModelError for a model that cannot be used."""
    judged = [content.judged(piece.start, piece.stop, record.sample_rate) for piece in pieces]
    return _heard(record, judged, told, beside)


def _heard(record: Record, parts: content_jobs.Parts, told: Progress, beside: Executor | None) -> Sounds:
    """Hear chords in the process beside this one, and at the same time drums here."""
    chords = process_pool.submit(beside, content_jobs.chords, record, parts)
    hits = content_jobs.hits(record, parts, partial(told, "listening for drums"))
    return Sounds(record.sample_rate, content_jobs.levels(record, parts), hits, chords.result())


def cut(
    record: Record,
    folder: Path,
    plan: Plan,
    options: ChopOptions,
    first: int,
    last: int,
    inside: Sounds,
    tonality: Guess | None,
    titles: Sequence[str] = (),
) -> Kit:
    """Cut the pieces of a plan, and tell everything that is known of them.

    first, last: the samples that were chopped. inside: what was heard. tonality: the record's key. titles: of the
    pieces, for the field {name} of the template. Raises OSError.
    """
    rate, bpm = record.sample_rate, tempo.tempo(plan.found.beats, record.sample_rate)
    notes = [options.start_note + index for index in range(len(plan.pieces))]
    contents = [content.describe(inside, piece, tonality) for piece in plan.pieces]
    names = naming.names(
        options.template,
        [piece.start for piece in plan.pieces],
        [piece.strength for piece in plan.pieces],
        notes,
        rate,
        record.length,
        record.name,
        bpm,
        tonality,
        contents,
        titles,
    )
    slices = []
    parts = zip(plan.pieces, notes, names, contents, strict=True)
    for number, (piece, note, name, within) in enumerate(parts, 1):
        file = f"{SLICES}/{name}.wav"
        frames = write_slices.write_slice(record, piece, folder / file, options, last)
        slices.append(Slice(number, piece.start, piece.stop, piece.strength, note, name, file, frames, within))
    return Kit(
        name=record.name,
        folder=folder,
        source=record.source,
        audio=record.audio,
        sample_rate=rate,
        channels=record.channels,
        length=record.length,
        subtype=record.subtype,
        slice_rate=options.resample or rate,
        slice_channels=1 if options.mono else record.channels,
        first=first,
        last=last,
        slices=tuple(slices),
        candidates=plan.found.candidates,
        tempo=bpm,
        key=tonality,
        downbeats=tempo.downbeats(plan.found.beats),
        model=plan.found.model,
        settings=asdict(options),
        redundancy=plan.redundancy,
    )
