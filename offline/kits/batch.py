"""Many records in, many kits out: in several processes or on a cluster, what is there already left alone.

One record that cannot be chopped never stops the others, nor does one whose worker dies. Workers only write kits; the
batch state is written by this process, so that it is right whatever becomes of them. What they had begun is made again.
"""

import shutil
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

from samplechop.offline.common import process_pool
from samplechop.offline.common.progress import Progress, silent
from samplechop.offline.common.terminal import echo
from samplechop.offline.export import summary, writers
from samplechop.offline.kits.batch_report import Entry, Report
from samplechop.offline.kits.batch_state import BatchState, Row, State, fingerprint
from samplechop.offline.kits.core import naming
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import audio_files, title
from samplechop.offline.kits.kit_folder import aside, check_folder, is_kit_of, settle
from samplechop.realtime.core.ends import end_code
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.wording import counted

BUG = "a bug"
DEAD = "the process that chopped it died (out of memory?); the other records are not concerned"

Work = Callable[[Path, Path, ChopOptions, bool], Any]
"""Makes a kit: source, the kit's folder, options, and whether a kit in that folder may be replaced. Picklable.

The kit appears there whole or not at all; what is unfinished lies beside it in ".FOLDER.SOMETHING". The result has
warnings, a sentence for each thing to know, and may have the kit, as pipeline.Outcome does.
"""
Decide = Callable[[Path], tuple[ChopOptions, str]]
"""Gives the options for a record, and the SHA-256 of what was decided about it, "" where nothing was."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A kit to be made, with its row in the batch state. size: bytes of the source. options, project: see Decide."""

    source: Path
    folder: Path
    row: Row
    size: int
    options: ChopOptions
    project: str


_Result = tuple[bool, str, float, str]
"""What a worker tells of a piece: whether it was made, what is to be known, the seconds it took, and what it is."""


def make_kits(
    sources: Sequence[Path],
    out: Path,
    options: ChopOptions,
    work: Work,
    jobs: int = 1,
    force: bool = False,
    scheduler: str | None = None,
    progress: Progress = silent,
    model: str = "",
    decide: Decide | None = None,
) -> Report:
    """Make a kit of every source, each in a folder of its own in `out`; what the batch state there knows is skipped.

    sources: as open.inputs gives them; of those with the same samples only the first is chopped.
    jobs: processes at once. force: make again what is there, and replace kits that are in the way. scheduler: address
    of a Dask cluster whose workers, however many, do it instead; they must see the same folders. model: SHA-256 of the
    net, as the same name may mean another one later. decide: what stands in place of `options` for each source.
    Ctrl-C ends it, with a report of what was done until then. Raises UserError if `out` cannot be written, another
    process is at work in it, the cluster cannot be used, or the disk is full.
    """
    report = Report()
    try:
        out.mkdir(parents=True, exist_ok=True)
        state = BatchState(out)
    except OSError as error:
        raise UserError(f"the folder {str(out)!r} cannot be written: {reason_of(error)}") from None
    with state:
        pieces: list[_Piece] = []
        try:
            pieces = _claim(state, sources, out, decide or (lambda _: (options, "")), model, force, report, progress)
            _sweep(out, pieces)
            calls = [
                partial(
                    _make,
                    work,
                    each.source.absolute() if scheduler else each.source,
                    each.folder,
                    each.options,
                    force,
                    model,
                    each.project,
                )
                for each in pieces
            ]
            results = process_pool.surviving(calls, jobs, scheduler)
            with closing(results):
                for done, (number, result) in enumerate(results, 1):
                    _note(state, pieces[number], result or (False, DEAD, 0.0, ""), report)
                    progress("chopping", done, len(pieces))
        except KeyboardInterrupt:
            report.interrupted = True
        except OSError as error:
            raise UserError(f"the work in {str(out)!r} cannot go on: {reason_of(error)}") from None
        finally:
            _sweep(out, pieces)
    order = {source: number for number, source in enumerate(sources)}
    for entries in (report.made, report.skipped, report.failed):
        entries.sort(key=lambda entry: order[entry.source])
    return report


def _make(
    work: Work, source: Path, folder: Path, options: ChopOptions, force: bool, model: str, project: str = ""
) -> _Result:
    """[worker] Make one kit, unless it is there: then whoever made it was ended before it could tell."""
    began, what = time.perf_counter(), ""
    try:
        there = not force and is_kit_of(folder, audio_files(source)[0], options, model, project)
        message, made = "", True
        if not there:
            done = work(source, folder, options, force)
            message = "; ".join(done.warnings)
            if (kit := getattr(done, "kit", None)) is not None:
                what = ", ".join([counted(len(kit.slices), "slice"), *kit.known])
    except UserError as error:
        message, made = str(error), False
    except Exception as error:  # a bug that one record meets must not cost the others theirs; it is told as one
        where = traceback.extract_tb(error.__traceback__)[-1]
        message, made = f"{BUG}: {error!r} in {Path(where.filename).name} line {where.lineno}", False
    return made, message, time.perf_counter() - began, what


