"""Faults by signals: every request to end, alone, repeated and in a hurry, at every time of a session."""

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.lab.faults.program import Program, check, ignoring
from samplechop.offline.lab.faults.scenario import ENDED, Place, Scenario

KIND = "signal"
FORMATS = ("wav24", "float", "flac")
ENDS = ("SIGINT", "SIGTERM", "SIGHUP")
HURRIED = (("SIGINT", "SIGINT"), ("SIGTERM", "SIGHUP", "SIGINT"), ("SIGHUP", "SIGHUP", "SIGTERM"))


def scenarios() -> Iterator[Scenario]:
    """Give them all."""
    for name in ENDS:
        for record_format in FORMATS:
            yield Scenario(KIND, f"{name}, {record_format}", ENDED, partial(_ends, (name,), record_format))
        yield Scenario(KIND, f"{name} while modules load", "ended, without a word", partial(_early, name))
        yield Scenario(KIND, f"{name}, --fast", ENDED, partial(_fast, name))
        yield Scenario(KIND, f"{name}, ignored from the start", "no end", partial(_ignored, name))
    for names in HURRIED:
        yield Scenario(KIND, " then ".join(names), ENDED, partial(_ends, names, "wav24"))
    for record_format in FORMATS:
        repaired = "what is on disk is whole, and a repair ends the session"
        yield Scenario(KIND, f"SIGKILL, {record_format}", repaired, partial(_killed, record_format))
    yield Scenario(KIND, "SIGSTOP, SIGCONT", "the session goes on and loses nothing", _stopped)
    yield Scenario(KIND, "SIGTERM while it is stopped", ENDED, _ended_while_stopped)
    yield Scenario(KIND, "none: --duration", ENDED, _duration)
    yield Scenario(KIND, "none: the end of the file", ENDED, _end_of_file)


def _ends(names: tuple[str, ...], record_format: str, place: Place) -> None:
    program = place.live("--detect", "chops,beats", "--record-format", record_format)
    before = place.wait_for_notes(program)
    program.send(*names)
    said = place.check_ended(program, before)
    check(not said, f"it said {said!r}")
    check(place.log.read_text().count("asked to end by SIG") == 1, f"the log: {place.log.read_text()!r}")


def _early(name: str, place: Place) -> None:
    """Send a signal while nothing is open yet, when a certain module is imported."""
    press = (
        "meta = type('P', (), {'find_spec': lambda self, name, *_: name == 'samplechop.realtime.session' "
        f"and os.kill(os.getpid(), signal.{name}) or None}})(); sys.meta_path.insert(0, meta)"
    )
    code = 130 if name == "SIGINT" else -getattr(signal, name)
    said = place.live(setup=press).end(code)
    check(not said and not place.sessions.exists(), f"it said {said!r}")


def _fast(name: str, place: Place) -> None:
    song, rate = soundfile.read(place.song, dtype="int16")
    place.song = place.folder / "long.wav"
    soundfile.write(place.song, np.tile(song, (6, 1)), rate)  # for longer than it takes to send a signal
    program = place.live("--fast")
    place.wait_for_notes(program)
    program.send(name)
    said = place.check_ended(program)
    check(not said, f"it said {said!r}")


def _ignored(name: str, place: Place) -> None:
    """As under nohup, and in the background of a shell."""
    program = place.live(setup=ignoring(name))
    place.wait_for_notes(program)
    program.send(name)
    before = place.wait_for_notes(program)
    program.send("SIGTERM" if name != "SIGTERM" else "SIGINT")
    place.check_ended(program, before)


def _killed(record_format: str, place: Place) -> None:
    program = place.live("--record-format", record_format)
    before = place.wait_for_notes(program)
    program.send("SIGKILL")
    program.end(-signal.SIGKILL)
    check(place.notes() >= before, "notes that were in the MIDI file are gone")
    place.check_recording("broken off")
    place.run("sessions", place.sessions, "--repair")
    place.check_recording("broken off, repaired")


def _state(program: Program) -> str:
    return Path(f"/proc/{program.process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def _stopped(place: Place) -> None:
    program = place.live()
    place.wait_for_notes(program)
    program.send("SIGSTOP")
    program.wait_until(lambda: _state(program) == "T", "it stands still")
    program.send("SIGCONT")
    before = place.wait_for_notes(program)
    program.send("SIGINT")
    place.check_ended(program, before)


def _ended_while_stopped(place: Place) -> None:
    program = place.live()
    before = place.wait_for_notes(program)
    program.send("SIGSTOP", "SIGTERM", "SIGCONT")
    place.check_ended(program, before)


def _duration(place: Place) -> None:
    place.check_ended(place.live("--duration", 1.5), 1)


def _end_of_file(place: Place) -> None:
    place.check_ended(place.live("--fast"), 100)
