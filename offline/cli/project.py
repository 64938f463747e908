"""The commands under `samplechop project`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.wording import counted

if TYPE_CHECKING:
    from samplechop.offline.project.history import History
    from samplechop.offline.project.model import Offer, Project

app = typer.Typer(
    no_args_is_help=True, help="See and edit what you decided about a record: chops moved, added, deleted, named."
)

_Record = Annotated[Path, typer.Argument(metavar="RECORD", help="Audio file or recorded session.")]


@app.command()
def show(
    record: _Record,
    as_json: Annotated[bool, typer.Option("--json", help="Write the project as JSON.")] = False,
) -> None:
    """Show what was decided about a record, and what undo would take back.

    \b
    samplechop project show song.flac
    samplechop project show song.flac --json
    """
    from samplechop.offline.cli.project_table import show_project
    from samplechop.offline.cli.project_words import words_of
    from samplechop.offline.project import store
    from samplechop.offline.project.document import text_of

    path, history = _read(record)
    if as_json:
        echo(*text_of(history.project).splitlines())
        return
    show_project(history.project)
    last, rate = history.undoable, history.project.audio.sample_rate
    echo(f"{path}: undo takes back {words_of(last, rate)}" if last else f"{path}")
    stored = store.read(path)
    if stored and stored.fault:
        echo(f"samplechop: its journal cannot be gone by, so nothing can be undone ({stored.fault})", err=True)


@app.command("set")
def set_(
    record: _Record,
    commands: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND...", help='Such as "lock 12.5"; in JSON, {"do": "lock", "at": 551250}; - for lines.'
        ),
    ],
) -> None:
    """Edit the project of a record by commands, in words or in JSON; each can be undone.

    \b
    samplechop project set song.flac "move 12.51 12.532"        a chop that was found lies better
    samplechop project set song.flac "delete 1:02.4" "add 1:02.9"     two at once
    samplechop project set song.flac "name c1 intro" "lock c1" "pad c1 36"
    samplechop project set song.flac "kit count 12" "tempo x2"
    samplechop project set song.flac '{"do": "move", "chop": "c1", "to": 134832}'
    samplechop project set song.flac - < commands.jsonl         a command on each line

    A chop is named by its id or its place: seconds or m:ss in words, samples in JSON. All are done, or none.
    docs/project.md lists the commands.
    """
    _edit(record, [text for one in commands for text in (_lines() if one == "-" else [one])])


@app.command()
def undo(record: _Record) -> None:
    """Take the last edit back.

    \b
    samplechop project undo song.flac
    """
    _edit(record, [{"do": "undo"}])


@app.command()
def redo(record: _Record) -> None:
    """Do again what was taken back.

    \b
    samplechop project redo song.flac
    """
    _edit(record, [{"do": "redo"}])


@app.command()
def realign(
    record: _Record,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="OTHER", help="Make a project for this file; the one there is stays.")
    ] = None,
) -> None:
    """Carry the project of a record over to the file that has its name now: a new master, another speed, a cut.

    \b
    samplechop project realign song.flac
    samplechop project realign song.flac --to song-live.flac

    Every decision goes where its sound is; what has none is kept, and listed as a conflict. One undo takes all back.
    """
    from tempfile import TemporaryDirectory

    from samplechop.offline.cli.project_table import show_project
    from samplechop.offline.kits.core.record import open_record
    from samplechop.offline.project import realign as realigning
    from samplechop.offline.project.places import place_for
    from samplechop.offline.project.store import editing, read_project

    path, _ = _read(record)
    with TemporaryDirectory() as scratch, TemporaryDirectory() as beside:
        here = open_record(record, Path(scratch))
        if to is None:
            with editing(path) as editor:
                realigning.realign(editor, here)
        else:
            place = place_for(to)
            if place == path:
                raise UserError(f"{str(to)!r} has the project of {str(record)!r}: realign without --to")
            realigning.realign_to(path, here, place, open_record(to, Path(beside)))
            path = place
    if (project := read_project(path)) is not None:
        show_project(project)
    echo(f"{path}")


@app.command("import-labels")
def import_labels(
    record: _Record, labels: Annotated[Path, typer.Argument(help="Labels of any kind that samplechop labels reads.")]
) -> None:
    """Take labels as decisions: each is a chop, with its name; rejected places are deleted. One undo takes all back.

    \b
    samplechop project import-labels song.flac song.mid
    """
    from samplechop.offline.kits.with_project import begun
    from samplechop.offline.project.from_labels import command_of, read_decisions

    project = begun(record)
    command = command_of(read_decisions(labels, project), project)
    if command is None:
        echo(f"{labels} says nothing that the project does not")
        return
    _edit(record, [command], project)


@app.command("import-kit")
def import_kit(
    record: _Record, kit: Annotated[Path, typer.Argument(help="Folder of a kit that was made of it, or its kit.json.")]
) -> None:
    """Take a kit made before as decisions: its slices on their pads, its settings. One undo takes all back.

    \b
    samplechop project import-kit song.flac kits/song

    Where the project says otherwise, it stands, and you are told.
    """
    from samplechop.offline.kits import from_kit
    from samplechop.offline.kits.with_project import begun

    said = from_kit.read_kit(kit)
    project = begun(record)
    command, told = from_kit.command_of(said, record, project)
    if command is None:
        echo(f"{kit} says nothing that the project does not")
    else:
        _edit(record, [command], project, from_kit.offer_of(said, project))
    for sentence in told:
        echo(f"samplechop: {sentence}", err=True)


@app.command("export-labels")
def export_labels(
    record: _Record,
    output: Annotated[Path, typer.Argument(metavar="OUT", help="Labels to write: .txt, .csv, .mid, .jsonl, .wav.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write the chops of a project as labels; .txt has their names and the deleted places, too.

    \b
    samplechop project export-labels song.flac song.txt
    samplechop project export-labels song.wav cut.wav       a copy of the record with cue points, named as the chops
    """
    from samplechop.offline.kits.core.record import audio_files
    from samplechop.offline.labels.files import write_labels
    from samplechop.offline.project.from_labels import labels_of

    _, history = _read(record)
    found = labels_of(history.project)
    write_labels(output, found, audio=audio_files(record)[0], force=force)
    echo(f"{counted(len(found.times), 'label')} in {output}")


