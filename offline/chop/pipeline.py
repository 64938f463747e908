"""One record in, one kit out."""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import soundfile

from offline.chop import candidates, content, cutting, hearing, key, naming, picture, tempo
from offline.chop.harmonic import harmonic_part
from offline.chop.opening import Record, open_record
from offline.chop.options import ChopOptions
from offline.chop.placing import check_folder, put_in_place
from offline.chop.planning import Plan, Told, nothing, planned
from offline.chop.sounds import Sounds
from offline.export import MANIFEST_FORMAT, OWN, ExportWarning, Write, writers
from offline.kit import SLICES, Guess, Kit, Slice
from realtime.errors import UserError

Made = TypeVar("Made")
LONG_SECONDS = 1800
"""From here on the formats that copy the whole record are written only when asked for by name."""
_WANTED = {"harmony": "chords without drums", "drums": "single drum hits"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input. files: all that were written. warnings: a sentence for each thing to know."""

    kit: Kit
    files: tuple[Path, ...]
    warnings: tuple[str, ...]


def make_kit(
    source: Path,
    folder: Path,
    options: ChopOptions,
    force: bool = False,
    told: Told = nothing,
    beside: Executor | None = None,
) -> Outcome:
    """Chop a file or a session into a kit in `folder`, which appears whole or not at all.

    force: whether a kit that is there already is replaced. told: hears how far it has come. beside: a process that
    takes over what can be done at the same time.
    Raises UserError, in one sentence, for everything the user can mend.
    """
    check_folder(folder, force)
    naming.parse(options.template)
    writers(options.formats)
    try:
        with _workshop(folder) as work:
            made, scratch = Path(work, folder.name), Path(work, "decoded")
            (made / SLICES).mkdir(parents=True)
            scratch.mkdir()
            outcome = _made(source, made, scratch, options, told, beside)
            put_in_place(made, folder)
    except OSError as error:
        raise UserError(f"the kit cannot be written to {str(folder)!r}: {error.strerror or error}") from None
    files = tuple(folder / path.relative_to(made) for path in outcome.files)
    return replace(outcome, kit=replace(outcome.kit, folder=folder), files=files)


@contextmanager
def _workshop(folder: Path) -> Iterator[str]:
    """Give a place beside a folder for what is unfinished; when nothing comes of it, nothing is left behind."""
    new = not folder.parent.exists()
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as work:
            yield work
    finally:
        if new:
            with suppress(OSError):  # it holds a kit
                folder.parent.rmdir()


def _made(
    source: Path, folder: Path, scratch: Path, options: ChopOptions, told: Told, beside: Executor | None
) -> Outcome:
    record = open_record(source, scratch)
    first, last = candidates.span(record, options)
    tonality = _begun(beside, key.of_record, record, first, last)
    heard = record
    if options.harmonic or options.write_harmonic:
        heard = harmonic_part(record, scratch, lambda done: told("taking the harmonic part", done, record.length))
    cut_from = heard if options.write_harmonic else record
    known = _wanted(cut_from, options, first, last, told, beside)
    plan = planned(heard if options.harmonic else record, options, first, last, told, known)
    judged = [content.judged(piece.start, piece.stop, record.sample_rate) for piece in plan.pieces]
    inside = known or _heard(cut_from, judged, told, beside)
    kit = _cut(cut_from, folder, plan, options, first, last, inside, tonality.result())
    drawn = _begun(beside, picture.draw, kit, plan.similarity) if options.picture else None
    said = list(record.warnings)
    if not plan.found.candidates:
        said.append(f"no chop was found in {str(source)!r}, so it is one slice; a lower --threshold finds more")
    elif plan.unwanted:
        fitting = f"{len(kit.slices) - plan.unwanted} of {len(kit.slices)} slices"
        said.append(f"{str(source)!r} has {_WANTED[options.want]} for {fitting} only, the others are what is nearest")
    if plan.found.candidates and len(kit.slices) < options.count:
        said.append(f"{str(source)!r} gave {len(kit.slices)} of {options.count} slices; a lower --threshold finds more")
    files = [kit.path(part) for part in kit.slices]
    formats = writers(options.formats, whole=kit.seconds(kit.length) <= LONG_SECONDS)
    if options.formats is None and (left := sorted(set(writers()) - set(formats))):
        long = f"{str(source)!r} is longer than {LONG_SECONDS // 60} minutes"
        said.append(f"{long}, so formats that copy all of it were left out: --formats {','.join(left)} writes them")
    for number, (name, write) in enumerate(formats.items()):
        told(f"writing, {name}", number, len(formats))
        if drawn and name == MANIFEST_FORMAT:  # which lists all files
            files += drawn.result()
        files += _written(name, write, kit, said)
    told("writing", len(formats), len(formats))
    return Outcome(kit, tuple(dict.fromkeys(files)), tuple(said))


def _written(name: str, write: Write, kit: Kit, said: list[str]) -> list[Path]:
    """Write one format. What it could not hold is said; where it fails, by fault of its own, the others go on."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ExportWarning)
        try:
            files = write(kit)
        except OSError:
            raise
        except (UserError, soundfile.LibsndfileError) as error:
            # The latter for samples that libsndfile takes for a header: a slice may begin with those of "wvpk".
            files = []
            said.append(f"{name} was left out: {error}")
        except Exception as error:  # a third party's writer may fail in any way; a bug of ours is raised
            if name in OWN:
                raise
            files = []
            said.append(f"the exporter {name!r} failed: {type(error).__name__}: {error}")
    said += [str(one.message) for one in caught if issubclass(one.category, ExportWarning)]
    return files


def _begun(beside: Executor | None, work: Callable[..., Made], *arguments: Any) -> "Future[Made]":
    """Have a piece of work done in the process beside this one, or do it now."""
    if beside is not None:
        return beside.submit(work, *arguments)
    done: Future[Made] = Future()
    done.set_result(work(*arguments))
    return done


def _wanted(
    record: Record, options: ChopOptions, first: int, last: int, told: Told, beside: Executor | None
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


def _heard(record: Record, parts: hearing.Parts, told: Told, beside: Executor | None) -> Sounds:
    """Hear chords in the process beside this one, and at the same time drums here."""
    chords = _begun(beside, hearing.chords, record, parts)
    hits = hearing.hits(record, parts, partial(told, "listening for drums"))
    return Sounds(record.sample_rate, hearing.levels(record, parts), hits, chords.result())


def _cut(
    record: Record,
    folder: Path,
    plan: Plan,
    options: ChopOptions,
    first: int,
    last: int,
    inside: Sounds,
    tonality: Guess | None,
) -> Kit:
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
    )
    slices = []
    parts = zip(plan.pieces, notes, names, contents, strict=True)
    for number, (piece, note, name, within) in enumerate(parts, 1):
        file = f"{SLICES}/{name}.wav"
        frames = cutting.write_slice(record, piece, folder / file, options, last)
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
