"""The table of all faults: which there are, what each one of them found here."""

import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.table import Table

from samplechop.offline.lab.bench.jack_server import JackServer, missing, realtime_is_allowed
from samplechop.offline.lab.faults import devices, disks, notes, pipes, processes, sessions, signals, terminal
from samplechop.offline.lab.faults.program import Broken
from samplechop.offline.lab.faults.scenario import Place, Scenario, write_song

FAMILIES = (signals, terminal, pipes, disks, sessions, processes, devices, notes)
PLATFORM = sys.platform
_AT_ONCE = 2
"""Each of them mostly waits, for a session in real time."""


@dataclass(frozen=True, slots=True)
class Result:
    """held: None where it could not be run. instead: why not, or what there was in the place of what is expected."""

    scenario: Scenario
    held: bool | None
    instead: str = ""


def all_scenarios() -> list[Scenario]:
    """Give every scenario, by kind."""
    return [one for family in FAMILIES for one in family.scenarios()]


def chosen(text: str) -> list[Scenario]:
    """Give the scenarios whose kind and name hold a text, large or small."""
    return [one for one in all_scenarios() if text.lower() in str(one).lower()]


def run_one(scenario: Scenario, song: Path, server: JackServer | None = None) -> Result:
    """Run one scenario in a new folder."""
    with tempfile.TemporaryDirectory(prefix="samplechop-fault-") as folder, Place(Path(folder), song, server) as place:
        Path(folder).chmod(0o777)  # of a program without an administrator's rights, too
        try:
            scenario.run(place)
        except Broken as broken:
            return Result(scenario, held=False, instead=str(broken))
        except Exception as error:  # a check that breaks off must not take all others with it
            return Result(scenario, held=False, instead=f"the check broke off: {type(error).__name__}: {error}")
        return Result(scenario, held=True)


def run(scenarios: Sequence[Scenario], at_once: int = _AT_ONCE) -> Iterator[Result]:
    """Run scenarios, those without a JACK server some at once; results come as they are there."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background, which programs would inherit
    lacking = "" if PLATFORM == "linux" else "signals, terminals and processes are those of Linux"
    no_jack = lacking or missing(portaudio=True) or ""
    able = [one for one in scenarios if not (no_jack if one.jack else lacking)]
    yield from (Result(one, None, no_jack) for one in scenarios if one not in able)
    if not able:
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="samplechop-faults-")))
        folder.chmod(0o755)
        song = write_song(folder / "song.wav")
        pool = stack.enter_context(ThreadPoolExecutor(at_once))
        yield from pool.map(partial(run_one, song=song), [one for one in able if not one.jack])
        if on_jack := [one for one in able if one.jack]:
            server = stack.enter_context(JackServer(realtime=realtime_is_allowed()))
            yield from (run_one(one, song, server) for one in on_jack)


def as_table(results: Sequence[Result]) -> Table:
    """Lay results out for a terminal, one per line, and say how many held."""
    able = [one for one in results if one.held is not None]
    table = Table(title="samplechop bench faults", title_justify="left")
    for column in ("fault", "expected", "", "instead"):
        table.add_column(column, overflow="fold", ratio=3 if column else None)
    for one in results:
        mark = {None: "not run", True: "✓", False: "✗"}[one.held]
        table.add_row(str(one.scenario), one.scenario.expected, mark, one.instead)
    table.caption = f"{sum(bool(one.held) for one in able)} of {len(able)} hold" + (
        f", {len(results) - len(able)} not run" if len(able) < len(results) else ""
    )
    return table
