"""Faults of recorded sessions: damaged ones, and folders that a stranger made, in the list, the repair and kits."""

import json
import os
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from samplechop.offline.lab.faults.program import check, limited
from samplechop.offline.lab.faults.scenario import RATE, Place, Scenario
from samplechop.realtime.recording.session_writer import Facts, SessionWriter, line

KIND = "session"
LOG, AUDIO = "events.jsonl", "audio.wav"
_LINES = 100
Damage = Callable[[Path], None]


def scenarios() -> Iterator[Scenario]:
    """Give them all."""
    for name, target in (("log", LOG), ("audio", AUDIO)):
        for what, put in PUT.items():
            harm = partial(_stranger, partial(put, target))
            yield Scenario(KIND, f"{what} in the place of the {name}", _UNTOUCHED, harm)
    yield Scenario(KIND, "the session is a link to another", _UNTOUCHED, _linked_folder)
    kept = "every other line of the log stays; the original is beside it"
    for name, damage in DAMAGES.items():
        yield Scenario(KIND, name, kept, partial(_damaged, damage))
    for name, text in HOSTILE.items():
        yield Scenario(KIND, name, "the others are listed and repaired", partial(_hostile, text))
    yield Scenario(KIND, "a repair killed at any moment", "nothing is lost; the next one repairs", _killed_repair)
    yield Scenario(KIND, "a repair on a full disk", "one sentence, exit code 2; nothing is lost", _full_repair)
    yield Scenario(KIND, "a repair while it is recorded", "it is left alone; a clean end", _recorded)


_UNTOUCHED = "nothing outside is touched; the others are listed and repaired"


def _write(folder: Path) -> Path:
    """Record a second of noise with a hundred chops into a new folder, broken off as by a kill."""
    writer = SessionWriter(folder, Facts("noise", RATE, 2), datetime(2026, 1, 1, tzinfo=UTC))
    writer.write(np.random.default_rng(0).uniform(-0.5, 0.5, (RATE, 2)).astype(np.float32))
    writer.flush()
    writer.log([line("chop", 400 * number, strength=0.5) for number in range(_LINES)])
    return writer.folder  # everything is written; the writer's lock goes with it


def _chops(session: Path) -> int:
    return sum(b'"kind": "chop"' in one for one in (session / LOG).read_bytes().splitlines())


def _repair(place: Place, code: int = 0) -> str:
    """List and repair all sessions, among them a good one that has to come out."""
    good = _write(place.sessions)
    listed = place.run("sessions", place.sessions).out
    check(good.name in listed and "broken off" in listed, f"the list: {listed!r}")
    program = place.start("sessions", place.sessions, "--repair")
    program.end(code)
    check("repaired" in program.out or code, f"the list: {program.out!r}")
    check('"kind": "stop"' in (good / LOG).read_text(), "the good one is not repaired")
    check("\x1b" not in listed + program.out + program.err, "control characters reach the terminal")
    return program.out + program.err


def _stranger(put: Callable[[Path, Path], None], place: Place) -> None:
    """Damage a session so that what lies outside of it could be harmed."""
    victim = place.folder / "victim.txt"
    victim.write_bytes((_write(place.folder / "elsewhere") / AUDIO).read_bytes()[:-5])
    before = victim.read_bytes()
    put(_write(place.sessions), victim)
    program = place.start("sessions", place.sessions, "--repair")
    check(program.process.wait(60) in (0, 2), f"exit code {program.process.returncode}")
    _repair(place, program.process.returncode)
    check(victim.read_bytes() == before, "the file outside is another")
    check(sorted(path.name for path in place.folder.glob("victim*")) == ["victim.txt"], "files beside it")


def _link(target: str, session: Path, victim: Path) -> None:
    (session / target).unlink()
    (session / target).symlink_to(victim)


def _dead_link(target: str, session: Path, victim: Path) -> None:
    (session / target).unlink()
    (session / target).symlink_to(victim.with_name("victim-new.txt"))


def _hard_link(target: str, session: Path, victim: Path) -> None:
    (session / target).unlink()
    os.link(victim, session / target)


def _pipe(target: str, session: Path, _: Path) -> None:
    (session / target).unlink()
    os.mkfifo(session / target)


def _folder(target: str, session: Path, _: Path) -> None:
    (session / target).unlink()
    (session / target).mkdir()


PUT: dict[str, Callable[[str, Path, Path], None]] = {
    "a link": _link,
    "a link to nothing": _dead_link,
    "a second name of a file": _hard_link,
    "a pipe": _pipe,
    "a folder": _folder,
}


