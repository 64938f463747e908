"""The command `samplechop sessions`."""

import json as write_json
import shutil
import sys
import textwrap
from functools import partial
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from samplechop.offline.sessions.reading import Session


def sessions(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="What was given to --record, or one session (default: here, or sessions here)."
        ),
    ] = Path(),
    repair: Annotated[bool, typer.Option("--repair", help="Repair the sessions that were broken off.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")] = False,
) -> None:
    """List recorded sessions, and repair those that a power cut, a kill or a full disk broke off.

    \b
    samplechop sessions sessions               date, length, chops, taps, xruns, what was lost, how each one ended
    samplechop sessions sessions --repair      set lengths to what is there, end the logs

    A session can be heard and chopped without a repair: its sound is readable up to the last tenth of a second.
    A repair keeps every line of a log that can be read, and the log as it was as events.jsonl.broken. Where a FLAC file
    itself is damaged, it puts silence in that place and keeps the file as audio.flac.broken. A session that is being
    recorded is left alone, and nothing that is a link, a pipe or a device is opened.
    """
    from samplechop.offline.sessions.reading import find_sessions, read_session
    from samplechop.offline.sessions.reading import repair as mend

    found = [read_session(path) for path in find_sessions(folder)]
    mended, failed = 0, []
    for at, session in enumerate(found) if repair else ():
        try:
            found[at] = mend(session)
            mended += session.damaged
        except UserError as error:  # the others can be repaired all the same
            failed.append(str(error))
    if json:
        echo(*write_json.dumps([_record(session) for session in found], indent=2).splitlines())
    else:
        _show(found, folder, mended)
    if failed:
        raise UserError("; ".join(failed))


def _show(found: "list[Session]", folder: Path, mended: int) -> None:
    echo(*_rows(found, shutil.get_terminal_size().columns if sys.stdout.isatty() else None))
    broken = sum(session.damaged for session in found)
    if mended:
        echo(f"{mended} repaired")
    elif broken:
        echo(f"{broken} can be repaired: samplechop sessions {folder} --repair")


def _record(session: "Session") -> dict[str, Any]:
    return {
        "folder": str(session.folder),
        "date": session.date.isoformat(timespec="seconds"),
        "source": session.source,
        "seconds": round(session.seconds, 3),
        "sample_rate": session.sample_rate,
        "channels": session.channels,
        "format": session.format,
        "state": session.state,
        "damaged": session.damaged,
        "problem": session.problem,
        "lost_samples": session.lost,
        "counts": {kind: n for kind, n in session.counts.items() if kind not in ("session", "stop")},
    }


def _seconds(samples: int, sample_rate: int) -> str:
    """Write how long a loss was, "0" for none."""
    return f"{ceil(1000 * samples / sample_rate) / 1000:.3f} s" if samples and sample_rate else "0"


def _rows(found: "list[Session]", width: int | None) -> list[str]:
    """Lay sessions out in columns, none of them cut.

    width: of the terminal; where a line is longer, its last three columns go below it. None: each stays in one line.
    """
    table = [["date", "length", "chops", "taps", "gaps", "xruns", "lost", "format", "how it ended", "folder"]]
    for session in found:
        minutes, seconds = divmod(round(session.seconds, 1), 60)
        table.append(
            [
                f"{session.date:%Y-%m-%d %H:%M}",
                f"{int(minutes)}:{seconds:04.1f}",
                *(str(session.counts.get(kind, 0)) for kind in ("chop", "tap", "gap", "xrun")),
                _seconds(session.lost, session.sample_rate),
                f"{session.format}, {session.sample_rate / 1000:g} kHz, {session.channels} ch"
                if session.sample_rate
                else session.format,
                session.state,
                session.folder.name,
            ]
        )
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    right = range(1, 7)
    rows = [
        [
            cell.rjust(wide) if at in right else cell.ljust(wide)
            for at, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ]
        for row in table
    ]
    lines = ["  ".join(row).rstrip() for row in rows]
    if width is None or max(map(len, lines)) <= width:
        return lines
    below = partial(textwrap.wrap, width=width, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    return [
        line
        for *figures, format, state, folder in rows
        for line in ("  ".join(figures).rstrip(), *below(f"{folder.strip()}: {format.strip()}, {state.strip()}"))
    ]
