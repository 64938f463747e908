"""The commands under `samplechop bench` to break it: detectors, long sessions, kills, hostile files, faults."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samplechop.offline.common.terminal import echo

if TYPE_CHECKING:
    from samplechop.offline.lab.bench import Figure

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]


def show(title: str, parts: dict[str, Callable[[], Iterable]], as_json: bool) -> list["Figure"]:
    """Take all figures, telling on stderr what is being measured, and print them; give them."""
    from samplechop.offline.common.terminal import console

    progress, taken = console(err=True), []
    for name, measure in parts.items():
        with progress.status(f"measuring {name} ..."):
            taken += list(measure())
    print_figures(title, taken, as_json)
    return taken


def print_figures(title: str, taken: list["Figure"], as_json: bool) -> None:
    """Print figures."""
    from samplechop.offline.common.terminal import print_table
    from samplechop.offline.lab.bench import as_json as to_json
    from samplechop.offline.lab.bench import as_table

    if as_json:
        echo(*to_json(taken).splitlines())
    else:
        print_table(as_table(title, taken))


def detector(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A detector: a built-in one, or one that a package brings.")
    ],
    recording: Annotated[
        Path | None, typer.Argument(metavar="RECORDING", help="With sounds that it detects (default: the demo).")
    ] = None,
    json: AsJson = False,
) -> None:
    """Check a detector against the host's contract on a recording: exit code 1 where it breaks it.

    \b
    samplechop bench detector chop
    samplechop bench detector claps applause.wav
    """
    from samplechop.offline.common.terminal import console
    from samplechop.offline.evaluate import detector_contract
    from samplechop.offline.lab.bench import Figure
    from samplechop.realtime import detectors
    from samplechop.realtime.cli import DEMO

    made, audio = detectors.make(name), detector_contract.read_excerpt(recording or DEMO)
    title = f"samplechop bench detector {name}, {(recording or DEMO).name}"
    with console(err=True).status(f"checking {name} ...") as status:
        checks = list(detector_contract.check(made, audio, lambda what: status.update(f"checking {name}: {what} ...")))
    figures = [Figure(one.name, one.value, one.unit, one.bound, one.passed if one.bound else None) for one in checks]
    print_figures(title, figures, json)
    if not all(one.passed for one in checks):
        raise typer.Exit(1)


def soak(
    minutes: Annotated[float, typer.Option(min=0.05, help="Length of the session.")] = 60.0,
    busy: Annotated[bool, typer.Option("--busy", help="Keep every core busy with another program.")] = False,
    nice: Annotated[int, typer.Option(min=0, max=19, help="Niceness of those programs.")] = 0,
    json: AsJson = False,
) -> None:
    """Run a long live session over a JACK dummy server: events, samples and notes lost, memory; exit code 1 if any is.

    The session is recorded, in the folder for temporary files, 16 MB a minute, and afterwards compared with what an
    independent program played to it.

    \b
    samplechop bench soak --busy
    samplechop bench soak --minutes 5 --busy --nice 10 --json
    """
    import os

    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from samplechop.offline.common.terminal import console
    from samplechop.offline.lab.bench import soak as measures

    columns = BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}")
    with Progress(*columns, console=console(err=True)) as progress:
        task = progress.add_task("a session begins", total=1.0)

        def show_progress(share: float, what: str) -> None:
            progress.update(task, completed=share, description=what)

        workers = (os.cpu_count() or 1) if busy else 0
        figures = list(measures.soak(minutes, workers, nice, show_progress))
    print_figures(f"samplechop bench soak, {minutes:g} min", figures, json)
    if any(figure.reached is False for figure in figures):
        raise typer.Exit(1)


def kills(
    runs: Annotated[int, typer.Option(min=1, help="How often a recording is killed.")] = 24,
    seed: Annotated[int, typer.Option(help="Chooses the moments.")] = 0,
    record_format: Annotated[str, typer.Option(help="wav24, float or flac.")] = "wav24",
    json: AsJson = False,
) -> None:
    """Measure what a kill -9 at a random moment takes from a recording, its log and its MIDI file, and repair them.

    Every second kill comes within the first second. Exit code 1 where a goal is missed.

    \b
    samplechop bench kills --runs 24
    samplechop bench kills --runs 5 --record-format flac --json
    """
    from samplechop.offline.lab.faults import kills as measures
    from samplechop.realtime.core.errors import UserError
    from samplechop.realtime.recording.audio_files import FORMATS

    if record_format not in FORMATS:
        raise UserError(f"--record-format must be one of {', '.join(FORMATS)}, got {record_format!r}")
    parts: dict[str, Callable[[], Iterable]] = {f"{runs} kills": lambda: measures.kills(runs, seed, record_format)}
    if any(figure.reached is False for figure in show("samplechop bench kills", parts, json)):
        raise typer.Exit(1)


def hostile(
    inputs: Annotated[int, typer.Option(min=1, help="How many inputs, of all formats together.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the damage.")] = 1,
    formats: Annotated[
        str | None, typer.Option(help="With commas between: labels, midi, atlas, wav ... (default: all).")
    ] = None,
    first: Annotated[int, typer.Option(min=0, help="Number of the first input of each format, to see one again.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes (default: one for each core).")] = None,
    json: AsJson = False,
) -> None:
    """Read damaged, lying and hostile files of every format: exit code 1 where one does what none may.

    Wrong is any exception but a refusal in a sentence, a hang, a process that dies, and whatever is read or written
    outside the input's own folder.

    \b
    samplechop bench hostile
    samplechop bench hostile --inputs 300000 --seed 7
    samplechop bench hostile --formats labels,midi --inputs 1000
    samplechop bench hostile --formats midi --first 1234 --inputs 1        one of them again
    """
    from samplechop.offline.common.process_pool import cores
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.lab.hostile import run as attack
    from samplechop.offline.lab.hostile.formats import formats as known

    names = [name.strip() for name in formats.split(",")] if formats else list(known())
    with progress_bars() as progress:
        found = attack.run(names, inputs, seed, jobs or cores(), first, lambda *at: progress("inputs", *at))
    echo(*(attack.as_json(found).splitlines() if json else attack.lines(found)))
    if not attack.passed(found):
        raise typer.Exit(1)


def faults(
    only: Annotated[str, typer.Option(metavar="TEXT", help="Run those alone whose kind or name holds a text.")] = "",
) -> None:
    """Run the command line into faults of all kinds and check what is left: exit code 1 where something does not hold.

    Signals, terminals, pipes, disks, devices, processes left behind, caches and sessions.

    \b
    samplechop bench faults
    samplechop bench faults --only "signal: SIGHUP"
    """
    from samplechop.offline.common.terminal import console, print_table
    from samplechop.offline.lab.faults import table
    from samplechop.realtime.core.errors import UserError

    scenarios = table.chosen(only)
    if not scenarios:
        raise UserError(f"no fault holds {only!r} in its kind or name")
    results: list[table.Result] = []
    with console(err=True).status("running into faults ...") as status, suppress(KeyboardInterrupt):
        for result in table.run(scenarios):
            results.append(result)
            status.update(f"{len(results)} of {len(scenarios)}: {result.scenario}")
    print_table(table.as_table(results))
    if len(results) < len(scenarios) or any(result.held is False for result in results):
        raise typer.Exit(1)
