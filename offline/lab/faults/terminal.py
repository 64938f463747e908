"""Faults of terminals: of any size, resized, stopped, closed, with keys; and sessions that have no terminal at all."""

import os
import select
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from io import FileIO
from typing import Self

from samplechop.offline.lab.faults.program import Program, check, without
from samplechop.offline.lab.faults.scenario import ENDED, Place, Scenario

KIND = "terminal"
SIZES = ((0, 0), (1, 1), (3, 2), (9, 5), (10, 4), (40, 10), (80, 24), (1, 5000), (5000, 1), (5000, 5000))
"""Columns and rows."""
KEYS = ("--keep-last", 30)
_SHELL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
child = os.fork()
if not child:
    os.setpgid(0, 0)
    os.execv(sys.executable, [sys.executable, "-m", "samplechop", *sys.argv[1:]])
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
try:
    os.setpgid(child, child)
except PermissionError:  # it has done so itself
    pass
signal.signal(signal.SIGUSR1, lambda *_: os.tcsetpgrp(0, os.getpgrp()))
signal.signal(signal.SIGTERM, lambda number, _: os.kill(child, number))
if foreground:
    os.tcsetpgrp(0, child)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
"""
"""Runs the program as a shell with job control does; SIGUSR1 takes it into the background."""
_TERMINAL_SETUP = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
_TAKEN = 1 << 16
_STOP, INTERRUPT, _KEEP = b"\x13", b"\x03", b"k"


def scenarios() -> Iterator[Scenario]:
    """Give them all."""
    for columns, rows in SIZES:
        yield Scenario(KIND, f"{columns} x {rows}", f"the view goes on; {ENDED}", partial(_size, columns, rows))
    yield Scenario(KIND, "resized while it runs", f"the view goes on; {ENDED}", _resized)
    for options in ((), KEYS):
        named = f" with keys ({options[0]})" if options else ""
        yield Scenario(KIND, f"closed{named}", ENDED, partial(_closed, options))
        yield Scenario(KIND, f"stopped by Ctrl-S{named}, then SIGTERM", ENDED, partial(_stopped, options))
        yield Scenario(KIND, f"Ctrl-C typed{named}", ENDED, partial(_typed, INTERRUPT, options))
        yield Scenario(KIND, f"Ctrl-C typed twice{named}", ENDED, partial(_typed, 2 * INTERRUPT, options))
    for options in ((), KEYS):
        named = f" with keys ({options[0]})" if options else ""
        for later in (False, True):
            name = f"{'taken into' if later else 'in'} a shell's background{named}, SIGTERM"
            yield Scenario(KIND, name, ENDED, partial(_background, later, options))
    yield Scenario(KIND, "k typed, then closed", "what k keeps is whole", _kept_and_closed)
    for name, value in (("TERM", "dumb"), ("TERM", ""), ("TERM", "no-such"), ("PYTHONIOENCODING", "ascii")):
        yield Scenario(KIND, f"{name}={value}", ENDED, partial(_environment, name, value))
    for closed in ((0,), (1,), (2,), (0, 1, 2)):
        names = ", ".join(("input", "output", "error")[one] for one in closed)
        yield Scenario(KIND, f"none: standard {names} closed", ENDED, partial(_without, closed))


class Terminal:
    """A pseudoterminal that is the program's, whose output is taken until `stop`."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        """Open it."""
        self.ours, theirs = os.openpty()
        self._ours, self._theirs = FileIO(self.ours, "r+"), FileIO(theirs, "r+")
        self.resize(columns, rows)
        self.text = b""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._take, daemon=True)

    def __enter__(self) -> Self:
        """Begin to take what is written to it."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def start(
        self,
        place: Place,
        *options: object,
        jack: bool = False,
        setup: str = _TERMINAL_SETUP,
        env: Mapping[str, str] = {},
    ) -> Program:
        """Start a session in it."""
        with self._theirs as theirs:
            ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
            return place.live(*options, quiet=False, setup=setup, jack=jack, **ends, env={"TERM": "xterm", **env})

    def resize(self, columns: int, rows: int) -> None:
        """Change its size."""
        import fcntl
        import termios

        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        """Hit keys."""
        os.write(self.ours, keys)

    def stop(self) -> None:
        """Take nothing more, and let it take nothing more."""
        self.type(_STOP)
        self._ending.set()
        self._thread.join()

    def close(self) -> None:
        """Close it, as its window is closed; twice is harmless."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self._ours.close()

    def _take(self) -> None:
        with suppress(OSError):  # the program has ended
            while not self._ending.is_set():
                if select.select([self.ours], [], [], 0.02)[0]:
                    self.text = (self.text + os.read(self.ours, _TAKEN))[-_TAKEN:]


