"""Faults of disks: full, read-only, and files and folders that are deleted while they are written."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.lab.faults.program import check, limited, without_rights
from samplechop.offline.lab.faults.scenario import ENDED, Place, Scenario
from samplechop.offline.sessions.reading import read_session

KIND = "disk"
FULL_BYTES = 500_000
TARGETS = ("--midi-file", "--events", "--log", "--record", "--tap-file")
GOES_ON = "one sentence at once; the recording goes on in a new folder; a clean end"


def scenarios() -> Iterator[Scenario]:
    """Give them all."""
    for record_format in ("wav24", "float", "flac"):
        expected = "one sentence; what was recorded is whole; the session goes on to its end"
        yield Scenario(KIND, f"full, --record-format {record_format}", expected, partial(_full, record_format))
    yield Scenario(KIND, "full, then the log deleted", "both are said; no traceback", _full_and_deleted)
    yield Scenario(KIND, "full for every file", "every one is named; exit code 2", _full_for_all)
    yield Scenario(KIND, "full, --keep-last", "one sentence; exit code 0", _full_kept)
    for option, expected in (("--log", "the session goes on"), ("--events", "exit code 2")):
        yield Scenario(KIND, f"no room at all for {option}", f"one sentence; {expected}", partial(_no_room, option))
    yield Scenario(KIND, "full while a kit is made", "one sentence, exit code 2, no kit", _full_kit)
    for what in ("folder", "log", "audio"):
        yield Scenario(KIND, f"the session's {what} deleted", GOES_ON, partial(_deleted, what))
    yield Scenario(KIND, "the session's folder moved", GOES_ON, _moved)
    yield Scenario(KIND, "the folder of all sessions deleted", GOES_ON, _all_deleted)
    for what in ("events", "midi", "log"):
        expected = "one sentence, or the file is there again; the recording is whole"
        for folder in (True, False):
            name = f"the file of the {what} deleted{' with its folder' if folder else ''}"
            yield Scenario(KIND, name, expected, partial(_target_deleted, what, folder=folder))
    for option in TARGETS:
        made = "it is made" if option == "--record" else "one sentence, exit code 2"
        yield Scenario(KIND, f"no permission for {option}", "one sentence, exit code 2", partial(_forbidden, option))
        yield Scenario(KIND, f"no folder for {option}", made, partial(_no_folder, option))
    yield Scenario(KIND, "the song deleted while it is played", ENDED, _song_deleted)
    yield Scenario(KIND, "the song cut off while it is played", "it ends there; what was recorded is whole", _song_cut)


def _sentence(said: str, *parts: str) -> None:
    for part in parts:
        check(part in said, f"it said {said[-400:]!r}, without {part!r}")


def _full(record_format: str, place: Place) -> None:
    program = place.live("--fast", "--record-format", record_format, setup=limited(FULL_BYTES))
    said = program.end()
    _sentence(said, "the recording", "the session goes on")
    check(said.count("the session goes on") == 1, f"it said {said!r}")
    check(place.notes() > 100, "the session broke off")
    session = read_session(place.recording())
    check(session.state not in ("ended", "broken off"), f"the session {session.state!r}")
    place.check_recording(session.state)
    place.run("sessions", place.sessions, "--repair")
    place.check_recording(read_session(session.folder).state)


def _full_and_deleted(place: Place) -> None:
    program = place.live(setup=limited(FULL_BYTES))
    program.wait_until(lambda: "ended" in _read(place.log), "the end of the recording in the log")
    (place.recording() / "events.jsonl").unlink()
    place.wait_for_notes(program)
    program.send("SIGINT")
    _sentence(program.end(), "the recording", "the log was deleted")


def _full_for_all(place: Place) -> None:
    program = place.live("--fast", "--events", place.events, setup=limited(1000))
    said = program.end(2)
    _sentence(said, "a.mid", "events.jsonl")


def _full_kept(place: Place) -> None:
    program = place.live("--fast", "--keep-last", 30, setup=limited(FULL_BYTES))
    _sentence(program.end(), "the recording")


def _no_room(option: str, place: Place) -> None:
    arguments = ("live", place.song, "--quiet", "--midi-file", place.midi)
    program = place.start(*arguments, option, "/dev/full")
    before = place.wait_for_notes(program)
    program.send("SIGINT")
    said = program.end(0 if option == "--log" else 2)  # what ends the program is said at once, and at its end
    check(1 <= len(said.splitlines()) <= 2 and said.count("/dev/full") >= 1, f"it said {said[-400:]!r}")
    check(place.notes() >= before, "the session broke off")


def _full_kit(place: Place) -> None:
    program = place.start("chop", place.song, "-o", place.folder / "kits", setup=limited(FULL_BYTES))
    said = program.end(2)
    _sentence(said, "cannot be written")
    left = [path.name for path in (place.folder / "kits").rglob("*")] if (place.folder / "kits").exists() else []
    check(not left, f"left: {left[:5]}")


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _go_on(place: Place, harm: Callable[[Path], object]) -> None:
    """Do harm to a recording: what comes after it, and what just came before, is in a new folder."""
    program = place.live(quiet=False)
    place.wait_for_notes(program)
    harm(place.recording())
    program.wait_until(lambda: "goes on in" in _read(place.log), "that it goes on, in the log")
    program.wait_until(lambda: "goes on in" in program.err, "that it goes on, in the view")
    before = place.wait_for_notes(program)
    program.send("SIGINT")
    said = program.end()
    _sentence(said, "goes on in")
    check(place.notes() >= before, "notes are gone")
    newest = max(place.sessions.iterdir(), key=lambda folder: folder.name if "from" in folder.name else "")
    session = read_session(newest)
    check(session.state == "ended" and session.seconds > 0.5, f"the new session: {session.state}, {session.seconds} s")
    start = _origin(newest)
    there = soundfile.read(newest / "audio.wav", dtype="float32")[0]
    song = soundfile.read(place.song, dtype="float32")[0]
    check(np.array_equal(there, song[start : start + len(there)]), "what is recorded differs from what was played")


def _origin(folder: Path) -> int:
    return int(json.loads((folder / "events.jsonl").read_text().split("\n")[0])["origin"])


def _deleted(what: str, place: Place) -> None:
    def harm(session: Path) -> None:
        if what == "folder":
            shutil.rmtree(session)
        else:
            (session / {"log": "events.jsonl", "audio": "audio.wav"}[what]).unlink()

    _go_on(place, harm)


def _moved(place: Place) -> None:
    _go_on(place, lambda session: session.rename(place.folder / "moved"))
    moved = read_session(place.folder / "moved")
    check("deleted or moved" in moved.state, f"the moved session {moved.state!r}")
    place.check_recording(moved.state, moved.folder)


def _all_deleted(place: Place) -> None:
    _go_on(place, lambda session: shutil.rmtree(session.parent))


def _target_deleted(what: str, place: Place, folder: bool) -> None:
    apart = place.folder / "apart"
    apart.mkdir()
    place.events = apart / "events.jsonl"
    if what == "midi":
        place.midi = apart / "a.mid"
    if what == "log":
        place.log = apart / "log.txt"
    options = ("--events", place.events) if what == "events" else ()
    program = place.live(*options)
    target = {"events": place.events, "midi": place.midi, "log": place.log}[what]
    if what == "midi":
        program.wait_until(lambda: place.notes() > 2, "notes")
    else:
        place.wait_for_notes(program)
        program.wait_until(target.exists, "the file")
    if folder:
        shutil.rmtree(apart)
    else:
        target.unlink()
    program.wait_until(lambda: read_session(place.recording()).seconds > 5, "five seconds")
    program.send("SIGINT")
    code = program.process.wait()
    said = program.err
    check("Traceback" not in said, f"a traceback: {said[-400:]!r}")
    check(code in (0, 2), f"exit code {code}")
    check(target.exists() or (said.strip() and len(said.splitlines()) <= 2), f"exit code {code}, it said {said!r}")
    place.check_recording()


def _forbidden(option: str, place: Place) -> None:
    closed = place.folder / "closed"
    closed.mkdir(mode=0o555)
    taps = ("--tap", "--tap-port", "virtual") if option == "--tap-file" else ()
    arguments = ("live", place.song, "--quiet", "--duration", 1, *taps, option, closed / "x")
    said = place.start(*arguments, setup=without_rights()).end(2)
    check(len(said.splitlines()) == 1, f"it said {said!r}")


def _no_folder(option: str, place: Place) -> None:
    taps = ("--tap", "--tap-port", "virtual") if option == "--tap-file" else ()
    target = place.folder / "not" / "there" / "x"
    arguments = ("live", place.song, "--quiet", "--duration", 1, *taps, option, target)
    said = place.start(*arguments).end(0 if option == "--record" else 2)
    check(len(said.splitlines()) == (0 if option == "--record" else 1), f"it said {said!r}")


def _song_deleted(place: Place) -> None:
    song = place.song
    place.song = Path(shutil.copy(song, place.folder / "song.wav"))
    program = place.live()
    place.wait_for_notes(program)
    place.song.unlink()
    place.song = song
    before = place.wait_for_notes(program)
    program.send("SIGINT")
    place.check_ended(program, before)


def _song_cut(place: Place) -> None:
    song = place.song
    place.song = Path(shutil.copy(song, place.folder / "song.wav"))
    program = place.live()
    place.wait_for_notes(program)
    with place.song.open("rb+") as file:
        file.truncate(44 + 4 * 44_100 * 6)
    place.song = song
    code = program.process.wait(60)
    check("Traceback" not in program.err and code in (0, 2), f"exit code {code}, it said {program.err!r}")
    place.check_recording()