def _read(record: Path) -> "tuple[Path, History]":
    """Find and read the project of a record. Raises UserError where it has none."""
    from samplechop.offline.project import store
    from samplechop.offline.project.places import find

    path = find(record)
    stored = None if path is None else store.read(path)
    if path is None or stored is None:
        raise UserError(f"{str(record)!r} has no project yet: nothing was decided about it (samplechop project set -h)")
    return path, stored.history


def _edit(record: Path, wanted: list[Any], begin: "Project | None" = None, offer: "Offer | None" = None) -> None:
    """Do all edits of a project or none, and say what is decided then.

    wanted: commands, or what was typed. begin: the project where there is none yet. offer: what the machine offered,
    None for what is kept of it.
    """
    from samplechop.offline.cli.project_table import show_project
    from samplechop.offline.kits.with_project import begun
    from samplechop.offline.project.history import History
    from samplechop.offline.project.places import place_for
    from samplechop.offline.project.store import editing, read

    path = place_for(record)
    stored = read(path)
    begin = begin or (begun(record) if stored is None else None)
    tried = stored.history if stored else History(begin) if begin else None
    if tried is not None and tried.project.offer is None:
        from samplechop.offline.common.array_cache import user_cache
        from samplechop.offline.kits import offered

        offer = offer or offered.kept(record, tried.project, user_cache())
        offered.note(tried, offer)
    edits = []
    for one in wanted:
        if tried is not None:
            edits.append(_parsed(one, tried.project) if isinstance(one, str) else one)
            tried.do(edits[-1])
    with editing(path, begin) as editor:
        if tried is not None and editor.project.offer is None and tried.project.offer is not None:
            from samplechop.offline.kits import offered

            offered.note(editor, tried.project.offer)
        for edit in edits:
            editor.do(edit)
        show_project(editor.project)
        _keep_sound(record, path, editor.project)
    echo(f"{path}")


def _keep_sound(record: Path, path: Path, project: "Project") -> None:
    """Keep what finds the places of a project again, unless it is there; the edits are kept in any case."""
    from samplechop.offline.project.places import sound_of

    if sound_of(path).exists():
        return
    from tempfile import TemporaryDirectory

    from samplechop.offline.common.array_cache import user_cache
    from samplechop.offline.kits.core.record import open_record
    from samplechop.offline.project.realign import keep_sound

    try:
        with TemporaryDirectory() as scratch:
            keep_sound(path, open_record(record, Path(scratch)).with_cache(user_cache()), project)
    except UserError as error:
        echo(f"samplechop: realign will not find places again: {error}", err=True)


def _parsed(text: str, project: "Project") -> Any:
    """Read a command as it was typed. Raises UserError."""
    from samplechop.offline.cli.project_words import command_of
    from samplechop.realtime.core.documents import parse_json

    if not text.lstrip().startswith("{"):
        return command_of(text, project)
    try:
        return parse_json(text)
    except ValueError as error:
        raise UserError(
            f'{text!r:.80} is no command in JSON ({error}), such as {{"do": "lock", "at": 44100}}'
        ) from None


def _lines() -> list[str]:
    try:
        return [line.rstrip("\r\n") for line in typer.get_text_stream("stdin") if line.strip()]
    except UnicodeDecodeError:
        raise UserError("the commands on standard input are not UTF-8: save them as that") from None
