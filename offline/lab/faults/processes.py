"""Faults of processes and their surroundings: what is left when one is killed, and no place for what is compiled."""

import os
import shutil
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import soundfile

from samplechop.offline.lab.bench.jack_server import ROOT
from samplechop.offline.lab.faults.program import Program, check, without_rights
from samplechop.offline.lab.faults.scenario import Place, Scenario
from samplechop.realtime.core.compile_cache import TEMPORARY

KINDS = ("orphans", "cache")
COLLECTIONS: dict[str, tuple[object, ...]] = {
    "chop": ("chop", "records", "-o", "kits", "--jobs", 2),
    "atlas collect": ("atlas", "collect", "records", "-o", "atlas", "--jobs", 2, "--split", "chops"),
}
"""Runs with workers, over the folder `records`."""
CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGKILL": -signal.SIGKILL}
_RECORDS = 12
_SHORT = ("live", "--fast", "--quiet", "--duration", 1)


def scenarios() -> Iterator[Scenario]:
    """Give them all."""
    orphans, cache = KINDS
    for command in COLLECTIONS:
        for name in CODES:
            whole = "nothing is left running"
            yield Scenario(orphans, f"`{command}` with workers, {name}", whole, partial(_run, command, name))
    yield Scenario(orphans, "`chop` with workers, one of which is killed", "it ends; every other kit is there", _worker)
    runs, refused = "it runs; one sentence names NUMBA_CACHE_DIR", "one sentence, exit code 2"
    for name, environment, expected in (
        ("no home", {}, runs),
        ("a read-only home", {"HOME": "closed"}, runs),
        ("NUMBA_CACHE_DIR is a file", {"NUMBA_CACHE_DIR": "file"}, runs),
        ("NUMBA_CACHE_DIR is read-only", {"NUMBA_CACHE_DIR": "closed/cache"}, runs),
        ("no temporary folder either", {"TMPDIR": "closed"}, refused),
    ):
        yield Scenario(cache, name, expected, partial(_cache, environment))
    for name, damage in (("empty", b""), ("zeroed", bytes(100))):
        yield Scenario(cache, f"its files are {name}, as after a power cut", "it runs", partial(_damaged, damage))
    yield Scenario(cache, "the working folder is deleted", "it runs, or one sentence", _nowhere)


def _records(place: Place) -> None:
    """Make records that differ: the same one twice would be made once."""
    folder = place.folder / "records"
    folder.mkdir()
    for number in range(_RECORDS):
        with soundfile.SoundFile(place.song) as song:
            quieter = song.read(60 * song.samplerate) * (1 - 0.01 * number)
            soundfile.write(folder / f"song{number}.wav", quieter, song.samplerate)


def _begin(command: str, place: Place) -> Program:
    """Start a run and wait for its first result and its workers."""
    _records(place)
    program = place.start(*COLLECTIONS[command], cwd=place.folder)
    program.wait_until(lambda: len(program.processes()) > 2, "its workers")
    program.wait_until(lambda: f" of {_RECORDS}" in program.err, "its first result")
    return program


def _run(command: str, name: str, place: Place) -> None:
    program = _begin(command, place)
    program.send(name)
    program.end(CODES[name])


def _worker(place: Place) -> None:
    program = _begin("chop", place)
    worker = max(program.processes())
    os.kill(worker, signal.SIGKILL)
    program.end()
    kits = [path for path in (place.folder / "kits").iterdir() if path.is_dir()]
    check(len(kits) == _RECORDS, f"{len(kits)} kits of {_RECORDS}")


def _cache(environment: dict[str, str], place: Place) -> None:
    """Run a copy of the program beside which nothing can be written, without a home; names are those of the place."""
    copy = shutil.copytree(
        ROOT / "samplechop", place.folder / "copy" / "samplechop", ignore=shutil.ignore_patterns("__pycache__")
    )
    (place.folder / "closed").mkdir()
    (place.folder / "file").touch()
    for folder in (place.folder / "closed", copy, *(path for path in copy.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    there = {"PYTHONPATH": str(copy.parent), "HOME": "/proc/none", "NUMBA_CACHE_DIR": "", "XDG_CACHE_HOME": ""}
    there |= {name: str(place.folder / value) for name, value in environment.items()}
    if "TMPDIR" in environment:  # Python looks in other folders then, among them that in which it is started
        there["PYTHONPATH"] += f":{_no_temporary_folder(place)}"
    program = place.start(*_SHORT, place.song, setup=without_rights(), env=there, cwd=place.folder)
    said = program.end(2 if "TMPDIR" in there else 0)
    check("NUMBA_CACHE_DIR" in said and len(said.splitlines()) == 1, f"it said {said[-500:]!r}")


def _no_temporary_folder(place: Place) -> Path:
    """Give a folder for PYTHONPATH with which Python finds no folder for temporary files but TMPDIR."""
    folder = place.folder / "site"
    folder.mkdir()
    code = "import os, tempfile\ntempfile._candidate_tempdir_list = lambda: [os.environ['TMPDIR']]\n"
    (folder / "sitecustomize.py").write_text(code)
    return folder


def _damaged(damage: bytes, place: Place) -> None:
    cache = place.folder / f"{TEMPORARY}cache"  # so that nothing is compiled there later, beside what is damaged
    place.run(*_SHORT, place.song, env={"NUMBA_CACHE_DIR": str(cache)})
    files = list(cache.rglob("*.nb*"))
    check(files, "numba keeps nothing")
    for path in files[::2]:
        path.write_bytes(damage)
    place.run(*_SHORT, place.song, env={"NUMBA_CACHE_DIR": str(cache)})


def _nowhere(place: Place) -> None:
    gone = place.folder / "gone"
    gone.mkdir()
    program = place.start(*_SHORT, place.song, cwd=gone, setup=f"os.rmdir({str(gone)!r})")
    code = program.process.wait()
    check("Traceback" not in program.err, f"a traceback: {program.err[-400:]!r}")
    check(code == 0 or (code == 2 and program.err.startswith("samplechop: ")), f"exit code {code}: {program.err!r}")