def _note(state: BatchState, piece: _Piece, result: _Result, report: Report) -> None:
    made, message, seconds, summary = result
    became: State = "made" if made else "failed"
    state.put([replace(piece.row, state=became, seconds=seconds, message=message)])
    entries = report.made if made else report.failed
    entries.append(Entry(piece.source, piece.folder if made else None, message, seconds, summary))


def _claim(
    state: BatchState,
    sources: Sequence[Path],
    out: Path,
    decide: Decide,
    model: str,
    force: bool,
    report: Report,
    progress: Progress,
) -> list[_Piece]:
    """Find out what is to be made, and where; the largest first, so that no process is left with it at the end.

    decide, model: as of `make_kits`.
    """
    taken = {row.folder.casefold() for row in state.rows()}
    titles = Counter(_place(source) for source in sources)
    first: dict[str, Path] = {}
    pieces: list[_Piece] = []
    for done, source in enumerate(sources, 1):
        progress("looking", done, len(sources))
        try:
            files = audio_files(source)
            record = state.record_of(files)
            if record in first:
                report.skipped.append(Entry(source, None, f"the same as {str(first[record])!r}"))
                continue
            first[record] = source
            options, project = decide(source)
            mark = fingerprint(options, model, project)
            row = state.find(record, mark)
            known = row or next(iter(state.of_record(record)), None)
            name = known.folder if known else _unused(source, taken, titles[_place(source)] > 1)
            settle(out / name)
            if row and row.state == "made" and (out / name).is_dir() and not force:
                report.skipped.append(Entry(source, out / name))
                continue
            if not (row and row.state == "claimed"):  # of what is there then, the worker finds out if it is this kit
                check_folder(out / name, force)
            taken.add(name.casefold())
            size = sum(file.stat().st_size for file in files)
            claim = Row(record, mark, "claimed", name, str(source))
            pieces.append(_Piece(source, (out / name).absolute(), claim, size, options, project))
        except UserError as error:
            report.failed.append(Entry(source, None, str(error)))
        except OSError as error:
            report.failed.append(Entry(source, None, f"it cannot be read: {reason_of(error)}"))
    state.put(piece.row for piece in pieces)
    return sorted(pieces, key=lambda piece: -piece.size)


def _place(source: Path) -> tuple[Path, str]:
    """Give what song.mp3 and song.m4a in one folder have in common."""
    return source.absolute().parent, naming.safe(title(source)).casefold()


def _unused(source: Path, taken: set[str], twins: bool) -> str:
    """Name the folder of a source's kit; of sources with one name, the later ones by ending or folder too.

    twins: whether another source in the same folder has the same name.
    """
    name = naming.safe(title(source))
    ending = [f"{name}_{naming.safe(source.suffix)}"] if twins and source.suffix and not source.is_dir() else []
    longer = naming.safe(f"{source.absolute().parent.name}_{title(source)}")
    candidates = chain((name, *ending, longer), (f"{name}_{number}" for number in count(2)))
    return next(each for each in candidates if each.casefold() not in taken)


def _sweep(out: Path, pieces: Sequence[_Piece]) -> None:
    """Remove what workers that died left unfinished: of our pieces, as others may chop into the same folder."""
    names = {piece.folder.name for piece in pieces}
    older = {aside(piece.folder).name for piece in pieces}
    for left in out.glob(".*"):
        if left.name[1:].rpartition(".")[0] in names and left.name not in older and left.is_dir():
            shutil.rmtree(left, ignore_errors=True)


def run(
    sources: Sequence[Path],
    out: Path,
    options: ChopOptions,
    force: bool = False,
    jobs: int | None = None,
    scheduler: str | None = None,
    decide: Decide | None = None,
) -> None:
    """Make a kit of every source, with a progress bar on stderr, and print the report.

    jobs: one for each core by default. decide: as of `make_kits`, for records with
    projects. Exits with `end_code` where it was asked to end, with 1 if anything failed.
    Raises UserError as `make_kits` does, and ModelError for a net that cannot be used.
    """
    import typer

    from samplechop import models
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.kits.pipeline import make_kit
    from samplechop.offline.kits.with_project import make_kit_beside

    net = models.load(options.model).sha256
    with progress_bars() as progress:
        report = make_kits(
            *(sources, out, options, make_kit_beside if decide else make_kit, jobs or process_pool.cores()),
            *(force, scheduler, progress, net, decide),
        )
    echo(*report.lines())
    if report.made:
        echo(summary([*writers(options.formats)]))
    if report.interrupted:
        raise typer.Exit(end_code())
    if report.failed:
        raise typer.Exit(1)
