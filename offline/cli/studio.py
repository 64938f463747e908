"""The command `samplechop studio`."""

from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.errors import UserError

HOST = "127.0.0.1"
KITS = Path("kits")


def studio(
    inputs: Annotated[
        list[Path] | None, typer.Argument(metavar="INPUT...", help="Audio files, recorded sessions, folders.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Open the record that comes with samplechop.")] = False,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Folder for exported kits; each gets a folder of its own in it."),
    ] = KITS,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port, 0 for any (default: the first free one from 8347 on)."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to serve at; another than this one lets others on your network in.")
    ] = HOST,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in your browser.")] = True,
) -> None:
    """See, hear, move and keep chops in your browser.

    \b
    samplechop studio song.flac
    samplechop studio sessions records            all that is in two folders
    samplechop studio --demo                      the record that comes with samplechop
    samplechop studio song.flac --no-browser      prints the address alone

    What you do is kept in the project beside each record, as by samplechop project. Ctrl-C ends it.
    """
    if demo and inputs:
        raise UserError("give audio files, sessions or folders to open, or --demo, not both")
    if not demo and not inputs:
        raise UserError("give audio files, sessions or folders to open, or --demo for the record that comes along")
    from samplechop.offline.cli.chop import parsed, settings_file
    from samplechop.offline.studio.demo import demo_record
    from samplechop.offline.studio.server import serve
    from samplechop.realtime.recording.session_folder import check_folder

    def tell(address: str) -> None:
        echo(address)
        echo("the studio is open at this address until Ctrl-C", err=True)

    file = settings_file({}, listed=False)
    with file.named_in_errors():
        usual = parsed(dict(file.values))
    if output != KITS:  # nobody asked for that one: where it cannot be made, an export says so
        check_folder(output, "--output")
    serve([demo_record()] if demo else inputs or [], output, usual, port, host, tell, browser)
