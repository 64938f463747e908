"""One fault as the command line meets it: a folder of its own, programs in it, and what must hold afterwards."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import mido
import numpy as np
import soundfile

from samplechop.offline.lab.bench.jack_server import ROOT, JackServer
from samplechop.offline.sessions.reading import read_session
from samplechop.offline.synthesis.drums import made_kick, made_snare

RATE = 44_100
PATIENCE = 120.0
"""Seconds after which it is sure that what is waited for will not come, however busy the machine is."""
ENDED = "a clean end"
"""Exit code 0, every file whole, every sample recorded that of the song, no traceback, no process left."""
_END_SECONDS = 5.0
_SONG_SECONDS = 90.0


class Broken(AssertionError):
    """What a scenario expects does not hold: the text says what there is instead."""


def check(holds: object, instead: str) -> None:
    """Raise Broken unless something holds."""
    if not holds:
        raise Broken(instead)


@dataclass(frozen=True, slots=True)
class Scenario:
    """kind: of fault. expected: what holds after it. run: raises Broken where it does not. jack: needs a server."""

    kind: str
    name: str
    expected: str
    run: "Callable[[Place], None]"
    jack: bool = False

    def __str__(self) -> str:
        """Name it with its kind."""
        return f"{self.kind}: {self.name}"


class Program:
    """A command line that runs, in a session of processes of its own, with its output in files."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        """Take a process that writes its standard output and error to files, if it was not given others."""
        self.process = process
        self._out, self._err = out, err

    @property
    def out(self) -> str:
        """What it has written to standard output."""
        return self._out.read_text(errors="replace")

    @property
    def err(self) -> str:
        """What it has written to standard error."""
        return self._err.read_text(errors="replace")

    def send(self, *names: str) -> None:
        """Send signals by name, one right after the other."""
        for name in names:
            self.process.send_signal(getattr(signal, name))

    def wait_until(self, condition: Callable[[], object], what: str, every: float = 0.02) -> None:
        """Return once a condition holds, asked every so many seconds.

        Raises Broken where the program ends before, or `what` does not come within PATIENCE.
        """
        deadline = time.monotonic() + PATIENCE
        while not condition():
            check(self.process.poll() is None, f"it ended before this came: {what}; {self.err[-300:]!r}")
            check(time.monotonic() < deadline, f"within {PATIENCE:g} s this did not come: {what}")
            time.sleep(every)

    def end(self, code: int = 0) -> str:
        """Wait for its end; give its standard error. Raises Broken unless it ended with the code and left nothing."""
        try:
            got = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Broken(f"it does not end: {self.err[-300:]!r}") from None
        said = self.err
        check("Traceback" not in said + self.out, f"a traceback: {(said + self.out)[-600:]!r}")
        check(got == code, f"exit code {got}, not {code}: {said[-300:]!r}")
        self.leaves_nothing()
        return said

    def processes(self) -> list[int]:
        """Give the processes of its session, its own included, without those that have ended."""
        return _processes(self.process.pid)

    def leaves_nothing(self) -> None:
        """Raise Broken if processes that it started go on, some seconds after its end."""
        deadline = time.monotonic() + _END_SECONDS
        while left := self.processes():
            check(time.monotonic() < deadline, f"processes go on: {left}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it and what it started, however."""
        self.process.kill()
        self.process.wait()
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _processes(session: int) -> list[int]:
    """Give the processes of a session, by the number of the one that began it, without those that have ended."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # Behind the name, which may hold anything: state, parent, process group, session (man proc_pid_stat).
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in "ZX":
                found.append(int(status.parent.name))
    return found


class Place:
    """A folder for one scenario, and the names that things have in it; whatever still runs at its end is killed.

    song: see `write_song`. server: the JACK server, where one is needed.
    """

    def __init__(self, folder: Path, song: Path, server: JackServer | None = None) -> None:
        """Name things; nothing is written."""
        self.folder, self.song, self._server = folder, song, server
        self.midi, self.sessions = folder / "a.mid", folder / "sessions"
        self.log, self.events = folder / "log.txt", folder / "events.jsonl"
        self._programs: list[Program] = []

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what still runs."""
        for program in self._programs:
            program.kill()

    @property
    def server(self) -> JackServer:
        """The JACK server that the program sees."""
        if self._server is None:
            raise RuntimeError("this scenario needs a JACK server")
        return self._server

    def start(
        self,
        *arguments: object,
        setup: str = "",
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | None = None,
        stderr: int | None = None,
        cwd: Path = ROOT,
        jack: bool = False,
        env: Mapping[str, str] = {},
    ) -> Program:
        """Start `samplechop ARGUMENTS`.

        setup: Python that the process runs before anything of ours. stdout, stderr: files by number, instead of those
        of Program. jack: whether it sees the server. env: variables of its environment beside those of this process.
        """
        code = f"import os, signal, sys, resource; {setup}; from samplechop.offline.cli.main import main; main()"
        started = ["-c", code] if setup else ["-m", "samplechop"]
        number = len(self._programs)
        out, err = self.folder / f"out{number}.txt", self.folder / f"err{number}.txt"
        ours = {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(self.folder), "COLUMNS": "200"}
        ours |= self.server.environment() if jack else {}
        with out.open("wb") as out_file, err.open("wb") as err_file:
            process = subprocess.Popen(
                [sys.executable, *started, *map(str, arguments)],
                env={**os.environ, **ours, **env},
                cwd=cwd,
                stdin=stdin,
                stdout=out_file if stdout is None else stdout,
                stderr=err_file if stderr is None else stderr,
                start_new_session=True,
            )
        program = Program(process, out, err)
        self._programs.append(program)
        return program

    def run(self, *arguments: object, env: Mapping[str, str] = {}) -> Program:
        """Start it and wait for its end, as `Program.end` does."""
        program = self.start(*arguments, env=env)
        program.end()
        return program

    def live(self, *options: object, quiet: bool = True, **more: Any) -> Program:
        """Start a session that plays the song and writes a MIDI file, a log and a recording; more: as of `start`."""
        first: tuple[object, ...] = ("live", self.song, "--midi-file", self.midi, "--record", self.sessions)
        first += ("--log", self.log, *(["--quiet"] if quiet else []))
        return self.start(*first, *options, **more)

    def wait_for_notes(self, program: Program, more: int = 2) -> int:
        """Wait until the MIDI file holds more notes than it does now; give how many."""
        before = self.notes()
        program.wait_until(lambda: self.notes() > before + more, f"{more} notes in the MIDI file")
        return self.notes()

    def notes(self) -> int:
        """Count the notes of the MIDI file. Raises Broken if it cannot be read, or one of them does not end."""
        return notes_in(self.midi) if self.midi.exists() else 0

    def recording(self) -> Path:
        """Give the only session that was recorded."""
        found = sorted(self.sessions.iterdir()) if self.sessions.is_dir() else []
        check(len(found) == 1, f"{len(found)} sessions")
        return found[0]

    def check_recording(self, state: str = "ended", folder: Path | None = None, seconds: float = 0.5) -> None:
        """Raise Broken unless a session ended like this, holds so much at least, and every sample is the song's."""
        folder = folder or self.recording()
        session = read_session(folder)
        check(session.state == state, f"the session {session.state!r}, not {state!r}")
        there, rate = soundfile.read(next(folder.glob("audio.*")), dtype="float32", always_2d=True)
        check(len(there) >= seconds * rate, f"only {len(there) / rate:.2f} s are recorded")
        whole = soundfile.read(self.song, dtype="float32", always_2d=True)[0]
        check(np.array_equal(there, whole[: len(there)]), "what is recorded differs from what was played")

    def check_ended(self, program: Program, before: int = 0) -> str:
        """Wait for a clean end; give what was said. before: notes that the MIDI file had, which must still be there."""
        said = program.end()
        check(self.notes() >= max(before, 1), f"{self.notes()} notes in the MIDI file, {before} before")
        self.check_recording()
        strays = [path.name for path in self.folder.iterdir() if ".part" in path.name]
        check(not strays, f"left beside: {strays}")
        return said


