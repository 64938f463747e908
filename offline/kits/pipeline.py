"""One record in, one kit out.

open -> find chops -> describe, choose -> cut -> picture, every format -> put in place, whole or not at all
"""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import soundfile

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.common.process_pool import ended_by_errors
from samplechop.offline.common.progress import Progress, silent
from samplechop.offline.export import MANIFEST_FORMAT, OWN, ExportWarning, Write, writers
from samplechop.offline.kits import decided, write_slices
from samplechop.offline.kits.analysis import candidates, content, content_detection, drum_tag, tempo_and_key
from samplechop.offline.kits.analysis.candidates import harmonic_part
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.descriptors import Similarity
from samplechop.offline.kits.beside import Beside
from samplechop.offline.kits.core import naming
from samplechop.offline.kits.core.model import SLICES, Guess, Kit, Piece, Slice
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record, open_record
from samplechop.offline.kits.core.tempo_map import tempi
from samplechop.offline.kits.kit_folder import replacing_kit
from samplechop.offline.kits.offered import offer_of
from samplechop.offline.kits.plan import Plan, planned
from samplechop.offline.kits.remarks import remarks, too_loud
from samplechop.offline.project.document import digest
from samplechop.offline.project.fitting import fitted
from samplechop.offline.project.model import Offer, Project
from samplechop.realtime.core.errors import UserError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input. files: all that were written. warnings: a sentence for each thing to know.

    formats: by their names, those that were written. offer: what was found in all of the record, where the project is
    for this sound; None elsewhere.
    """

    kit: Kit
    files: tuple[Path, ...]
    warnings: tuple[str, ...]
    formats: tuple[str, ...] = ()
    offer: Offer | None = None


def make_kit(
    source: Path,
    folder: Path,
    options: ChopOptions,
    force: bool = False,
    progress: Progress = silent,
    second_process: Executor | None = None,
    cache: ArrayCache | None = None,
    project: Project | None = None,
) -> Outcome:
    """Chop a file or a recorded session into a kit in `folder`, which appears whole or not at all.

    force: whether a kit that is there already is replaced. progress: is told how far it has come. project: what was
    decided about it. Gives the kit with its files and warnings: what the user should know. Raises UserError, in one
    sentence, for everything the user can mend.

    The kit is a function of the audio, what is detected in it, the project and the options, and of nothing else.
    second_process: looks for key and chords, and draws the picture, at the same time.
    cache: has what was found in the record before, and takes what is found now; the kit is the same without.
    """
    made = partial(_made, source, options, progress, second_process, cache, project)
    return put_together(folder, options, force, made, second_process)


def put_together(
    folder: Path,
    options: ChopOptions,
    force: bool,
    make: Callable[[Path, Path], Outcome],
    second_process: Executor | None = None,
) -> Outcome:
    """Have a kit made beside its folder, and put it there when it is whole.

    make: is given the folder to write to, and one for what is needed meanwhile. second_process: writes to the first,
    too, and is ended when an error comes. Raises UserError as `make_kit` does.
    """
    naming.parse(options.template)
    writers(options.formats)
    with replacing_kit(folder, force) as (made, scratch), ended_by_errors(second_process):
        outcome = make(made, scratch)
    files = tuple(folder / path.relative_to(made) for path in outcome.files)
    return replace(outcome, kit=replace(outcome.kit, folder=folder), files=files)


def _made(
    source: Path,
    options: ChopOptions,
    progress: Progress,
    second: Executor | None,
    cache: ArrayCache | None,
    project: Project | None,
    folder: Path,
    scratch: Path,
) -> Outcome:
    record = open_record(source, scratch, options.channel)
    if cache is not None:
        record = record.with_cache(cache)
    to_know: tuple[str, ...] = ()
    if project is not None:
        project, to_know = fitted(project, record)
    first, last = candidates.span(record, options)
    beside = Beside(second)
    tonality = beside.key(record, first, last)
    harmonic = record
    if options.harmonic or options.write_harmonic:
        harmonic = harmonic_part(
            record, scratch, lambda done: progress("taking the harmonic part", done, record.length)
        )
    cut_from = harmonic if options.write_harmonic else record
    beside.begin(cut_from, options, first, last)
    inside = wanted(cut_from, options, first, last, progress, beside)
    plan = planned(harmonic if options.harmonic else record, options, first, last, progress, inside, project)
    inside = inside or content_of(cut_from, plan.pieces, progress, beside)
    key = Guess(project.key, 1.0) if project and project.key else tonality.result()
    kit = cut(cut_from, folder, plan, options, first, last, inside, key)
    kit = replace(kit, project=digest(project) if project else "")
    notes = [*record.warnings, *to_know, *plan.found.warnings, *remarks(kit, record, plan, options)]
    notes += [*decided.remarks(project, options, first, last), *too_loud(kit, cut_from, plan, options)]
    whole = project is not None and not to_know and (first, last) == (0, record.length)
    outcome = exported(kit, plan.similarity, options, notes, progress, beside)
    return replace(outcome, offer=offer_of(plan.found) if whole else None)


def wanted(
    record: Record, options: ChopOptions, first: int, last: int, progress: Progress, beside: Beside
) -> DetectedContent | None:
    """Detect the drums and chords that chops are to be chosen by; None if they are not.

    Raises UserError if the detectors are not installed.
    """
    if options.want == "both":
        return None
    found = _detected(record, [(first, last)], progress, beside)
    if found.hits is None or (options.want == "harmony" and found.chords is None):
        raise UserError(f"--want {options.want} needs detectors that are not installed here: leave it out")
    return found


def content_of(record: Record, pieces: Sequence[Piece], progress: Progress, beside: Beside) -> DetectedContent:
    """Detect what is in pieces of a record. Raises ModelError for a model that cannot be used."""
    return _detected(
        record, [content.judged(one.start, one.stop, record.sample_rate) for one in pieces], progress, beside
    )


def _detected(record: Record, parts: content_detection.Parts, progress: Progress, beside: Beside) -> DetectedContent:
    """Detect chords beside, and at the same time drums here."""
    chords = beside.chords(record, parts)
    hits = content_detection.detect_hits(record, parts, partial(progress, "detecting drums"))
    return DetectedContent(record.sample_rate, content_detection.levels(record, parts), hits, chords.result())


def cut(
    record: Record,
    folder: Path,
    plan: Plan,
    options: ChopOptions,
    first: int,
    last: int,
    inside: DetectedContent,
    tonality: Guess | None,
    titles: Sequence[str] = (),
) -> Kit:
    """Cut the pieces of a plan, and describe them.

    first, last: the samples that were chopped. inside: what was detected. tonality: the record's key. titles: of the
    pieces, for the field {name} of the template. Raises OSError.
    """
    rate, bpm = record.sample_rate, plan.found.tempo
    chops = plan.chops or (None,) * len(plan.pieces)
    notes = plan.notes(options.start_note)
    titles = titles or [chop.name or "" if chop else "" for chop in chops]
    template = options.template if "{name}" in options.template or not any(titles) else f"{options.template}_{{name}}"
    drums = drum_tag.name_drums(record, inside, plan.pieces)
    contents = [content.describe(inside, piece, tonality, drum) for piece, drum in zip(plan.pieces, drums, strict=True)]
    names = naming.names(
        template,
        [piece.start for piece in plan.pieces],
        [piece.strength for piece in plan.pieces],
        notes,
        rate,
        record.length,
        record.name,
        tempi(float(bpm.value) if bpm else None, plan.tempo_map, [(one.start, one.stop) for one in plan.pieces]),
        tonality,
        contents,
        titles,
        options.start_note,
    )
    slices = []
    parts = zip(plan.pieces, notes, names, contents, chops, strict=True)
    for number, (piece, note, name, within, chop) in enumerate(parts, 1):
        file = f"{SLICES}/{name}.wav"
        gain_db = chop.gain_db if chop else None
        frames = write_slices.write_slice(record, piece, folder / file, options, last, gain_db or 0.0)
        part = Slice(number, piece.start, piece.stop, piece.strength, note, name, file, frames, within)
        if chop is not None:
            part = replace(
                part, choke=chop.choke, play=chop.play, colour=chop.colour, gain_db=gain_db, called=chop.name or ""
            )
        slices.append(part)
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
        downbeats=tempo_and_key.downbeats(plan.found.beats),
        tempo_map=plan.tempo_map,
        model=plan.found.model,
        settings=asdict(options),
        channel=record.channel,
        play=options.play,
        choke=options.choke,
        redundancy=plan.redundancy,
        others=plan.found.others,
    )


def exported(
    kit: Kit,
    similarity: Similarity,
    options: ChopOptions,
    notes: Sequence[str] = (),
    progress: Progress = silent,
    beside: Beside | None = None,
) -> Outcome:
    """Draw a kit whose slices are cut, and write all formats asked for.

    similarity: of its slices to each other, float32 (n, n), 0..1. notes: warnings there were before.
    Raises OSError, and UserError if the picture cannot be drawn.
    """
    notes = list(notes)
    drawn = (beside or Beside()).draw(kit, similarity) if options.picture else None
    files = [kit.path(part) for part in kit.slices]
    formats, done = writers(options.formats), []
    for number, (name, write) in enumerate(formats.items()):
        progress(f"writing, {name}", number, len(formats))
        if drawn and name == MANIFEST_FORMAT:  # which lists all files
            files += drawn.result()
        if made := _written(name, write, kit, notes):
            files += made
            done.append(name)
    progress("writing", len(formats), len(formats))
    return Outcome(kit, tuple(dict.fromkeys(files)), tuple(notes), tuple(done))


def _written(name: str, write: Write, kit: Kit, notes: list[str]) -> list[Path]:
    """Write one format. What it could not hold is noted; where it fails, by fault of its own, the others go on."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ExportWarning)
        files: list[Path] = []
        try:
            files = write(kit)
        except OSError:
            raise
        except (UserError, soundfile.LibsndfileError) as error:
            # The latter for samples that libsndfile takes for a header: a slice may begin with those of "wvpk".
            notes.append(f"{name} was left out: {error}")
        except Exception as error:  # a third party's writer may fail in any way; a bug of ours is raised
            if name in OWN:
                raise
            notes.append(f"the exporter {name!r} failed: {type(error).__name__}: {error}")
    notes += [str(one.message) for one in caught if issubclass(one.category, ExportWarning)]
    return files
