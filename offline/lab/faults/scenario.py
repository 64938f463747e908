"""One fault as the command line meets it: a folder of its own, programs in it, and what must hold afterwards."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import mido
import numpy as np
import soundfile

from samplechop.offline.lab.bench.jack_server import ROOT, JackServer
from samplechop.offline.lab.faults.program import Broken, Program, check
from samplechop.offline.sessions.reading import read_session
from samplechop.offline.synthesis.drums import made_kick, made_snare

RATE = 44_100
ENDED = "a clean end"
"""Exit code 0, every file whole, every sample recorded that of the song, no traceback, no process left."""
_SONG_SECONDS = 90.0


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
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
        cwd: Path = ROOT,
        jack: bool = False,
        env: Mapping[str, str] = {},
    ) -> Program:
        """Start `samplechop ARGUMENTS`.

        setup: Python that the process runs before anything of ours. stdout, stderr: files instead of those
        of Program. jack: whether it sees the server. env: variables of its environment beside those of this process.
        """
        code = f"import os, signal, sys, resource; {setup}; from samplechop.offline.cli.main import main; main()"
        started = ["-c", code] if setup else ["-m", "samplechop"]
        number = len(self._programs)
        out, err = self.folder / f"out{number}.txt", self.folder / f"err{number}.txt"
        ours = {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(self.folder), "COLUMNS": "200"}
        ours["PYTHONFAULTHANDLER"] = "1"
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