def _linked_folder(place: Place) -> None:
    other = _write(place.folder / "elsewhere")
    before = (other / LOG).read_bytes()
    place.sessions.mkdir()
    (place.sessions / "linked").symlink_to(other)
    _repair(place, 2)
    check((other / LOG).read_bytes() == before, "the session elsewhere is another")


def _zeroed(session: Path) -> None:
    lines = (session / LOG).read_bytes().split(b"\n")
    lines[20] = bytes(len(lines[20]))
    (session / LOG).write_bytes(b"\n".join(lines))


def _no_first(session: Path) -> None:
    (session / LOG).write_bytes(b"\xff" * 40 + b"\n" + (session / LOG).read_bytes().partition(b"\n")[2])


def _torn(session: Path) -> None:
    (session / LOG).write_bytes((session / LOG).read_bytes() + b'{"kind": "chop", "sam')


def _no_header(session: Path) -> None:
    _zeroed(session)
    audio = bytearray((session / AUDIO).read_bytes())
    struct.pack_into("<I", audio, audio.index(b"data") + 4, 0)
    (session / AUDIO).write_bytes(audio)


def _half_sample(session: Path) -> None:
    _zeroed(session)
    (session / AUDIO).write_bytes((session / AUDIO).read_bytes()[:-1])


def _long_line(session: Path) -> None:
    first, _, rest = (session / LOG).read_bytes().partition(b"\n")
    (session / LOG).write_bytes(first + b'\n{"x": "' + b"x" * 20_000_000 + b'"}\n' + rest)


DAMAGES: dict[str, Damage] = {
    "a line of the log zeroed": _zeroed,
    "the first line of the log damaged": _no_first,
    "the last line of the log torn": _torn,
    "a line of 20 MB in the log": _long_line,
    "the header never finished, a line zeroed": _no_header,
    "half a sample at the end, a line zeroed": _half_sample,
}


def _damaged(damage: Damage, place: Place) -> None:
    session = _write(place.sessions)
    damage(session)
    before = (session / LOG).read_bytes()
    had = before.count(b'{"kind": "chop", "sample": ')
    _repair(place)
    check(_chops(session) == had >= _LINES - 1, f"{_chops(session)} chops in the log of {had}")
    kept = [path.read_bytes() for path in session.glob(f"{LOG}.broken*")]
    check(before in kept, "the log as it was is gone")
    check((session / AUDIO).stat().st_size > RATE * 6 - 6, "audio is gone")


HOSTILE = {
    "a log nested 100,000 deep": "[" * 100_000,
    "a date of the year 1": json.dumps({"kind": "session", "sample": 0, "date": "0001-01-01T00:00:00+14:00"}),
    "a date of the year 9999": json.dumps({"kind": "session", "sample": 0, "date": "9999-12-31T23:59:59-14:00"}),
    "numbers without end in the log": '{"kind": "session", "sample": ' + "9" * 10_000 + ', "sample_rate": 1e999}',
    "control characters in the log": json.dumps({"kind": "session", "sample": 0, "format": "\x1b]0;x\x07\x1b[2J"}),
    "a log of lists and strings": '[]\n"x"\nnull\n1\n{"kind": []}',
}


def _hostile(text: str, place: Place) -> None:
    session = _write(place.sessions)
    (session / LOG).write_text(text + "\n")
    _repair(place)


def _killed_repair(place: Place) -> None:
    """Kill it where it puts the new log in the place of the old one, before and after."""
    session = _write(place.sessions)
    _zeroed(session)
    chops = _chops(session)
    for when in ("before", "after"):
        die = "os.kill(os.getpid(), signal.SIGKILL)"
        calls = f"{die}, 0" if when == "before" else f"real(*a, **k), {die}"
        setup = f"import pathlib; real = os.replace; pathlib.Path.replace = os.replace = lambda *a, **k: ({calls})"
        program = place.start("sessions", place.sessions, "--repair", setup=setup)
        program.process.wait()
        check(_chops(session) == chops, f"{_chops(session)} chops of {chops} after a kill {when} it is replaced")
    _repair(place)
    check(_chops(session) == chops, f"{_chops(session)} chops of {chops} after the repair")


def _full_repair(place: Place) -> None:
    session = _write(place.sessions)
    _zeroed(session)
    before = (session / LOG).read_bytes()
    said = place.start("sessions", place.sessions, "--repair", setup=limited(1000)).end(2)
    check(len(said.splitlines()) == 1, f"it said {said!r}")
    check((session / LOG).read_bytes() == before, "the log is another")


def _recorded(place: Place) -> None:
    program = place.live()
    before = place.wait_for_notes(program)
    listed = place.run("sessions", place.sessions, "--repair").out
    check("being recorded" in listed, f"the list: {listed!r}")
    program.send("SIGINT")
    place.check_ended(program, before)
