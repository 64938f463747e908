"""A model that learns how one cuts from the projects of what is opened, by samplechop train in a process of its own.

projects with decisions ─ copied beside links to their records ─ samplechop train chop --from-projects … --from …
                                                                  └─ kept only if better on records held out
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from samplechop.offline.kits.core.naming import safe
from samplechop.offline.kits.core.record import audio_files
from samplechop.offline.project.places import PROJECT, find
from samplechop.offline.project.store import read_project
from samplechop.offline.studio.library import Library
from samplechop.offline.studio.worker import Stopped, Tell
from samplechop.realtime.core.errors import EXTRAS, UserError, install_extra, reason_of

LEAST, ADVISED = 2, 10
"""Records with decisions: with fewer nothing is held out to judge by; with fewer than ADVISED that says little."""
START = "chop"
TRAIN = (sys.executable, "-m", "samplechop", "train", "chop")
"""What trains; the records and the model follow."""
_PROGRESS = re.compile(r"(.{1,200}): (\d{1,12}) of (\d{1,12})")
_MOST_SAID = 20_000
_WRITTEN = re.compile(r"[^\n]{1,5000}?\.json in \d{1,9} s: ")
"""Where the model was written, before what is said of it."""
_REMARK = "samplechop: "


@dataclass(frozen=True, slots=True)
class Lesson:
    """A record that is learned from. name: the same every time, as it says whether it is held out."""

    audio: Path
    project: Path
    name: str


def lessons(library: Library) -> list[Lesson]:
    """Give the records of a library about whose chops something was decided."""
    found = []
    for item in library.items():
        try:
            (audio,) = audio_files(item.path)
            project = find(item.path)
            decided = None if project is None else read_project(project)
        except (OSError, UserError):
            continue
        if project is not None and decided is not None and (decided.chops or decided.deleted):
            found.append(Lesson(audio, project, f"{safe(item.title)[:60]}-{item.id}"))
    return sorted(found, key=lambda lesson: lesson.name)


def missing(count: int) -> str:
    """Say in a sentence what keeps a model from learning from so many records, "" where nothing does."""
    gone = [module for module in ("tensorflow", "sklearn") if module in EXTRAS["train"] and find_spec(module) is None]
    if gone:
        return f"learning needs {' and '.join(gone)}, not installed here: {install_extra('train')}"
    if count < LEAST:
        return f"learning needs decisions about at least {LEAST} records, there are {count}: move, add or delete cuts"
    return ""


class Teaching:
    """A training. Start it by `run`, from a thread; `stop` ends it from any."""

    def __init__(self, learned: Sequence[Lesson], out: Path, command: Sequence[str] = ()) -> None:
        """Prepare it. out: the model, without its ending. command: in place of TRAIN."""
        self._lessons, self._out = learned, out
        self._command = list(command or TRAIN)
        self._process: subprocess.Popen[str] | None = None
        self._stopped, self._turn = False, threading.Lock()

    def run(self, tell: Tell) -> dict[str, Any]:
        """Train, and wait; give {better, said, model}. tell: is called as that of a Worker.

        Raises UserError, and Stopped where `stop` ended it.
        """
        model = self._out.with_name(f"{self._out.name}.json")
        before = _content(model)
        try:
            self._out.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                for lesson in self._lessons:
                    _put(lesson, Path(folder))
                start = str(model) if before is not None else START
                said = self._train(["--from-projects", folder, "--from", start, "-o", str(self._out)], tell)
        except OSError as error:
            raise UserError(f"the model cannot be trained: {reason_of(error)}") from None
        return {"better": _content(model) != before, "said": said[:_MOST_SAID], "model": str(model)}

    def stop(self) -> None:
        """End it, if it goes on, or keep it from beginning. [any thread]"""
        with self._turn:
            self._stopped = True
            if self._process is not None:
                self._process.terminate()

    def _train(self, arguments: Sequence[str], tell: Tell) -> str:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out:
            with self._turn:
                if self._stopped:
                    raise Stopped
                self._process = subprocess.Popen(
                    [*self._command, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                )
            last = ""
            with self._process as process:
                for line in process.stderr or ():
                    if (step := _PROGRESS.fullmatch(line.strip())) is not None:
                        tell({"stage": step[1], "done": int(step[2]), "length": int(step[3])})
                    elif line.startswith(_REMARK):
                        last = line.removeprefix(_REMARK).strip()
            if self._stopped:
                raise Stopped
            if process.returncode:
                raise UserError(last or "the training broke off (out of memory?): try again")
            out.seek(0)
            return _WRITTEN.sub("", out.read(_MOST_SAID), count=1)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _put(lesson: Lesson, folder: Path) -> None:
    """Put a record and its project into a folder. Raises OSError."""
    audio = folder / f"{lesson.name}{lesson.audio.suffix}"
    put: Callable[[Path, Path], object] = os.symlink if os.name == "posix" else shutil.copyfile
    put(lesson.audio.absolute(), audio)
    if lesson.project.exists():
        shutil.copyfile(lesson.project, folder / f"{lesson.name}{PROJECT}")
