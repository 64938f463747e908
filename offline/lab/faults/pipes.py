"""Faults of pipes: a reader that leaves, stands still or is slow, at every output, and pipes in the place of files."""

import os
from collections.abc import Iterator
from functools import partial
from io import FileIO
from pathlib import Path

from samplechop.offline.lab.faults.program import Program, check, pipe
from samplechop.offline.lab.faults.scenario import ENDED, Place, Scenario

KIND = "pipe"
OUTPUTS = ("events", "view")
ENDS = ("SIGINT", "SIGTERM", "SIGHUP")
_STALLED = "events were not written to standard output: its reader stands still"


def scenarios() -> Iterator[Scenario]:
    """Give them all."""
    for output in OUTPUTS:
        yield Scenario(
            KIND, f"the reader of the {output} leaves", f"the session goes on; {ENDED}", partial(_left, output)
        )
        for name in ENDS:
            expected = f"one request is enough; {ENDED}"
            yield Scenario(
                KIND, f"the reader of the {output} stands still, {name}", expected, partial(_stalled, output, name)
            )
    yield Scenario(KIND, "the only reader leaves", "the session ends, exit code 0, without a word", _only)
    yield Scenario(KIND, "a slow reader of the events", "every event arrives", _slow)
    for option in ("--midi-file", "--record", "--tap-file"):
        expected = "one sentence, exit code 2; the pipe is still there"
        yield Scenario(KIND, f"a pipe for {option}", expected, partial(_refused, option))
    yield Scenario(KIND, "a pipe nobody reads for --events", ENDED, _unread)
    yield Scenario(KIND, "a pipe nobody reads for --log", "one sentence, exit code 2", _unread_log)
    for arguments in (("sessions", ".", "--json"), ("live", "--help"), ("--help",), ("live", "--list-midi")):
        expected = "ended, without a traceback"
        yield Scenario(KIND, f"the reader of `{' '.join(arguments)}` has left", expected, partial(_command, arguments))


def _left(output: str, place: Place) -> None:
    with pipe() as (out, into):
        program = _writing(output, into, place)
        out.read(1)
    place.wait_for_notes(program)
    before = place.wait_for_notes(program)
    program.send("SIGINT")
    said = place.check_ended(program, before)
    check(not said, f"it said {said!r}")


def _writing(output: str, into: FileIO, place: Place) -> Program:
    """Start a session with an output that goes into a pipe, which is closed here."""
    with into:
        if output == "events":
            return place.live("--events", "-", stdout=into)
        return place.live(quiet=False, stderr=into)


def _stalled(output: str, name: str, place: Place) -> None:
    with pipe(full=True) as (_, into):
        program = _writing(output, into, place)
        before = place.wait_for_notes(program)
        program.send(name)
        said = place.check_ended(program, before)
    if output == "events":
        count, _, rest = said.removeprefix("samplechop: ").partition(" ")
        check(rest.strip() == _STALLED and int(count) >= before, f"it said {said!r}")


def _only(place: Place) -> None:
    with pipe() as (out, into):
        program = place.start("live", place.song, "--quiet", "--events", "-", stdout=into)
        into.close()
        out.read(1)
    said = program.end()
    check(not said, f"it said {said!r}")


def _slow(place: Place) -> None:
    with pipe(full=True) as (out, into):
        program = place.live("--fast", "--events", "-", stdout=into)
        into.close()
        place.wait_for_notes(program)
        read = out.readall()
        place.check_ended(program)
    lines = sum(b'"kind"' in line for line in read.splitlines())
    check(lines == place.notes(), f"{lines} events arrived of {place.notes()}")


def _refused(option: str, place: Place) -> None:
    named = place.folder / "pipe"
    os.mkfifo(named)
    taps = ("--tap", "--tap-port", "virtual") if option == "--tap-file" else ()
    program = place.start("live", place.song, "--quiet", "--duration", 1, *taps, option, named)
    said = program.end(2)
    check(len(said.splitlines()) == 1, f"it said {said!r}")
    check(named.is_fifo(), "the pipe is gone")


def _unread(place: Place) -> None:
    os.mkfifo(place.events)
    program = place.live("--events", place.events)
    before = place.wait_for_notes(program)
    program.send("SIGINT")
    place.check_ended(program, before)
    check(place.events.is_fifo(), "the pipe is gone")


def _unread_log(place: Place) -> None:
    os.mkfifo(place.log)
    program = place.live("--duration", 1)
    said = program.end(2)
    check(len(said.splitlines()) == 1, f"it said {said!r}")


def _command(arguments: tuple[str, ...], place: Place) -> None:
    session = place.folder / "s1"
    session.mkdir()
    Path(session, "events.jsonl").write_text('{"kind": "session", "sample": 0, "time": 0.0}\n')
    with pipe() as (out, into):
        out.close()
        program = place.start(*arguments, cwd=place.folder, stdout=into)
    code = program.process.wait()
    check("Traceback" not in program.err and "Exception" not in program.err, f"it said {program.err[-400:]!r}")
    check(code in (0, 1, 2, 141), f"exit code {code}")