def _check_view(terminal: Terminal) -> None:
    said = terminal.text.decode(errors="replace")
    check("view stopped" not in said and "Traceback" not in said, f"the terminal shows {said[-300:]!r}")


def _end(place: Place, program: Program, terminal: Terminal, before: int = 0) -> None:
    before = max(before, place.wait_for_notes(program))
    program.send("SIGINT")
    place.check_ended(program, before)
    _check_view(terminal)


def _size(columns: int, rows: int, place: Place) -> None:
    with Terminal(columns, rows) as terminal:
        _end(place, terminal.start(place), terminal)


def _resized(place: Place) -> None:
    with Terminal() as terminal:
        program = terminal.start(place)
        place.wait_for_notes(program)
        for columns, rows in SIZES:
            terminal.resize(columns, rows)
            place.wait_for_notes(program, more=1)
        _end(place, program, terminal)


def _closed(options: tuple[object, ...], place: Place) -> None:
    with Terminal() as terminal:
        program = terminal.start(place, *_keys(place, options))
        before = place.wait_for_notes(program)
        terminal.close()
        place.check_ended(program, before)
        _check_kept(place, options)


def _stopped(options: tuple[object, ...], place: Place) -> None:
    with Terminal() as terminal:
        program = terminal.start(place, *_keys(place, options))
        place.wait_for_notes(program)
        terminal.stop()
        before = place.wait_for_notes(program)
        program.send("SIGTERM")
        place.check_ended(program, before)
        _check_kept(place, options)


def _typed(keys: bytes, options: tuple[object, ...], place: Place) -> None:
    with Terminal() as terminal:
        program = terminal.start(place, *_keys(place, options))
        before = place.wait_for_notes(program)
        terminal.type(keys)
        place.check_ended(program, before)
        _check_view(terminal)
        _check_kept(place, options)


def _background(later: bool, options: tuple[object, ...], place: Place) -> None:
    """What reads from a terminal or sets it in the background is stopped by the system."""
    with Terminal() as terminal:
        options = (*_keys(place, options), "--detect", "chops,beats")
        program = terminal.start(place, *options, setup=f"foreground = {later}; exec({_SHELL!r})")
        place.wait_for_notes(program)
        if later:
            program.send("SIGUSR1")
            terminal.type(_KEEP)
        before = place.wait_for_notes(program)
        program.send("SIGTERM")
        place.check_ended(program, before)


def _kept_and_closed(place: Place) -> None:
    with Terminal() as terminal:
        program = terminal.start(place, *_keys(place, KEYS))
        before = place.wait_for_notes(program)
        terminal.type(_KEEP)
        program.wait_until((place.folder / "kept").exists, "what k keeps")
        terminal.close()
        place.check_ended(program, before)
        _check_kept(place, KEYS, least=2)


def _keys(place: Place, options: tuple[object, ...]) -> tuple[object, ...]:
    return (*options, "--keep-dir", place.folder / "kept") if options else ()


def _check_kept(place: Place, options: tuple[object, ...], least: int = 1) -> None:
    """What just passed is kept at the end of every session that has keys: here all of it."""
    if options:
        kept = list((place.folder / "kept").iterdir())
        check(len(kept) >= least, f"{len(kept)} sessions kept")
        for folder in kept:
            place.check_recording(folder=folder)


def _environment(name: str, value: str, place: Place) -> None:
    with Terminal() as terminal:
        _end(place, terminal.start(place, env={name: value}), terminal)


def _without(closed: tuple[int, ...], place: Place) -> None:
    program = place.live(quiet=False, setup=without(*closed))
    before = place.wait_for_notes(program)
    program.send("SIGHUP")
    place.check_ended(program, before)