def notes_in(path: Path) -> int:
    """Count the notes of a MIDI file. Raises Broken if it cannot be read, or one of them does not end."""
    sounding, count = set(), 0
    try:
        messages = list(mido.MidiFile(path))
    except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
        raise Broken(f"the MIDI file cannot be read: {error!r}") from None
    for message in messages:
        if message.type == "note_on" and message.velocity:
            sounding.add((message.channel, message.note))
            count += 1
        elif message.type in ("note_off", "note_on"):
            sounding.discard((message.channel, message.note))
    check(not sounding, f"notes without an end in the MIDI file: {sorted(sounding)}")
    return count


def write_song(path: Path) -> Path:
    """Write 90 s in stereo: sustained chords of which a new one comes every two seconds, and a drum every half."""
    rng = np.random.default_rng(0)
    t = np.arange(2 * RATE) / RATE
    chords = [
        0.08 * sum(np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * t) for note in notes)
        for notes in ((48, 60, 64, 67), (45, 57, 60, 64))
    ]
    mono = np.tile(np.concatenate(chords), round(_SONG_SECONDS / 4) + 1)[: round(_SONG_SECONDS * RATE)]
    drums = [make(0, 0.9, rng) for make in (made_kick, made_snare)]
    for at, start in enumerate(range(RATE // 2, len(mono) - RATE, RATE // 2)):
        drum = drums[at % 2]
        mono[start : start + len(drum)] += 0.5 * drum / np.abs(drum).max()
    soundfile.write(path, np.clip(np.stack([mono, 0.9 * mono], axis=1), -1, 1), RATE, subtype="PCM_16")
    return path


def ignoring(name: str) -> str:
    """Give a `setup` that ignores a signal by name, as nohup and a shell's background do."""
    return f"signal.signal(signal.{name}, signal.SIG_IGN)"


def without(*numbers: int) -> str:
    """Give a `setup` after which the program is started without some of its standard files, by number."""
    closed = "".join(f"os.close({number}); " for number in numbers)
    return f"{closed}os.execv(sys.executable, [sys.executable, '-m', 'samplechop', *sys.argv[1:]])"


@contextmanager
def full_pipe() -> Iterator[tuple[int, int]]:
    """Make a pipe that takes nothing more, as nobody reads: its ends, to read and to write; both are closed at last."""
    out, into = os.pipe()
    try:
        os.set_blocking(into, False)
        with suppress(BlockingIOError):
            while True:
                os.write(into, b"\n" * 512)
        os.set_blocking(into, True)
        yield out, into
    finally:
        for one in (out, into):
            with suppress(OSError):
                os.close(one)


def without_rights() -> str:
    """Give a `setup` after which a file that may not be written is not, even for an administrator, until `exec`."""
    # PR_CAPBSET_DROP of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (man 7 capabilities): what is executed lacks them.
    dropped = "import ctypes; [ctypes.CDLL(None).prctl(24, one) for one in (1, 2)]; " if os.geteuid() == 0 else ""
    return dropped + without()


def limited(size: int) -> str:
    """Give a `setup` with which no file can be longer than so many bytes, as on a full disk."""
    return f"signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


NO_SPACE = os.strerror(errno.EFBIG)
"""What the program says where `limited` stops it."""
